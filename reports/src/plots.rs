//! Lines over axes that may be logarithmic, as SVG.

use plotters::prelude::{
    ChartBuilder, Circle, Color as _, IntoDrawingArea as _, IntoFont as _, LineSeries, PathElement,
    RGBColor, SVGBackend, SeriesLabelPosition, WHITE,
};

use crate::charts::GREY;

/// Size of a plot, pixels.
const SIZE: (u32, u32) = (860, 300);

pub(crate) const INK: RGBColor = RGBColor(0x33, 0x3a, 0x45);
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xec);

/// An axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis<'a> {
    pub(crate) name: &'a str,
    /// Each step a factor of ten; values must be above 0.
    pub(crate) logarithmic: bool,
}

/// A line.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: RGBColor,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether the points are marked, too.
    pub(crate) marked: bool,
}

/// A value of x that is marked across the plot.
pub(crate) struct Mark<'a> {
    pub(crate) name: &'a str,
    pub(crate) x: f64,
}

/// Where the names of the lines stand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Legend {
    /// At the top, on the left.
    Top,
    /// At the bottom, on the left.
    Bottom,
}

/// Draws the series. Without points it is an empty string.
pub(crate) fn plot(
    (x, y): (Axis<'_>, Axis<'_>),
    series: &[Series<'_>],
    marks: &[Mark<'_>],
    legend: Legend,
) -> Result<String, String> {
    let usable = |point: &&(f64, f64)| x.takes(point.0) && y.takes(point.1);
    let points: Vec<(f64, f64)> =
        series.iter().flat_map(|series| &series.points).filter(usable).copied().collect();
    if points.is_empty() {
        return Ok(String::new());
    }
    let marked = marks.iter().map(|mark| mark.x).filter(|value| x.takes(*value));
    let x_range = x.range(points.iter().map(|point| point.0).chain(marked));
    let y_range = y.range(points.iter().map(|point| point.1));
    let mut svg = String::new();
    draw(&mut svg, (x, x_range), (y, y_range), (series, marks, legend))
        .map_err(|error| error.to_string())?;
    Ok(svg)
}

type Range = (f64, f64);

impl Axis<'_> {
    fn takes(self, value: f64) -> bool {
        value.is_finite() && (!self.logarithmic || value > 0.0)
    }

    /// Where a value lies on the axis.
    fn place(self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// From the least to the greatest: whole powers of ten, or from nothing.
    fn range(self, values: impl Iterator<Item = f64>) -> Range {
        let (low, high) = values
            .map(|value| self.place(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if !self.logarithmic {
            return (0.0, (high * 1.08).max(1e-9));
        }
        let (low, high) = ((low + 1e-9).floor(), (high - 1e-9).ceil());
        (low, high.max(low + 1.0))
    }

    fn label(self, place: f64, range: Range) -> String {
        if self.logarithmic {
            return number(10_f64.powf(place));
        }
        match range.1 {
            10.0.. => grouped(place),
            0.1.. => format!("{place:.1}"),
            _ => number(place),
        }
    }

    /// How many labels make one for each power of ten.
    fn labels(self, range: Range) -> usize {
        if self.logarithmic { (range.1 - range.0) as usize + 1 } else { 8 }
    }
}

/// 0.002, 0.5, 20, 3,000, 1e6.
fn number(value: f64) -> String {
    match value.abs() {
        0.0..1e-4 => format!("{value:e}"),
        1e-4..1.0 => format!("{}", (value * 1e6).round() / 1e6),
        1.0..99_999.5 => grouped((value * 100.0).round() / 100.0),
        _ => format!("{:e}", (value / 1e3).round() * 1e3),
    }
}

fn grouped(value: f64) -> String {
    let whole = claims::words::grouped(value.abs().round() as u64);
    if value < 0.0 { format!("-{whole}") } else { whole }
}

fn draw(
    svg: &mut String,
    (x, x_range): (Axis<'_>, Range),
    (y, y_range): (Axis<'_>, Range),
    (series, marks, legend): (&[Series<'_>], &[Mark<'_>], Legend),
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(24)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d(x_range.0..x_range.1, y_range.0..y_range.1)?;
    let font = ("sans-serif", 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(font.clone())
        .axis_desc_style(font.clone())
        .x_labels(x.labels(x_range))
        .y_labels(y.labels(y_range))
        .x_desc(x.name)
        .y_desc(y.name)
        .x_label_formatter(&|place| x.label(*place, x_range))
        .y_label_formatter(&|place| y.label(*place, y_range))
        .draw()?;
    for mark in marks {
        let ends = [(x.place(mark.x), y_range.0), (x.place(mark.x), y_range.1)];
        chart
            .draw_series([PathElement::new(ends, GREY.stroke_width(2))])?
            .label(mark.name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], GREY.stroke_width(2)));
    }
    for one in series {
        let color = one.color;
        let usable = |point: &&(f64, f64)| x.takes(point.0) && y.takes(point.1);
        let places: Vec<(f64, f64)> =
            one.points.iter().filter(usable).map(|p| (x.place(p.0), y.place(p.1))).collect();
        chart
            .draw_series(LineSeries::new(places.iter().copied(), color.stroke_width(2)))?
            .label(one.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3)));
        if one.marked {
            chart.draw_series(places.iter().map(|place| Circle::new(*place, 4, color.filled())))?;
        }
    }
    chart
        .configure_series_labels()
        .position(match legend {
            Legend::Top => SeriesLabelPosition::UpperLeft,
            Legend::Bottom => SeriesLabelPosition::LowerLeft,
        })
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font(font)
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Axis<'static> = Axis { name: "orders a day", logarithmic: true };

    #[test]
    fn a_logarithmic_axis_ends_at_powers_of_ten_and_names_them() {
        let range = LOG.range([20.0, 3_000.0].into_iter());
        assert_eq!(range, (1.0, 4.0));
        assert_eq!(LOG.labels(range), 4);
        let labels: Vec<_> = [-3.0, 1.0, 4.0, 6.0].map(|place| LOG.label(place, range)).to_vec();
        assert_eq!(labels, ["0.001", "10", "10,000", "1e6"]);
    }

    #[test]
    fn what_a_logarithm_does_not_know_is_left_out() {
        let series = Series { name: "p99", color: GREY, points: vec![(0.0, 5.0)], marked: true };
        assert_eq!(plot((LOG, LOG), &[series], &[], Legend::Top).unwrap(), "");
        let series =
            Series { name: "p99", color: GREY, points: vec![(0.0, 5.0), (9.0, 2.0)], marked: true };
        let svg = plot((LOG, LOG), &[series], &[Mark { name: "limit", x: 7.0 }], Legend::Bottom);
        let svg = svg.unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("p99") && svg.contains("limit"));
    }
}
