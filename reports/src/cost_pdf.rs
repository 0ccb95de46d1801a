//! `cost.pdf`: three pages for whoever signs. The answer; the bill and what Intelligent-Tiering
//! does; what all of it rests on and what is not in it. The same numbers as `cost.xlsx`.
//!
//! Helvetica, which every reader has, so nothing is embedded; charts are vectors. No clock and no
//! random identity: the same numbers make the same bytes.

mod answer;
mod basis;
mod bill;
mod canvas;
mod chart;
mod font;

use pdf_writer::{Finish as _, Name, Pdf, Rect, Ref, TextStr};

use crate::ReportError;
use crate::finance::Finance;
use crate::finance_words::Words;
use canvas::{ACCENT, Canvas, GREY, LEFT, LINE, RIGHT, Style, WIDTH};
use font::Face;

/// A4, points.
const PAGE: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
const TOP: f32 = 800.0;
const FOOT: f32 = 30.0;

/// A page: its title, and what draws it.
type PageOf = (&'static str, fn(&mut Canvas, &Finance, &Words));

/// The pages.
///
/// # Errors
/// None so far; the other reports of finance have some.
pub fn cost_pdf(finance: &Finance) -> Result<Vec<u8>, ReportError> {
    let words = Words::of(finance.locale.language);
    let pages: [PageOf; 3] = [
        (words.the_answer, answer::draw),
        (words.page_bill, bill::draw),
        (words.page_basis, basis::draw),
    ];
    let contents: Vec<Vec<u8>> = pages
        .iter()
        .enumerate()
        .map(|(index, (title, draw))| {
            let mut canvas = Canvas::new(TOP);
            head(&mut canvas, finance, words, title);
            draw(&mut canvas, finance, words);
            foot(&mut canvas, finance, words, (index + 1, pages.len()));
            canvas.finish()
        })
        .collect();
    Ok(assemble(finance, words, &contents))
}

fn head(canvas: &mut Canvas, finance: &Finance, words: &Words, title: &str) {
    let kicker = Style::bold(8.4).coloured(GREY);
    canvas.left(kicker, LEFT, canvas.y, words.title);
    canvas.y -= 22.0;
    canvas.left(Style::bold(19.0).coloured(ACCENT), LEFT, canvas.y, title);
    canvas.y -= 14.0;
    let style = Style::regular(8.2).coloured(GREY);
    canvas.left(
        style,
        LEFT,
        canvas.y,
        &style.face.clipped(style.size, &what(finance, words), WIDTH),
    );
    canvas.y -= 10.0;
}

/// What was looked at, where, at which prices.
fn what(finance: &Finance, words: &Words) -> String {
    let study = &finance.study;
    let subject = match &finance.run {
        Some(run) => format!("{} {}", words.of_run, run.id),
        None => format!(
            "{}: {}",
            words.of_forecast,
            crate::portuguese::named(finance.locale.language, &study.name)
        ),
    };
    format!("{subject}; {}; {} {}", study.region, words.list_prices, study.prices_published)
}

fn foot(canvas: &mut Canvas, finance: &Finance, words: &Words, (page, of): (usize, usize)) {
    canvas.rule(LINE, LEFT, FOOT + 12.0, WIDTH);
    let style = Style::regular(7.4).coloured(GREY);
    let software = finance.run.as_ref().map_or("vazao", |run| run.software.as_str());
    canvas.left(style, LEFT, FOOT, software);
    canvas.right(style, RIGHT, FOOT, &format!("{} {page} / {of}", words.page));
}

/// Objects: 1 catalog, 2 page tree, 3 and 4 fonts, 5 what the document is called, then a page and
/// its content by turns.
fn assemble(finance: &Finance, words: &Words, contents: &[Vec<u8>]) -> Vec<u8> {
    let [catalog, tree, regular, bold, information] = [1, 2, 3, 4, 5].map(Ref::new);
    let page_ref = |index: usize| Ref::new(6 + 2 * index as i32);
    let content_ref = |index: usize| Ref::new(7 + 2 * index as i32);
    let language = finance.locale.language.to_string();
    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr(&language));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.pages(tree).kids((0..contents.len()).map(page_ref)).count(contents.len() as i32);
    for (font, face) in [regular, bold].into_iter().zip(Face::ALL) {
        let encoding = Name(b"WinAnsiEncoding");
        pdf.type1_font(font).base_font(face.base_font()).encoding_predefined(encoding);
    }
    pdf.document_info(information)
        .title(TextStr(words.title))
        .subject(TextStr(&what(finance, words)))
        .creator(TextStr("vazao"));
    for (index, content) in contents.iter().enumerate() {
        let mut page = pdf.page(page_ref(index));
        page.media_box(PAGE).parent(tree).contents(content_ref(index));
        let fonts = [regular, bold].into_iter().zip(Face::ALL);
        page.resources().fonts().pairs(fonts.map(|(font, face)| (face.resource(), font)));
        page.finish();
        pdf.stream(content_ref(index), content);
    }
    pdf.finish()
}
