//! Charts of a forecast, as SVG files: bills over volumes, and what matters most.

use costmodel::forecast::{CostCurve, Crossing, Draws};
use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color as _, DrawingArea, EmptyElement, IntoDrawingArea as _,
    IntoFont as _, IntoLogRange as _, LineSeries, PathElement, RGBColor, Rectangle, SVGBackend,
    SeriesLabelPosition, Text, WHITE,
};
use rust_decimal::prelude::ToPrimitive as _;

use crate::ReportError;
use crate::charts::{BLUE, GREEN, GREY, ORANGE};

const SIZE: (u32, u32) = (960, 540);
const INK: RGBColor = RGBColor(0x33, 0x3a, 0x45);
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xec);
/// The rest of Okabe and Ito's palette, for a fifth and sixth line.
const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
const YELLOW: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
const COLORS: [RGBColor; 6] = [BLUE, GREEN, PURPLE, ORANGE, YELLOW, GREY];

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A month's bill of each way over volumes, both axes logarithmic, with the volumes at which one
/// becomes cheaper than another.
///
/// # Errors
/// If it cannot be drawn.
pub fn break_even_chart(
    region: &str,
    curves: &[CostCurve],
    crossings: &[Crossing],
) -> Result<String, ReportError> {
    svg("break-even.svg", |area| draw_break_even(area, region, curves, crossings))
}

/// From the 10th to the 90th percentile of each uncertain input, the others at their medians.
///
/// # Errors
/// If it cannot be drawn.
pub fn tornado_chart(draws: &Draws) -> Result<String, ReportError> {
    svg("tornado.svg", |area| draw_tornado(area, draws))
}

fn svg(
    file: &'static str,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Drawn,
) -> Result<String, ReportError> {
    let mut text = String::new();
    let failed = |error: Box<dyn std::error::Error>| ReportError { file, cause: error.to_string() };
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| failed(error.into()))?;
        draw(&area).map_err(failed)?;
        area.present().map_err(|error| failed(error.into()))?;
    }
    Ok(text)
}

/// A bill's points, as far as a logarithm has them.
fn points(curve: &CostCurve) -> Vec<(f64, f64)> {
    let number = |(per_day, usd): &(f64, costmodel::Usd)| Some((*per_day, usd.exact().to_f64()?));
    curve.points.iter().filter_map(number).filter(|point| point.1 > 0.0).collect()
}

fn draw_break_even(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    region: &str,
    curves: &[CostCurve],
    crossings: &[Crossing],
) -> Drawn {
    let lines: Vec<Vec<(f64, f64)>> = curves.iter().map(points).collect();
    let all = || lines.iter().flatten();
    let least = all().map(|point| point.1).fold(f64::INFINITY, f64::min).min(1e6);
    let most = all().map(|point| point.1).fold(1.0, f64::max);
    let last = all().map(|point| point.0).fold(10.0, f64::max);
    let font = ("sans-serif", 14).into_font().color(&INK);
    let title = format!("A month's bill by volume, {region}, list prices");
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d((1.0..last).log_scale(), (least / 1.5..most * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_desc("orders a day")
        .y_desc("USD a month")
        .x_label_formatter(&|x| count(*x))
        .y_label_formatter(&|y| count(*y))
        .draw()?;
    for ((curve, line), color) in curves.iter().zip(lines).zip(COLORS.into_iter().cycle()) {
        chart
            .draw_series(LineSeries::new(line, color.stroke_width(2)))?
            .label(curve.name.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3)));
    }
    let small = ("sans-serif", 13).into_font().color(&INK);
    let marks = crossings.iter().enumerate().filter_map(|(place, crossing)| {
        let at = (crossing.per_day as f64, crossing.month.exact().to_f64()?);
        let text = format!("{} a day: {}", count(at.0), crossing.above);
        // One under the other, to the right and below of their points: there is room.
        let below = 14 + 36 * (place as i32 % 4);
        Some(
            EmptyElement::at(at)
                + Circle::new((0, 0), 4, INK.filled())
                + Text::new(text, (8, below), small.clone()),
        )
    });
    chart.draw_series(marks)?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .border_style(GRID)
        .label_font(font)
        .draw()?;
    Ok(())
}

fn draw_tornado(area: &DrawingArea<SVGBackend<'_>, Shift>, draws: &Draws) -> Drawn {
    let swings = &draws.swings;
    let ends = || swings.iter().flat_map(|swing| [swing.low.1, swing.high.1]);
    let least = ends().fold(draws.median_inputs, f64::min);
    let most = ends().fold(draws.median_inputs, f64::max);
    let room = ((most - least) * 0.06).max(1e-9);
    let rows = swings.len().max(1) as f64;
    let font = ("sans-serif", 14).into_font().color(&INK);
    let title = "Cost of all months, from the 10th to the 90th percentile of each input";
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(44)
        .y_label_area_size(250)
        .build_cartesian_2d(least - room..most + room, rows..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_desc("USD")
        .x_label_formatter(&|x| count(*x))
        .draw()?;
    let bars = swings.iter().enumerate().flat_map(|(row, swing)| {
        let (top, bottom) = (row as f64 + 0.18, row as f64 + 0.82);
        let bar = |to: f64, color: RGBColor| {
            Rectangle::new([(draws.median_inputs, top), (to, bottom)], color.mix(0.75).filled())
        };
        [bar(swing.low.1, BLUE), bar(swing.high.1, ORANGE)]
    });
    chart.draw_series(bars)?;
    let names = swings.iter().enumerate().map(|(row, swing)| {
        let range = format!("{}: {} to {}", swing.key, count(swing.low.0), count(swing.high.0));
        let small = ("sans-serif", 12).into_font().color(&INK);
        EmptyElement::at((least - room, row as f64 + 0.5)) + Text::new(range, (-246, -6), small)
    });
    // Names stand outside of the plot, where a chart would cut them off.
    for name in names {
        chart.plotting_area().draw(&name)?;
    }
    Ok(())
}

/// A number as people write it on an axis: 0.5, 20, 3 k, 1.5 M, 1 G.
fn count(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        1e9.. => (value / 1e9, " G"),
        1e6.. => (value / 1e6, " M"),
        1e3.. => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 4,
    };
    let text = format!("{scaled:.digits$}");
    let short = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text.as_str()
    };
    format!("{short}{unit}")
}

#[cfg(test)]
mod tests {
    use costmodel::Usd;
    use costmodel::forecast::Swing;

    use super::*;

    #[test]
    fn numbers_on_an_axis_are_short() {
        let shown = [0.0021, 20.0, 1_500.0, 2_400_000.0, 1e9].map(count);
        assert_eq!(shown, ["0.0021", "20", "1.5 k", "2.4 M", "1 G"]);
    }

    #[test]
    fn a_chart_names_its_ways_and_marks_where_they_cross() {
        let usd = |dollars: u32| Usd::from(dollars);
        let curves =
            [("functions", 3_u32, 900_u32), ("servers", 80, 200)].map(|(name, low, high)| {
                CostCurve {
                    name: name.to_owned(),
                    points: vec![(1.0, usd(low)), (1_000_000.0, usd(high))],
                }
            });
        let crossing = Crossing {
            below: "functions".to_owned(),
            above: "servers".to_owned(),
            per_day: 123_000,
            month: usd(110),
        };
        let svg = break_even_chart("sa-east-1", &curves, &[crossing]).unwrap();
        for part in ["<svg", "functions", "servers", "123 k a day", "sa-east-1", "orders a day"] {
            assert!(svg.contains(part), "{part}");
        }
    }

    #[test]
    fn a_tornado_names_its_inputs_with_their_percentiles() {
        let swing =
            Swing { key: "orders.per_day", unit: "orders", low: (5e5, 40.0), high: (2e6, 170.0) };
        let draws = Draws {
            draws: 3,
            seed: 1,
            median_inputs: 90.0,
            alternatives: Vec::new(),
            months: Vec::new(),
            years: Vec::new(),
            swings: vec![swing],
        };
        let svg = tornado_chart(&draws).unwrap();
        assert!(svg.contains("orders.per_day: 500 k to 2 M"), "{svg}");
    }
}
