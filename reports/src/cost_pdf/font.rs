//! Helvetica, which every reader has, so that nothing is embedded: how wide its letters are, and
//! which byte each is. The processor has the same table for its confirmations; what ships there and
//! what reports here must not know of each other.

use pdf_writer::Name;

/// A face of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
}

impl Face {
    pub(super) const ALL: [Self; 2] = [Self::Regular, Self::Bold];

    /// Its name among a page's resources.
    pub(super) fn resource(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"F1"),
            Self::Bold => Name(b"F2"),
        }
    }

    /// One of the fourteen that a PDF need not embed.
    pub(super) fn base_font(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"Helvetica"),
            Self::Bold => Name(b"Helvetica-Bold"),
        }
    }

    /// Width of a text of this size, points. There is no kerning.
    pub(super) fn width(self, size: f32, text: &str) -> f32 {
        let widths = match self {
            Self::Regular => &REGULAR,
            Self::Bold => &BOLD,
        };
        let letter = |byte: &u8| u32::from(widths[usize::from((*byte).max(b' ')) - 32]);
        let units: u32 = win_ansi(text).iter().map(letter).sum();
        units as f32 * size / 1_000.0
    }

    /// A text in lines of at most this width, broken between words.
    pub(super) fn wrapped(self, size: f32, text: &str, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        // A space that must not be broken at, as before an amount, is no end of a word.
        for word in text.split(' ') {
            let last = lines.last_mut().map(std::mem::take).unwrap_or_default();
            let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
            let fits = last.is_empty() || self.width(size, &longer) <= width;
            let place = lines.len() - 1;
            if fits {
                lines[place] = longer;
            } else {
                lines[place] = last;
                lines.push(word.to_owned());
            }
        }
        lines
    }

    /// As much of a text as fits, with an ellipsis for the rest.
    pub(super) fn clipped(self, size: f32, text: &str, width: f32) -> String {
        if self.width(size, text) <= width {
            return text.to_owned();
        }
        let mut clipped = String::new();
        for letter in text.chars() {
            if self.width(size, &format!("{clipped}{letter}…")) > width {
                break;
            }
            clipped.push(letter);
        }
        format!("{}…", clipped.trim_end())
    }
}

/// A text in WinAnsi (code page 1252). What it lacks becomes a question mark.
pub(super) fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| match letter {
            ' '..='~' | '\u{a0}'..='\u{ff}' => letter as u32 as u8,
            '…' => 0x85,
            '•' => 0x95,
            '–' => 0x96,
            '—' => 0x97,
            other if other.is_whitespace() => b' ',
            _ => b'?',
        })
        .collect()
}

/// Widths of bytes 32 to 255 in thousandths of the size (Adobe Font Metrics, Helvetica).
#[rustfmt::skip]
const REGULAR: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350,
    556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// The same of Helvetica-Bold.
#[rustfmt::skip]
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350,
    556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Adobe Font Metrics: figures of 556, point and comma of 278; M 833, i 222, á 556; in bold
    /// M 833, i 278, á 556.
    #[test]
    fn letters_are_as_wide_as_adobe_says() {
        assert!((Face::Regular.width(10.0, "1.234,50") - 38.92).abs() < 1e-3);
        assert!((Face::Regular.width(1.0, "Miá") - 1.611).abs() < 1e-5);
        assert!((Face::Bold.width(1.0, "Miá") - 1.667).abs() < 1e-5);
    }

    #[test]
    fn a_text_is_broken_between_words_and_a_long_word_stays_whole() {
        let width = Face::Regular.width(8.0, "one two");
        assert_eq!(Face::Regular.wrapped(8.0, "one two three", width), ["one two", "three"]);
        assert_eq!(Face::Regular.wrapped(8.0, "one two", width - 0.01), ["one", "two"]);
        assert_eq!(Face::Regular.wrapped(8.0, "unbreakable", 1.0), ["unbreakable"]);
    }
}
