//! One metric over the nights, as SVG that takes its ink from the page.

use gates::{Trend, number};
use plotters::prelude::{
    ChartBuilder, Circle, Color as _, DashedLineSeries, IntoDrawingArea as _, IntoFont as _,
    LineSeries, PathElement, RGBColor, SVGBackend, Text,
};

/// Size of a chart, pixels.
const SIZE: (u32, u32) = (860, 220);

/// Stands for the page's own ink, which differs by day and night: plotters knows only numbers.
const INK: RGBColor = RGBColor(0x01, 0x02, 0x03);
const INK_IN_SVG: &str = "\"#010203\"";

/// Told apart on light and on dark, also by those who do not see red and green (Okabe and Ito).
const DOTS: RGBColor = RGBColor(0x2a, 0x8f, 0xc9);
const CHANGE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// Draws the values, named by their days, with what `trend` says of them.
pub(super) fn nights(
    unit: &str,
    values: &[f64],
    days: &[String],
    trend: &Trend,
) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, unit, values, days, trend).map_err(|error| error.to_string())?;
    Ok(svg.replace(INK_IN_SVG, "\"currentColor\""))
}

fn draw(
    svg: &mut String,
    unit: &str,
    values: &[f64],
    days: &[String],
    trend: &Trend,
) -> Result<(), Box<dyn std::error::Error>> {
    let limit = trend.line.map(|line| line.limit);
    let greatest = values.iter().copied().chain(limit).fold(0.0, f64::max);
    let highest = if greatest > 0.0 { greatest * 1.12 } else { 1.0 };
    let nights = values.len() as f64;
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(24)
        .y_label_area_size(64)
        .build_cartesian_2d(-0.5..nights - 0.5, 0.0..highest)?;
    let font = ("sans-serif", 13).into_font().color(&INK);
    let day = |place: &f64| {
        let is_whole = (place - place.round()).abs() < 1e-6 && *place >= 0.0;
        days.get(place.round() as usize).filter(|_| is_whole).cloned().unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(INK.mix(0.0))
        .bold_line_style(INK.mix(0.15))
        .axis_style(INK.mix(0.3))
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_labels(values.len().min(12))
        .y_labels(5)
        .y_desc(unit)
        .x_label_formatter(&day)
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    for change in &trend.changes {
        let x = change.index as f64 - 0.5;
        chart.draw_series([PathElement::new([(x, 0.0), (x, highest)], CHANGE.stroke_width(2))])?;
        let said = format!("{:+.1} %", change.change() * 100.0);
        let place = (x + nights / 200.0, highest * 0.97);
        let style = ("sans-serif", 13).into_font().color(&CHANGE);
        chart.draw_series([Text::new(said, place, style)])?;
    }
    if let Some(limit) = limit {
        let ends = [((nights - 15.5).max(-0.5), limit), (nights - 0.5, limit)];
        chart.draw_series(DashedLineSeries::new(ends, 6, 4, INK.mix(0.6).stroke_width(1)))?;
    }
    let points: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(night, value)| (night as f64, *value)).collect();
    chart.draw_series(LineSeries::new(points.iter().copied(), DOTS.mix(0.5).stroke_width(1)))?;
    chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, DOTS.filled())))?;
    drop(chart);
    area.present()?;
    Ok(())
}
