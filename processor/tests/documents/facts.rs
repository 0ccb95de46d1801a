//! The documents, against sums worked by hand. What programs of others say of them is in
//! `verifiers.rs`.

use jiff::Timestamp;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use orders::{Reason, State};
use processor::{
    Certificate, Invoice, Numbering, Party, Sale, SaleHead, Shortfall, Signer, SoldLine, TaxError,
    confirmation_document, confirmation_pdf, nfe_document, nfe_xml,
};
use quick_xml::events::Event;

use crate::support::{certificate, lot, recipient, signer, sold, worked_head, worked_invoice};

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

/// The worked invoice's lines, and others after them.
fn invoice_of(head: SaleHead, lines: Vec<SoldLine>) -> Invoice {
    let sale = Sale::new(head, lines).unwrap();
    let numbering = Numbering::new(&sale, 1, 4_711);
    Invoice { numbering, sale }
}

/// So many lines of 120 x 8.3750 = 1,005.00 each.
fn lines(count: u32) -> Vec<SoldLine> {
    let line = |line| sold(line, "7896004703398", "LOSARTANA POTÁSSICA 50 MG", 120, "8.3750", "0");
    (1..=count).map(line).collect()
}

#[test]
fn a_document_is_the_same_each_time() {
    let nfe = || nfe_document(&worked_invoice(), signer());
    let confirmation = || confirmation_document(&worked_invoice());
    assert_eq!((nfe(), confirmation()), (nfe(), confirmation()));
}

#[test]
fn an_invoice_comes_back_from_what_is_stored_and_makes_the_same_documents() {
    let invoice = worked_invoice();
    let stored = serde_json::to_string(&invoice).unwrap();
    let loaded: Invoice = serde_json::from_str(&stored).unwrap();
    assert_eq!(loaded, invoice);
    assert_eq!(nfe_xml(&loaded, signer()), nfe_xml(&invoice, signer()));
}

#[test]
fn every_library_signs_with_the_same_bytes() {
    let pure_rust = Signer::in_pure_rust(certificate()).unwrap();
    for message in [b"".as_slice(), b"one", &[7; 100_000]] {
        assert_eq!(signer().sign(message), pure_rust.sign(message));
    }
    let invoice = worked_invoice();
    assert_eq!(nfe_xml(&invoice, signer()), nfe_xml(&invoice, &pure_rust));
}

#[test]
fn another_certificate_signs_otherwise() {
    let other = Signer::new(&Certificate::for_tests().unwrap()).unwrap();
    assert_ne!(other.sign(b"one"), signer().sign(b"one"));
}

#[test]
fn the_nfe_is_well_formed_and_names_itself() {
    let xml = nfe_xml(&worked_invoice(), signer());
    let mut reader = quick_xml::Reader::from_str(&xml);
    while reader.read_event().unwrap() != Event::Eof {}
    let key = "35261111222333000181550010000047111834729154";
    let ours = worked_invoice().numbering.access_key;
    // All but our own code and the digit that follows from it.
    assert_eq!(ours.as_str()[..35], key[..35]);
    assert!(xml.contains(&format!(r#"<infNFe Id="NFe{ours}" versao="4.00">"#)));
    assert!(xml.contains(&format!(r##"<Reference URI="#NFe{ours}">"##)));
    assert_eq!(texts(&xml, "tpAmb"), ["2"]);
    assert!(!xml.contains("> <") && !xml.contains('\n'));
}

#[test]
fn the_sums_are_those_worked_by_hand() {
    let xml = nfe_xml(&worked_invoice(), signer());
    let with_total = |amounts: &[&'static str], total| [amounts, &[total]].concat();
    assert_eq!(texts(&xml, "vProd"), with_total(&["251.04", "1005.00", "929.98"], "2186.02"));
    // The second item has no discount, and then no element either; the last is the bill's.
    assert_eq!(texts(&xml, "vDesc"), ["12.55", "46.50", "59.05", "0.00"]);
    // Of each item the base of the ICMS, then that of IBS and CBS.
    let bases = ["238.49", "209.87", "1005.00", "884.40", "883.48", "724.45"];
    assert_eq!(texts(&xml, "vBC"), with_total(&bases, "2126.97"));
    assert_eq!(texts(&xml, "vICMS"), with_total(&["28.62", "120.60", "159.03"], "308.25"));
    assert_eq!(texts(&xml, "pICMS"), ["12.0000", "12.0000", "18.0000"]);
    assert_eq!(texts(&xml, "vIBSUF"), with_total(&["0.08", "0.35", "0.29"], "0.72"));
    assert_eq!(texts(&xml, "vCBS"), with_total(&["0.76", "3.18", "2.61"], "6.55"));
    assert_eq!(texts(&xml, "vBCIBSCBS"), ["1818.72"]);
    assert_eq!(texts(&xml, "pAliqEfet")[..3], ["0.0400", "0.0000", "0.3600"]);
    assert_eq!(texts(&xml, "vItem"), ["238.49", "1005.00", "883.48"]);
    for total in ["vNF", "vNFTot", "vPag", "vLiq"] {
        assert_eq!(texts(&xml, total), ["2126.97"], "{total}");
    }
    assert_eq!(texts(&xml, "vDup"), ["1063.49", "1063.48"]);
    assert_eq!(texts(&xml, "dVenc"), ["2026-12-23", "2027-01-22"]);
    assert_eq!(texts(&xml, "qCom"), ["48.0000", "120.0000", "24.0000"]);
}

#[test]
fn lots_and_registration_stand_at_their_line() {
    let xml = nfe_xml(&worked_invoice(), signer());
    assert!(xml.contains(
        "<nItemPed>1</nItemPed><rastro><nLote>L100A</nLote><qLote>24.000</qLote>\
         <dFab>2026-03-07</dFab><dVal>2028-03-07</dVal></rastro><rastro><nLote>L100B</nLote>\
         <qLote>24.000</qLote><dFab>2026-05-07</dFab><dVal>2028-05-07</dVal></rastro>\
         <med><cProdANVISA>1023512340012</cProdANVISA><vPMC>54.99</vPMC></med></prod>"
    ));
}

#[test]
fn a_sale_to_another_state_pays_freight_and_the_tax_of_later_sales() {
    let head = SaleHead { recipient: recipient(State::Rj), ..worked_head() };
    let xml = nfe_xml(&invoice_of(head, lines(2)), signer());
    // Freight: 1.5 % of 2,010.00 = 30.15, of which half (15.075) is 15.08 for the first.
    assert_eq!(texts(&xml, "vFrete"), ["15.08", "15.07", "30.15"]);
    // ICMS 12 % of 1,020.08 and of 1,020.07: 122.41 each.
    assert_eq!(texts(&xml, "vICMS"), ["122.41", "122.41", "244.82"]);
    // Times 1.4908: 1,520.735 and 1,520.720; 20 % less 122.41: 181.74 (304.148), 181.73 (304.144).
    assert_eq!(texts(&xml, "vBCST"), ["1520.74", "1520.72", "3041.46"]);
    assert_eq!(texts(&xml, "vICMSST"), ["181.74", "181.73"]);
    assert_eq!(texts(&xml, "vST"), ["363.47"]);
    // 2,010.00 + 30.15 + 363.47.
    assert_eq!(texts(&xml, "vNF"), ["2403.62"]);
    assert_eq!(texts(&xml, "CFOP"), ["6403", "6403"]);
    assert_eq!(texts(&xml, "idDest"), ["2"]);
    assert_eq!(texts(&xml, "modBCST"), ["4", "4"]);
}

#[test]
fn what_is_given_away_is_not_billed() {
    let free = sold(1, "7891058001155", "AMOSTRA", 1, "5.2300", "100.00");
    let xml = nfe_xml(&invoice_of(worked_head(), vec![free]), signer());
    assert_eq!(texts(&xml, "vNF"), ["0.00"]);
    assert_eq!((texts(&xml, "tPag"), texts(&xml, "vPag")), (vec!["90"], vec!["0.00"]));
    assert!(!xml.contains("<cobr>") && !xml.contains("<indPag>"));
}

#[test]
fn what_is_due_today_is_paid_at_once_and_all_else_is_not() {
    let paid = |terms: &str, price: &str| {
        let head = SaleHead { payment_terms: terms.parse().unwrap(), ..worked_head() };
        let line = sold(1, "7891058001155", "DIPIRONA", 1, price, "0");
        texts(&nfe_xml(&invoice_of(head, vec![line]), signer()), "indPag")[0].to_owned()
    };
    assert_eq!((paid("0", "5.23"), paid("1", "5.23")), ("0".into(), "1".into()));
    assert_eq!(paid("0/30", "5.23"), "1");
    // One cent cannot be parted: all of it is due today.
    assert_eq!(paid("0/30", "0.01"), "0");
}

#[test]
fn thirteen_digits_before_the_point_are_the_most_that_an_nfe_has_room_for() {
    let sale = |quantity, price: &str, discount: &str| {
        let line = sold(1, "7891058001155", "DIPIRONA", quantity, price, discount);
        Sale::new(worked_head(), vec![line])
    };
    // 1,000 x 9,999,999,999.9999 = 9,999,999,999,999.90.
    let most = sale(1_000, "9999999999.9999", "0").unwrap();
    let invoice = Invoice { numbering: Numbering::new(&most, 1, 2), sale: most };
    assert_eq!(texts(&nfe_xml(&invoice, signer()), "vNF"), ["9999999999999.90"]);
    for discount in ["0", "100"] {
        // Also if nothing of it is to be paid: vProd has no room either.
        let refused = sale(1_000, "10000000000.0000", discount);
        assert_eq!(refused, Err(TaxError::TooLarge), "{discount}");
    }
    assert_eq!(sale(99_999_999, "99999999999.9999", "0"), Err(TaxError::TooLarge));
}

#[test]
fn a_buyer_who_is_not_registered_for_icms_is_refused() {
    for registration in ["", "ISENTO"] {
        let recipient =
            Party { state_registration: registration.to_owned(), ..recipient(State::Sp) };
        let refused = Sale::new(SaleHead { recipient, ..worked_head() }, lines(1));
        assert_eq!(refused, Err(TaxError::NotRegistered), "{registration:?}");
    }
}

#[test]
fn what_an_existing_database_holds_is_written_as_the_schema_wants_it() {
    let mut recipient = recipient(State::Sp);
    recipient.state_registration = "110.042.490.114".to_owned();
    recipient.place.postcode = "01310-100".to_owned();
    recipient.place.street = "RUA ".to_owned() + &"Ã".repeat(57);
    recipient.place.house = " ".to_owned();
    recipient.place.district = "A".to_owned();
    let mut line = lines(1).remove(0);
    line.fiscal.ncm = "3004.90.99".to_owned();
    line.fiscal.cest = Some("13.002.00".to_owned());
    line.name = "N".repeat(121);
    line.lots[0].number = "L".repeat(21);
    let head = SaleHead { recipient, ..worked_head() };
    let xml = nfe_xml(&invoice_of(head, vec![line]), signer());
    assert_eq!(texts(&xml, "IE")[1], "110042490114");
    assert_eq!(texts(&xml, "CEP")[1], "01310100");
    // Four letters, and 56 of the 57 that follow.
    assert_eq!(texts(&xml, "xLgr")[1], "RUA ".to_owned() + &"Ã".repeat(56));
    assert_eq!((texts(&xml, "nro")[1], texts(&xml, "xBairro")[1]), ("S/N", "NAO INFORMADO"));
    assert_eq!((texts(&xml, "NCM"), texts(&xml, "CEST")), (vec!["30049099"], vec!["1300200"]));
    assert_eq!(texts(&xml, "xProd"), ["N".repeat(120)]);
    assert_eq!(texts(&xml, "nLote"), ["L".repeat(20)]);
}

#[test]
fn no_invoice_is_made_of_a_day_without_tax_tables() {
    let at = |text: &str| SaleHead { issued_at: text.parse().unwrap(), ..worked_head() };
    // The last second of 2026 in São Paulo.
    assert!(Sale::new(at("2027-01-01T02:59:59Z"), lines(1)).is_ok());
    let refused = Sale::new(at("2027-01-01T03:00:00Z"), lines(1));
    assert!(matches!(refused, Err(TaxError::NoTable { .. })), "{refused:?}");
}

#[test]
fn text_from_outside_is_escaped_and_the_recipient_has_the_test_environment_s_name() {
    let xml = nfe_xml(&worked_invoice(), signer());
    assert!(xml.contains("<xBairro>JARDIM &lt;SUL&gt;</xBairro>"));
    assert_eq!(
        texts(&xml, "xNome")[1],
        "NF-E EMITIDA EM AMBIENTE DE HOMOLOGACAO - SEM VALOR FISCAL"
    );
}

#[test]
fn the_confirmation_shows_order_buyer_sums_and_key() {
    let invoice = worked_invoice();
    let pages = page_contents(&confirmation_pdf(&invoice));
    assert_eq!(pages.len(), 1);
    for text in [
        b"(PO-2026-000123)".as_slice(),
        b"12.ABC.345/01DE-35",
        b"(Documento sem valor fiscal)",
        b"(2.186,02)",
        b"(2.126,97)",
        b"(3526 1111 2223 3300 0181 5500 1000 0047 111",
        b"(Folha 1/1)",
        b"(22/01/2027)",
        b"(1.063,48)",
        b"(23/11/2026 10:15)",
    ] {
        assert!(shows(&pages[0], text), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn accents_are_written_in_the_font_s_own_encoding() {
    let pdf = confirmation_pdf(&worked_invoice());
    assert!(shows(&pdf, b"/WinAnsiEncoding"));
    let pages = page_contents(&pdf);
    // D3 is an O with an acute accent.
    for text in [b"(DROGARIA D'AV\xd3 & FILHOS LTDA)".as_slice(), b"(Confirma\xe7\xe3o de pedido)"]
    {
        assert!(shows(&pages[0], text), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn some_25_items_fit_on_one_page() {
    let pages = |count| page_contents(&confirmation_pdf(&invoice_of(worked_head(), lines(count))));
    assert_eq!(pages(25).len(), 1);
    assert_eq!(pages(40).len(), 2);
}

#[test]
fn the_sums_never_stand_alone() {
    for count in 26..80 {
        let invoice = invoice_of(worked_head(), lines(count));
        let pages = page_contents(&confirmation_pdf(&invoice));
        let last = pages.last().unwrap();
        assert!(shows(last, b"(TOTAL A PAGAR)") && shows(last, b"(7896004703398)"), "{count}");
    }
}

#[test]
fn what_is_not_sold_is_said_with_its_reason_and_not_on_the_invoice() {
    let shortfall = Shortfall {
        line: 77,
        ean: "6291041500213".to_owned(),
        name: Some("SORO".to_owned()),
        ordered: 1_260,
        confirmed: 48,
        reason: Reason::PartialStock,
    };
    let head = SaleHead { shortfalls: vec![shortfall], ..worked_head() };
    let invoice = invoice_of(head, lines(1));
    let pages = page_contents(&confirmation_pdf(&invoice));
    for text in [b"(6291041500213)".as_slice(), b"(48 / 1.260)", b"(Estoque parcial)", b"(SORO)"] {
        assert!(shows(&pages[0], text), "{}", String::from_utf8_lossy(text));
    }
    assert!(!nfe_xml(&invoice, signer()).contains("6291041500213"));
    let stored = serde_json::to_string(&invoice).unwrap();
    assert_eq!(serde_json::from_str::<Invoice>(&stored).unwrap(), invoice);
    // What was stored before there were any is read as none.
    let before = serde_json::to_string(&worked_invoice()).unwrap();
    assert!(!before.contains("shortfalls"));
}

#[test]
fn a_long_name_is_shown_to_its_end() {
    let name = "SULFAMETOXAZOL 400 MG COM TRIMETOPRIMA 80 MG CAIXA COM 20 COMPRIMIDOS REVESTIDOS \
                E UM COPO DE MEDIDA GRADUADO EM ML FIM";
    let line = SoldLine { name: name.to_owned(), ..lines(1).remove(0) };
    let pages = page_contents(&confirmation_pdf(&invoice_of(worked_head(), vec![line])));
    assert!(shows(&pages[0], b"GRADUADO EM ML FIM)"));
}

#[test]
fn many_items_go_on_to_further_pages_and_the_sum_stands_on_the_last() {
    let pages = page_contents(&confirmation_pdf(&invoice_of(worked_head(), lines(990))));
    let (last, others) = pages.split_last().unwrap();
    // 990 x 1,005.00; the first page shows it too, at the top.
    assert!(shows(last, b"(994.950,00)"));
    assert!(!others[1..].iter().any(|page| shows(page, b"(994.950,00)")));
    let folio = format!("(Folha {0}/{0})", pages.len());
    assert!(shows(last, folio.as_bytes()), "{folio}");
}

#[test]
fn every_lot_is_shown_however_many_there_are() {
    let lots: Vec<_> = (0..120).map(|n| lot(&format!("LOTE{n:04}"), 1, 4)).collect();
    let line = SoldLine { lots: lots.clone(), ..lines(1).remove(0) };
    let pages = page_contents(&confirmation_pdf(&invoice_of(worked_head(), vec![line])));
    let seen = |number: &str| pages.iter().any(|page| shows(page, number.as_bytes()));
    assert!(lots.iter().all(|lot| seen(&lot.number)));
}

#[test]
fn the_time_of_an_invoice_is_that_of_the_emitter() {
    let late: Timestamp = "2026-12-01T02:30:00Z".parse().unwrap();
    let head = SaleHead { issued_at: late, ..worked_head() };
    let invoice = invoice_of(head, lines(1));
    assert_eq!(invoice.sale.issued_at.as_str(), "2026-11-30T23:30:00-03:00");
    assert_eq!(invoice.numbering.access_key.as_str()[2..6], *"2611");
}
