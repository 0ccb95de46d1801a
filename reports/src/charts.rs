//! Lines over time as an SVG that stands alone; charts of a page are in `plots.rs`.

use plotters::prelude::{
    AreaSeries, ChartBuilder, Color as _, IntoDrawingArea as _, IntoFont as _, LineSeries,
    PathElement, RGBColor, SVGBackend, WHITE,
};

/// Size of a chart, pixels.
const SIZE: (u32, u32) = (860, 260);

const INK: RGBColor = RGBColor(0x33, 0x3a, 0x45);
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xec);

/// Told apart also by those who do not see red and green (Okabe and Ito, 2008).
pub(crate) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub(crate) const ORANGE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
pub(crate) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
pub(crate) const GREY: RGBColor = RGBColor(0x99, 0x9f, 0xaa);

/// One line of a chart.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: RGBColor,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether the area under it is filled.
    pub(crate) filled: bool,
}

/// Draws lines over a time axis of this name. A chart without points is an empty string.
pub(crate) fn over(time: &str, unit: &str, lines: &[Line<'_>]) -> Result<String, String> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let x_max = points().map(|point| point.0).fold(0.0, f64::max).max(1.0);
    let y_max = points().map(|point| point.1).fold(0.0, f64::max).max(1e-3) * 1.08;
    if points().next().is_none() {
        return Ok(String::new());
    }
    let mut svg = String::new();
    draw(&mut svg, [time, unit], lines, x_max, y_max).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn draw(
    svg: &mut String,
    [time, unit]: [&str; 2],
    lines: &[Line<'_>],
    x_max: f64,
    y_max: f64,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..x_max, 0.0..y_max)?;
    let font = ("sans-serif", 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_desc(time)
        .y_desc(unit)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| label(*y, y_max))
        .draw()?;
    for line in lines {
        let (color, points) = (line.color, line.points.iter().copied());
        let drawn = if line.filled {
            chart.draw_series(
                AreaSeries::new(points, 0.0, color.mix(0.18)).border_style(color.stroke_width(2)),
            )?
        } else {
            chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?
        };
        drawn
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font(font)
        .draw()?;
    area.present()?;
    Ok(())
}

/// As many decimals as tell the labels of an axis apart.
fn label(value: f64, y_max: f64) -> String {
    match y_max {
        10.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_names_its_lines_and_its_unit() {
        let line = Line {
            name: "accepted",
            color: BLUE,
            points: vec![(0.0, 1.0), (1.0, 4.0)],
            filled: true,
        };
        let svg = over("seconds", "orders/s", &[line]).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("accepted") && svg.contains("orders/s"));
    }

    #[test]
    fn nothing_measured_is_no_chart() {
        assert_eq!(over("seconds", "ms", &[]).unwrap(), "");
    }
}
