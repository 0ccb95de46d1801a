//! Those who settle orders: one for each environment of the function.

use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;
use processor::{Database, Message, PostgresConfig, PostgresDatabase, Settlement};
use tokio::task::LocalSet;
use tokio_postgres::{Client, NoTls};

use crate::pool::Pool;
use crate::{Layout, Row};

/// What one round trip can do at best: the same rows and no question asked.
pub(crate) const BARE_FUNCTION: &str = "
CREATE FUNCTION bare_order(of_number text, buyer text, eans text[], hot text, bucket bigint,
    in_series integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    new_order bigint;
    new_number integer;
    ean_of_line text;
    line integer := 0;
BEGIN
    INSERT INTO sales_order (partner_id, order_number, body_sha256, status, total_cents,
        received_at_ms, decided_at_ms, decided_at)
    VALUES (1, of_number, '', 'confirmed', 1, 0, 0, '') RETURNING order_id INTO new_order;
    INSERT INTO order_item
    SELECT new_order, n, i, NULL, 6, 6, 0, 0, 0, NULL FROM unnest(eans) WITH ORDINALITY AS r(i, n);
    FOREACH ean_of_line IN ARRAY eans LOOP
        line := line + 1;
        UPDATE stock_lot SET reserved = reserved + 6
        WHERE product_id = (SELECT product_id FROM product WHERE ean = ean_of_line)
            AND lot = (SELECT lot FROM stock_lot s JOIN product USING (product_id)
                WHERE ean = ean_of_line ORDER BY expires, lot
                OFFSET CASE WHEN ean_of_line = hot THEN bucket ELSE 0 END LIMIT 1);
    END LOOP;
    UPDATE credit SET open_cents = open_cents + 1
    WHERE customer_id = (SELECT customer_id FROM customer WHERE cnpj = buyer);
    UPDATE invoice_series SET next_number = next_number + 1 WHERE series = in_series
    RETURNING next_number - 1 INTO new_number;
    INSERT INTO nfe VALUES (new_order, '11222333000181', in_series, new_number, 0,
        in_series || '/' || new_number);
    RETURN new_number;
END $$";

/// What all are to do next.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) row: Row,
    pub(crate) pool: Arc<Pool>,
    /// For each environment the orders by which it gets to know customers and products before the
    /// clock runs.
    pub(crate) known: Arc<Vec<Vec<Message>>>,
    pub(crate) lasting: Duration,
}

/// One environment.
struct Clerk<'a> {
    near: &'a str,
    row: Row,
    number: usize,
}

/// What the environments of one thread did.
#[derive(Debug, Default)]
pub(crate) struct Result {
    pub(crate) latencies: Vec<Duration>,
}

enum Till {
    Statements(Box<Client>),
    Processor(Rc<PostgresDatabase>),
}

/// Runs every `threads`th environment, one job after the other. At the barrier all meet three
/// times: when they are ready, when the time is over, and when the figures are taken.
pub(crate) fn run(
    near: &str,
    (thread, threads): (usize, usize),
    jobs: &Receiver<Job>,
    meet: &Barrier,
    results: &Sender<Result>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    let mut tills: Vec<Till> = Vec::new();
    let mut kind = None;
    for Job { row, pool, known, lasting } in jobs {
        let own = (thread..row.environments).step_by(threads);
        let clerks: Vec<Clerk<'_>> = own.map(|number| Clerk { near, row, number }).collect();
        // Those who know the customers go on with what they know.
        if kind.replace(row.kind()) != Some(row.kind()) {
            let open = clerks.iter().map(|clerk| clerk.open(known.get(clerk.number)));
            tills = local.block_on(&runtime, futures::future::join_all(open));
        }
        meet.wait();
        let until = Instant::now() + lasting;
        let working = clerks.iter().zip(&tills).map(|(clerk, till)| clerk.work(till, &pool, until));
        let done = local.block_on(&runtime, futures::future::join_all(working));
        meet.wait();
        meet.wait();
        results.send(Result { latencies: done.concat() }).unwrap();
    }
}

impl Clerk<'_> {
    async fn open(&self, known: Option<&Vec<Message>>) -> Till {
        if self.row.layout != Layout::Processor {
            let (client, connection) = tokio_postgres::connect(self.near, NoTls).await.unwrap();
            tokio::task::spawn_local(connection);
            // As the processor does: rows are found by keys.
            let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
            client.batch_execute(settings).await.unwrap();
            return Till::Statements(Box::new(client));
        }
        let config = PostgresConfig { url: self.near.to_owned(), password: None, ca_file: None };
        let database = PostgresDatabase::new(config);
        if self.row.strangers {
            return Till::Processor(Rc::new(database.without_memory()));
        }
        for message in known.into_iter().flatten() {
            database.settle(message, Timestamp::now()).await.unwrap();
        }
        Till::Processor(Rc::new(database))
    }

    async fn work(&self, till: &Till, pool: &Pool, until: Instant) -> Vec<Duration> {
        let orders = stream::iter(std::iter::from_fn(|| {
            if Instant::now() < until { pool.take() } else { None }
        }));
        match till {
            Till::Processor(database) => {
                orders
                    .map(|message| self.by_processor(database, message))
                    .buffer_unordered(self.row.in_flight)
                    .collect()
                    .await
            }
            Till::Statements(client) => {
                orders.then(|message| self.by_statements(client, message, pool)).collect().await
            }
        }
    }

    async fn by_processor(&self, database: &PostgresDatabase, message: &Message) -> Duration {
        let started = Instant::now();
        let settled = database.settle(message, Timestamp::now()).await.unwrap();
        if let (true, Settlement::Settled { order, .. }) = (self.row.mark, settled) {
            database.mark_documented(&[order.order_id]).await.unwrap();
        }
        started.elapsed()
    }

    async fn by_statements(&self, client: &Client, message: &Message, pool: &Pool) -> Duration {
        let started = Instant::now();
        let series = 1 + message.body_sha256[0] as u16 % self.row.series;
        match self.row.layout {
            Layout::Bare => self.in_one_trip(client, message, pool.hot_ean(), series).await,
            Layout::NumberFirst | Layout::NumberLast | Layout::StockLate | Layout::Processor => {
                self.one_by_one(client, message, series).await
            }
        }
        started.elapsed()
    }

    async fn in_one_trip(&self, client: &Client, message: &Message, hot: &str, series: u16) {
        let order = message.order.as_ref().unwrap();
        let bucket = self.number as u64 % self.row.buckets;
        let sql = format!(
            "SELECT bare_order('{}', '{}', ARRAY['{}'], '{hot}', {bucket}, {series})",
            message.order_number,
            order.buyer.cnpj,
            eans(order).join("','"),
        );
        client.simple_query(&sql).await.unwrap();
    }

    /// The same rows, one statement after the other: as an application does that keeps a
    /// transaction open while it works.
    async fn one_by_one(&self, client: &Client, message: &Message, series: u16) {
        let layout = self.row.layout;
        let order = message.order.as_ref().unwrap();
        let number = format!(
            "UPDATE invoice_series SET next_number = next_number + 1 WHERE series = {series} \
             RETURNING next_number - 1"
        );
        let stock = eans(order).into_iter().map(|ean| {
            format!(
                "UPDATE stock_lot SET reserved = reserved + 6 WHERE lot LIKE '%A' AND product_id = \
                 (SELECT product_id FROM product WHERE ean = '{ean}')"
            )
        });
        let credit = format!(
            "UPDATE credit SET open_cents = open_cents + 1 WHERE customer_id = \
             (SELECT customer_id FROM customer WHERE cnpj = '{}')",
            order.buyer.cnpj
        );
        let header = format!(
            "INSERT INTO sales_order (partner_id, order_number, body_sha256, status, total_cents, \
             received_at_ms, decided_at_ms, decided_at) \
             VALUES (1, '{}', '', 'confirmed', 1, 0, 0, '')",
            message.order_number
        );
        let of_order = "currval(pg_get_serial_sequence('sales_order', 'order_id'))";
        let items: Vec<String> = (1..)
            .zip(eans(order))
            .map(|(line, ean)| format!("({of_order}, {line}, '{ean}', NULL, 6, 6, 0, 0, 0, NULL)"))
            .collect();
        let items = format!("INSERT INTO order_item VALUES {}", items.join(", "));
        let invoice = format!(
            "INSERT INTO nfe SELECT {of_order}, cnpj, series, next_number - 1, 0, \
             series || '/' || next_number - 1 FROM invoice_series WHERE series = {series}"
        );
        let (mut statements, stock) = (vec!["BEGIN".to_owned()], stock.collect::<Vec<_>>());
        if layout == Layout::NumberFirst {
            statements.push(number.clone());
        }
        statements.push(header);
        if layout != Layout::StockLate {
            statements.extend(stock.iter().cloned());
        }
        statements.extend([credit, items]);
        if layout == Layout::StockLate {
            statements.extend(stock);
        }
        if layout != Layout::NumberFirst {
            statements.push(number);
        }
        statements.extend([invoice, "COMMIT".to_owned()]);
        for statement in statements {
            client.simple_query(&statement).await.unwrap();
        }
    }
}

/// In one order by all, so that none waits for another in a circle.
fn eans(order: &orders::Order) -> Vec<&str> {
    let mut eans: Vec<&str> = order.items.iter().map(|item| item.ean.as_str()).collect();
    eans.sort_unstable();
    eans
}
