//! Page 1: the answer.

use costmodel::forecast::Band;
use rust_decimal::Decimal;

use super::canvas::{ACCENT, Canvas, GREY, LEFT, Style, TINT, WIDTH, columns};
use super::chart;
use crate::finance::Finance;
use crate::finance_words::Words;
use crate::verdict::{band, float};

pub(super) fn draw(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    cards(canvas, finance, words);
    canvas.heading(words.verdict);
    for sentence in finance.verdict() {
        canvas.paragraph(Style::regular(9.4), &sentence);
    }
    periods(canvas, finance, words);
    canvas.heading(words.cost_bands);
    let assumed: Vec<f64> =
        finance.study.forecast.months.iter().map(|month| float(month.total.exact())).collect();
    let bands = &finance.study.uncertainty.months;
    let label = |usd: f64| finance.usd(usd);
    let names = [words.expected, "p50", "p10 – p90"];
    chart::fan(canvas, 118.0, (bands, &assumed), label, (words.month_n, names));
    canvas.heading(words.drivers);
    drivers(canvas, finance);
}

/// The three numbers for which the page is opened.
fn cards(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    const GAP: f32 = 10.0;
    const HEIGHT: f32 = 66.0;
    let width = (WIDTH - 2.0 * GAP) / 3.0;
    let locale = finance.locale;
    let own = finance.per_order().unwrap_or_default();
    let all = own + finance.retention_per_order;
    let range =
        |band: Band| format!("p10 {} – p90 {}", finance.usd(band.p10), finance.usd(band.p90));
    let draws = &finance.study.uncertainty;
    let (month, year) = (finance.month_usd(0), finance.year_usd(0));
    let cards = [
        (words.per_order, all, format!("{}: {}", words.per_order_short, locale.usd(own))),
        (words.month_1, month, range(band(draws.months.first()))),
        (words.year_1, year, range(band(draws.years.first()))),
    ];
    canvas.y -= HEIGHT;
    for (n, (title, usd, below)) in cards.into_iter().enumerate() {
        let x = LEFT + n as f32 * (width + GAP);
        canvas.filled(TINT, [x, canvas.y, width, HEIGHT]);
        canvas.filled(ACCENT, [x, canvas.y, 2.5, HEIGHT]);
        canvas.left(Style::bold(8.2).coloured(GREY), x + 11.0, canvas.y + 50.0, title);
        canvas.left(
            Style::bold(17.0).coloured(ACCENT),
            x + 11.0,
            canvas.y + 30.0,
            &locale.usd(usd),
        );
        let brl = locale.brl(usd).unwrap_or_default();
        canvas.left(Style::regular(8.6), x + 11.0, canvas.y + 19.0, &brl);
        canvas.left(Style::regular(7.6).coloured(GREY), x + 11.0, canvas.y + 7.5, &below);
    }
    canvas.y -= 4.0;
}

fn periods(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    let draws = &finance.study.uncertainty;
    let forecast = &finance.study.forecast;
    let (months, years) = (forecast.months.len(), forecast.years.len());
    let all = draws.alternatives.first();
    let all = all.map_or(band(None), |all| Band { p10: all.p10, p50: all.p50, p90: all.p90 });
    let mut rows =
        vec![(words.month_1.to_owned(), finance.month_usd(0), band(draws.months.first()))];
    if months > 1 {
        let name = format!("{} {months}", words.month_n);
        rows.push((name, finance.month_usd(months - 1), band(draws.months.last())));
    }
    rows.push((words.year_1.to_owned(), finance.year_usd(0), band(draws.years.first())));
    if years > 1 {
        let name = format!("{} {years}", words.year_n);
        rows.push((name, finance.year_usd(years - 1), band(draws.years.last())));
    }
    rows.push((format!("{} ({months})", words.all_months), forecast.total.exact(), all));
    let has_brl = finance.locale.brl_per_usd.is_some();
    let columns = columns(if has_brl {
        &[104.0, -84.0, -77.0, -77.0, -77.0, -80.0]
    } else {
        &[130.0, -95.0, -90.0, -90.0, -94.0]
    });
    canvas.y -= 6.0;
    canvas.head(&columns, &[words.amount, words.expected, "p10", "p50", "p90", "BRL"]);
    for (name, usd, band) in rows {
        let locale = finance.locale;
        let cells = [
            name,
            locale.usd(usd),
            finance.usd(band.p10),
            finance.usd(band.p50),
            finance.usd(band.p90),
            locale.brl(usd).unwrap_or_default(),
        ];
        canvas.row(&columns, &cells.each_ref().map(String::as_str), Style::regular(8.6));
    }
}

/// The services over all months, the dearest first.
fn drivers(canvas: &mut Canvas, finance: &Finance) {
    let total: Decimal = finance.study.forecast.total.exact();
    let mut services = finance.services();
    services.sort_by_key(|(_, usd)| std::cmp::Reverse(*usd));
    let rows: Vec<_> = services
        .into_iter()
        .take(5)
        .map(|(service, usd)| {
            let text = format!("{} ({} %)", finance.locale.usd(usd), finance.percent(usd, total));
            (service.to_owned(), float(usd), text, ACCENT)
        })
        .collect();
    chart::bars(canvas, 90.0, &rows);
}
