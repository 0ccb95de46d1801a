//! Page 3: what the numbers rest on, where prices come from, what is not in them, and who signs.

use std::collections::BTreeMap;

use super::canvas::{Canvas, GREY, INK, LEFT, RIGHT, Style, columns};
use crate::finance::Finance;
use crate::finance_words::Words;
use crate::locale::Language;
use crate::portuguese::named;

/// Inputs that are shown here; all of them are in the workbook.
const SHOWN: &[&str] = &[
    "orders.per_day",
    "orders.growth_percent_per_month",
    "orders.items",
    "documents.xml_bytes",
    "documents.xml_bytes_per_item",
    "documents.pdf_bytes",
    "documents.pdf_bytes_per_item",
    "queue.retries_percent",
    "function.memory_mb",
    "function.cpu_ms_per_order",
    "function.wait_ms_per_order",
    "function.orders_per_invocation",
    "logs.bytes_per_order",
    "storage.retention_months",
    "reads.early_per_order",
    "reads.later_per_order_in_30_days",
];

pub(super) fn draw(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    canvas.heading(words.assumptions);
    let style = Style::regular(8.6);
    let choices = named(finance.locale.language, &finance.study.choices);
    canvas.paragraph(style, &format!("{}: {choices}.", words.choices));
    assumptions(canvas, finance, words);
    canvas.heading(words.sources);
    sources(canvas, finance, words);
    canvas.heading(words.not_included);
    for item in not_included(finance) {
        canvas.paragraph(style, &format!("•  {item}"));
    }
    signature(canvas, words);
}

fn assumptions(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    let locale = finance.locale;
    let columns = columns(&[190.0, -90.0, 70.0, 149.0]);
    let unit = format!("  {}", words.unit);
    canvas.head(&columns, &[words.input, words.value, &unit, words.kind]);
    let style = Style::regular(8.0);
    if let Some(rate) = locale.brl_per_usd {
        let rate = locale.number(rate, 4);
        canvas.row(&columns, &[words.fx, &rate, "  BRL/USD", words.stated_here], style);
    }
    let shown = finance.study.assumptions.iter().filter(|input| SHOWN.contains(&input.key));
    for input in shown {
        let decimals = if input.value.fract() == 0.0 { 0 } else { 3 };
        let value = locale.float(input.value, decimals);
        let unit = format!("  {}", named(locale.language, input.unit));
        let source = match input.source {
            "measured" => words.measured,
            "derived" => words.derived,
            "assumed, stated" => words.stated_in_file,
            _ => words.assumed,
        };
        canvas.row(&columns, &[input.key, &value, &unit, source], style);
    }
    let note = format!("{} {}.", words.more_inputs, words.assumptions);
    canvas.y -= 3.0;
    canvas.paragraph(Style::regular(7.6).coloured(GREY), &note);
}

/// Offers, with the dates and names of their sources.
fn sources(canvas: &mut Canvas, finance: &Finance, words: &Words) {
    let mut offers: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for rate in &finance.rates {
        let (dates, sources) = offers.entry(&rate.service).or_default();
        for (list, text) in [(dates, &rate.published), (sources, &rate.source)] {
            if !list.contains(&text.as_str()) {
                list.push(text);
            }
        }
    }
    let columns = columns(&[100.0, 150.0, 249.0]);
    canvas.head(&columns, &[words.service, words.published, words.source]);
    for (service, (mut dates, sources)) in offers {
        dates.sort_unstable();
        let row = [service, &dates.join(", "), &sources.join("; ")];
        canvas.row(&columns, &row, Style::regular(8.0));
    }
    canvas.y -= 3.0;
    canvas.paragraph(Style::regular(7.6).coloured(GREY), words.source_names);
}

fn not_included(finance: &Finance) -> Vec<&'static str> {
    let mut items = match finance.locale.language {
        Language::English => vec![
            "Taxes on the bill, tax withheld on payments abroad, and exchange charges.",
            "Support plans, negotiated discounts, savings plans and credits: these are list prices.",
            "The database and the network between it and the function: the system's own, and existing.",
            "Transfer of data to partners and readers, and the people who build and run it.",
        ],
        Language::Portuguese => vec![
            "Impostos sobre a fatura, retenções sobre pagamentos ao exterior e tarifas de câmbio.",
            "Planos de suporte, descontos negociados, savings plans e créditos: são preços de tabela.",
            "O banco de dados e a rede entre ele e a função: já existem, são do próprio sistema.",
            "Transferência de dados a parceiros e leitores, e as pessoas que constroem e operam.",
        ],
    };
    if finance.run.is_some() {
        items.push(match finance.locale.language {
            Language::English => {
                "Alarms and dashboard of the deployed stack, whose cost does not depend on orders (infra/README.md)."
            }
            Language::Portuguese => {
                "Alarmes e painel do sistema implantado, cujo custo não depende de pedidos (infra/README.md)."
            }
        });
    }
    items
}

fn signature(canvas: &mut Canvas, words: &Words) {
    canvas.heading(words.signature);
    canvas.y -= 20.0;
    for (x, text) in [(LEFT, words.name_role), (RIGHT - 220.0, words.place_date)] {
        canvas.rule(INK, x, canvas.y, 220.0);
        canvas.left(Style::regular(7.6).coloured(GREY), x, canvas.y - 10.0, text);
    }
    canvas.y -= 14.0;
}
