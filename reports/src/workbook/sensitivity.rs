//! Which input matters most: the total with each at its p10 and p90 alone, and a chart of it.

use rust_xlsxwriter::{
    Chart, ChartAxisLabelPosition, ChartFormat, ChartSolidFill, ChartType, XlsxError,
};

use super::Context;
use super::page::Page;
use crate::portuguese::{input, named};

const LOW: u32 = 0xe0_8a_3c;
const HIGH: u32 = 0x0b_5c_6b;

pub(super) fn pages(context: &Context<'_>) -> Result<Vec<Page>, XlsxError> {
    let (words, formats) = (context.words, &context.formats);
    let draws = &context.finance.study.uncertainty;
    let mut page =
        Page::new(words.sensitivity, &[36.0, 10.0, 14.0, 14.0, 18.0, 18.0, 18.0, 18.0, 18.0])?;
    page.text(0, words.median_total, &formats.strong)?;
    page.number(4, draws.median_inputs, &formats.usd_total)?;
    page.define("median_usd", 4);
    page.row += 2;
    let titles = [
        words.input,
        words.unit,
        words.input_low,
        words.input_high,
        words.total_low,
        words.total_high,
        words.change_low,
        words.change_high,
        words.effect,
    ];
    page.head(&titles, &formats.head)?;
    let first = page.row;
    for swing in &draws.swings {
        let row = page.row + 1;
        let language = context.finance.locale.language;
        page.text(0, input(language, swing.key), &formats.text)?;
        page.text(1, &named(language, swing.unit), &formats.text)?;
        page.number(2, swing.low.0, &formats.number)?;
        page.number(3, swing.high.0, &formats.number)?;
        page.number(4, swing.low.1, &formats.usd)?;
        page.number(5, swing.high.1, &formats.usd)?;
        let (low, high) = (swing.low.1 - draws.median_inputs, swing.high.1 - draws.median_inputs);
        page.formula(6, &format!("=E{row}-median_usd"), low, &formats.usd)?;
        page.formula(7, &format!("=F{row}-median_usd"), high, &formats.usd)?;
        let effect = (swing.high.1 - swing.low.1).abs();
        page.formula(8, &format!("=ABS(F{row}-E{row})"), effect, &formats.usd)?;
        page.row += 1;
    }
    if page.row > first {
        tornado(context, &mut page, first)?;
    }
    Ok(vec![page])
}

/// Bars to both sides of the median, the longest on top.
fn tornado(context: &Context<'_>, page: &mut Page, first: u32) -> Result<(), XlsxError> {
    let last = page.row - 1;
    let sheet = page.sheet.name();
    let mut chart = Chart::new(ChartType::Bar);
    chart.title().set_name(context.words.tornado);
    chart.title().set_font(rust_xlsxwriter::ChartFont::new().set_size(12));
    for (column, color) in [(6, LOW), (7, HIGH)] {
        let fill = ChartSolidFill::new().set_color(color).clone();
        chart
            .add_series()
            .set_name((sheet.as_str(), first - 1, column))
            .set_categories((sheet.as_str(), first, 0, last, 0))
            .set_values((sheet.as_str(), first, column, last, column))
            .set_format(ChartFormat::new().set_solid_fill(&fill))
            .set_overlap(100)
            .set_gap(40);
    }
    // In a chart of bars the inputs are the vertical axis.
    chart.y_axis().set_reverse().set_label_position(ChartAxisLabelPosition::Low);
    chart.x_axis().set_num_format("#,##0");
    chart.legend().set_position(rust_xlsxwriter::ChartLegendPosition::Bottom);
    chart.set_width(900).set_height(420);
    page.sheet.insert_chart(last + 2, 0, &chart).map(drop)
}
