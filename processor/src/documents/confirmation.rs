//! The order confirmation, PDF: what was ordered, at what price, under which invoice. Not a DANFE,
//! and it says so. Helvetica, which every reader has, so that nothing is embedded.

use orders::Cents;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};

use super::deflate::deflate;
use crate::{EMITTER, Invoice, InvoiceLine};

/// A4 in points.
const PAGE: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
const LEFT: f32 = 40.0;
const RIGHT: f32 = 555.0;
const ROW_HEIGHT: f32 = 13.0;

/// The rows that fit between the head and the foot.
const ROWS_PER_PAGE: usize = 36;

const REGULAR: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// Right edges of the columns of numbers; the texts before them begin at fixed places.
const EAN_LEFT: f32 = 66.0;
const NAME_LEFT: f32 = 140.0;
const QUANTITY_RIGHT: f32 = 375.0;
const PRICE_RIGHT: f32 = 435.0;
const DISCOUNT_RIGHT: f32 = 490.0;

/// Renders the confirmation.
pub fn confirmation_pdf(invoice: &Invoice) -> Vec<u8> {
    let pages: Vec<&[InvoiceLine]> = invoice.lines.chunks(ROWS_PER_PAGE).collect();
    let contents: Vec<Vec<u8>> =
        (0..pages.len()).map(|index| page_content(invoice, &pages, index)).collect();
    assemble(&contents)
}

/// Objects: 1 catalog, 2 page tree, 3 and 4 fonts, then a page and its content by turns.
fn assemble(contents: &[Vec<u8>]) -> Vec<u8> {
    let [catalog, tree, regular, bold] = [1, 2, 3, 4].map(Ref::new);
    let page_ref = |index: usize| Ref::new(5 + 2 * index as i32);
    let content_ref = |index: usize| Ref::new(6 + 2 * index as i32);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids((0..contents.len()).map(page_ref)).count(contents.len() as i32);
    for (font, name) in [(regular, Name(b"Helvetica")), (bold, Name(b"Helvetica-Bold"))] {
        pdf.type1_font(font).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (index, content) in contents.iter().enumerate() {
        let mut page = pdf.page(page_ref(index));
        page.media_box(PAGE).parent(tree).contents(content_ref(index));
        page.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
        page.finish();
        let compressed = deflate(content);
        pdf.stream(content_ref(index), &compressed).filter(Filter::FlateDecode);
    }
    pdf.finish()
}

fn page_content(invoice: &Invoice, pages: &[&[InvoiceLine]], index: usize) -> Vec<u8> {
    let mut sheet = Sheet { content: Content::new() };
    head(&mut sheet, invoice, index + 1, pages.len());
    let mut y = 640.0;
    column_titles(&mut sheet, y);
    for line in pages[index] {
        y -= ROW_HEIGHT;
        row(&mut sheet, line, y);
    }
    if index + 1 == pages.len() {
        totals(&mut sheet, invoice, y - 8.0);
    }
    foot(&mut sheet, invoice);
    sheet.content.finish().into_vec()
}

fn head(sheet: &mut Sheet, invoice: &Invoice, page: usize, pages: usize) {
    let customer = &invoice.customer;
    sheet.left(BOLD, 14.0, LEFT, 795.0, "Confirmação de pedido");
    sheet.right(REGULAR, 9.0, RIGHT, 795.0, &format!("Folha {page}/{pages}"));
    sheet.left(BOLD, 9.0, LEFT, 780.0, "Documento sem valor fiscal");
    let fields = [
        ("Pedido", invoice.order_number.as_str().to_owned()),
        ("Parceiro", invoice.partner.as_str().to_owned()),
        ("Emissão", invoice.issued_at.clone()),
        ("Fornecedor", format!("{}   CNPJ {}", EMITTER.name, EMITTER.cnpj)),
        ("Cliente", customer.name.clone()),
        ("CNPJ", customer.cnpj.as_str().to_owned()),
        ("Entrega", invoice.ship_to.as_str().to_owned()),
        ("Pagamento", format!("{} dias", invoice.payment_terms)),
    ];
    for (index, (label, value)) in fields.iter().enumerate() {
        let y = 758.0 - 13.0 * index as f32;
        sheet.left(BOLD, 9.0, LEFT, y, label);
        sheet.left(REGULAR, 9.0, 105.0, y, value);
    }
}

fn column_titles(sheet: &mut Sheet, y: f32) {
    sheet.left(BOLD, 8.0, LEFT, y, "Item");
    sheet.left(BOLD, 8.0, EAN_LEFT, y, "EAN");
    sheet.left(BOLD, 8.0, NAME_LEFT, y, "Produto");
    // Titles of numbers end a little left of their column's edge: letters are not measured.
    sheet.left(BOLD, 8.0, QUANTITY_RIGHT - 44.0, y, "Quantidade");
    sheet.left(BOLD, 8.0, PRICE_RIGHT - 30.0, y, "Unitário");
    sheet.left(BOLD, 8.0, DISCOUNT_RIGHT - 36.0, y, "Desconto");
    sheet.left(BOLD, 8.0, RIGHT - 20.0, y, "Total");
    sheet.rule(y - 4.0);
}

fn row(sheet: &mut Sheet, line: &InvoiceLine, y: f32) {
    sheet.left(REGULAR, 8.0, LEFT, y, &line.line.to_string());
    sheet.left(REGULAR, 8.0, EAN_LEFT, y, line.gtin.as_str());
    sheet.left(REGULAR, 8.0, NAME_LEFT, y, &clipped(&line.name));
    sheet.right(REGULAR, 8.0, QUANTITY_RIGHT, y, &line.quantity.get().to_string());
    sheet.right(REGULAR, 8.0, PRICE_RIGHT, y, &brazilian(&line.unit_price.to_string()));
    sheet.right(REGULAR, 8.0, DISCOUNT_RIGHT, y, &amount(line.discount));
    sheet.right(REGULAR, 8.0, RIGHT, y, &amount(line.net()));
}

fn totals(sheet: &mut Sheet, invoice: &Invoice, y: f32) {
    sheet.rule(y + 4.0);
    let sums = [
        ("Produtos", invoice.gross()),
        ("Descontos", invoice.discount()),
        ("Total R$", invoice.total()),
    ];
    for (index, (label, sum)) in sums.into_iter().enumerate() {
        let y = y - 10.0 - 13.0 * index as f32;
        sheet.left(BOLD, 9.0, 420.0, y, label);
        sheet.right(REGULAR, 9.0, RIGHT, y, &amount(sum));
    }
}

fn foot(sheet: &mut Sheet, invoice: &Invoice) {
    let (number, series) = (invoice.number, invoice.series);
    sheet.rule(70.0);
    sheet.left(
        REGULAR,
        8.0,
        LEFT,
        58.0,
        &format!("NF-e nº {number}, série {series}. Chave de acesso:"),
    );
    sheet.left(BOLD, 10.0, LEFT, 44.0, &in_groups_of_four(invoice.access_key.as_str()));
}

/// What is drawn on a page.
struct Sheet {
    content: Content,
}

impl Sheet {
    fn left(&mut self, font: Name<'_>, size: f32, x: f32, y: f32, text: &str) {
        self.content
            .begin_text()
            .set_font(font, size)
            .next_line(x, y)
            .show(Str(&win_ansi(text)))
            .end_text();
    }

    /// Text that ends at `x`: figures and the few letters of "Folha", whose width is known.
    fn right(&mut self, font: Name<'_>, size: f32, x: f32, y: f32, text: &str) {
        self.left(font, size, x - width(text) * size, y, text);
    }

    fn rule(&mut self, y: f32) {
        self.content.set_line_width(0.5).move_to(LEFT, y).line_to(RIGHT, y).stroke();
    }
}

/// Width in ems of figures in Helvetica (Adobe Font Metrics: 556 for a figure, 278 for point, comma,
/// space and slash); letters are taken as wide as figures.
fn width(text: &str) -> f32 {
    let units: u32 = text
        .chars()
        .map(|letter| match letter {
            '.' | ',' | ' ' | '/' => 278,
            '-' => 333,
            _ => 556,
        })
        .sum();
    units as f32 / 1_000.0
}

/// The bytes of a text in WinAnsi (code page 1252): Latin-1, and a few signs of trade besides. What
/// it lacks becomes a question mark.
fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| match letter {
            ' '..='~' | '\u{a0}'..='\u{ff}' => letter as u32 as u8,
            '€' => 0x80,
            '…' => 0x85,
            '‘' => 0x91,
            '’' => 0x92,
            '“' => 0x93,
            '”' => 0x94,
            '•' => 0x95,
            '–' => 0x96,
            '—' => 0x97,
            '™' => 0x99,
            _ => b'?',
        })
        .collect()
}

/// As many letters of a product's name as fit into the column.
fn clipped(name: &str) -> String {
    const LETTERS_MAX: usize = 34;
    if name.chars().count() <= LETTERS_MAX {
        return name.to_owned();
    }
    name.chars().take(LETTERS_MAX - 1).chain(['…']).collect()
}

/// 1234.50 becomes 1.234,50.
fn brazilian(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push(',');
        text.push_str(part);
    }
    text
}

fn amount(amount: Cents) -> String {
    brazilian(&amount.to_string())
}

fn in_groups_of_four(key: &str) -> String {
    let mut text = String::with_capacity(key.len() * 5 / 4);
    for (index, letter) in key.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
#[allow(clippy::inconsistent_digit_grouping, reason = "reais_cents")]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_points_between_thousands_and_a_comma_before_cents() {
        assert_eq!(amount(Cents(5)), "0,05");
        assert_eq!(amount(Cents(999_99)), "999,99");
        assert_eq!(amount(Cents(1_000_00)), "1.000,00");
        assert_eq!(amount(Cents(1_234_567_89)), "1.234.567,89");
        assert_eq!(brazilian("38.7490"), "38,7490");
    }

    #[test]
    fn accents_are_one_byte_each_and_what_the_font_lacks_is_a_question_mark() {
        assert_eq!(win_ansi("São"), [b'S', 0xe3, b'o']);
        assert_eq!(win_ansi("€ – λ"), [0x80, b' ', 0x96, b' ', b'?']);
    }

    #[test]
    fn a_key_is_read_in_groups() {
        assert_eq!(in_groups_of_four("123456789"), "1234 5678 9");
    }

    #[test]
    fn figures_are_measured() {
        assert!((width("1.234,50") - (6.0 * 0.556 + 2.0 * 0.278)).abs() < 1e-6);
    }
}
