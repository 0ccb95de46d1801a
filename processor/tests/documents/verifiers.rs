//! Hundreds of documents of every kind of sale, held against programs of others: see
//! `tests/documents/verify/verify.py`, which says against which.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{Timestamp, ToSpan};
use orders::seed::Draws;
use orders::{
    Cnpj, Customer, Discount, Gtin, Order, Product, Reason, RunTag, Sampler, State, UnitPrice,
    World, WorldSize,
};
use processor::{
    Invoice, InvoiceLot, Numbering, Party, Place, Sale, SaleHead, Shortfall, Signer, SoldLine,
    confirmation_pdf, emitter, nfe_xml,
};
use tempfile::TempDir;

use crate::support::{lot, signer};

const SEED: u64 = 20_261_124;

/// The business as it is before any database: the orders, customers and products of the world.
struct Business {
    sampler: Sampler,
    customers: HashMap<Cnpj, Customer>,
    products: Vec<(i64, Product)>,
    by_gtin: HashMap<Gtin, usize>,
}

impl Business {
    fn new() -> Self {
        let world = World::new(WorldSize { partners: 3, customers: 60, products: 90 });
        let products: Vec<(i64, Product)> =
            (0..90).map(|index| (i64::from(index) + 1, world.product(index))).collect();
        let numbers = products.iter().enumerate();
        Self {
            by_gtin: numbers.map(|(at, (_, product))| (product.gtin.clone(), at)).collect(),
            sampler: Sampler::new(SEED, RunTag::from_seed_text("verifiers"), world),
            customers: (0..60)
                .map(|index| world.customer(index))
                .map(|customer| (customer.cnpj.clone(), customer))
                .collect(),
            products,
        }
    }

    fn customer_in(&self, state: State) -> &Customer {
        let mut there: Vec<&Customer> =
            self.customers.values().filter(|customer| customer.address.state == state).collect();
        there.sort_by(|one, other| one.cnpj.cmp(&other.cnpj));
        there.first().unwrap()
    }

    /// Order `index`, as it is billed if all of it is there.
    fn sampled(&self, index: u64) -> (SaleHead, Vec<SoldLine>) {
        let at = instant(index);
        let sampled = self.sampler.order(index, at);
        let order = sampled.order;
        let head = SaleHead {
            partner: sampled.partner,
            order_number: order.partner_order_no.clone(),
            issued_at: at,
            emitter: emitter(),
            recipient: party(&self.customers[&order.buyer.cnpj]),
            ship_to: order.ship_to.code.clone(),
            payment_terms: order.payment_terms.clone(),
            shortfalls: Vec::new(),
        };
        let lines = self.lines(&order, index);
        (head, lines)
    }

    fn lines(&self, order: &Order, index: u64) -> Vec<SoldLine> {
        let mut draws = Draws::new(SEED, 2, index);
        let line = |item: &orders::Item| {
            let at = self.by_gtin[&item.ean];
            let discount = item.discount_pct.unwrap_or_default();
            self.line(at, item.line, item.qty.get(), item.unit_price, discount, &mut draws)
        };
        order.items.iter().map(line).collect()
    }

    fn line(
        &self,
        at: usize,
        line: u32,
        quantity: u32,
        unit_price: UnitPrice,
        discount: Discount,
        draws: &mut Draws,
    ) -> SoldLine {
        let (product_id, product) = &self.products[at];
        SoldLine {
            line,
            product_id: *product_id,
            gtin: product.gtin.clone(),
            name: product.name.clone(),
            fiscal: product.fiscal.clone(),
            quantity: quantity.try_into().unwrap(),
            unit_price,
            discount,
            lots: lots(quantity, draws),
        }
    }

    /// So many lines, of each product in turn, at odd prices, quantities and discounts.
    fn any_lines(&self, count: u32, seed: u64) -> Vec<SoldLine> {
        let mut draws = Draws::new(SEED, 3, seed);
        (1..=count)
            .map(|line| {
                let at = (line as usize + seed as usize) % self.products.len();
                let price = UnitPrice::from_1e4(1 + draws.below(3_000_000));
                let quantity = 1 + draws.below(997) as u32;
                let discount = match draws.below(3) {
                    0 => "0".to_owned(),
                    1 => format!("{}.{:02}", draws.below(100), draws.below(100)),
                    _ => format!("{}", draws.below(12)),
                };
                self.line(at, line, quantity, price, discount.parse().unwrap(), &mut draws)
            })
            .collect()
    }
}

/// Every seven hours of the last third of 2026, and so at every hour of the day.
fn instant(index: u64) -> Timestamp {
    let first: Timestamp = "2026-09-02T03:00:00Z".parse().unwrap();
    first + (7 * (index as i64 % 400)).hours()
}

fn party(customer: &Customer) -> Party {
    let address = &customer.address;
    Party {
        cnpj: customer.cnpj.clone(),
        name: customer.name.clone(),
        state_registration: customer.state_registration.clone(),
        place: Place {
            street: address.street.clone(),
            house: address.house.clone(),
            district: address.district.clone(),
            city_code: address.state.capital_code(),
            city: address.state.capital().to_owned(),
            state: address.state,
            postcode: address.postcode.clone(),
        },
    }
}

/// One to three lots.
fn lots(quantity: u32, draws: &mut Draws) -> Vec<InvoiceLot> {
    let parts = (1 + draws.below(3) as u32).min(quantity);
    let each = quantity / parts;
    (0..parts)
        .map(|part| {
            let rest = if part == 0 { quantity % parts } else { 0 };
            lot(&format!("L{}{part}", draws.below(100_000)), each + rest, 1 + part as i8)
        })
        .collect()
}

fn invoice(head: SaleHead, lines: Vec<SoldLine>, number: u32) -> Invoice {
    let sale = Sale::new(head, lines).unwrap();
    let numbering = Numbering::new(&sale, 1 + (number % 16) as u16, number);
    Invoice { numbering, sale }
}

fn write(folder: &Path, name: &str, invoice: &Invoice, signer: &Signer) {
    fs::write(folder.join(name).with_extension("xml"), nfe_xml(invoice, signer)).unwrap();
    fs::write(folder.join(name).with_extension("pdf"), confirmation_pdf(invoice)).unwrap();
}

/// Sales that no sampled order is.
fn special(business: &Business) -> Vec<(String, SaleHead, Vec<SoldLine>)> {
    let head = |index| business.sampled(index).0;
    let to = |state| SaleHead { recipient: party(business.customer_in(state)), ..head(1) };
    let mut sales = Vec::new();
    for state in [State::Sp, State::Rj, State::Pr, State::Sc, State::Es, State::Ce] {
        for count in [1, 10, 40] {
            let name = format!("to-{state}-{count}");
            sales.push((name, to(state), business.any_lines(count, u64::from(count))));
        }
    }
    for count in [25, 26, 100, 990] {
        sales.push((format!("items-{count}"), head(2), business.any_lines(count, 5)));
    }
    let terms = |text: &str| SaleHead { payment_terms: text.parse().unwrap(), ..head(3) };
    let every_day: Vec<String> = (1..=120).map(|day| day.to_string()).collect();
    for text in ["0", "0/30", "7", "999", every_day.join("/").as_str()] {
        let name = format!("terms-{}", &text.replace('/', "-")[..text.len().min(8)]);
        sales.push((name, terms(text), business.any_lines(3, 6)));
    }
    let lines = |price: &str, quantity: u32, discount: &str| {
        let mut draws = Draws::new(SEED, 4, 0);
        let (price, discount) = (price.parse().unwrap(), discount.parse().unwrap());
        vec![business.line(4, 999_999, quantity, price, discount, &mut draws)]
    };
    sales.push(("given-away".to_owned(), head(4), lines("5.23", 1, "100")));
    sales.push(("less-than-a-cent".to_owned(), head(4), lines("0.0001", 1, "0")));
    sales.push(("a-cent".to_owned(), terms("30/60/90"), lines("0.0051", 1, "0")));
    sales.push(("largest-price".to_owned(), head(4), lines("99999999999.9999", 1, "0.01")));
    sales.push(("largest-quantity".to_owned(), head(4), lines("99.9999", 99_999_999, "33.33")));
    let one_price_short = SaleHead { recipient: to(State::Pr).recipient, ..head(5) };
    // The list price is below ours: nothing is left of the later sale's tax.
    sales.push(("list-price-below-ours".to_owned(), one_price_short, lines("900", 3, "0")));
    let product = |at: usize, line: u32| {
        let mut draws = Draws::new(SEED, 5, u64::from(line));
        let (price, discount) = ("7.3350".parse().unwrap(), "1.50".parse().unwrap());
        business.line(at, line, 31 * line, price, discount, &mut draws)
    };
    // 9 is no medicine; 7, 46 and 59 are imported: a generic one, one at zero, and no medicine.
    sales.push(("no-medicine".to_owned(), head(4), vec![product(9, 12)]));
    for state in [State::Sp, State::Rj, State::Pr, State::Sc, State::Es] {
        let lines = vec![product(59, 3), product(7, 1), product(46, 2), product(9, 4)];
        sales.push((format!("imported-to-{state}"), to(state), lines));
    }
    let partial = SaleHead { shortfalls: shortfalls(business), ..head(10) };
    sales.push(("partial".to_owned(), partial, business.any_lines(5, 31)));
    sales.push(("every-gtin-length".to_owned(), head(2), every_gtin_length(business)));
    sales.push(("long-words".to_owned(), long_words(head(9)), long_names(business)));
    sales.push(("500-lots".to_owned(), head(6), vec![with_lots(business, 500)]));
    sales.push(("letters-in-the-key".to_owned(), with_letters(head(7)), business.any_lines(4, 9)));
    sales.push(("odd-words".to_owned(), odd_words(head(8)), business.any_lines(2, 9)));
    sales
}

fn with_lots(business: &Business, count: u32) -> SoldLine {
    let lots = (0..count).map(|n| lot(&format!("LOTE-{n:04}/X"), 2, 2)).collect();
    let line = business.any_lines(1, 3).remove(0);
    SoldLine { quantity: (2 * count).try_into().unwrap(), lots, ..line }
}

/// One of each reason that a line may have.
fn shortfalls(business: &Business) -> Vec<Shortfall> {
    let reasons = [
        (Reason::BadEanDv, 0),
        (Reason::UnknownEan, 0),
        (Reason::Inactive, 0),
        (Reason::ControlledNotLicensed, 0),
        (Reason::PriceMismatch, 0),
        (Reason::PackMultiple, 0),
        (Reason::ExpiryTooShort, 6),
        (Reason::OutOfStock, 0),
        (Reason::PartialStock, 1_236),
    ];
    let shortfall = |(at, (reason, confirmed)): (usize, (Reason, u32))| {
        let product = &business.products[at].1;
        let is_known = !matches!(reason, Reason::BadEanDv | Reason::UnknownEan);
        Shortfall {
            line: 100 + at as u32,
            ean: product.gtin.to_string(),
            name: is_known.then(|| product.name.clone()),
            ordered: confirmed + 12,
            confirmed,
            reason,
        }
    };
    reasons.into_iter().enumerate().map(shortfall).collect()
}

fn every_gtin_length(business: &Business) -> Vec<SoldLine> {
    let gtins = ["96385074", "036000291452", "6291041500213", "10614141000415"];
    let lines = business.any_lines(4, 21).into_iter().zip(gtins);
    lines.map(|(line, gtin)| SoldLine { gtin: gtin.parse().unwrap(), ..line }).collect()
}

/// Names as long as the schema allows, and longer.
fn long_names(business: &Business) -> Vec<SoldLine> {
    let named = |(line, length): (SoldLine, usize)| SoldLine {
        name: "ÁCIDO ACETILSALICÍLICO 100 MG ".repeat(6)[..].chars().take(length).collect(),
        ..line
    };
    business.any_lines(3, 22).into_iter().zip([119, 120, 180]).map(named).collect()
}

fn long_words(head: SaleHead) -> SaleHead {
    let mut recipient = head.recipient;
    recipient.name = "COMPANHIA BRASILEIRA DE DISTRIBUIÇÃO DE MEDICAMENTOS E AFINS ".repeat(2);
    recipient.place.street = "AVENIDA PRESIDENTE JUSCELINO KUBITSCHEK DE OLIVEIRA ".repeat(2);
    recipient.place.district = "CONJUNTO HABITACIONAL PADRE MANOEL DA NÓBREGA ".repeat(2);
    recipient.place.house = "1.234, BLOCO C, LOJA 5".to_owned();
    SaleHead { recipient, ..head }
}

fn with_letters(head: SaleHead) -> SaleHead {
    let emitter = Party { cnpj: "PC3D315K000193".parse().unwrap(), ..head.emitter };
    SaleHead { emitter, ..head }
}

/// What people write in names and addresses.
fn odd_words(head: SaleHead) -> SaleHead {
    let mut recipient = head.recipient;
    recipient.name = "  D'AVÓ & \"FILHOS\" <SUL> – FARMÁCIA\tÇÃÕ ™ 1/2 ½ ".to_owned();
    recipient.place.street = "RUA D'AVÓ & \"FILHOS\" > <b>".to_owned();
    recipient.place.district = "JARDIM\u{a0}‘SÃO’ 東京 \u{7f}".to_owned();
    SaleHead { recipient, ..head }
}

fn tool(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = workspace.join("target/tools/venv/bin").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask tools` first", path.display());
    path
}

#[test]
fn programs_of_others_find_nothing_wrong_with_hundreds_of_documents() {
    const SAMPLED: u64 = 170;
    let python = tool("python");
    let business = Business::new();
    let folder = TempDir::new().unwrap();
    // To look at them.
    let kept = std::env::var_os("KEEP_DOCUMENTS").map(PathBuf::from);
    let path = kept.as_deref().unwrap_or(folder.path());
    fs::create_dir_all(path).unwrap();
    for index in 0..SAMPLED {
        let (head, lines) = business.sampled(index);
        let invoice = invoice(head, lines, index as u32 + 1);
        write(path, &format!("order-{index:03}"), &invoice, signer());
    }
    for (index, (name, head, lines)) in special(&business).into_iter().enumerate() {
        let invoice = invoice(head, lines, 999_999_999 - index as u32);
        write(path, &name, &invoice, signer());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg(here.join("tests/documents/verify/verify.py"))
        .arg(path)
        .arg(here.parent().unwrap().join("testdata/nfe-xsd"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {SEED}\n{said}\n{errors}");
}
