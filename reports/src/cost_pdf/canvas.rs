//! A page that is drawn from top to bottom: texts, tables, bars. Places in points from the lower
//! left corner, as a PDF counts them.

use pdf_writer::{Content, Str};

use super::font::{Face, win_ansi};

pub(super) const LEFT: f32 = 48.0;
pub(super) const RIGHT: f32 = 547.0;
pub(super) const WIDTH: f32 = RIGHT - LEFT;

/// Red, green, blue.
pub(super) type Colour = [f32; 3];
pub(super) const INK: Colour = [0.1, 0.13, 0.16];
pub(super) const GREY: Colour = [0.42, 0.46, 0.5];
pub(super) const ACCENT: Colour = [0.04, 0.36, 0.42];
pub(super) const TINT: Colour = [0.925, 0.955, 0.965];
pub(super) const BAND: Colour = [0.76, 0.87, 0.9];
pub(super) const LINE: Colour = [0.8, 0.84, 0.86];
pub(super) const ORANGE: Colour = [0.82, 0.45, 0.12];
pub(super) const WHITE: Colour = [1.0, 1.0, 1.0];

/// How a text looks.
#[derive(Debug, Clone, Copy)]
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
}

/// A column of a table: where it is, how wide, and whether its cells end at its right edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) right: bool,
}

/// Columns side by side from the left edge on; a negative width is one of numbers.
pub(super) fn columns(widths: &[f32]) -> Vec<Column> {
    let mut x = LEFT;
    widths
        .iter()
        .map(|width| {
            let column = Column { x, width: width.abs(), right: *width < 0.0 };
            x += width.abs();
            column
        })
        .collect()
}

/// A page under way.
pub(super) struct Canvas {
    content: Content,
    /// The base line of what comes next.
    pub(super) y: f32,
}

impl Canvas {
    pub(super) fn new(top: f32) -> Self {
        Self { content: Content::new(), y: top }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.content.finish().to_vec()
    }

    pub(super) fn left(&mut self, style: Style, x: f32, y: f32, text: &str) {
        let [red, green, blue] = style.colour;
        let bytes = win_ansi(text);
        self.content.set_fill_rgb(red, green, blue);
        self.content
            .begin_text()
            .set_font(style.face.resource(), style.size)
            .next_line(x, y)
            .show(Str(&bytes))
            .end_text();
    }

    /// A text that ends at `x`.
    pub(super) fn right(&mut self, style: Style, x: f32, y: f32, text: &str) {
        self.left(style, x - style.face.width(style.size, text), y, text);
    }

    /// A filled rectangle; `y` is its lower edge.
    pub(super) fn filled(&mut self, colour: Colour, [x, y, width, height]: [f32; 4]) {
        let [red, green, blue] = colour;
        self.content.set_fill_rgb(red, green, blue).rect(x, y, width, height).fill_nonzero();
    }

    /// A thin line across.
    pub(super) fn rule(&mut self, colour: Colour, x: f32, y: f32, width: f32) {
        self.filled(colour, [x, y, width, 0.5]);
    }

    /// A line through points.
    pub(super) fn line(&mut self, colour: Colour, width: f32, points: &[(f32, f32)]) {
        let [red, green, blue] = colour;
        self.content.set_stroke_rgb(red, green, blue).set_line_width(width);
        self.path(points);
        self.content.stroke();
    }

    /// A filled area around points.
    pub(super) fn area(&mut self, colour: Colour, points: &[(f32, f32)]) {
        let [red, green, blue] = colour;
        self.content.set_fill_rgb(red, green, blue);
        self.path(points);
        self.content.close_path().fill_nonzero();
    }

    fn path(&mut self, points: &[(f32, f32)]) {
        for (n, (x, y)) in points.iter().enumerate() {
            if n == 0 {
                self.content.move_to(*x, *y);
            } else {
                self.content.line_to(*x, *y);
            }
        }
    }

    /// A heading of a part of the page.
    pub(super) fn heading(&mut self, text: &str) {
        self.y -= 20.0;
        let mut letters = text.chars();
        let capital = letters.next().map(char::to_uppercase).into_iter().flatten();
        let text: String = capital.chain(letters).collect();
        self.left(Style::bold(11.5).coloured(ACCENT), LEFT, self.y, &text);
        self.rule(LINE, LEFT, self.y - 5.0, WIDTH);
        self.y -= 18.0;
    }

    /// A paragraph over the whole width.
    pub(super) fn paragraph(&mut self, style: Style, text: &str) {
        for line in style.face.wrapped(style.size, text, WIDTH) {
            self.left(style, LEFT, self.y, &line);
            self.y -= style.size * 1.38;
        }
        self.y -= style.size * 0.35;
    }

    /// Titles of columns.
    pub(super) fn head(&mut self, columns: &[Column], titles: &[&str]) {
        self.filled(ACCENT, [LEFT - 4.0, self.y - 4.0, WIDTH + 8.0, 13.5]);
        let style = Style::bold(7.6).coloured(WHITE);
        self.cells(columns, titles, style);
        self.y -= 14.5;
    }

    /// A row of a table.
    pub(super) fn row(&mut self, columns: &[Column], cells: &[&str], style: Style) {
        self.cells(columns, cells, style);
        self.rule(LINE, LEFT - 4.0, self.y - 3.6, WIDTH + 8.0);
        self.y -= style.size + 4.6;
    }

    fn cells(&mut self, columns: &[Column], cells: &[&str], style: Style) {
        const GAP: f32 = 6.0;
        // By so much a text is made smaller before it is cut off.
        const SMALLEST: f32 = 0.7;
        for (column, cell) in columns.iter().zip(cells) {
            let room = column.width - GAP;
            let shrink = (room / style.face.width(style.size, cell)).min(1.0);
            if column.right {
                // A figure is made smaller; none of it is ever left out.
                let style = Style { size: style.size * shrink, ..style };
                self.right(style, column.x + column.width, self.y, cell);
            } else {
                let style = Style { size: style.size * shrink.max(SMALLEST), ..style };
                let text = style.face.clipped(style.size, cell, room + 0.01);
                self.left(style, column.x, self.y, &text);
            }
        }
    }
}
