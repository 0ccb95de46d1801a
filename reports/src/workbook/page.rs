//! A sheet that is written row by row, and the names that it defines.

use rust_decimal::Decimal;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Worksheet, XlsxError};

use crate::verdict::float;

/// A sheet under way.
pub(super) struct Page {
    pub(super) sheet: Worksheet,
    name: &'static str,
    /// The row that is written next.
    pub(super) row: u32,
    names: Vec<(String, String)>,
}

impl Page {
    /// An empty sheet with so wide columns, in characters.
    pub(super) fn new(name: &'static str, widths: &[f64]) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?.set_landscape().set_print_fit_to_pages(1, 0).set_paper_size(9);
        for (column, width) in widths.iter().enumerate() {
            sheet.set_column_width(column as u16, *width)?;
        }
        Ok(Self { sheet, name, row: 0, names: Vec::new() })
    }

    /// The sheet, and its names with their places.
    pub(super) fn finish(self) -> (Worksheet, Vec<(String, String)>) {
        (self.sheet, self.names)
    }

    pub(super) fn text(
        &mut self,
        column: u16,
        text: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, column, text, format).map(drop)
    }

    pub(super) fn number(
        &mut self,
        column: u16,
        number: f64,
        format: &Format,
    ) -> Result<(), XlsxError> {
        self.sheet.write_number_with_format(self.row, column, number, format).map(drop)
    }

    pub(super) fn exact(
        &mut self,
        column: u16,
        number: Decimal,
        format: &Format,
    ) -> Result<(), XlsxError> {
        self.number(column, float(number), format)
    }

    /// A day, as `2026-11-27`; anything else is written as it is.
    pub(super) fn date(
        &mut self,
        column: u16,
        day: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        match ExcelDateTime::parse_from_str(day) {
            Ok(date) if !day.is_empty() => {
                self.sheet.write_datetime_with_format(self.row, column, &date, format).map(drop)
            }
            Ok(_) | Err(_) => self.text(column, day, format),
        }
    }

    /// A formula, and what it comes to.
    pub(super) fn formula(
        &mut self,
        column: u16,
        formula: &str,
        value: f64,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let formula = Formula::new(formula).set_result(value.to_string());
        self.sheet.write_formula_with_format(self.row, column, formula, format).map(drop)
    }

    /// A formula that comes to an empty text.
    pub(super) fn empty_formula(
        &mut self,
        column: u16,
        formula: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let formula = Formula::new(formula).set_result("");
        self.sheet.write_formula_with_format(self.row, column, formula, format).map(drop)
    }

    /// Titles of columns, in the row that follows.
    pub(super) fn head(&mut self, titles: &[&str], format: &Format) -> Result<(), XlsxError> {
        for (column, title) in titles.iter().enumerate() {
            self.text(column as u16, title, format)?;
        }
        // Two lines.
        self.sheet.set_row_height(self.row, 30.0)?;
        self.row += 1;
        Ok(())
    }

    /// A text over several columns, in a row of this height, points.
    pub(super) fn paragraph(
        &mut self,
        last_column: u16,
        text: &str,
        height: f64,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let row = self.row;
        self.sheet.merge_range(row, 0, row, last_column, text, format)?;
        self.sheet.set_row_height(row, height)?;
        self.row += 1;
        Ok(())
    }

    /// Names a cell of this row.
    pub(super) fn define(&mut self, name: &str, column: u16) {
        self.define_rows(name, column, self.row, self.row);
    }

    /// Names the cells of a column from one row to another.
    pub(super) fn define_rows(&mut self, name: &str, column: u16, first: u32, last: u32) {
        let place = self.place(column, first, last);
        self.names.push((name.to_owned(), format!("={place}")));
    }

    /// Cells of a column, as another sheet's formula writes them: `'Prices'!$E$3:$E$5`.
    pub(super) fn place(&self, column: u16, first: u32, last: u32) -> String {
        let letters = letters(column);
        let to = if first == last { String::new() } else { format!(":${letters}${}", last + 1) };
        format!("'{}'!${letters}${}{to}", self.name, first + 1)
    }
}

/// A, B, ... Z, AA.
pub(super) fn letters(column: u16) -> String {
    rust_xlsxwriter::utility::column_number_to_name(column)
}
