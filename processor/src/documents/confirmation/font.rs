//! Helvetica, which every reader has: how wide its letters are, and which byte each is.

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

    /// Width of a text of this size, in points. There is no kerning.
    pub(super) fn width(self, size: f32, text: &str) -> f32 {
        let widths = match self {
            Self::Regular => &REGULAR,
            Self::Bold => &BOLD,
        };
        let units: u32 = text
            .chars()
            .map(|letter| u32::from(widths[usize::from(win_ansi_byte(letter).max(b' ')) - 32]))
            .sum();
        units as f32 * size / 1_000.0
    }

    /// As much of a text as fits into a width, with an ellipsis for the rest; none if all of it
    /// fits.
    pub(super) fn clipped(self, size: f32, text: &str, width_max: f32) -> Option<String> {
        if self.width(size, text) <= width_max {
            return None;
        }
        let mut clipped = String::new();
        let mut width = self.width(size, "…");
        for letter in text.chars() {
            width += self.width(size, letter.encode_utf8(&mut [0; 4]));
            if width > width_max {
                break;
            }
            clipped.push(letter);
        }
        clipped.truncate(clipped.trim_end().len());
        clipped.push('…');
        Some(clipped)
    }
}

impl Face {
    /// Where a text must be broken, between words, for its first part to fit into a width: none if
    /// all of it fits, or not even its first word does.
    pub(super) fn break_at(self, size: f32, text: &str, width_max: f32) -> Option<usize> {
        if self.width(size, text) <= width_max {
            return None;
        }
        let spaces = text.match_indices(' ').map(|(at, _)| at);
        spaces.take_while(|at| self.width(size, &text[..*at]) <= width_max).last()
    }
}

/// Writes a text in WinAnsi (code page 1252), as it stands between the parentheses of a PDF's string.
pub(super) fn push_win_ansi(bytes: &mut Vec<u8>, text: &str) {
    for letter in text.chars() {
        if matches!(letter, '(' | ')' | '\\') {
            bytes.push(b'\\');
        }
        bytes.push(win_ansi_byte(letter));
    }
}

/// Latin-1, and a few signs of trade besides. What it lacks becomes a question mark.
fn win_ansi_byte(letter: char) -> u8 {
    match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => letter as u32 as u8,
        '€' => 0x80,
        '…' => 0x85,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '•' => 0x95,
        '–' => 0x96,
        '—' => 0x97,
        '™' => 0x99,
        other if other.is_whitespace() => b' ',
        _ => b'?',
    }
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

    fn win_ansi(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        push_win_ansi(&mut bytes, text);
        bytes
    }

    #[test]
    fn accents_are_one_byte_each_and_what_the_font_lacks_is_a_question_mark() {
        assert_eq!(win_ansi("São"), [b'S', 0xe3, b'o']);
        assert_eq!(win_ansi("€ – λ"), [0x80, b' ', 0x96, b' ', b'?']);
        assert_eq!(win_ansi("A\tB\u{7}"), *b"A B?");
    }

    #[test]
    fn letters_are_as_wide_as_adobe_says() {
        // Adobe Font Metrics: six figures of 556, point and comma of 278.
        assert!((Face::Regular.width(10.0, "1.234,50") - 38.92).abs() < 1e-3);
        // M 833, i 222, á 556; bold: M 833, i 278, á 556.
        assert!((Face::Regular.width(1.0, "Miá") - 1.611).abs() < 1e-5);
        assert!((Face::Bold.width(1.0, "Miá") - 1.667).abs() < 1e-5);
    }

    #[test]
    fn a_text_is_broken_after_the_last_word_that_fits() {
        let at = |width| Face::Bold.break_at(8.0, "DIPIRONA SÓDICA 500 MG", width);
        let whole = Face::Bold.width(8.0, "DIPIRONA SÓDICA 500 MG");
        let two_words = Face::Bold.width(8.0, "DIPIRONA SÓDICA");
        assert_eq!((at(whole), at(whole - 0.01)), (None, Some("DIPIRONA SÓDICA 500".len())));
        assert_eq!(at(two_words), Some("DIPIRONA SÓDICA".len()));
        assert_eq!((at(two_words - 0.01), at(5.0)), (Some(8), None));
    }

    #[test]
    fn a_text_is_clipped_at_the_width_and_not_before() {
        let face = Face::Regular;
        let whole = face.width(8.0, "DIPIRONA SÓDICA");
        assert_eq!(face.clipped(8.0, "DIPIRONA SÓDICA", whole + 0.01), None);
        let clipped = face.clipped(8.0, "DIPIRONA SÓDICA", whole - 0.01).unwrap();
        assert_eq!(clipped, "DIPIRONA SÓDI…");
        assert!(face.width(8.0, &clipped) <= whole);
        assert_eq!(face.clipped(8.0, "DIPIRONA SÓDICA", 50.0).unwrap(), "DIPIRONA…");
    }
}
