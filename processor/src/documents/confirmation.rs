//! The order confirmation, PDF: what was ordered, at what price, under which invoice. Not a DANFE,
//! and it says so. Helvetica, which every reader has, so that nothing is embedded.
//!
//! Every figure is one of the invoice's; nothing is added up here. No date of creation and no
//! random identity are written: the same invoice makes the same bytes.

mod barcode;
mod closing;
mod font;
mod head;
mod items;
mod sheet;
mod words;

use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::deflate::deflate;
use crate::Invoice;
use font::Face;
use items::Piece;
use sheet::Sheet;

/// A4 in points.
const PAGE: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
const LEFT: f32 = 36.0;
const RIGHT: f32 = 559.0;

/// Nothing of the table or the sums stands below this: it is the foot's.
const FLOOR: f32 = 88.0;

/// Renders the confirmation.
pub fn confirmation_pdf(invoice: &Invoice) -> Vec<u8> {
    let pieces = items::pieces(invoice);
    let pages = pages(&pieces, closing::height(invoice));
    let contents: Vec<Vec<u8>> =
        (0..pages.len()).map(|index| page_content(invoice, &pages, index)).collect();
    assemble(invoice, &contents)
}

/// Fills pages with the pieces of the table, and leaves room for the sums after the last one. If
/// there is none, they go to a further page, and the last line goes with them: sums alone would say
/// of nothing what it costs.
fn pages<'a>(pieces: &'a [Piece<'a>], closing: f32) -> Vec<&'a [Piece<'a>]> {
    let mut pages = Vec::new();
    let mut start = 0;
    let mut y = head::first_row(0);
    for (index, piece) in pieces.iter().enumerate() {
        if y - piece.height() < FLOOR {
            pages.push(&pieces[start..index]);
            start = index;
            y = head::first_row(pages.len());
        }
        y -= piece.height();
    }
    if y - closing >= FLOOR {
        pages.push(&pieces[start..]);
        return pages;
    }
    let room = head::first_row(pages.len() + 1) - FLOOR - closing;
    let moved = start + taken_along(&pieces[start..], room);
    pages.push(&pieces[start..moved]);
    pages.push(&pieces[moved..]);
    pages
}

/// Where the last line of a page begins, if it is not the only one and fits into the room beside
/// the sums; else the end.
fn taken_along(pieces: &[Piece<'_>], room: f32) -> usize {
    let is_line = |piece: &Piece<'_>| match piece {
        Piece::Line { .. } => true,
        Piece::Details { .. } | Piece::Shortfall { .. } => false,
    };
    let last = pieces.iter().rposition(is_line).unwrap_or(0);
    let height: f32 = pieces[last..].iter().map(Piece::height).sum();
    if last > 0 && height <= room { last } else { pieces.len() }
}

fn page_content(invoice: &Invoice, pages: &[&[Piece<'_>]], index: usize) -> Vec<u8> {
    // A guess, measured: a page is written without moving it.
    let mut sheet = Sheet::with_capacity(5_000 + 330 * pages[index].len());
    head::draw(&mut sheet, invoice, index, pages.len());
    let mut y = head::first_row(index);
    for piece in pages[index] {
        y -= piece.height();
        piece.draw(&mut sheet, y);
    }
    if !pages[index].is_empty() {
        items::draw_titles(&mut sheet, head::first_row(index));
    }
    if index + 1 == pages.len() {
        closing::draw(&mut sheet, invoice, y);
    }
    head::draw_foot(&mut sheet, invoice);
    sheet.finish()
}

/// Objects: 1 catalog, 2 page tree, 3 and 4 fonts, 5 what the document is called, then a page and
/// its content by turns.
fn assemble(invoice: &Invoice, contents: &[Vec<u8>]) -> Vec<u8> {
    let [catalog, tree, regular, bold, information] = [1, 2, 3, 4, 5].map(Ref::new);
    let page_ref = |index: usize| Ref::new(6 + 2 * index as i32);
    let content_ref = |index: usize| Ref::new(7 + 2 * index as i32);
    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("pt-BR"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.pages(tree).kids((0..contents.len()).map(page_ref)).count(contents.len() as i32);
    for (font, face) in [regular, bold].into_iter().zip(Face::ALL) {
        let encoding = Name(b"WinAnsiEncoding");
        pdf.type1_font(font).base_font(face.base_font()).encoding_predefined(encoding);
    }
    let title = format!("Confirmação do pedido {}", invoice.sale.order_number);
    pdf.document_info(information)
        .title(TextStr(&title))
        .author(TextStr(&invoice.sale.emitter.name))
        .subject(TextStr("Documento sem valor fiscal"))
        .creator(TextStr(&invoice.sale.program));
    for (index, content) in contents.iter().enumerate() {
        let mut page = pdf.page(page_ref(index));
        page.media_box(PAGE).parent(tree).contents(content_ref(index));
        let fonts = [regular, bold].into_iter().zip(Face::ALL);
        page.resources().fonts().pairs(fonts.map(|(font, face)| (face.resource(), font)));
        page.finish();
        let compressed = deflate(content);
        pdf.stream(content_ref(index), &compressed).filter(Filter::FlateDecode);
    }
    pdf.finish()
}
