//! The charts of the pages, as vectors.

use costmodel::forecast::Band;

use super::canvas::{ACCENT, BAND, Canvas, Colour, GREY, LEFT, LINE, RIGHT, Style, WIDTH};

/// The months: a band from p10 to p90, p50 and what is assumed as lines.
pub(super) fn fan(
    canvas: &mut Canvas,
    height: f32,
    (bands, assumed): (&[Band], &[f64]),
    label: impl Fn(f64) -> String,
    (month, names): (&str, [&str; 3]),
) {
    const AXIS: f32 = 52.0;
    let most = bands.iter().map(|band| band.p90).chain(assumed.iter().copied()).fold(0.0, f64::max);
    let step = tick(most / 3.0);
    let top = (most / step).ceil().max(1.0) * step;
    let (x0, y0, width) = (LEFT + AXIS, canvas.y - height, WIDTH - AXIS);
    let last = assumed.len().saturating_sub(1).max(1) as f32;
    let at = |n: usize, usd: f64| (x0 + width * n as f32 / last, y0 + height * (usd / top) as f32);
    let low = bands.iter().enumerate().map(|(n, band)| at(n, band.p10));
    let high = bands.iter().enumerate().rev().map(|(n, band)| at(n, band.p90));
    canvas.area(BAND, &low.chain(high).collect::<Vec<_>>());
    let small = Style::regular(7.2).coloured(GREY);
    for n in 0..=(top / step).round() as usize {
        let usd = step * n as f64;
        let y = at(0, usd).1;
        canvas.rule(LINE, x0, y, width);
        canvas.right(small, x0 - 5.0, y - 2.5, &label(usd));
    }
    let middle: Vec<_> = bands.iter().enumerate().map(|(n, band)| at(n, band.p50)).collect();
    canvas.line(GREY, 1.0, &middle);
    let lines: Vec<_> = assumed.iter().enumerate().map(|(n, usd)| at(n, *usd)).collect();
    canvas.line(ACCENT, 1.6, &lines);
    for n in (0..assumed.len()).filter(|n| *n == 0 || (n + 1) % 12 == 0) {
        let text = if n == 0 { format!("{month} 1") } else { (n + 1).to_string() };
        let x = at(n, 0.0).0;
        let shift = if n + 1 == assumed.len() { 8.0 } else { 0.0 };
        canvas.left(small, x - shift, y0 - 10.0, &text);
    }
    canvas.y = y0 - 24.0;
    legend(canvas, [(ACCENT, names[0]), (GREY, names[1]), (BAND, names[2])]);
}

fn legend(canvas: &mut Canvas, entries: [(Colour, &str); 3]) {
    let style = Style::regular(7.6);
    let mut x = LEFT + 52.0;
    for (colour, name) in entries {
        canvas.filled(colour, [x, canvas.y, 10.0, 6.0]);
        canvas.left(style, x + 14.0, canvas.y, name);
        x += 30.0 + style.face.width(style.size, name);
    }
    canvas.y -= 8.0;
}

/// Bars to the right, each with its name before it and its amount behind.
pub(super) fn bars(canvas: &mut Canvas, names: f32, rows: &[(String, f64, String, Colour)]) {
    const AMOUNT: f32 = 92.0;
    let most = rows.iter().map(|row| row.1).fold(0.0, f64::max);
    let (x0, width) = (LEFT + names, RIGHT - LEFT - names - AMOUNT);
    let style = Style::regular(8.2);
    for (name, value, text, colour) in rows {
        let name = style.face.clipped(style.size, name, names - 6.0);
        canvas.left(style, LEFT, canvas.y, &name);
        let length = if most > 0.0 { (value / most) as f32 * width } else { 0.0 };
        canvas.filled(*colour, [x0, canvas.y - 1.5, length.max(0.6), 8.0]);
        canvas.left(style, x0 + length.max(0.6) + 5.0, canvas.y, text);
        canvas.y -= 12.4;
    }
    canvas.y -= 2.0;
}

/// A step of 1, 2 or 5 times a power of ten, not below this.
fn tick(least: f64) -> f64 {
    if !(least > 0.0 && least.is_finite()) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|n| n * power)
        .find(|step| *step >= least)
        .unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!([0.9, 1.0, 1.1, 33.0, 0.0].map(tick), [1.0, 1.0, 2.0, 50.0, 1.0]);
    }
}
