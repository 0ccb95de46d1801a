//! What the tests share: a database of a small world, messages, and the worked invoice.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use jiff::Timestamp;
use jiff::civil::date;
use orders::{
    Cents, Fiscal, Medicine, Origin, PartnerId, RunTag, Sampler, State, TaxClass, World, WorldSize,
};
use processor::{
    Certificate, DatabaseUrl, Invoice, InvoiceLot, Message, Numbering, Party, Place, Sale,
    SaleHead, Seed, Signer, SoldLine, SqliteDatabase, create_database, emitter,
};
use rusqlite::Connection;
use tempfile::TempDir;

/// A database in a folder that goes when this does.
pub(crate) struct Shop {
    folder: TempDir,
    pub(crate) sampler: Sampler,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let world = World::new(WorldSize { partners: 3, customers: 30, products: 40 });
        let shop = Self {
            folder: TempDir::new().unwrap(),
            sampler: Sampler::new(11, RunTag::from_seed_text("processor tests"), world),
        };
        create_database(&DatabaseUrl::Sqlite(shop.path()), &Seed::of(world)).unwrap();
        shop
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("orders.db")
    }

    pub(crate) fn open(&self) -> SqliteDatabase {
        SqliteDatabase::open(&self.path()).unwrap()
    }

    /// The database as a stranger sees it.
    pub(crate) fn sql(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection
    }

    pub(crate) fn number(&self, query: &str) -> i64 {
        self.sql().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The record of order `index` as the gateway puts it in the queue.
    pub(crate) fn record(&self, index: u64) -> SqsMessage {
        let sampled = self.sampler.order(index, now());
        let body = serde_json::to_string(&sampled.order).unwrap();
        record(sampled.partner.as_str(), sampled.order.partner_order_no.as_str(), &body)
    }

    /// The message of order `index`.
    pub(crate) fn message(&self, index: u64) -> Message {
        Message::parse(&self.record(index)).unwrap()
    }
}

/// 2026-11-23T10:15:00-03:00.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T13:15:00Z".parse().unwrap()
}

pub(crate) fn record(partner: &str, order_number: &str, body: &str) -> SqsMessage {
    let attribute = |value: &str| {
        let mut attribute = SqsMessageAttribute::default();
        attribute.string_value = Some(value.to_owned());
        attribute.data_type = Some("String".to_owned());
        attribute
    };
    let mut record = SqsMessage::default();
    record.message_id = Some(format!("message of {order_number}"));
    record.body = Some(body.to_owned());
    record.message_attributes = HashMap::from([
        ("partner".to_owned(), attribute(partner)),
        ("orderNumber".to_owned(), attribute(order_number)),
    ]);
    record
}

/// The signer of the tests. The key is a new one in each process.
pub(crate) fn signer() -> &'static Signer {
    static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(certificate()).unwrap());
    &SIGNER
}

pub(crate) fn certificate() -> &'static Certificate {
    static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::for_tests().unwrap());
    &CERTIFICATE
}

/// Three items worked by hand: 48 x 5.2300 less 5 %, 120 x 8.3750, 24 x 38.7490 less 5 %.
pub(crate) fn worked_invoice() -> Invoice {
    let lines = vec![
        SoldLine {
            lots: vec![lot("L100A", 24, 3), lot("L100B", 24, 5)],
            ..sold(1, "7891058001155", "DIPIRONA SÓDICA 500 MG", 48, "5.2300", "5.00")
        },
        sold(2, "7896004703398", "LOSARTANA POTÁSSICA 50 MG", 120, "8.3750", "0"),
        SoldLine {
            fiscal: fiscal(TaxClass::Medicine),
            ..sold(3, "7896226505206", "AMOXICILINA + CLAVULANATO 875 MG", 24, "38.7490", "5")
        },
    ];
    let sale = Sale::new(worked_head(), lines).unwrap();
    let numbering = Numbering::new(&sale, 1, 4_711);
    Invoice { numbering, sale }
}

pub(crate) fn worked_head() -> SaleHead {
    SaleHead {
        partner: "partner-01".parse::<PartnerId>().unwrap(),
        order_number: "PO-2026-000123".parse().unwrap(),
        issued_at: now(),
        emitter: emitter(),
        recipient: recipient(State::Sp),
        ship_to: "CD04".parse().unwrap(),
        payment_terms: "30/60".parse().unwrap(),
    }
}

pub(crate) fn recipient(state: State) -> Party {
    Party {
        cnpj: "12ABC34501DE35".parse().unwrap(),
        name: "DROGARIA D'AVÓ & FILHOS LTDA".to_owned(),
        state_registration: "110042490114".to_owned(),
        place: Place {
            street: "RUA DAS ACÁCIAS".to_owned(),
            house: "45".to_owned(),
            district: "JARDIM <SUL>".to_owned(),
            city_code: state.capital_code(),
            city: state.capital().to_owned(),
            state,
            postcode: "01310100".to_owned(),
        },
    }
}

pub(crate) fn fiscal(tax_class: TaxClass) -> Fiscal {
    Fiscal {
        ncm: "30049099".to_owned(),
        cest: Some("1300200".to_owned()),
        origin: Origin::National,
        medicine: Some(Medicine {
            registration: "1023512340012".to_owned(),
            maximum_price: Cents(5_499),
        }),
        tax_class,
    }
}

/// A lot made in a month of 2026, which expires two years later.
pub(crate) fn lot(number: &str, quantity: u32, month: i8) -> InvoiceLot {
    InvoiceLot {
        number: number.to_owned(),
        quantity,
        made: date(2026, month, 7),
        expires: date(2028, month, 7),
    }
}

pub(crate) fn sold(
    line: u32,
    gtin: &str,
    name: &str,
    quantity: u32,
    price: &str,
    discount: &str,
) -> SoldLine {
    SoldLine {
        line,
        product_id: i64::from(line) + 100,
        gtin: gtin.parse().unwrap_or_else(|error| panic!("{error}")),
        name: name.to_owned(),
        fiscal: fiscal(TaxClass::GenericMedicine),
        quantity: quantity.try_into().unwrap(),
        unit_price: price.parse().unwrap(),
        discount: discount.parse().unwrap(),
        lots: vec![lot("L200C", quantity, 8)],
    }
}
