-- The rows of version 1, in tables that are called version_1_*, as rows of version 2. What version
-- 1 did not know is what it took for granted: every customer in the emitter's city and licensed,
-- any terms, no packs, and of each product one lot.

INSERT INTO partner (partner_id, name) SELECT partner_id, name FROM version_1_partner;

INSERT INTO customer (customer_id, partner_id, cnpj, name, state_registration, street, house,
    district, city_code, city, state, postcode, license_until, term_days_max, blocked)
SELECT customer_id, partner_id, cnpj, name, state_registration, street, house, district,
    0, '', '', postcode, '2099-12-31', 999, blocked
FROM version_1_customer;

INSERT INTO credit SELECT customer_id, limit_cents, open_cents FROM version_1_credit;

INSERT INTO ship_to
SELECT DISTINCT customer_id, ship_to FROM version_1_sales_order WHERE customer_id IS NOT NULL;

INSERT INTO product (product_id, ean, name, ncm, origin, tax_class)
SELECT product_id, ean, name, ncm, 'national',
    CASE WHEN ncm LIKE '3003%' OR ncm LIKE '3004%' THEN 'medicine' ELSE 'general' END
FROM version_1_product;

INSERT INTO price SELECT product_id, 1, '2026-01-01', unit_1e4 FROM version_1_product;

INSERT INTO stock_lot
SELECT product_id, '2028-01-01', 'V1', '2026-01-01', on_hand, reserved FROM version_1_stock;

INSERT INTO sales_order (order_id, partner_id, order_number, body_sha256, customer_id, status,
    reason, total_cents, received_at_ms, decided_at_ms, decided_at, documented)
SELECT order_id, partner_id, order_number, body_sha256, customer_id,
    CASE version_1_sales_order.status WHEN 'billed' THEN 'confirmed' ELSE 'rejected' END, reason, total_cents,
    received_at_ms, decided_at_ms,
    strftime('%Y-%m-%dT%H:%M:%S', decided_at_ms / 1000 - 10800, 'unixepoch') || '-03:00',
    -- A rejected order of version 1 has no status document yet: it is owed.
    coalesce(version_1_nfe.status = 'stored', 0)
FROM version_1_sales_order LEFT JOIN version_1_nfe USING (order_id);

INSERT INTO order_item
SELECT order_id, line, ean, product_id, quantity, quantity, version_1_order_item.unit_1e4,
    gross_cents, discount_cents, NULL
FROM version_1_order_item JOIN version_1_product USING (product_id);

INSERT INTO reservation
SELECT order_id, line, product_id, '2028-01-01', 'V1', quantity FROM version_1_order_item;

INSERT INTO establishment SELECT '11222333000181', min(series), count(*) FROM version_1_invoice_series;

INSERT INTO invoice_series
SELECT '11222333000181', series, next_number FROM version_1_invoice_series;

INSERT INTO nfe SELECT order_id, '11222333000181', series, number, cnf, access_key FROM version_1_nfe;

INSERT INTO order_conflict SELECT * FROM version_1_order_conflict;
