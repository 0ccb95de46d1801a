//! Page 2: the bill, and what Intelligent-Tiering makes of these documents.

use costmodel::LineItem;
use rust_decimal::Decimal;

use super::canvas::{ACCENT, Canvas, GREY, ORANGE, Style, columns};
use super::chart;
use crate::finance::Finance;
use crate::finance_words::Words;
use crate::locale::Language;
use crate::portuguese::named;
use crate::verdict::float;

/// Lines of the bill that are shown; the rest is one line.
const LINES: usize = 18;

pub(super) fn draw(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    bill(canvas, finance, words);
    canvas.heading(words.tiering);
    for sentence in arithmetic(finance) {
        canvas.paragraph(Style::regular(9.2), &sentence);
    }
    let title = format!("{}, {}", words.layouts, words.usd_of_all_months);
    canvas.heading(&title);
    layouts(canvas, finance);
    canvas.heading(words.remedy);
    for sentence in remedy(finance) {
        canvas.paragraph(Style::regular(9.2), &sentence);
    }
}

fn bill(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    canvas.heading(if finance.run.is_some() { words.bill_of_run } else { words.bill_of_month });
    let has_brl = finance.locale.brl_per_usd.is_some();
    let columns = columns(if has_brl {
        &[86.0, 134.0, -78.0, 70.0, -63.0, -68.0]
    } else {
        &[86.0, 176.0, -90.0, 77.0, -70.0]
    });
    let unit = format!("  {}", words.unit);
    canvas.head(&columns, &[words.service, words.item, words.quantity, &unit, "USD", "BRL"]);
    let mut lines: Vec<&LineItem> = finance.bill.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.amount));
    let style = Style::regular(8.2);
    let locale = finance.locale;
    let amounts = |usd: Decimal| (locale.usd(usd), locale.brl(usd).unwrap_or_default());
    let indent = |text: &str| format!("  {text}");
    for line in lines.iter().take(LINES) {
        let (usd, brl) = amounts(line.amount.exact());
        let decimals = if line.quantity >= Decimal::from(100) { 0 } else { 4 };
        let quantity = locale.number(line.quantity, decimals);
        let item = named(locale.language, &line.item);
        let unit = indent(&named(locale.language, &line.unit));
        canvas.row(&columns, &[&line.service, &item, &quantity, &unit, &usd, &brl], style);
    }
    if lines.len() > LINES {
        let rest: Decimal = lines[LINES..].iter().map(|line| line.amount.exact()).sum();
        let (usd, brl) = amounts(rest);
        canvas.row(&columns, &[words.other_lines, "", "", "", &usd, &brl], style);
    }
    let (usd, brl) = amounts(finance.bill_total());
    let orders = locale.number(finance.bill_orders, 0);
    let unit = indent(words.orders);
    canvas.row(&columns, &[words.total, "", &orders, &unit, &usd, &brl], Style::bold(8.6));
}

/// What is stored, at which price, and why no cheaper tier is ever reached.
fn arithmetic(finance: &Finance) -> Vec<String> {
    let locale = finance.locale;
    let size = locale.float(finance.object_kb(), 1);
    let price = |usage: &str| {
        let rate = finance.rates.iter().find(|rate| rate.usage_type.ends_with(usage));
        rate.and_then(|rate| rate.tiers.first()).map(|tier| locale.usd(tier.unit_price))
    };
    let frequent = price("TimedStorage-INT-FA-ByteHrs").unwrap_or_else(|| "-".to_owned());
    let of_month = finance
        .study
        .forecast
        .last_month
        .iter()
        .find(|line| line.service == "S3" && line.unit == "GB-months");
    let kept = of_month.map(|line| (line.quantity, line.amount.exact()));
    let (gb, usd) = kept.unwrap_or_default();
    let (gb, usd) = (locale.number(gb, 1), locale.both(usd));
    let months = finance.study.forecast.months.len();
    let counted = finance.run.as_ref().map(|run| run.small_of_objects);
    let counted = counted.map(|(small, all)| [small, all].map(|n| locale.number(n.into(), 0)));
    match locale.language {
        Language::English => {
            let seen = match counted {
                Some([small, all]) => {
                    format!("{small} of {all} objects of the run are under 128 KB")
                }
                None => format!("Its largest document is assumed to have {size} KB"),
            };
            vec![
                format!(
                    "{seen}. Intelligent-Tiering neither monitors nor moves an object under 128 KB: it stays in Frequent \
                     Access for ever, at {frequent} per GB and month, which is the price of S3 Standard."
                ),
                format!(
                    "In month {months} the documents kept are {gb} GB and cost {usd} that month. The saving that the tiers \
                     promise after 30 and 90 days without a read does not come."
                ),
            ]
        }
        Language::Portuguese => {
            let seen = match counted {
                Some([small, all]) => {
                    format!("{small} de {all} objetos da execução têm menos de 128 KB")
                }
                None => format!("Supõe-se que o maior documento tenha {size} KB"),
            };
            vec![
                format!(
                    "{seen}. O Intelligent-Tiering não monitora nem move objetos com menos de 128 KB: ficam para sempre em \
                     Frequent Access, a {frequent} por GB e mês, o preço do S3 Standard."
                ),
                format!(
                    "No mês {months} os documentos guardados somam {gb} GB e custam {usd} naquele mês. A economia que as \
                     camadas prometem após 30 e 90 dias sem leitura não vem."
                ),
            ]
        }
    }
}

/// Every way to keep the documents as a bar, the one that is in use in another colour.
fn layouts(canvas: &mut Canvas, finance: &Finance) {
    let now = finance.layout_now().map(|cost| cost.name.as_str());
    let locale = finance.locale;
    let rows: Vec<_> = finance
        .study
        .layouts
        .costs
        .iter()
        .map(|cost| {
            let usd = cost.total.exact();
            let colour = if now == Some(cost.name.as_str()) { ORANGE } else { ACCENT };
            let name = named(locale.language, &cost.name).into_owned();
            (name, float(usd), locale.usd(usd), colour)
        })
        .collect();
    chart::bars(canvas, 196.0, &rows);
    let style = Style::regular(7.6).coloured(GREY);
    let note = match locale.language {
        Language::English => "Orange: as it is.",
        Language::Portuguese => "Laranja: como está.",
    };
    canvas.paragraph(style, note);
}

/// The best way, what it saves, and what it costs besides.
fn remedy(finance: &Finance) -> Vec<String> {
    let Some(best) = finance.study.best_layout() else { return Vec::new() };
    let language = finance.locale.language;
    let besides = format!("latency: {}; complexity: {}.", best.latency, best.complexity);
    let besides = named(language, &besides).into_owned();
    let what_else = match language {
        Language::English => format!("What it costs besides money: {besides}"),
        Language::Portuguese => format!("O que custa além de dinheiro: {besides}"),
    };
    finance.tiering().into_iter().chain([what_else]).collect()
}
