//! What the tests of documents share: a signer, and the worked invoice.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::date;
use orders::{Cents, Fiscal, Medicine, Origin, PartnerId, State, TaxClass};
use processor::{
    Certificate, Invoice, InvoiceLot, Numbering, Party, Place, Sale, SaleHead, Signer, SoldLine,
    emitter,
};

/// 2026-11-23T10:15:00-03:00.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T13:15:00Z".parse().unwrap()
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
        shortfalls: Vec::new(),
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
