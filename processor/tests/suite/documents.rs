//! The documents, against files that were looked at and against sums worked by hand.

use std::fs;
use std::path::Path;

use miniz_oxide::inflate::decompress_to_vec_zlib;
use orders::{DocumentKind, Order};
use processor::{confirmation_pdf, nfe_xml, render};
use quick_xml::events::Event;

use crate::support::worked_invoice;

/// Compares with a file of `golden/`, which `UPDATE_GOLDEN=1` writes anew.
fn assert_golden(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, bytes).unwrap();
    }
    assert!(
        fs::read(&path).unwrap() == bytes,
        "{name} has changed: look at it, then UPDATE_GOLDEN=1"
    );
}

/// The texts of every element of a name.
fn texts<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&start).skip(1).map(|rest| rest.split_once(&end).unwrap().0).collect()
}

/// The content streams of a PDF.
fn page_contents(pdf: &[u8]) -> Vec<Vec<u8>> {
    let find = |from: usize, what: &[u8]| {
        pdf[from..].windows(what.len()).position(|window| window == what).map(|at| from + at)
    };
    let mut contents = Vec::new();
    let mut from = 0;
    while let Some(start) = find(from, b"\nstream\n") {
        let end = find(start, b"\nendstream").unwrap();
        contents.push(decompress_to_vec_zlib(&pdf[start + 8..end]).unwrap());
        from = end;
    }
    contents
}

fn shows(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}

#[test]
fn the_documents_are_those_that_were_looked_at() {
    let invoice = worked_invoice();
    assert_golden("nfe.xml", nfe_xml(&invoice).as_bytes());
    assert_golden("confirmation.pdf", &confirmation_pdf(&invoice));
}

#[test]
fn a_document_is_the_same_each_time() {
    for kind in DocumentKind::ALL {
        assert_eq!(render(kind, &worked_invoice()), render(kind, &worked_invoice()));
    }
}

#[test]
fn the_nfe_is_well_formed_and_names_itself() {
    let xml = nfe_xml(&worked_invoice());
    let mut reader = quick_xml::Reader::from_str(&xml);
    while reader.read_event().unwrap() != Event::Eof {}
    let key = "35261111222333000181550010000047111834729154";
    assert!(xml.contains(&format!(r#"<infNFe Id="NFe{key}" versao="4.00">"#)));
    assert_eq!(texts(&xml, "cDV"), ["4"]);
    assert_eq!(texts(&xml, "tpAmb"), ["2"]);
    assert!(!xml.contains("> <") && !xml.contains('\n'));
}

#[test]
fn the_sums_are_those_worked_by_hand() {
    let xml = nfe_xml(&worked_invoice());
    let with_total = |amounts: &[&'static str], total| [amounts, &[total]].concat();
    assert_eq!(texts(&xml, "vProd"), with_total(&["251.04", "1005.00", "929.98"], "2186.02"));
    // The second item has no discount, and then no element either.
    assert_eq!(texts(&xml, "vDesc"), ["12.55", "46.50", "59.05"]);
    assert_eq!(texts(&xml, "vBC"), with_total(&["238.49", "1005.00", "883.48"], "2126.97"));
    assert_eq!(texts(&xml, "vICMS"), with_total(&["28.62", "120.60", "159.03"], "308.25"));
    assert_eq!(texts(&xml, "vNF"), ["2126.97"]);
    assert_eq!(texts(&xml, "vPag"), ["2126.97"]);
    assert_eq!(texts(&xml, "qCom"), ["48.0000", "120.0000", "24.0000"]);
    assert_eq!(texts(&xml, "pICMS"), ["12.0000", "12.0000", "18.0000"]);
}

#[test]
fn text_from_outside_is_escaped_and_the_recipient_has_the_test_environment_s_name() {
    let xml = nfe_xml(&worked_invoice());
    assert!(xml.contains("<xBairro>JARDIM &lt;SUL&gt;</xBairro>"));
    assert_eq!(
        texts(&xml, "xNome")[1],
        "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL"
    );
}

#[test]
fn the_elements_come_in_the_order_of_the_schema() {
    let xml = nfe_xml(&worked_invoice());
    let order = [
        "<ide>",
        "<emit>",
        "<dest>",
        "<det nItem=\"1\">",
        "<det nItem=\"3\">",
        "<total>",
        "<transp>",
        "<pag>",
        "</infNFe></NFe>",
    ];
    let places: Vec<usize> = order.iter().map(|part| xml.find(part).unwrap()).collect();
    assert!(places.is_sorted());
}

#[test]
fn the_confirmation_shows_order_buyer_sums_and_key() {
    let pages = page_contents(&confirmation_pdf(&worked_invoice()));
    assert_eq!(pages.len(), 1);
    for text in [
        b"(PO-2026-000123)".as_slice(),
        b"(12ABC34501DE35)",
        b"(Documento sem valor fiscal)",
        b"(2.186,02)",
        b"(59,05)",
        b"(2.126,97)",
        b"(3526 1111 2223 3300 0181 5500 1000 0047 1118 3472 9154)",
        b"(Folha 1/1)",
    ] {
        assert!(shows(&pages[0], text), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn accents_are_written_in_the_font_s_own_encoding() {
    let pdf = confirmation_pdf(&worked_invoice());
    assert!(shows(&pdf, b"/WinAnsiEncoding"));
    let pages = page_contents(&pdf);
    // A text with accents is written in hexadecimal: D3 is an O with an acute accent.
    for text in [b"DROGARIA D'AV\xd3 & FILHOS LTDA".as_slice(), b"Confirma\xe7\xe3o de pedido"] {
        let hexadecimal: String = text.iter().map(|byte| format!("{byte:02X}")).collect();
        assert!(shows(&pages[0], hexadecimal.as_bytes()), "{hexadecimal}");
    }
}

#[test]
fn many_items_go_on_to_further_pages_and_the_sum_stands_on_the_last() {
    let mut invoice = worked_invoice();
    let item = invoice.lines[1].clone();
    invoice.lines = (1..=990).map(|line| processor::InvoiceLine { line, ..item.clone() }).collect();
    let pages = page_contents(&confirmation_pdf(&invoice));
    // 990 items of 36 a page.
    assert_eq!(pages.len(), 28);
    // 990 x 1,005.00.
    assert!(shows(&pages[27], b"(994.950,00)") && !shows(&pages[26], b"(994.950,00)"));
    assert!(shows(&pages[27], b"(Folha 28/28)"));
}

#[test]
fn the_sums_of_the_worked_order_are_those_of_its_invoice() {
    let body = br#"{"partner_order_no":"PO-2026-000123","issued_at":"2026-11-23T10:14:31-03:00",
        "buyer":{"cnpj":"12ABC34501DE35"},"ship_to":{"code":"CD04"},"payment_terms":"30/60",
        "items":[{"line":1,"ean":"7891058001155","qty":48,"unit_price":"5.2300","discount_pct":"5.00"},
        {"line":2,"ean":"7896004703398","qty":120,"unit_price":"8.3750"},
        {"line":3,"ean":"7896226505206","qty":24,"unit_price":"38.7490","discount_pct":"5.00"}]}"#;
    assert_eq!(Order::parse(body).unwrap().total(), worked_invoice().total());
}
