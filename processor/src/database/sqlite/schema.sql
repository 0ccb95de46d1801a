-- What billing keeps, in the dialect of SQLite; `postgres/schema.sql` has the same tables and
-- columns. Times are milliseconds since 1970 unless they are part of a document; prices are in
-- units of 10^-4 BRL, amounts in cents.
--
-- Documents are rendered again from `sales_order.sale` and `nfe`, byte for byte, whatever has
-- become of names, prices and taxes since.

CREATE TABLE partner (
    partner_id INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
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
    city_code          INTEGER NOT NULL,
    city               TEXT NOT NULL,
    state              TEXT NOT NULL,
    postcode           TEXT NOT NULL,
    price_list         INTEGER NOT NULL DEFAULT 1,
    license_until      TEXT NOT NULL,                       -- sanitary licence (AFE), last day
    may_buy_controlled INTEGER NOT NULL DEFAULT 1 CHECK (may_buy_controlled IN (0, 1)),
    shelf_days_min     INTEGER NOT NULL DEFAULT 0,          -- what a lot must still keep
    term_days_max      INTEGER NOT NULL,
    blocked            INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
    UNIQUE (cnpj, partner_id)
) STRICT;

-- Apart from the customer: this row changes with every order, and narrow rows change fast.
CREATE TABLE credit (
    customer_id INTEGER PRIMARY KEY REFERENCES customer,
    limit_cents INTEGER NOT NULL,
    open_cents  INTEGER NOT NULL DEFAULT 0 CHECK (open_cents BETWEEN 0 AND limit_cents)
) STRICT;

CREATE TABLE ship_to (
    customer_id INTEGER NOT NULL REFERENCES customer,
    code        TEXT NOT NULL,
    PRIMARY KEY (customer_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE product (
    product_id          INTEGER PRIMARY KEY,
    ean                 TEXT NOT NULL UNIQUE,
    name                TEXT NOT NULL,
    pack                INTEGER NOT NULL DEFAULT 1 CHECK (pack > 0),
    active              INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    controlled          INTEGER NOT NULL DEFAULT 0 CHECK (controlled IN (0, 1)),
    ncm                 TEXT NOT NULL,
    cest                TEXT,
    origin              TEXT NOT NULL,
    tax_class           TEXT NOT NULL,
    registration        TEXT,                               -- ANVISA; with it come lots
    maximum_price_cents INTEGER,                            -- PMC
    CHECK ((registration IS NULL) = (maximum_price_cents IS NULL))
) STRICT;

CREATE TABLE price (
    product_id INTEGER NOT NULL REFERENCES product,
    price_list INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    unit_1e4   INTEGER NOT NULL,
    PRIMARY KEY (product_id, price_list, valid_from)
) STRICT, WITHOUT ROWID;

-- The order of the key is that in which lots are sold: first expired, first out.
CREATE TABLE stock_lot (
    product_id INTEGER NOT NULL REFERENCES product,
    expires    TEXT NOT NULL,
    lot        TEXT NOT NULL,
    made       TEXT NOT NULL,
    on_hand    INTEGER NOT NULL,
    reserved   INTEGER NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
    PRIMARY KEY (product_id, expires, lot)
) STRICT, WITHOUT ROWID;

CREATE TABLE sales_order (
    order_id       INTEGER PRIMARY KEY,
    partner_id     INTEGER NOT NULL REFERENCES partner,
    order_number   TEXT NOT NULL,
    body_sha256    BLOB NOT NULL,
    customer_id    INTEGER REFERENCES customer,
    status         TEXT NOT NULL CHECK (status IN ('confirmed', 'partially_confirmed', 'rejected')),
    reason         TEXT CHECK ((reason IS NOT NULL) = (status = 'rejected')),
    total_cents    INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    decided_at_ms  INTEGER NOT NULL,
    decided_at     TEXT NOT NULL,
    sale           TEXT,                                    -- all that the documents say, JSON
    documented     INTEGER NOT NULL DEFAULT 0 CHECK (documented IN (0, 1)),
    UNIQUE (partner_id, order_number)
) STRICT;

-- Orders whose documents are still owed: what the sweeper looks for.
CREATE INDEX sales_order_owed ON sales_order (decided_at_ms) WHERE documented = 0;

CREATE TABLE order_item (
    order_id           INTEGER NOT NULL REFERENCES sales_order,
    line               INTEGER NOT NULL,
    ean                TEXT NOT NULL,
    product_id         INTEGER REFERENCES product,
    quantity_ordered   INTEGER NOT NULL,
    quantity_confirmed INTEGER NOT NULL CHECK (quantity_confirmed BETWEEN 0 AND quantity_ordered),
    unit_1e4           INTEGER NOT NULL,
    gross_cents        INTEGER NOT NULL,
    discount_cents     INTEGER NOT NULL,
    reason             TEXT,
    PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation (
    order_id   INTEGER NOT NULL REFERENCES sales_order,
    line       INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES product,
    expires    TEXT NOT NULL,
    lot        TEXT NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line, expires, lot)
) STRICT, WITHOUT ROWID;

CREATE TABLE receivable (
    order_id INTEGER NOT NULL REFERENCES sales_order,
    n        INTEGER NOT NULL,
    due      TEXT NOT NULL,
    cents    INTEGER NOT NULL,
    PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

-- In how many series an establishment numbers its invoices, from which one on.
CREATE TABLE establishment (
    cnpj         TEXT PRIMARY KEY,
    series_first INTEGER NOT NULL,
    series_count INTEGER NOT NULL CHECK (series_count > 0),
    CHECK (series_first >= 0 AND series_first + series_count <= 890)
) STRICT, WITHOUT ROWID;

CREATE TABLE invoice_series (
    cnpj        TEXT NOT NULL REFERENCES establishment,
    series      INTEGER NOT NULL CHECK (series BETWEEN 0 AND 889),
    next_number INTEGER NOT NULL CHECK (next_number BETWEEN 1 AND 1000000000),
    PRIMARY KEY (cnpj, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE nfe (
    order_id   INTEGER PRIMARY KEY REFERENCES sales_order,
    cnpj       TEXT NOT NULL,
    series     INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    cnf        INTEGER NOT NULL,
    access_key TEXT NOT NULL UNIQUE,
    UNIQUE (cnpj, series, number),
    FOREIGN KEY (cnpj, series) REFERENCES invoice_series
) STRICT;

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
SELECT partner.name, sales_order.order_number,
       CASE sales_order.documented WHEN 1 THEN 'stored' ELSE 'numbered' END,
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
SELECT partner.name, order_conflict.order_number, lower(hex(order_conflict.body_sha256))
FROM order_conflict
JOIN partner USING (partner_id);
