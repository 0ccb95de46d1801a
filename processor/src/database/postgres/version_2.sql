-- The tables and functions of version 2, from which databases are brought to this version's.

-- What billing keeps, in the dialect of PostgreSQL; `sqlite/schema.sql` has the same tables and
-- columns. Times are milliseconds since 1970 unless they are part of a document; prices are in
-- units of 10^-4 BRL, amounts in cents.
--
-- Documents are rendered again from `sales_order.sale` and `nfe`, byte for byte, whatever has
-- become of names, prices and taxes since.

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
    partner_id     bigint NOT NULL REFERENCES partner,
    order_number   text NOT NULL,
    body_sha256    bytea NOT NULL,
    customer_id    bigint REFERENCES customer,
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

-- Orders whose documents are still owed: what the sweeper looks for.
CREATE INDEX sales_order_owed ON sales_order (decided_at_ms) WHERE NOT documented;

CREATE TABLE order_item (
    order_id           bigint NOT NULL REFERENCES sales_order,
    line               integer NOT NULL,
    ean                text NOT NULL,
    product_id         bigint REFERENCES product,
    quantity_ordered   bigint NOT NULL,
    quantity_confirmed bigint NOT NULL CHECK (quantity_confirmed BETWEEN 0 AND quantity_ordered),
    unit_1e4           bigint NOT NULL,
    gross_cents        bigint NOT NULL,
    discount_cents     bigint NOT NULL,
    reason             text,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE reservation (
    order_id   bigint NOT NULL REFERENCES sales_order,
    line       integer NOT NULL,
    product_id bigint NOT NULL REFERENCES product,
    expires    date NOT NULL,
    lot        text NOT NULL,
    quantity   bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line, expires, lot)
);

CREATE TABLE receivable (
    order_id bigint NOT NULL REFERENCES sales_order,
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

INSERT INTO schema_version VALUES (2);

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

-- What the processor calls. Each call is one statement, and so one transaction and one round trip.
-- All of it is PL/pgSQL, which keeps the plans of its statements; SQL functions are planned anew
-- at every call.

-- The check digit of an access key: modulo 11, weights 2 to 9 from the right, a letter counts by
-- its place in ASCII (NT Conjunta DFe 2025.001).
CREATE FUNCTION access_key(prefix text, series integer, number integer, code integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    body text := prefix || lpad(series::text, 3, '0') || lpad(number::text, 9, '0') || '1'
                 || lpad(code::text, 8, '0');
    total integer := 0;
    digit integer;
BEGIN
    FOR place IN 1..43 LOOP
        total := total + (ascii(substr(body, place, 1)) - 48) * (2 + (43 - place) % 8);
    END LOOP;
    digit := 11 - total % 11;
    RETURN body || CASE WHEN digit > 9 THEN 0 ELSE digit END;
END $$;

-- An order as it is stored: the form of StoredOrder.
CREATE FUNCTION stored_order(of_order bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT json_build_object(
    'order_id', o.order_id, 'partner', p.name, 'order_number', o.order_number,
    'body_sha256', encode(o.body_sha256, 'hex'), 'status', o.status, 'reason', o.reason,
    'decided_at', o.decided_at, 'sale', o.sale, 'documented', o.documented,
    'items', coalesce((SELECT json_agg(json_build_object('line', i.line, 'ean', i.ean,
            'qty_ordered', i.quantity_ordered, 'qty_confirmed', i.quantity_confirmed,
            'reason', i.reason) ORDER BY i.line)
        FROM order_item i WHERE i.order_id = o.order_id), '[]'),
    'numbering', (SELECT json_build_object('series', n.series, 'number', n.number, 'cnf', n.cnf,
            'access_key', n.access_key)
        FROM nfe n WHERE n.order_id = o.order_id))
FROM sales_order o JOIN partner p USING (partner_id) WHERE o.order_id = of_order);
END $$;

-- What is known that bears on an order: the order itself if it is settled, otherwise the form of
-- Facts; null if the partner is not known. No lock is taken: what changes meanwhile is found when the order is written.
CREATE FUNCTION order_facts(of_partner text, number text, buyer text, address text, eans text[],
    today date, emitter text) RETURNS json
LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT json_build_object(
    'stored', (SELECT stored_order(o.order_id) FROM sales_order o
        WHERE o.partner_id = p.partner_id AND o.order_number = number),
    'facts', json_build_object(
        'partner_id', p.partner_id, 'series_first', e.series_first, 'series_count', e.series_count,
        'customer', (SELECT row_to_json(known) FROM (
            SELECT c.*, l.limit_cents, l.open_cents,
                EXISTS (SELECT 1 FROM ship_to s
                    WHERE s.customer_id = c.customer_id AND s.code = address) AS has_ship_to
            FROM customer c JOIN credit l USING (customer_id)
            WHERE c.cnpj = buyer AND c.partner_id = p.partner_id) known),
        'products', coalesce((SELECT json_agg(row_to_json(known)) FROM (
            SELECT g.*,
                (SELECT r.unit_1e4 FROM price r
                    WHERE r.product_id = g.product_id AND r.valid_from <= today
                    AND r.price_list = (SELECT c.price_list FROM customer c
                        WHERE c.cnpj = buyer AND c.partner_id = p.partner_id)
                    ORDER BY r.valid_from DESC LIMIT 1) AS unit_1e4,
                coalesce((SELECT json_agg(json_build_object('lot', t.lot, 'made', t.made,
                        'expires', t.expires, 'free', t.on_hand - t.reserved)
                        ORDER BY t.expires, t.lot)
                    FROM stock_lot t
                    WHERE t.product_id = g.product_id AND t.on_hand > t.reserved), '[]') AS lots
            FROM product g WHERE g.ean = ANY (eans)) known), '[]')))
FROM partner p CROSS JOIN establishment e
WHERE p.name = of_partner AND p.active AND e.cnpj = emitter);
END $$;

-- Writes an order that is decided: the form of SettlingRow. All of it or, if the number is taken,
-- or stock or credit has changed since it was decided, nothing: then SQLSTATE VZ001 says so, and
-- it must be decided again. Rows are locked in one order by all: lots by their key, the credit,
-- the series. The series comes last, as all orders wait for it, and a transaction that is rolled
-- back before leaves no gap in the numbers.
CREATE FUNCTION settle_order(of_order json) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    new_order bigint;
    take record;
    numbering json := of_order -> 'numbering';
    in_series integer := (numbering ->> 'series')::integer;
    of_cnpj text := numbering ->> 'cnpj';
    new_number integer;
    new_code integer := (numbering ->> 'code')::integer;
BEGIN
    INSERT INTO sales_order (partner_id, order_number, body_sha256, customer_id, status, reason,
        total_cents, received_at_ms, decided_at_ms, decided_at, sale)
    SELECT r.partner_id, r.order_number, decode(r.body_sha256, 'hex'), r.customer_id, r.status,
        r.reason, r.total_cents, r.received_at_ms, r.decided_at_ms, r.decided_at, r.sale
    FROM json_to_record(of_order) AS r(partner_id bigint, order_number text, body_sha256 text,
        customer_id bigint, status text, reason text, total_cents bigint, received_at_ms bigint,
        decided_at_ms bigint, decided_at text, sale text)
    ON CONFLICT DO NOTHING
    RETURNING order_id INTO new_order;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the order number is taken' USING ERRCODE = 'VZ001';
    END IF;

    INSERT INTO order_item
    SELECT new_order, r.line, r.ean, r.product_id, r.quantity_ordered, r.quantity_confirmed,
        r.unit_1e4, r.gross_cents, r.discount_cents, r.reason
    FROM json_to_recordset(of_order -> 'items') AS r(line integer, ean text, product_id bigint,
        quantity_ordered bigint, quantity_confirmed bigint, unit_1e4 bigint, gross_cents bigint,
        discount_cents bigint, reason text);
    IF numbering IS NULL OR json_typeof(numbering) = 'null' THEN
        RETURN json_build_object('order_id', new_order);
    END IF;

    INSERT INTO reservation
    SELECT new_order, r.line, r.product_id, r.expires, r.lot, r.quantity
    FROM json_to_recordset(of_order -> 'reservations') AS r(line integer, product_id bigint,
        expires date, lot text, quantity bigint);
    INSERT INTO receivable
    SELECT new_order, r.n, r.due, r.cents
    FROM json_to_recordset(of_order -> 'receivables') AS r(n integer, due date, cents bigint);

    FOR take IN
        SELECT * FROM json_to_recordset(of_order -> 'takes') AS r(product_id bigint, expires date,
            lot text, quantity bigint)
        ORDER BY r.product_id, r.expires, r.lot
    LOOP
        UPDATE stock_lot SET reserved = reserved + take.quantity
        WHERE product_id = take.product_id AND expires = take.expires AND lot = take.lot
            AND reserved + take.quantity <= on_hand;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the lot has less than when the order was decided'
                USING ERRCODE = 'VZ001';
        END IF;
    END LOOP;
    UPDATE credit SET open_cents = open_cents + (of_order ->> 'total_cents')::bigint
    WHERE customer_id = (of_order ->> 'customer_id')::bigint
        AND open_cents + (of_order ->> 'total_cents')::bigint <= limit_cents;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the credit is less than when the order was decided'
            USING ERRCODE = 'VZ001';
    END IF;

    UPDATE invoice_series SET next_number = next_number + 1
    WHERE cnpj = of_cnpj AND series = in_series
    RETURNING next_number - 1 INTO STRICT new_number;
    IF new_code = new_number THEN
        new_code := (numbering ->> 'other_code')::integer;
    END IF;
    INSERT INTO nfe VALUES (new_order, of_cnpj, in_series, new_number, new_code,
        access_key(numbering ->> 'key_prefix', in_series, new_number, new_code));
    RETURN json_build_object('order_id', new_order, 'number', new_number);
END $$;

-- Another order under a number that is taken: noted once for each body.
CREATE FUNCTION note_conflict(of_partner text, number text, sha256 bytea, at_ms bigint)
RETURNS void LANGUAGE sql AS $$
INSERT INTO order_conflict
SELECT partner_id, number, sha256, at_ms FROM partner WHERE name = of_partner
ON CONFLICT DO NOTHING
$$;
