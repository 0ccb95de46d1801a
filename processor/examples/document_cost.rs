//! What documents cost in processor time: `cargo run --release -p processor --example document_cost`
//!
//! For an order of 1, 10 and 100 items: the XML and its signature, by each library, and the PDF.
//! Figures are of one thread's time on a processor, medians of many; waiting does not count. All
//! are taken in one run, so that their ratios hold on a busy machine too.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::fs;
use std::time::Duration;

use jiff::civil::date;
use orders::{Fiscal, Medicine, Origin, State, TaxClass, World};
use processor::{
    Certificate, Invoice, InvoiceLot, Numbering, Party, Sale, SaleHead, Signer, SoldLine,
    confirmation_pdf, emitter, nfe_xml,
};

fn main() {
    let certificate = Certificate::for_tests().unwrap();
    let signers = [
        ("signer", Signer::new(&certificate).unwrap()),
        ("pure Rust", Signer::in_pure_rust(&certificate).unwrap()),
    ];
    println!("median processor time, microseconds; `signer` is what the function uses");
    for (name, signer) in &signers {
        let digest_of = [7; 500];
        println!("RSA-SHA1 of one message, {name:<10} {:8.1}", median(|| signer.sign(&digest_of)));
    }
    println!(
        "\n{:>5} {:>12} {:>12} {:>12} {:>12} {:>10} {:>10}",
        "items", "sale", "XML+sign", "XML+pure", "PDF", "XML bytes", "PDF bytes"
    );
    for items in [1, 3, 10, 25, 100] {
        let invoice = invoice(items);
        let [fast, pure] =
            signers.each_ref().map(|(_, signer)| median(|| nfe_xml(&invoice, signer)));
        let pdf = median(|| confirmation_pdf(&invoice));
        let sale = median(|| self::invoice(items));
        println!(
            "{items:>5} {sale:>12.1} {fast:>12.1} {pure:>12.1} {pdf:>12.1} {:>10} {:>10}",
            nfe_xml(&invoice, &signers[0].1).len(),
            confirmation_pdf(&invoice).len(),
        );
        if items == 10 {
            println!("      XML + signature + PDF of 10 items: {:.1}", fast + pdf);
        }
    }
}

/// Median of some 0.3 s of runs, in microseconds.
fn median<T>(work: impl Fn() -> T) -> f64 {
    const ENOUGH: Duration = Duration::from_millis(300);
    let mut times = Vec::new();
    let begin = on_processor();
    while times.len() < 30 || on_processor() - begin < ENOUGH {
        let before = on_processor();
        std::hint::black_box(work());
        times.push(on_processor() - before);
    }
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6 - overhead()
}

/// What reading the clock itself takes.
fn overhead() -> f64 {
    let mut times: Vec<Duration> = (0..500)
        .map(|_| {
            let before = on_processor();
            on_processor() - before
        })
        .collect();
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// Time that this thread was on a processor. The kernel adds up when it looks at the thread, as it
/// does when the thread gives way, and otherwise every few milliseconds only.
fn on_processor() -> Duration {
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn invoice(items: u32) -> Invoice {
    let recipient = World::default().customer(0);
    let place = emitter().place;
    let head = SaleHead {
        partner: "partner-01".parse().unwrap(),
        order_number: "PO-2026-000123".parse().unwrap(),
        issued_at: "2026-11-23T13:15:00Z".parse().unwrap(),
        emitter: emitter(),
        recipient: Party {
            cnpj: recipient.cnpj,
            name: recipient.name,
            state_registration: recipient.state_registration,
            place: processor::Place { state: State::Sp, ..place },
        },
        ship_to: "CD04".parse().unwrap(),
        payment_terms: "30/60".parse().unwrap(),
        shortfalls: Vec::new(),
    };
    let sale = Sale::new(head, (1..=items).map(line).collect()).unwrap();
    let numbering = Numbering::new(&sale, 1, 4_711);
    Invoice { numbering, sale }
}

/// 48 of a medicine, from two lots.
fn line(line: u32) -> SoldLine {
    let product = World::default().product(line);
    let lot = |number: String| InvoiceLot {
        number,
        quantity: 24,
        made: date(2026, 3, 1),
        expires: date(2028, 3, 1),
    };
    SoldLine {
        line,
        product_id: i64::from(line),
        gtin: product.gtin,
        name: product.name,
        fiscal: Fiscal {
            ncm: "30049099".to_owned(),
            cest: Some("1300200".to_owned()),
            origin: Origin::National,
            medicine: Some(Medicine {
                registration: "1023512340012".to_owned(),
                maximum_price: orders::Cents(7_499),
            }),
            tax_class: TaxClass::GenericMedicine,
        },
        quantity: 48.try_into().unwrap(),
        unit_price: product.unit_price,
        discount: "5.00".parse().unwrap(),
        lots: vec![lot(format!("L{line:05}A")), lot(format!("L{line:05}B"))],
    }
}
