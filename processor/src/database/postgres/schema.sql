-- What billing keeps, in the dialect of PostgreSQL; `sqlite/schema.sql` has the same tables and
-- columns. Times are milliseconds since 1970 unless they are part of a document; prices are in
-- units of 10^-4 BRL, amounts in cents.
--
-- Documents are rendered again from `sales_order.sale` and `nfe`, byte for byte, whatever has
-- become of names, prices and taxes since.
--
-- The rows of an order refer to partners, customers and products without a foreign key: checking
-- one locks the row that is referred to, which all orders share, and writes that lock down.
-- `settle_order` writes these rows, and reads what they refer to in the same statement.

CREATE TABLE partner (
    partner_id bigint PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    active     boolean NOT NULL DEFAULT true
);

CREATE TABLE customer (
    customer_id        bigint PRIMARY KEY,
    partner_id         bigint NOT NULL REFERENCES partner,
    cnpj               text NOT NULL,
    name               text NOT NULL,
    state_registration text NOT NULL,
    street             text NOT NULL,
    house              text NOT NULL,
    district           text NOT NULL,
    city_code          integer NOT NULL,
    city               text NOT NULL,
    state              text NOT NULL,
    postcode           text NOT NULL,
    price_list         integer NOT NULL DEFAULT 1,
    license_until      date NOT NULL,                       -- sanitary licence (AFE), last day
    may_buy_controlled boolean NOT NULL DEFAULT true,
    shelf_days_min     integer NOT NULL DEFAULT 0,          -- what a lot must still keep
    term_days_max      integer NOT NULL,
    blocked            boolean NOT NULL DEFAULT false,
    UNIQUE (cnpj, partner_id)
);

-- Apart from the customer: this row changes with every order, and narrow rows change fast.
CREATE TABLE credit (
    customer_id bigint PRIMARY KEY REFERENCES customer,
    limit_cents bigint NOT NULL,
    open_cents  bigint NOT NULL DEFAULT 0 CONSTRAINT credit_limit CHECK (open_cents BETWEEN 0 AND limit_cents)
) WITH (fillfactor = 50);

CREATE TABLE ship_to (
    customer_id bigint NOT NULL REFERENCES customer,
    code        text NOT NULL,
    PRIMARY KEY (customer_id, code)
);

CREATE TABLE product (
    product_id          bigint PRIMARY KEY,
    ean                 text NOT NULL UNIQUE,
    name                text NOT NULL,
    pack                integer NOT NULL DEFAULT 1 CHECK (pack > 0),
    active              boolean NOT NULL DEFAULT true,
    controlled          boolean NOT NULL DEFAULT false,
    ncm                 text NOT NULL,
    cest                text,
    origin              text NOT NULL,
    tax_class           text NOT NULL,
    registration        text,                               -- ANVISA; with it come lots
    maximum_price_cents bigint,                            -- PMC
    CHECK ((registration IS NULL) = (maximum_price_cents IS NULL))
);

CREATE TABLE price (
    product_id bigint NOT NULL REFERENCES product,
    price_list integer NOT NULL,
    valid_from date NOT NULL,
    unit_1e4   bigint NOT NULL,
    PRIMARY KEY (product_id, price_list, valid_from)
);

-- The order of the key is that in which lots are sold: first expired, first out.
CREATE TABLE stock_lot (
    product_id bigint NOT NULL REFERENCES product,
    expires    date NOT NULL,
    lot        text NOT NULL,
    made       date NOT NULL,
    on_hand    bigint NOT NULL,
    reserved   bigint NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
    PRIMARY KEY (product_id, expires, lot)
) WITH (fillfactor = 50);

CREATE TABLE sales_order (
    order_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner_id     bigint NOT NULL,
    order_number   text NOT NULL,
    body_sha256    bytea NOT NULL,
    customer_id    bigint,
    status         text NOT NULL CHECK (status IN ('confirmed', 'partially_confirmed', 'rejected')),
    reason         text CHECK ((reason IS NOT NULL) = (status = 'rejected')),
    total_cents    bigint NOT NULL,
    received_at_ms bigint NOT NULL,
    decided_at_ms  bigint NOT NULL,
    decided_at     text NOT NULL,
    sale           text,                                    -- all that the documents say, JSON
    documented     boolean NOT NULL DEFAULT false,
    UNIQUE (partner_id, order_number)
);

-- LZ4 takes a tenth of the time of PostgreSQL's own compression. Servers built without it, or older
-- than version 14, keep theirs.
DO $$ BEGIN
    EXECUTE 'ALTER TABLE sales_order ALTER COLUMN sale SET COMPRESSION lz4';
EXCEPTION WHEN feature_not_supported OR syntax_error THEN
    NULL;
END $$;

-- Orders whose documents are still owed: what the sweeper looks for.
CREATE INDEX sales_order_owed ON sales_order (decided_at_ms) WHERE NOT documented;

CREATE TABLE order_item (
    order_id           bigint NOT NULL,
    line               integer NOT NULL,
    ean                text NOT NULL,
    product_id         bigint,
    quantity_ordered   bigint NOT NULL,
    quantity_confirmed bigint NOT NULL CHECK (quantity_confirmed BETWEEN 0 AND quantity_ordered),
    unit_1e4           bigint NOT NULL,
    gross_cents        bigint NOT NULL,
    discount_cents     bigint NOT NULL,
    reason             text,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE reservation (
    order_id   bigint NOT NULL,
    line       integer NOT NULL,
    product_id bigint NOT NULL,
    expires    date NOT NULL,
    lot        text NOT NULL,
    quantity   bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line, expires, lot)
);

CREATE TABLE receivable (
    order_id bigint NOT NULL,
    n        integer NOT NULL,
    due      date NOT NULL,
    cents    bigint NOT NULL,
    PRIMARY KEY (order_id, n)
);

-- In how many series an establishment numbers its invoices, from which one on.
CREATE TABLE establishment (
    cnpj         text PRIMARY KEY,
    series_first integer NOT NULL,
    series_count integer NOT NULL CHECK (series_count > 0),
    CHECK (series_first >= 0 AND series_first + series_count <= 890)
);

CREATE TABLE invoice_series (
    cnpj        text NOT NULL REFERENCES establishment,
    series      integer NOT NULL CHECK (series BETWEEN 0 AND 889),
    next_number bigint NOT NULL CHECK (next_number BETWEEN 1 AND 1000000000),
    PRIMARY KEY (cnpj, series)
) WITH (fillfactor = 10);

CREATE TABLE nfe (
    order_id   bigint PRIMARY KEY REFERENCES sales_order,
    cnpj       text NOT NULL,
    series     integer NOT NULL,
    number     integer NOT NULL,
    cnf        integer NOT NULL,
    access_key text NOT NULL UNIQUE,
    UNIQUE (cnpj, series, number)
);

-- Another order under a number that is taken. Each body once, however often it is delivered.
CREATE TABLE order_conflict (
    partner_id   bigint NOT NULL REFERENCES partner,
    order_number text NOT NULL,
    body_sha256  bytea NOT NULL,
    seen_at_ms   bigint NOT NULL,
    PRIMARY KEY (partner_id, order_number, body_sha256)
);

-- The tables' version, one row.
CREATE TABLE schema_version (
    version integer NOT NULL
);

INSERT INTO schema_version VALUES (3);

-- The views are the contract with whoever reconciles: one row for each row of billing, so that an
-- order billed twice would be there twice.
CREATE VIEW billing_ledger (partner, order_number, status, access_key, series, number, total_cents) AS
SELECT partner.name, sales_order.order_number,
       CASE WHEN sales_order.documented THEN 'stored' ELSE 'numbered' END,
       nfe.access_key, nfe.series, nfe.number, sales_order.total_cents
FROM nfe
JOIN sales_order USING (order_id)
JOIN partner USING (partner_id);

CREATE VIEW refusal_ledger (partner, order_number, reason) AS
SELECT partner.name, sales_order.order_number, sales_order.reason
FROM sales_order
JOIN partner USING (partner_id)
WHERE sales_order.status = 'rejected';

CREATE VIEW conflict_ledger (partner, order_number, body_sha256) AS
SELECT partner.name, order_conflict.order_number, encode(order_conflict.body_sha256, 'hex')
FROM order_conflict
JOIN partner USING (partner_id);
