-- What billing keeps. Times are milliseconds since 1970 unless they are part of a document;
-- prices are in units of 10^-4 BRL, amounts in cents, rates in units of 10^-4 percent.
--
-- Documents are rendered again from these rows, byte for byte, so what is printed of a customer or
-- a product does not change: a new name is a new row.

CREATE TABLE partner (
    partner_id INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE customer (
    customer_id        INTEGER PRIMARY KEY,
    partner_id         INTEGER NOT NULL REFERENCES partner,
    cnpj               TEXT NOT NULL,
    name               TEXT NOT NULL,
    state_registration TEXT NOT NULL,
    street             TEXT NOT NULL,
    house              TEXT NOT NULL,
    district           TEXT NOT NULL,
    postcode           TEXT NOT NULL,
    blocked            INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
    UNIQUE (cnpj, partner_id)
) STRICT;

-- Apart from the customer: this row changes with every order, and narrow rows change fast.
CREATE TABLE credit (
    customer_id INTEGER PRIMARY KEY REFERENCES customer,
    limit_cents INTEGER NOT NULL,
    open_cents  INTEGER NOT NULL DEFAULT 0 CHECK (open_cents BETWEEN 0 AND limit_cents)
) STRICT;

CREATE TABLE product (
    product_id    INTEGER PRIMARY KEY,
    ean           TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    ncm           TEXT NOT NULL,
    icms_rate_1e4 INTEGER NOT NULL,
    unit_1e4      INTEGER NOT NULL
) STRICT;

-- Apart from the product, for the same reason.
CREATE TABLE stock (
    product_id INTEGER PRIMARY KEY REFERENCES product,
    on_hand    INTEGER NOT NULL,
    reserved   INTEGER NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand)
) STRICT;

CREATE TABLE sales_order (
    order_id       INTEGER PRIMARY KEY,
    partner_id     INTEGER NOT NULL REFERENCES partner,
    order_number   TEXT NOT NULL,
    body_sha256    BLOB NOT NULL,
    customer_id    INTEGER REFERENCES customer,
    ship_to        TEXT NOT NULL,
    payment_terms  TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('billed', 'refused')),
    reason         TEXT CHECK ((reason IS NULL) = (status = 'billed')),
    total_cents    INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    decided_at_ms  INTEGER NOT NULL,
    UNIQUE (partner_id, order_number)
) STRICT;

CREATE TABLE order_item (
    order_id       INTEGER NOT NULL REFERENCES sales_order,
    line           INTEGER NOT NULL,
    product_id     INTEGER NOT NULL REFERENCES product,
    quantity       INTEGER NOT NULL,
    unit_1e4       INTEGER NOT NULL,
    gross_cents    INTEGER NOT NULL,
    discount_cents INTEGER NOT NULL,
    PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE invoice_series (
    series      INTEGER PRIMARY KEY CHECK (series BETWEEN 0 AND 889),
    next_number INTEGER NOT NULL CHECK (next_number BETWEEN 1 AND 1000000000)
) STRICT;

CREATE TABLE nfe (
    order_id   INTEGER PRIMARY KEY REFERENCES sales_order,
    series     INTEGER NOT NULL REFERENCES invoice_series,
    number     INTEGER NOT NULL,
    cnf        INTEGER NOT NULL,
    access_key TEXT NOT NULL UNIQUE,
    dh_emi     TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('numbered', 'stored')),
    UNIQUE (series, number)
) STRICT;

-- Invoices whose documents are still owed: what a sweeper looks for.
CREATE INDEX nfe_owed ON nfe (order_id) WHERE status = 'numbered';

-- Another order under a number that is taken. Each body once, however often it is delivered.
CREATE TABLE order_conflict (
    partner_id   INTEGER NOT NULL REFERENCES partner,
    order_number TEXT NOT NULL,
    body_sha256  BLOB NOT NULL,
    seen_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (partner_id, order_number, body_sha256)
) STRICT, WITHOUT ROWID;

-- The views are the contract with whoever reconciles: one row for each row of billing, so that an
-- order billed twice would be there twice.
CREATE VIEW billing_ledger (partner, order_number, status, access_key, series, number, total_cents) AS
SELECT partner.name, sales_order.order_number, nfe.status, nfe.access_key, nfe.series, nfe.number,
       sales_order.total_cents
FROM nfe
JOIN sales_order USING (order_id)
JOIN partner USING (partner_id);

CREATE VIEW refusal_ledger (partner, order_number, reason) AS
SELECT partner.name, sales_order.order_number, sales_order.reason
FROM sales_order
JOIN partner USING (partner_id)
WHERE sales_order.status = 'refused';

CREATE VIEW conflict_ledger (partner, order_number, body_sha256) AS
SELECT partner.name, order_conflict.order_number, lower(hex(order_conflict.body_sha256))
FROM order_conflict
JOIN partner USING (partner_id);
