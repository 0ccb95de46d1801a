//! How cells look. A format that names a locale is shown so whatever the reader's own is, where the
//! program knows of it; the others follow the reader's.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::locale::Language;

/// Input that a person may change, and the cells that wait for one.
const BLUE: Color = Color::RGB(0x1f_4e_b4);
const YELLOW: Color = Color::RGB(0xff_f6_d6);
const DARK: Color = Color::RGB(0x0b_5c_6b);
const TINT: Color = Color::RGB(0xed_f4_f6);

/// Every format of the workbook.
pub(super) struct Formats {
    pub(super) title: Format,
    pub(super) heading: Format,
    pub(super) head: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    pub(super) strong: Format,
    pub(super) note: Format,
    pub(super) date: Format,
    pub(super) number: Format,
    pub(super) whole: Format,
    pub(super) percent: Format,
    pub(super) usd: Format,
    /// Prices and unit costs: as many decimals as there are.
    pub(super) usd_fine: Format,
    pub(super) brl: Format,
    pub(super) brl_fine: Format,
    pub(super) usd_total: Format,
    pub(super) brl_total: Format,
    pub(super) usd_large: Format,
    /// The same, of an input.
    pub(super) input: Format,
    pub(super) input_price: Format,
    /// A cell that waits for what AWS billed.
    pub(super) paste: Format,
    pub(super) paste_text: Format,
}

impl Formats {
    pub(super) fn of(language: Language) -> Self {
        let (locale, dollar, date) = match language {
            Language::English => ("[$-409]", "\"$\"", "yyyy-mm-dd"),
            Language::Portuguese => ("[$-416]", "\"US$ \"", "dd/mm/yyyy"),
        };
        // A comma or a point is the reader's own; the locale sees to the rest.
        let numbers = |sign: &str, digits: &str| {
            let format = format!("{locale}{sign}{digits};{locale}-{sign}{digits}");
            Format::new().set_num_format(format).set_align(FormatAlign::Top)
        };
        let usd = numbers(dollar, "#,##0.00");
        let usd_fine = numbers(dollar, "#,##0.00########");
        let brl = numbers("\"R$ \"", "#,##0.00");
        let brl_fine = numbers("\"R$ \"", "#,##0.00########");
        let text = Format::new().set_align(FormatAlign::Top).set_indent(1);
        let total = |format: &Format| {
            format.clone().set_bold().set_border_top(FormatBorder::Thin).set_background_color(TINT)
        };
        let number = numbers("", "#,##0.######");
        Self {
            title: Format::new().set_bold().set_font_size(16).set_font_color(DARK),
            heading: Format::new().set_bold().set_font_size(12).set_font_color(DARK),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_font_color(Color::White)
                .set_background_color(DARK),
            wrapped: text.clone().set_text_wrap(),
            strong: Format::new().set_bold().set_align(FormatAlign::Top),
            note: text.clone().set_italic().set_text_wrap().set_font_color(Color::Gray),
            text,
            date: Format::new().set_num_format(date).set_align(FormatAlign::Top),
            whole: numbers("", "#,##0"),
            percent: numbers("", "0.0%"),
            usd_total: total(&usd),
            brl_total: total(&brl),
            usd_large: usd.clone().set_bold().set_font_size(12),
            input: number.clone().set_font_color(BLUE),
            input_price: usd_fine.clone().set_font_color(BLUE),
            paste: usd_fine.clone().set_background_color(YELLOW),
            paste_text: Format::new().set_background_color(YELLOW),
            number,
            usd,
            usd_fine,
            brl,
            brl_fine,
        }
    }
}
