//! What is drawn on a page: texts, rules, boxes.

use pdf_writer::{Content, Str};

use super::font::{Face, win_ansi};

/// A colour: red, green, blue, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour(f32, f32, f32);

pub(super) const INK: Colour = Colour(0.10, 0.13, 0.16);
pub(super) const GREY: Colour = Colour(0.42, 0.46, 0.50);
pub(super) const ACCENT: Colour = Colour(0.04, 0.36, 0.42);
pub(super) const TINT: Colour = Colour(0.93, 0.96, 0.97);
pub(super) const PALE: Colour = Colour(0.97, 0.98, 0.985);
pub(super) const LINE: Colour = Colour(0.80, 0.84, 0.86);
pub(super) const WHITE: Colour = Colour(1.0, 1.0, 1.0);

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
}

/// A page that is drawn. Colours and widths of lines are set only where they change.
pub(super) struct Sheet {
    content: Content,
    fill: Option<Colour>,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self { content: Content::new(), fill: None }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.content.finish().into_vec()
    }

    pub(super) fn left(&mut self, style: Style, x: f32, y: f32, text: &str) {
        self.fill_with(style.colour);
        self.content
            .begin_text()
            .set_font(style.face.resource(), style.size)
            .next_line(rounded(x), rounded(y))
            .show(Str(&win_ansi(text)))
            .end_text();
    }

    /// Text that ends at `x`.
    pub(super) fn right(&mut self, style: Style, x: f32, y: f32, text: &str) {
        self.left(style, x - style.width(text), y, text);
    }

    /// As much of a text as fits.
    pub(super) fn clipped(&mut self, style: Style, x: f32, y: f32, text: &str, width: f32) {
        self.left(style, x, y, &style.face.clipped(style.size, text, width));
    }

    /// A filled rectangle; `y` is its lower edge.
    pub(super) fn filled(&mut self, colour: Colour, x: f32, y: f32, width: f32, height: f32) {
        self.fill_with(colour);
        self.content.rect(rounded(x), rounded(y), rounded(width), rounded(height)).fill_nonzero();
    }

    /// Several filled rectangles of one height, at these places and of these widths.
    pub(super) fn bars(
        &mut self,
        colour: Colour,
        y: f32,
        height: f32,
        bars: impl Iterator<Item = (f32, f32)>,
    ) {
        self.fill_with(colour);
        for (x, width) in bars {
            self.content.rect(rounded(x), y, rounded(width), height);
        }
        self.content.fill_nonzero();
    }

    /// A thin line.
    pub(super) fn rule(&mut self, colour: Colour, x1: f32, x2: f32, y: f32) {
        self.filled(colour, x1, y, x2 - x1, 0.5);
    }

    fn fill_with(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            self.fill = Some(colour);
            self.content.set_fill_rgb(colour.0, colour.1, colour.2);
        }
    }
}

/// To a hundredth of a point: finer is not seen, and takes bytes.
fn rounded(points: f32) -> f32 {
    (points * 100.0).round() / 100.0
}
