//! What is drawn on a page: texts, rules, boxes. The operators of a page's content (ISO 32000-1,
//! annex A) are written here, byte by byte: a page took twice as long when a library wrote it, and
//! pages are most of what documents cost beside their signature.

use super::font::{Face, push_win_ansi};

/// A colour: red, green, blue, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(u8, u8, u8);

pub(super) const INK: Colour = Colour(10, 13, 16);
pub(super) const GREY: Colour = Colour(42, 46, 50);
pub(super) const ACCENT: Colour = Colour(4, 36, 42);
pub(super) const TINT: Colour = Colour(93, 96, 97);
pub(super) const PALE: Colour = Colour(97, 98, 98);
pub(super) const LINE: Colour = Colour(80, 84, 86);
pub(super) const AMBER: Colour = Colour(68, 33, 5);
pub(super) const WHITE: Colour = Colour(100, 100, 100);

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) face: Face,
    pub(super) size: f32,
    pub(super) colour: Colour,
}

impl Style {
    pub(super) const fn regular(size: f32) -> Self {
        Self { face: Face::Regular, size, colour: INK }
    }

    pub(super) const fn bold(size: f32) -> Self {
        Self { face: Face::Bold, size, colour: INK }
    }

    pub(super) const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn width(self, text: &str) -> f32 {
        self.face.width(self.size, text)
    }

    /// Smaller letters, if a text is too wide.
    fn fitting(self, text: &str, width: f32) -> Self {
        let whole = self.width(text);
        if whole <= width {
            return self;
        }
        // Rounded down, so that it fits.
        Self { size: (self.size * width / whole * 100.0).floor() / 100.0, ..self }
    }
}

/// A page that is drawn. Colour and font are set only where they change.
pub(super) struct Sheet {
    content: Vec<u8>,
    fill: Option<Colour>,
    font: Option<(Face, f32)>,
}

impl Sheet {
    /// An empty page; `bytes` is a guess of how much will be written.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { content: Vec::with_capacity(bytes), fill: None, font: None }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.content
    }

    pub(super) fn left(&mut self, style: Style, x: f32, y: f32, text: &str) {
        self.fill_with(style.colour);
        self.push(b"BT ");
        if self.font != Some((style.face, style.size)) {
            self.font = Some((style.face, style.size));
            self.push(b"/");
            self.push(style.face.resource().0);
            self.push(b" ");
            self.number(style.size);
            self.push(b"Tf ");
        }
        self.number(x);
        self.number(y);
        self.push(b"Td (");
        push_win_ansi(&mut self.content, text);
        self.push(b") Tj ET\n");
    }

    /// Text that ends at `x`.
    pub(super) fn right(&mut self, style: Style, x: f32, y: f32, text: &str) {
        self.left(style, x - style.width(text), y, text);
    }

    /// As much of a text as fits.
    pub(super) fn clipped(&mut self, style: Style, x: f32, y: f32, text: &str, width: f32) {
        match style.face.clipped(style.size, text, width) {
            Some(clipped) => self.left(style, x, y, &clipped),
            None => self.left(style, x, y, text),
        }
    }

    /// A text, in smaller letters if it is too wide, and clipped if the smallest are.
    pub(super) fn fitted(&mut self, style: Style, x: f32, y: f32, text: &str, width: f32) {
        const SMALLEST: f32 = 5.4;
        let fitting = style.fitting(text, width);
        let style = Style { size: fitting.size.max(SMALLEST), ..style };
        self.clipped(style, x, y, text, width);
    }

    /// A figure that ends at `x`, in smaller figures if it is too wide: none is ever left out.
    pub(super) fn figure(&mut self, style: Style, x: f32, y: f32, text: &str, width: f32) {
        self.right(style.fitting(text, width), x, y, text);
    }

    /// A filled rectangle; `y` is its lower edge.
    pub(super) fn filled(&mut self, colour: Colour, x: f32, y: f32, width: f32, height: f32) {
        self.fill_with(colour);
        self.numbers(&[x, y, width, height]);
        self.push(b"re f\n");
    }

    /// Several filled rectangles side by side: their places and widths in modules, `module` wide,
    /// from `x` and `y` on.
    pub(super) fn bars(
        &mut self,
        colour: Colour,
        (x, y): (f32, f32),
        (module, height): (f32, f32),
        bars: impl Iterator<Item = (u32, u32)>,
    ) {
        self.fill_with(colour);
        self.push(b"q ");
        self.numbers(&[module, 0.0, 0.0, height, x, y]);
        self.push(b"cm\n");
        for (place, width) in bars {
            self.whole(place);
            self.push(b" 0 ");
            self.whole(width);
            self.push(b" 1 re\n");
        }
        self.push(b"f Q\n");
    }

    /// A thin line.
    pub(super) fn rule(&mut self, colour: Colour, x1: f32, x2: f32, y: f32) {
        self.filled(colour, x1, y, x2 - x1, 0.5);
    }

    fn fill_with(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            self.fill = Some(colour);
            for part in [colour.0, colour.1, colour.2] {
                self.hundredths(i32::from(part));
            }
            self.push(b"rg\n");
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.content.extend_from_slice(bytes);
    }

    fn numbers(&mut self, numbers: &[f32]) {
        for number in numbers {
            self.number(*number);
        }
    }

    /// To a hundredth of a point: finer is not seen, and takes bytes.
    fn number(&mut self, points: f32) {
        // A page is some 84,200 hundredths high.
        self.hundredths((points * 100.0).round() as i32);
    }

    /// A number and a space, without zeros at the end of its fraction.
    fn hundredths(&mut self, hundredths: i32) {
        if hundredths < 0 {
            self.push(b"-");
        }
        let hundredths = hundredths.unsigned_abs();
        self.whole(hundredths / 100);
        let (tenth, hundredth) = (hundredths / 10 % 10, hundredths % 10);
        if tenth + hundredth > 0 {
            self.push(b".");
            self.whole(tenth);
            if hundredth > 0 {
                self.whole(hundredth);
            }
        }
        self.push(b" ");
    }

    fn whole(&mut self, mut number: u32) {
        let mut digits = [b'0'; 10];
        let mut at = digits.len() - 1;
        loop {
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
            at -= 1;
        }
        self.push(&digits[at..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draw: impl FnOnce(&mut Sheet)) -> String {
        let mut sheet = Sheet::with_capacity(100);
        draw(&mut sheet);
        String::from_utf8_lossy(&sheet.finish()).into_owned()
    }

    #[test]
    fn numbers_have_as_many_places_as_they_need() {
        let numbers = drawn(|sheet| sheet.numbers(&[0.0, -1.5, 842.0, 0.05, 69.996, 0.004, 10.2]));
        assert_eq!(numbers, "0 -1.5 842 0.05 70 0 10.2 ");
    }

    #[test]
    fn colour_and_font_are_set_where_they_change() {
        let text = drawn(|sheet| {
            sheet.left(Style::regular(7.5), 36.0, 700.0, "A (B)\\");
            sheet.left(Style::regular(7.5), 36.0, 690.0, "C");
            sheet.left(Style::bold(7.5).coloured(WHITE), 36.0, 680.25, "D");
        });
        assert_eq!(
            text,
            "0.1 0.13 0.16 rg\nBT /F1 7.5 Tf 36 700 Td (A \\(B\\)\\\\) Tj ET\n\
             BT 36 690 Td (C) Tj ET\n1 1 1 rg\nBT /F2 7.5 Tf 36 680.25 Td (D) Tj ET\n"
        );
    }

    #[test]
    fn a_figure_that_is_too_wide_is_made_smaller_and_none_of_it_is_left_out() {
        // Eight figures of 556, at size 10: 44.48 wide. In 22.24 they are of size 5.
        let style = Style::regular(10.0);
        assert!(
            drawn(|sheet| sheet.figure(style, 100.0, 0.0, "12345678", 44.49)).contains("10 Tf")
        );
        let small = drawn(|sheet| sheet.figure(style, 100.0, 0.0, "12345678", 22.25));
        assert!(small.contains("/F1 5 Tf 77.76 0 Td (12345678)"), "{small}");
    }
}
