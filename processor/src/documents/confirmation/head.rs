//! What stands above and below the table: who, to whom, which order; and the key of the invoice.

use super::sheet::{ACCENT, GREY, INK, LINE, Sheet, Style, TINT, WHITE};
use super::words::{amount, cnpj, day, in_groups_of_four, postcode};
use super::{LEFT, RIGHT, barcode};
use crate::invoice::{Invoice, Place, Sale};

const LABEL: Style = Style::regular(6.3).coloured(GREY);
const VALUE: Style = Style::regular(8.3);
const STRONG: Style = Style::bold(8.6);
const GUTTER: f32 = 10.0;

/// Where the table begins, below the titles of its columns. The first page says who and to whom;
/// the others only go on.
pub(super) fn first_row(page: usize) -> f32 {
    if page == 0 { 620.0 } else { 756.0 }
}

pub(super) fn draw(sheet: &mut Sheet, invoice: &Invoice, page: usize, pages: usize) {
    let sale = &invoice.sale;
    sheet.filled(ACCENT, 0.0, 832.0, 595.0, 10.0);
    let folio = format!("Folha {}/{pages}", page + 1);
    if page > 0 {
        let title = format!("Confirmação do pedido {}", sale.order_number);
        sheet.left(Style::bold(11.0).coloured(ACCENT), LEFT, 804.0, &title);
        sheet.left(LABEL, LEFT, 792.0, "Documento sem valor fiscal");
        sheet.right(VALUE, RIGHT, 804.0, &folio);
        sheet.right(LABEL, RIGHT, 792.0, &sale.recipient.name);
        return;
    }
    draw_emitter(sheet, sale);
    sheet.right(Style::bold(17.0).coloured(ACCENT), RIGHT, 802.0, "Confirmação de pedido");
    sheet.right(Style::bold(8.3).coloured(GREY), RIGHT, 788.0, "Documento sem valor fiscal");
    sheet.right(Style::regular(8.3).coloured(GREY), RIGHT, 776.0, &folio);
    draw_cards(sheet, invoice);
    draw_recipient(sheet, sale);
}

fn draw_emitter(sheet: &mut Sheet, sale: &Sale) {
    let emitter = &sale.emitter;
    let small = Style::regular(7.2).coloured(GREY);
    sheet.clipped(Style::bold(10.5), LEFT, 804.0, &emitter.name, 310.0);
    sheet.clipped(small, LEFT, 793.0, &street(&emitter.place), 310.0);
    sheet.clipped(small, LEFT, 784.0, &city(&emitter.place), 310.0);
    let numbers = format!("CNPJ {}   IE {}", cnpj(&emitter.cnpj), emitter.state_registration);
    sheet.left(small, LEFT, 775.0, &numbers);
}

/// Order, invoice, day and total, for whoever looks at nothing else.
fn draw_cards(sheet: &mut Sheet, invoice: &Invoice) {
    let (sale, numbering) = (&invoice.sale, &invoice.numbering);
    let instant = sale.issued_at.as_str();
    let issued = format!("{} {}", day(sale.issued_on()), &instant[11..16]);
    let nfe = format!("{} / {}", numbering.number, numbering.series);
    let total = format!("R$ {}", amount(sale.totals.total));
    let cards = [
        ("SEU PEDIDO", sale.order_number.as_str()),
        ("NF-e / SÉRIE", &nfe),
        ("EMISSÃO", &issued),
        ("TOTAL", &total),
    ];
    let width = (RIGHT - LEFT - 3.0 * GUTTER) / 4.0;
    for (index, (label, value)) in cards.into_iter().enumerate() {
        let x = LEFT + (width + GUTTER) * index as f32;
        let last = index + 1 == cards.len();
        let (ground, label_style, value_style) = if last {
            (ACCENT, LABEL.coloured(WHITE), Style::bold(11.5).coloured(WHITE))
        } else {
            (TINT, LABEL, Style::bold(11.5).coloured(INK))
        };
        sheet.filled(ground, x, 722.0, width, 36.0);
        sheet.left(label_style, x + 8.0, 746.0, label);
        sheet.fitted(value_style, x + 8.0, 730.0, value, width - 14.0);
    }
}

fn draw_recipient(sheet: &mut Sheet, sale: &Sale) {
    let recipient = &sale.recipient;
    let half = (RIGHT - LEFT - GUTTER) / 2.0;
    let right = LEFT + half + GUTTER;
    section(sheet, LEFT, half, "CLIENTE");
    sheet.fitted(STRONG, LEFT, 687.0, &recipient.name, half);
    let place = &recipient.place;
    let numbers = format!("CNPJ {}   IE {}", cnpj(&recipient.cnpj), recipient.state_registration);
    let street = format!("{}, {}", place.street, place.house);
    let lines = [numbers, street, place.district.clone(), city(place)];
    for (line, text) in lines.into_iter().enumerate() {
        sheet.fitted(VALUE, LEFT, 676.0 - 10.6 * line as f32, &text, half);
    }
    section(sheet, right, half, "ENTREGA E PAGAMENTO");
    let terms = match sale.payment_terms.days() {
        [0] => "À vista".to_owned(),
        [first, .., last] if sale.payment_terms.days().len() > 8 => {
            let count = sale.payment_terms.days().len();
            format!("{count} parcelas, de {first} a {last} dias")
        }
        _ => format!("{} dias", sale.payment_terms),
    };
    let freight = "Por conta do remetente".to_owned();
    let fields = [
        ("Local de entrega", sale.ship_to.to_string()),
        ("Condição", terms),
        ("Frete", freight),
        ("Parceiro", sale.partner.to_string()),
    ];
    for (line, (label, value)) in fields.into_iter().enumerate() {
        let y = 687.0 - 11.2 * line as f32;
        sheet.left(VALUE.coloured(GREY), right, y, label);
        sheet.clipped(VALUE, right + 76.0, y, &value, half - 76.0);
    }
}

/// The name of a part of the page, with a line under it.
pub(super) fn section(sheet: &mut Sheet, x: f32, width: f32, title: &str) {
    sheet.left(Style::bold(6.6).coloured(ACCENT), x, 704.0, title);
    sheet.rule(LINE, x, x + width, 699.5);
}

/// The key: for eyes, and for a reader of barcodes.
pub(super) fn draw_foot(sheet: &mut Sheet, invoice: &Invoice) {
    /// A quarter of a millimetre, above the 0.2 mm that readers need.
    const MODULE: f32 = 0.72;
    const HEIGHT: f32 = 30.0;
    const BOTTOM: f32 = 34.0;
    let key = &invoice.numbering.access_key;
    sheet.rule(LINE, LEFT, RIGHT, 78.0);
    let small = Style::regular(6.8).coloured(GREY);
    sheet.left(LABEL, LEFT, 66.0, "CHAVE DE ACESSO DA NF-e");
    sheet.left(Style::bold(8.2), LEFT, 54.0, &in_groups_of_four(key.as_str()));
    sheet.left(small, LEFT, 42.0, "Este documento não substitui a nota fiscal eletrônica (NF-e).");
    sheet.left(small, LEFT, 33.0, "Emitida em ambiente de homologação, sem valor fiscal.");
    let widths = barcode::bars(key);
    let modules: u32 = widths.iter().map(|width| u32::from(*width)).sum();
    let mut at = 0;
    let bars = widths.iter().enumerate().filter_map(|(index, width)| {
        let (place, width) = (at, u32::from(*width));
        at += width;
        // A bar first, then a space, by turns.
        index.is_multiple_of(2).then_some((place, width))
    });
    let start = RIGHT - modules as f32 * MODULE;
    sheet.bars(INK, (start, BOTTOM), (MODULE, HEIGHT), bars);
}

fn street(place: &Place) -> String {
    format!("{}, {} – {}", place.street, place.house, place.district)
}

fn city(place: &Place) -> String {
    format!("{} – {}   CEP {}", place.city, place.state, postcode(&place.postcode))
}
