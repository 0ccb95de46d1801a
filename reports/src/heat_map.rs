//! A map of numbers by two others, as SVG: the deeper the colour, the larger the number.

use plotters::prelude::{
    Color as _, IntoDrawingArea as _, IntoFont as _, RGBColor, Rectangle, SVGBackend, Text, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::plots::INK;

/// A cell, pixels.
const CELL: (i32, i32) = (80, 34);
/// Room for the names on the left and below, pixels.
const LEFT: i32 = 110;
const BELOW: i32 = 52;

/// The least number, and the greatest.
const PALE: RGBColor = RGBColor(0xe6, 0xf2, 0xf8);
const DEEP: RGBColor = RGBColor(0x00, 0x44, 0x77);
/// No number.
const NONE: RGBColor = RGBColor(0xf3, 0xd9, 0xc9);

/// What a map shows: a number, or none, for each row and column.
pub(crate) struct Map<'a> {
    /// Of the rows, from below.
    pub(crate) rows: Vec<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) cells: &'a [Vec<Option<f64>>],
    pub(crate) row_name: &'a str,
    pub(crate) column_name: &'a str,
    /// What stands where there is no number.
    pub(crate) none: &'a str,
}

/// Draws it.
pub(crate) fn draw(map: &Map<'_>) -> Result<String, String> {
    let mut svg = String::new();
    draw_in(&mut svg, map).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn draw_in(svg: &mut String, map: &Map<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let (columns, rows) = (count(map.columns.len()), count(map.rows.len()));
    let size = (LEFT + columns * CELL.0 + 8, rows * CELL.1 + BELOW + 8);
    let area = SVGBackend::with_string(svg, (size.0.unsigned_abs(), size.1.unsigned_abs()))
        .into_drawing_area();
    area.fill(&WHITE)?;
    let font = ("sans-serif", 13).into_font();
    let centred = Pos::new(HPos::Center, VPos::Center);
    let style = |color: &RGBColor| font.clone().color(color).pos(centred);
    let ink = style(&INK);
    let range = range(map.cells);
    for (row, cells) in (0..rows).zip(map.cells) {
        let top = 8 + (rows - 1 - row) * CELL.1;
        for (column, cell) in (0..columns).zip(cells) {
            let left = LEFT + column * CELL.0;
            let corners = [(left, top), (left + CELL.0 - 2, top + CELL.1 - 2)];
            let part = cell.map(|value| depth(value, range));
            let fill = part.map_or(NONE, shade);
            area.draw(&Rectangle::new(corners, fill.filled()))?;
            let text = cell.map_or_else(|| map.none.to_owned(), short);
            let on = if part.is_some_and(|part| part > 0.55) { WHITE_TEXT } else { INK };
            let middle = (left + CELL.0 / 2 - 1, top + CELL.1 / 2 - 1);
            area.draw(&Text::new(text, middle, style(&on)))?;
        }
    }
    let right = font.clone().color(&INK).pos(Pos::new(HPos::Right, VPos::Center));
    for (row, name) in (0..rows).zip(&map.rows) {
        let middle = 8 + (rows - 1 - row) * CELL.1 + CELL.1 / 2;
        area.draw(&Text::new(name.clone(), (LEFT - 8, middle), right.clone()))?;
    }
    let below = 8 + rows * CELL.1;
    for (column, name) in (0..columns).zip(&map.columns) {
        let middle = LEFT + column * CELL.0 + CELL.0 / 2;
        area.draw(&Text::new(name.clone(), (middle, below + 12), ink.clone()))?;
    }
    let middle = LEFT + columns * CELL.0 / 2;
    area.draw(&Text::new(map.column_name.to_owned(), (middle, below + 36), ink.clone()))?;
    let upright = ink.transform(plotters::style::FontTransform::Rotate270);
    area.draw(&Text::new(map.row_name.to_owned(), (14, 8 + rows * CELL.1 / 2), upright))?;
    area.present()?;
    Ok(())
}

const WHITE_TEXT: RGBColor = RGBColor(0xff, 0xff, 0xff);

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(0)
}

/// The least and the greatest number, as logarithms.
fn range(cells: &[Vec<Option<f64>>]) -> (f64, f64) {
    let values = cells.iter().flatten().flatten().filter(|value| **value > 0.0);
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value.ln()), high.max(value.ln()))
    })
}

/// Where a number lies between them, 0 to 1.
fn depth(value: f64, (low, high): (f64, f64)) -> f64 {
    let whole = (high - low).max(1e-9);
    ((value.max(1e-9).ln() - low) / whole).clamp(0.0, 1.0)
}

fn shade(part: f64) -> RGBColor {
    let mix = |from: u8, to: u8| {
        (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8
    };
    RGBColor(mix(PALE.0, DEEP.0), mix(PALE.1, DEEP.1), mix(PALE.2, DEEP.2))
}

/// Three digits at most: 3.14 ms, 31.4 ms, 314 ms, 3.1 s, 314 s, 52 min.
fn short(ms: f64) -> String {
    match ms {
        0.0..9.995 => format!("{ms:.2} ms"),
        9.995..99.95 => format!("{ms:.1} ms"),
        99.95..999.5 => format!("{ms:.0} ms"),
        999.5..99_950.0 => format!("{:.1} s", ms / 1e3),
        99_950.0..600_000.0 => format!("{:.0} s", ms / 1e3),
        _ => format!("{:.0} min", ms / 60e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_a_number_says_so_and_the_extremes_have_the_extreme_colours() {
        let cells = vec![vec![Some(10.0), None], vec![Some(100.0), Some(1_000.0)]];
        let map = Map {
            rows: vec!["3".to_owned(), "30".to_owned()],
            columns: vec!["2".to_owned(), "4".to_owned()],
            cells: &cells,
            row_name: "orders/s",
            column_name: "maximum concurrency",
            none: "beyond",
        };
        let svg = draw(&map).unwrap();
        assert!(svg.contains("beyond") && svg.contains("orders/s") && svg.contains("1.0 s"));
        let range = range(&cells);
        assert_eq!((shade(depth(10.0, range)), shade(depth(1_000.0, range))), (PALE, DEEP));
        assert!((depth(100.0, range) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn times_have_three_digits_at_most() {
        let said: Vec<_> =
            [3.274, 32.74, 327.4, 3_274.0, 327_400.0, 3_274_000.0].map(short).to_vec();
        assert_eq!(said, ["3.27 ms", "32.7 ms", "327 ms", "3.3 s", "327 s", "55 min"]);
    }
}
