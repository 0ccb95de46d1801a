//! Charts of a page: lines over axes that may be logarithmic, drawn twice, for a wide screen and a
//! narrow one, with their values beside them for the script and in words for those who cannot see
//! them. The colours are those of `report.css`, which finds them by their number, so that a chart
//! has a dark side, too.

mod axis;

use maud::{Markup, PreEscaped, html};
use plotters::prelude::{
    AreaSeries, ChartBuilder, Circle, Color as _, DashedLineSeries, IntoDrawingArea as _,
    IntoFont as _, LineSeries, PathElement, RGBColor, SVGBackend,
};

use crate::charts::{BLUE, GREEN, GREY, ORANGE};
pub(crate) use axis::Axis;
use axis::{Range, number};

/// Of the wide drawing and of the narrow one, pixels.
const SIZES: [(&str, (u32, u32)); 2] = [("wide", (860, 280)), ("narrow", (420, 280))];
/// Points of a line beyond this are not told apart on a screen.
const POINTS_MAX: usize = 600;

pub(crate) const INK: RGBColor = RGBColor(0x33, 0x3a, 0x45);
const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xec);

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stroke {
    Plain,
    /// With the area under it.
    Filled,
    /// With its points.
    Marked,
    /// What is not measured.
    Dashed,
    /// Points without a line.
    Dots,
}

/// A line.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: RGBColor,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) stroke: Stroke,
}

/// A value of x that is marked across the plot.
pub(crate) struct Mark<'a> {
    pub(crate) name: &'a str,
    pub(crate) x: f64,
}

/// A chart.
pub(crate) struct Plot<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: Axis<'a>,
    pub(crate) y: Axis<'a>,
    pub(crate) series: Vec<Series<'a>>,
    pub(crate) marks: Vec<Mark<'a>>,
    pub(crate) caption: Markup,
}

/// What is drawn: points that the axes take, and their ranges.
struct Drawing<'a> {
    plot: &'a Plot<'a>,
    lines: Vec<Vec<(f64, f64)>>,
    x_range: Range,
    y_range: Range,
}

impl Plot<'_> {
    /// The chart as a figure; one without points says so.
    pub(crate) fn figure(&self) -> Result<Markup, String> {
        let (x, y) = (self.x, self.y);
        let usable = |point: &&(f64, f64)| x.takes(point.0) && y.takes(point.1);
        let lines: Vec<Vec<(f64, f64)>> = self
            .series
            .iter()
            .map(|series| thinned(series.points.iter().filter(usable).copied().collect()))
            .collect();
        let all = || lines.iter().flatten();
        if all().next().is_none() {
            return Ok(html! { p.nothing { (self.title) ": nothing was recorded." } });
        }
        let marked = self.marks.iter().map(|mark| mark.x).filter(|value| x.takes(*value));
        let x_range = x.range(all().map(|point| point.0).chain(marked));
        let y_range = y.range(all().map(|point| point.1));
        let drawing = Drawing { plot: self, lines, x_range, y_range };
        let mut svgs = String::new();
        for (class, size) in SIZES {
            svgs.push_str(&drawing.svg(class, size)?);
        }
        Ok(html! {
            figure.chart {
                p.title { (self.title) }
                (self.legend())
                div.plot { (PreEscaped(svgs)) }
                figcaption { (self.caption) }
                script type="application/json" { (PreEscaped(drawing.json())) }
            }
        })
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for series in &self.series {
                    @if !series.points.is_empty() {
                        li { i class={ "key " (class(series.color)) @if series.stroke == Stroke::Dashed { " dashed" } } {} (series.name) }
                    }
                }
                @for mark in &self.marks { li { i.key.mark {} (mark.name) } }
            }
        }
    }
}

/// The class of a colour in the style sheet.
pub(crate) fn class(color: RGBColor) -> &'static str {
    if color == BLUE {
        "blue"
    } else if color == ORANGE {
        "orange"
    } else if color == GREEN {
        "green"
    } else {
        "grey"
    }
}

/// At most as many points as can be told apart; of each piece the least and the greatest stay.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= POINTS_MAX {
        return points;
    }
    let piece = points.len().div_ceil(POINTS_MAX / 2);
    let ends = |piece: &[(f64, f64)]| {
        let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let mut two: Vec<(f64, f64)> =
            piece.iter().min_by(by).into_iter().chain(piece.iter().max_by(by)).copied().collect();
        two.sort_by(|a, b| a.0.total_cmp(&b.0));
        two.dedup();
        two
    };
    points.chunks(piece).flat_map(ends).collect()
}

impl Drawing<'_> {
    fn svg(&self, class: &str, size: (u32, u32)) -> Result<String, String> {
        let mut svg = String::new();
        let area = self.draw(&mut svg, size).map_err(|error| error.to_string())?;
        let rest = svg.split_once("viewBox").map_or("", |(_, rest)| rest);
        let says = html! { (self.in_words()) }.into_string().replace('"', "&quot;");
        Ok(format!(
            "<svg class=\"{class}\" role=\"img\" data-area=\"{} {}\" aria-label=\"{says}\" viewBox{rest}",
            area.0, area.1
        ))
    }

    /// For those who hear the page.
    fn in_words(&self) -> String {
        let mut text =
            format!("{}, {} over {}.", self.plot.title, self.plot.y.name, self.plot.x.name);
        for (series, points) in self.plot.series.iter().zip(&self.lines) {
            let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
            if let (Some(low), Some(high)) = (points.iter().min_by(by), points.iter().max_by(by)) {
                text.push_str(&format!(
                    " {}: from {} at {} to {} at {}.",
                    series.name,
                    number(low.1),
                    number(low.0),
                    number(high.1),
                    number(high.0)
                ));
            }
        }
        text
    }

    /// The values, to four digits, for the script.
    fn json(&self) -> String {
        let axis = |axis: Axis<'_>, range: Range| {
            serde_json::json!([range.0, range.1, axis.logarithmic, axis.unit])
        };
        let series: Vec<_> = self
            .plot
            .series
            .iter()
            .zip(&self.lines)
            .filter(|(_, points)| !points.is_empty())
            .map(|(series, points)| {
                let points: Vec<_> =
                    points.iter().map(|p| [axis::short(p.0), axis::short(p.1)]).collect();
                serde_json::json!({
                    "name": series.name, "color": class(series.color), "points": points
                })
            })
            .collect();
        let value = serde_json::json!({
            "title": self.plot.title,
            "x": axis(self.plot.x, self.x_range),
            "y": axis(self.plot.y, self.y_range),
            "series": series,
        });
        // Inside a script element only this could end it.
        value.to_string().replace("</", "<\\/")
    }

    /// Draws; says from which pixel to which the x axis goes.
    fn draw(
        &self,
        svg: &mut String,
        size: (u32, u32),
    ) -> Result<(i32, i32), Box<dyn std::error::Error>> {
        let (x, y, x_range, y_range) = (self.plot.x, self.plot.y, self.x_range, self.y_range);
        let is_wide = size.0 > 600;
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(6)
            .margin_right(if is_wide { 20 } else { 14 })
            .x_label_area_size(38)
            .y_label_area_size(if is_wide { 72 } else { 62 })
            .build_cartesian_2d(x_range.0..x_range.1, y_range.0..y_range.1)?;
        let font = ("sans-serif", 13).into_font().color(&INK);
        let most = if is_wide { 10 } else { 5 };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .max_light_lines(0)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(font.clone())
            .axis_desc_style(font)
            .x_labels(x.labels(x_range).min(most))
            .y_labels(y.labels(y_range).min(7))
            .x_desc(x.name)
            .y_desc(y.name)
            .x_label_formatter(&|place| x.label(*place, x_range))
            .y_label_formatter(&|place| y.label(*place, y_range))
            .draw()?;
        for mark in self.plot.marks.iter().filter(|mark| x.takes(mark.x)) {
            let ends = [(x.place(mark.x), y_range.0), (x.place(mark.x), y_range.1)];
            chart.draw_series([PathElement::new(ends, GREY.stroke_width(2))])?;
        }
        for (one, points) in self.plot.series.iter().zip(&self.lines) {
            let places = points.iter().map(|p| (x.place(p.0), y.place(p.1)));
            let thick = one.color.stroke_width(2);
            match one.stroke {
                Stroke::Plain => {
                    chart.draw_series(LineSeries::new(places, thick))?;
                }
                Stroke::Filled => {
                    let area = AreaSeries::new(places, y_range.0, one.color.mix(0.16));
                    chart.draw_series(area.border_style(thick))?;
                }
                Stroke::Marked => {
                    chart.draw_series(LineSeries::new(places.clone(), thick))?;
                    chart.draw_series(places.map(|at| Circle::new(at, 4, one.color.filled())))?;
                }
                Stroke::Dashed => {
                    chart.draw_series(DashedLineSeries::new(places, 7, 5, thick))?;
                }
                Stroke::Dots => {
                    chart.draw_series(places.map(|at| Circle::new(at, 3, one.color.filled())))?;
                }
            }
        }
        let pixels = chart.plotting_area().get_pixel_range().0;
        area.present()?;
        Ok((pixels.start, pixels.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(f64, f64)>) -> String {
        let axis = Axis { name: "orders a day", unit: "", logarithmic: true };
        let plot = Plot {
            title: "Time </script>",
            x: axis,
            y: Axis { name: "ms to document", unit: "ms", logarithmic: true },
            series: vec![Series { name: "p99", color: ORANGE, points, stroke: Stroke::Marked }],
            marks: vec![Mark { name: "limit", x: 70.0 }],
            caption: html! {},
        };
        plot.figure().unwrap().into_string()
    }

    #[test]
    fn what_a_logarithm_does_not_know_is_left_out() {
        assert!(plot(vec![(0.0, 5.0)]).contains("nothing was recorded"));
        let figure = plot(vec![(0.0, 5.0), (9.0, 2.0)]);
        assert!(figure.contains("limit") && !figure.contains("[0.0,5.0]"), "{figure}");
    }

    #[test]
    fn a_chart_is_there_wide_and_narrow_and_in_words_and_ends_no_script() {
        let figure = plot(vec![(20.0, 5.0), (30.0, 800.0)]);
        assert!(figure.contains("class=\"wide\"") && figure.contains("class=\"narrow\""));
        assert!(figure.contains("p99: from 5 at 20 to 800 at 30."), "{figure}");
        assert_eq!(figure.matches("</script>").count(), 1);
    }

    #[test]
    fn of_many_points_the_extremes_stay() {
        let mut points: Vec<(f64, f64)> = (0..50_000).map(|n| (f64::from(n), 3.0)).collect();
        (points[31_007].1, points[44_001].1) = (900.0, 0.5);
        let few = thinned(points);
        assert!(few.len() <= POINTS_MAX, "{}", few.len());
        assert!(few.contains(&(31_007.0, 900.0)) && few.contains(&(44_001.0, 0.5)));
        assert!(few.is_sorted_by(|a, b| a.0 <= b.0));
    }
}
