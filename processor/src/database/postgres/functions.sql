-- What the processor calls. Each call is one statement, and so one transaction and one round trip.
-- What is more than an expression is PL/pgSQL, which keeps the plans of its statements; other SQL
-- functions are planned anew at every call.

-- The access key of an invoice. Its check digit: modulo 11, weights 2 to 9 from the right, a letter
-- counts by its place in ASCII (NT Conjunta DFe 2025.001). All orders of a series wait while it is
-- computed, so `rest` is the weighted sum of all characters but the number's, which are known
-- before; and it is SQL, one expression, which becomes part of the statement that uses it.
CREATE FUNCTION access_key(prefix text, series integer, number integer, code integer, rest integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT prefix || lpad(series::text, 3, '0') || lpad(number::text, 9, '0') || '1'
        || lpad(code::text, 8, '0')
        || ((11 - (rest + number % 10 * 3 + number / 10 % 10 * 4 + number / 100 % 10 * 5
            + number / 1000 % 10 * 6 + number / 10000 % 10 * 7 + number / 100000 % 10 * 8
            + number / 1000000 % 10 * 9 + number / 10000000 % 10 * 2 + number / 100000000 * 3) % 11)
            % 11 % 10)::text
$$;

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

-- What is known that bears on an order: the order itself if it is settled; otherwise the form of
-- Facts, and beside it, in the form of Versions, what names the versions of the rows it was read
-- from. A row's version is the transaction that wrote it (xmin): it costs no column and no trigger,
-- and whoever writes to these tables need not know of it. Null if the partner is not known. No lock
-- is taken: what changes meanwhile is found when the order is written.
CREATE FUNCTION order_facts(of_partner text, number text, buyer text, address text, eans text[],
    today date, emitter text) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    p record;
    e record;
    c record;
    found_order bigint;
BEGIN
    SELECT partner_id, xmin::text::bigint AS version INTO p
    FROM partner WHERE name = of_partner AND active;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT order_id INTO found_order FROM sales_order o
    WHERE o.partner_id = p.partner_id AND o.order_number = number;
    IF FOUND THEN
        RETURN json_build_object('stored', stored_order(found_order));
    END IF;
    SELECT series_first, series_count, xmin::text::bigint AS version INTO STRICT e
    FROM establishment WHERE cnpj = emitter;
    SELECT k.*, k.xmin::text::bigint AS version, l.limit_cents, l.open_cents,
        EXISTS (SELECT 1 FROM ship_to s
            WHERE s.customer_id = k.customer_id AND s.code = address) AS has_ship_to INTO c
    FROM customer k JOIN credit l USING (customer_id)
    WHERE k.cnpj = buyer AND k.partner_id = p.partner_id;
    RETURN (SELECT json_build_object(
        'facts', json_build_object(
            'partner_id', p.partner_id,
            'series_first', e.series_first, 'series_count', e.series_count,
            'customer', CASE WHEN c.customer_id IS NOT NULL THEN row_to_json(c) END,
            'products', coalesce(json_agg(row_to_json(known)), '[]')),
        'versions', json_build_object(
            'partner', p.version, 'establishment', e.version, 'customer', c.version,
            'price_list', c.price_list,
            'products', coalesce(json_object_agg(known.product_id, known.version)
                FILTER (WHERE known.product_id IS NOT NULL), '{}')))
    FROM (
        SELECT g.*, g.xmin::text::bigint AS version,
            (SELECT r.unit_1e4 FROM price r
                WHERE r.product_id = g.product_id AND r.price_list = c.price_list
                AND r.valid_from <= today
                ORDER BY r.valid_from DESC LIMIT 1) AS unit_1e4,
            coalesce((SELECT json_agg(json_build_object('lot', t.lot, 'made', t.made,
                    'expires', t.expires, 'free', t.on_hand - t.reserved)
                    ORDER BY t.expires, t.lot)
                FROM stock_lot t
                WHERE t.product_id = g.product_id AND t.on_hand > t.reserved), '[]') AS lots
        FROM product g WHERE c.customer_id IS NOT NULL AND g.ean = ANY (eans)) known);
END $$;

-- Writes an order that is decided, in the form of SettlingRow: a row's columns, and of each kind of
-- its rows an array for each column. All of it is written or nothing.
--
-- An order that is not rejected is written only if it would be decided so now:
-- - the rows by which it was decided are of the versions that were read, and the prices the same;
-- - each lot has what is taken, and every lot that would have to be sold before has nothing left;
-- - the credit is enough.
-- Otherwise it must be decided again: `stale` if that is seen before anything is written, SQLSTATE
-- VZ001 if after. If the order is there already, `stored` is what it says.
--
-- Rows are locked in one order by all: lots by their key, the credit, the series. The series comes
-- last, as all orders wait for it, and what is rolled back before leaves no gap in the numbers.
CREATE FUNCTION settle_order(
    -- what it was decided by
    of_partner bigint, partner_version integer, of_cnpj text, establishment_version integer,
    of_customer bigint, customer_version integer, address text,
    products bigint[], product_versions integer[], prices bigint[], today date, expires_min date,
    -- the order
    number text, sha256 bytea, new_status text, new_reason text, cents bigint,
    received_ms bigint, decided_ms bigint, decided text, new_sale text,
    lines integer[], eans text[], item_products bigint[], ordered bigint[], confirmed bigint[],
    units bigint[], grosses bigint[], discounts bigint[], reasons text[],
    take_products bigint[], take_expires date[], take_lots text[], takes bigint[],
    part_lines integer[], part_products bigint[], part_expires date[], part_lots text[],
    parts bigint[], due_dates date[], dues bigint[],
    in_series integer, key_prefix text, code integer, code_rest integer,
    other_code integer, other_rest integer,
    -- what came of it
    OUT stale boolean, OUT stored text, OUT new_order bigint, OUT new_number integer,
    OUT left_in_lots bigint[], OUT new_open_cents bigint)
LANGUAGE plpgsql AS $$
DECLARE
    of_list integer;
    is_fresh boolean;
    left_in_lot bigint;
BEGIN
    stale := false;
    IF new_status <> 'rejected' THEN
        SELECT price_list INTO of_list
        FROM customer c, partner p, establishment e
        WHERE c.customer_id = of_customer AND c.xmin = customer_version
            AND p.partner_id = of_partner AND p.xmin = partner_version
            AND e.cnpj = of_cnpj AND e.xmin = establishment_version
            AND EXISTS (SELECT 1 FROM ship_to s
                WHERE s.customer_id = of_customer AND s.code = address);
        IF FOUND THEN
            SELECT count(*) = cardinality(products) INTO is_fresh
            FROM unnest(products, product_versions, prices) k(id, version, price)
            JOIN product g ON g.product_id = k.id AND g.xmin = k.version
            WHERE k.price IS NOT DISTINCT FROM (SELECT r.unit_1e4 FROM price r
                WHERE r.product_id = k.id AND r.price_list = of_list AND r.valid_from <= today
                ORDER BY r.valid_from DESC LIMIT 1);
        END IF;
        IF is_fresh IS DISTINCT FROM true THEN
            stale := true;
            RETURN;
        END IF;
    END IF;

    INSERT INTO sales_order (partner_id, order_number, body_sha256, customer_id, status, reason,
        total_cents, received_at_ms, decided_at_ms, decided_at, sale)
    VALUES (of_partner, number, sha256,
        CASE WHEN new_status <> 'rejected' THEN of_customer END, new_status, new_reason,
        cents, received_ms, decided_ms, decided, new_sale)
    ON CONFLICT (partner_id, order_number) DO NOTHING
    RETURNING order_id INTO new_order;
    IF NOT FOUND THEN
        SELECT stored_order(o.order_id)::text INTO stored FROM sales_order o
        WHERE o.partner_id = of_partner AND o.order_number = number;
        RETURN;
    END IF;
    INSERT INTO order_item
    SELECT new_order, r.*
    FROM unnest(lines, eans, item_products, ordered, confirmed, units, grosses, discounts,
        reasons) r;
    IF new_status = 'rejected' THEN
        RETURN;
    END IF;
    INSERT INTO reservation
    SELECT new_order, r.* FROM unnest(part_lines, part_products, part_expires, part_lots, parts) r;
    INSERT INTO receivable
    SELECT new_order, r.n, r.due, r.cents
    FROM unnest(due_dates, dues) WITH ORDINALITY r(due, cents, n);

    FOR i IN 1..cardinality(takes) LOOP
        UPDATE stock_lot SET reserved = reserved + takes[i]
        WHERE product_id = take_products[i] AND expires = take_expires[i] AND lot = take_lots[i]
            AND reserved + takes[i] <= on_hand
        RETURNING on_hand - reserved INTO left_in_lot;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a lot has less than when the order was decided'
                USING ERRCODE = 'VZ001';
        END IF;
        left_in_lots[i] := left_in_lot;
    END LOOP;
    PERFORM FROM unnest(take_products, take_expires, take_lots) k(id, expires, lot)
    JOIN stock_lot l ON l.product_id = k.id AND l.expires BETWEEN expires_min AND k.expires
        AND (l.expires, l.lot) < (k.expires, k.lot)
    WHERE l.on_hand > l.reserved;
    IF FOUND THEN
        RAISE EXCEPTION 'a lot that expires earlier has more than when the order was decided'
            USING ERRCODE = 'VZ001';
    END IF;
    UPDATE credit SET open_cents = open_cents + cents
    WHERE customer_id = of_customer AND open_cents + cents <= limit_cents
    RETURNING open_cents INTO new_open_cents;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the credit is less than when the order was decided'
            USING ERRCODE = 'VZ001';
    END IF;

    UPDATE invoice_series SET next_number = next_number + 1
    WHERE cnpj = of_cnpj AND series = in_series
    RETURNING next_number - 1 INTO STRICT new_number;
    IF code = new_number THEN
        code := other_code;
        code_rest := other_rest;
    END IF;
    INSERT INTO nfe VALUES (new_order, of_cnpj, in_series, new_number, code,
        access_key(key_prefix, in_series, new_number, code, code_rest));
END $$;

-- Another order under a number that is taken: noted once for each body.
CREATE FUNCTION note_conflict(of_partner text, number text, sha256 bytea, at_ms bigint)
RETURNS void LANGUAGE sql AS $$
INSERT INTO order_conflict
SELECT partner_id, number, sha256, at_ms FROM partner WHERE name = of_partner
ON CONFLICT DO NOTHING
$$;
