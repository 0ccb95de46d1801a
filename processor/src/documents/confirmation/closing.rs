//! What stands below the table: when to pay, which taxes, how much.

use super::sheet::{ACCENT, GREY, LINE, Sheet, Style, WHITE};
use super::words::{amount, day};
use super::{LEFT, RIGHT};
use crate::invoice::{Invoice, Totals};

const ROW: f32 = 11.0;
const TITLE: Style = Style::bold(6.6).coloured(ACCENT);
const LABEL: Style = Style::regular(7.8).coloured(GREY);
const FIGURE: Style = Style::regular(7.8);

/// From the table to the first title, and from the titles to the first row.
const ABOVE: f32 = 16.0;
const TITLES: f32 = 16.0;

/// Left and right edges of the three parts.
const DUE: (f32, f32) = (LEFT, 206.0);
const TAXES: (f32, f32) = (222.0, 382.0);
const SUMS: (f32, f32) = (398.0, RIGHT);

/// As many instalments stand in one column, and as many in two, in smaller letters. More of them
/// stand below, across the page.
const ONE_COLUMN: usize = 6;
const TWO_COLUMNS: usize = 12;

/// From the last tax to the first of the instalments across the page.
const BELOW: f32 = 14.0;

/// The room that it takes.
pub(super) fn height(invoice: &Invoice) -> f32 {
    let taxes = ROW * taxes(&invoice.sale.totals).len() as f32;
    let columns = Columns::of(invoice.sale.instalments.len());
    let instalments = columns.row * columns.rows as f32;
    let both = if columns.is_below { taxes + BELOW + instalments } else { taxes.max(instalments) };
    ABOVE + TITLES + both
}

pub(super) fn draw(sheet: &mut Sheet, invoice: &Invoice, y: f32) {
    sheet.rule(LINE, LEFT, RIGHT, y);
    let titles = y - ABOVE;
    for ((left, right), title) in
        [(DUE, "VENCIMENTOS"), (TAXES, "TRIBUTOS"), (SUMS, "VALORES EM R$")]
    {
        sheet.left(TITLE, left, titles, title);
        sheet.rule(LINE, left, right, titles - 4.5);
    }
    let first = titles - TITLES;
    draw_instalments(sheet, invoice, first);
    for (index, (label, tax)) in taxes(&invoice.sale.totals).into_iter().enumerate() {
        let y = first - ROW * index as f32;
        sheet.left(LABEL, TAXES.0, y, label);
        sheet.right(FIGURE, TAXES.1, y, &tax);
    }
    draw_sums(sheet, &invoice.sale.totals, first);
}

/// How instalments are laid out.
struct Columns {
    rows: usize,
    width: f32,
    row: f32,
    size: f32,
    is_below: bool,
}

impl Columns {
    const BETWEEN: f32 = 12.0;
    const ACROSS: usize = 5;

    fn of(count: usize) -> Self {
        let (columns, whole) = if count <= ONE_COLUMN {
            (1, DUE.1 - DUE.0)
        } else if count <= TWO_COLUMNS {
            (2, DUE.1 - DUE.0)
        } else {
            (Self::ACROSS, RIGHT - LEFT)
        };
        let between = Self::BETWEEN * (columns - 1) as f32;
        let (row, size) = if columns == 1 { (ROW, FIGURE.size) } else { (10.4, 6.8) };
        Self {
            rows: count.div_ceil(columns),
            width: (whole - between) / columns as f32,
            row,
            size,
            is_below: columns == Self::ACROSS,
        }
    }
}

fn draw_instalments(sheet: &mut Sheet, invoice: &Invoice, mut first: f32) {
    let instalments = &invoice.sale.instalments;
    let Columns { rows, width, row, size, is_below } = Columns::of(instalments.len());
    if is_below {
        sheet.left(LABEL, DUE.0, first, &format!("{} parcelas, abaixo", instalments.len()));
        first -= ROW * taxes(&invoice.sale.totals).len() as f32 + BELOW;
    }
    let (label, figure) = (Style { size, ..LABEL }, Style { size, ..FIGURE });
    let room = width - label.width("00/00/0000 ");
    for (index, instalment) in instalments.iter().enumerate() {
        let x = DUE.0 + (width + Columns::BETWEEN) * (index / rows) as f32;
        let y = first - row * (index % rows) as f32;
        sheet.left(label, x, y, &day(instalment.due));
        sheet.figure(figure, x + width, y, &amount(instalment.amount), room);
    }
}

/// What the price contains, or what is added to it.
fn taxes(totals: &Totals) -> [(&'static str, String); 6] {
    [
        ("ICMS", amount(totals.icms)),
        ("ICMS-ST", amount(totals.substitution)),
        ("PIS", amount(totals.pis)),
        ("COFINS", amount(totals.cofins)),
        ("IBS (informado)", amount(totals.ibs)),
        ("CBS (informada)", amount(totals.cbs)),
    ]
}

fn draw_sums(sheet: &mut Sheet, totals: &Totals, first: f32) {
    let sums = [
        ("Produtos", totals.gross),
        ("Descontos", totals.discount),
        ("Frete", totals.freight),
        ("ICMS-ST", totals.substitution),
    ];
    for (index, (label, sum)) in sums.into_iter().enumerate() {
        let y = first - ROW * index as f32;
        sheet.left(LABEL, SUMS.0, y, label);
        let figure = amount(sum);
        let is_taken_off = label == "Descontos" && totals.discount.0 > 0;
        let figure = if is_taken_off { format!("– {figure}") } else { figure };
        sheet.right(FIGURE, SUMS.1, y, &figure);
    }
    let y = first - ROW * sums.len() as f32 - 8.0;
    sheet.filled(ACCENT, SUMS.0, y - 5.0, SUMS.1 - SUMS.0, 19.0);
    sheet.left(Style::bold(8.5).coloured(WHITE), SUMS.0 + 7.0, y + 1.2, "TOTAL A PAGAR");
    let total = amount(totals.total);
    sheet.figure(Style::bold(11.0).coloured(WHITE), SUMS.1 - 7.0, y + 0.5, &total, 72.0);
}
