-- From version 2 to version 3, but for the functions.

ALTER TABLE sales_order DROP CONSTRAINT sales_order_partner_id_fkey;
ALTER TABLE sales_order DROP CONSTRAINT sales_order_customer_id_fkey;
ALTER TABLE order_item DROP CONSTRAINT order_item_order_id_fkey;
ALTER TABLE order_item DROP CONSTRAINT order_item_product_id_fkey;
ALTER TABLE reservation DROP CONSTRAINT reservation_order_id_fkey;
ALTER TABLE reservation DROP CONSTRAINT reservation_product_id_fkey;
ALTER TABLE receivable DROP CONSTRAINT receivable_order_id_fkey;

-- LZ4 takes a tenth of the time of PostgreSQL's own compression. Servers built without it, or older
-- than version 14, keep theirs.
DO $$ BEGIN
    EXECUTE 'ALTER TABLE sales_order ALTER COLUMN sale SET COMPRESSION lz4';
EXCEPTION WHEN feature_not_supported OR syntax_error THEN
    NULL;
END $$;

DROP FUNCTION settle_order(json);
DROP FUNCTION order_facts(text, text, text, text, text[], date, text);
DROP FUNCTION stored_order(bigint);
DROP FUNCTION access_key(text, integer, integer, integer);
DROP FUNCTION note_conflict(text, text, bytea, bigint);

UPDATE schema_version SET version = 3
