//! The table: a row for each line, with what a pharmacist wants to know in small letters below.

use orders::Cents;

use super::font::Face;
use super::sheet::{ACCENT, AMBER, GREY, LINE, PALE, Sheet, Style, TINT};
use super::words::{amount, brazilian, month, ncm, percent, reason};
use super::{LEFT, RIGHT};
use crate::invoice::{Invoice, InvoiceLine, Shortfall};

const TEXT: Style = Style::regular(7.6);
const NAMED: Style = Style::bold(7.6);
const FIGURE: Style = Style::regular(7.6);
const SMALL: Style = Style::regular(6.0).coloured(GREY);
const TITLE: Style = Style::bold(6.6).coloured(ACCENT);

const ROW: f32 = 9.4;
const DETAIL: f32 = 7.0;

/// What the second row of a long name takes.
const NAME_ROW: f32 = 8.6;

/// A row of what is not sold, and the title above the first.
const SHORTFALL: f32 = 11.0;
const SHORTFALL_TITLE: f32 = 19.0;

/// Left edges of the columns of text, right edges of those of figures.
const NUMBER: f32 = LEFT + 4.0;
const GTIN: f32 = LEFT + 24.0;
const NAME: f32 = LEFT + 88.0;
const QUANTITY: f32 = 368.0;
const PRICE: f32 = 422.0;
const DISCOUNT: f32 = 466.0;
const ICMS: f32 = 498.0;
const TOTAL: f32 = RIGHT - 4.0;

/// What is never parted by the end of a page.
pub(super) enum Piece<'a> {
    /// A line, with as many of its details as one line of small letters holds. A long name takes
    /// two rows, and is broken here.
    Line { line: &'a InvoiceLine, tinted: bool, details: String, broken_at: Option<usize> },
    /// Further details of the line above.
    Details { tinted: bool, details: String },
    /// What was ordered and is not sold; the first has a title above it.
    Shortfall { shortfall: &'a Shortfall, is_first: bool },
}

pub(super) fn pieces(invoice: &Invoice) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(invoice.sale.lines.len());
    for (index, line) in invoice.sale.lines.iter().enumerate() {
        let tinted = index % 2 == 1;
        let mut details = wrapped(&details(line), RIGHT - NAME - 4.0).into_iter();
        let first = details.next().unwrap_or_default();
        let broken_at = NAMED.face.break_at(NAMED.size, &line.name, name_room(line));
        pieces.push(Piece::Line { line, tinted, details: first, broken_at });
        pieces.extend(details.map(|details| Piece::Details { tinted, details }));
    }
    let shortfalls = invoice.sale.shortfalls.iter().enumerate();
    pieces.extend(
        shortfalls.map(|(at, shortfall)| Piece::Shortfall { shortfall, is_first: at == 0 }),
    );
    pieces
}

/// The room that a line's quantity leaves for its name.
fn name_room(line: &InvoiceLine) -> f32 {
    QUANTITY - FIGURE.width(&quantity(line)) - NAME - 6.0
}

fn quantity(line: &InvoiceLine) -> String {
    format!("{} {}", brazilian(&line.quantity.get().to_string()), line.unit)
}

/// What is said of a line besides its price, part by part.
fn details(line: &InvoiceLine) -> Vec<String> {
    let cfop = line.cfop;
    let mut details = vec![
        format!("NCM {}", ncm(&line.ncm)),
        format!("CFOP {}.{:03}", cfop / 1_000, cfop % 1_000),
    ];
    if line.taxes.icms.substituted() > Cents(0) {
        details.push(format!("ICMS-ST {}", amount(line.taxes.icms.substituted())));
    }
    if line.freight > Cents(0) {
        details.push(format!("Frete {}", amount(line.freight)));
    }
    details.extend(line.lots.iter().map(|lot| {
        let quantity = brazilian(&lot.quantity.to_string());
        format!("Lote {} ({quantity} {}) val. {}", lot.number, line.unit, month(lot.expires))
    }));
    details
}

/// Parts one after the other, as many to a line of small letters as fit.
fn wrapped(parts: &[String], width_max: f32) -> Vec<String> {
    const BETWEEN: &str = "  •  ";
    let mut lines: Vec<String> = Vec::new();
    let mut width = f32::MAX;
    for part in parts {
        let more = Face::Regular.width(SMALL.size, BETWEEN) + SMALL.width(part);
        match lines.last_mut() {
            Some(line) if width + more <= width_max => {
                line.push_str(BETWEEN);
                line.push_str(part);
                width += more;
            }
            Some(_) | None => {
                width = SMALL.width(part);
                lines.push(part.clone());
            }
        }
    }
    lines
}

/// Titles of the columns, above `y`: drawn after the rows, whose first line it covers.
pub(super) fn draw_titles(sheet: &mut Sheet, y: f32) {
    sheet.filled(TINT, LEFT, y, RIGHT - LEFT, 15.5);
    sheet.rule(ACCENT, LEFT, RIGHT, y);
    let base = y + 5.4;
    for (x, title) in [(NUMBER, "Nº"), (GTIN, "EAN"), (NAME, "PRODUTO")] {
        sheet.left(TITLE, x, base, title);
    }
    for (x, title) in [
        (QUANTITY, "QTDE."),
        (PRICE, "UNITÁRIO"),
        (DISCOUNT, "DESC."),
        (ICMS, "ICMS"),
        (TOTAL, "TOTAL"),
    ] {
        sheet.right(TITLE, x, base, title);
    }
}

impl Piece<'_> {
    pub(super) fn height(&self) -> f32 {
        match self {
            Self::Line { broken_at: None, .. } => ROW + DETAIL,
            Self::Line { broken_at: Some(_), .. } => ROW + NAME_ROW + DETAIL,
            Self::Details { .. } => DETAIL,
            Self::Shortfall { is_first: false, .. } => SHORTFALL,
            Self::Shortfall { is_first: true, .. } => SHORTFALL_TITLE + SHORTFALL,
        }
    }

    /// Draws it upon `y`.
    pub(super) fn draw(&self, sheet: &mut Sheet, y: f32) {
        match self {
            Self::Line { line, tinted, details, broken_at } => {
                draw_details(sheet, y, self.height(), *tinted, details);
                draw_line(sheet, line, *broken_at, y + self.height() - ROW + 1.8);
                sheet.rule(LINE, LEFT, RIGHT, y + self.height());
            }
            Self::Details { tinted, details } => {
                draw_details(sheet, y, self.height(), *tinted, details);
            }
            Self::Shortfall { shortfall, is_first } => {
                if *is_first {
                    draw_shortfall_title(sheet, y + SHORTFALL);
                }
                draw_shortfall(sheet, shortfall, y + 3.0);
            }
        }
    }
}

fn draw_details(sheet: &mut Sheet, y: f32, height: f32, tinted: bool, details: &str) {
    if tinted {
        sheet.filled(PALE, LEFT, y, RIGHT - LEFT, height);
    }
    sheet.left(SMALL, NAME, y + 2.4, details);
}

fn draw_shortfall_title(sheet: &mut Sheet, y: f32) {
    let title = Style::bold(TITLE.size).coloured(AMBER);
    sheet.left(title, NUMBER, y + 5.0, "NÃO ATENDIDOS");
    sheet.right(title, QUANTITY, y + 5.0, "ATENDIDO / PEDIDO");
    sheet.right(title, TOTAL, y + 5.0, "MOTIVO");
    sheet.rule(AMBER, LEFT, RIGHT, y + 1.0);
}

fn draw_shortfall(sheet: &mut Sheet, shortfall: &Shortfall, y: f32) {
    let Shortfall { line, ean, name, ordered, confirmed, reason: why } = shortfall;
    draw_number(sheet, *line, y);
    sheet.left(TEXT, GTIN, y, ean);
    let [confirmed, ordered] =
        [confirmed, ordered].map(|quantity| brazilian(&quantity.to_string()));
    let quantity = format!("{confirmed} / {ordered}");
    let room = QUANTITY - FIGURE.width(&quantity) - NAME - 6.0;
    sheet.clipped(TEXT, NAME, y, name.as_deref().unwrap_or("–"), room);
    sheet.right(FIGURE, QUANTITY, y, &quantity);
    sheet.right(FIGURE.coloured(AMBER), TOTAL, y, reason(*why));
}

/// Six digits, the most that there are, fit in small ones.
fn draw_number(sheet: &mut Sheet, line: u32, y: f32) {
    sheet.fitted(TEXT.coloured(GREY), NUMBER, y, &line.to_string(), GTIN - NUMBER - 1.5);
}

fn draw_line(sheet: &mut Sheet, line: &InvoiceLine, broken_at: Option<usize>, y: f32) {
    draw_number(sheet, line.line, y);
    sheet.left(TEXT, GTIN, y, line.gtin.as_str());
    let (first, rest) = line.name.split_at(broken_at.unwrap_or(line.name.len()));
    sheet.fitted(NAMED, NAME, y, first, name_room(line));
    if !rest.is_empty() {
        sheet.fitted(NAMED, NAME, y - NAME_ROW, rest.trim_start(), RIGHT - NAME - 4.0);
    }
    sheet.right(FIGURE, QUANTITY, y, &quantity(line));
    let price = brazilian(&line.unit_price.to_string());
    sheet.figure(FIGURE, PRICE, y, &price, PRICE - QUANTITY - 4.0);
    let discount = if line.discount > Cents(0) { amount(line.discount) } else { "–".to_owned() };
    sheet.figure(FIGURE, DISCOUNT, y, &discount, DISCOUNT - PRICE - 4.0);
    sheet.right(FIGURE, ICMS, y, &percent(line.taxes.icms.own.rate));
    sheet.figure(NAMED, TOTAL, y, &amount(line.total), TOTAL - ICMS - 4.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_broken_and_lines_are_not_too_wide() {
        let parts: Vec<String> = (0..20).map(|n| format!("Lote L{n:05}")).collect();
        let lines = wrapped(&parts, 150.0);
        assert!(lines.len() > 5);
        assert!(lines.iter().all(|line| SMALL.width(line) <= 150.0));
        assert_eq!(lines.join("  •  "), parts.join("  •  "));
    }

    #[test]
    fn a_part_that_is_too_wide_has_a_line_of_its_own() {
        let parts = ["A".repeat(50), "B".to_owned()];
        assert_eq!(wrapped(&parts, 20.0), parts);
    }
}
