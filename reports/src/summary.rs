//! `summary.md`: the verdict for a pull request or a chat. The tables first, details folded.

use std::fmt::Write as _;

use claims::words::{duration, grouped};
use gates::Check;

use crate::words::headline;
use crate::{ReportError, ReportInput};

/// GitHub refuses comments of 65,536 characters and more.
const CHARACTERS_MAX: usize = 65_000;

pub(crate) fn render(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let mut text = String::new();
    write(&mut text, input)
        .map_err(|error| ReportError { file: "summary.md", cause: error.to_string() })?;
    Ok(shortened(text))
}

fn write(out: &mut String, input: &ReportInput<'_>) -> std::fmt::Result {
    let (manifest, account) = (input.evidence.manifest, input.evidence.reconciliation);
    match input.check {
        Some(check) if check.exit_code > 0 => {
            writeln!(out, "## Gates: exit {}, {}\n", check.exit_code, cell(&check.reason))?;
        }
        Some(_) => writeln!(out, "## Every gate passed\n")?,
        None => writeln!(out, "## {}\n", headline(input.judgement.verdict))?,
    }
    if let Some(check) = input.check {
        gates(out, check)?;
    }
    writeln!(out, "| claim | standing | because |\n|---|---|---|")?;
    for finding in &input.judgement.findings {
        let (promise, reason) = (cell(&finding.promise), cell(&finding.reason));
        writeln!(out, "| {promise} | **{}** | {reason} |", finding.standing)?;
    }
    writeln!(
        out,
        "\n{} of {} orders documented in `{}` (profile {}, seed {}). {}.",
        grouped(account.documented + account.recovered),
        grouped(account.planned),
        manifest.id,
        manifest.profile,
        manifest.seed,
        input.judgement.reason,
    )?;
    numbers(out, input)?;
    for caveat in input.judgement.findings.iter().flat_map(|finding| &finding.caveats) {
        writeln!(out, "\n> {caveat}")?;
    }
    if let Some(check) = input.check {
        details(out, check)?;
    }
    Ok(())
}

fn gates(out: &mut String, check: &Check) -> std::fmt::Result {
    writeln!(out, "| gate | standing | because |\n|---|---|---|")?;
    for gate in &check.gates {
        let places = match gate.standing {
            gates::Standing::Pass | gates::Standing::NotJudged => String::new(),
            gates::Standing::Warn | gates::Standing::Inconclusive | gates::Standing::Fail => {
                format!(" *Look at {}.*", gate.look_at().join("; "))
            }
        };
        let reason = cell(&format!("{}{places}", gate.reason));
        writeln!(out, "| {} | **{}** | {reason} |", gate.name, gate.standing)?;
    }
    writeln!(out)
}

fn numbers(out: &mut String, input: &ReportInput<'_>) -> std::fmt::Result {
    let manifest = input.evidence.manifest;
    let response = &manifest.generator.response;
    writeln!(out, "\n| measure | value |\n|---|---|")?;
    writeln!(
        out,
        "| response time p50 / p99 / max | {} / {} / {} |",
        duration(response.p50_us),
        duration(response.p99_us),
        duration(response.max_us)
    )?;
    writeln!(
        out,
        "| queue empty after the last order | {} |",
        duration(manifest.phases.drain_ms * 1_000)
    )?;
    for region in &input.evidence.cost.regions {
        writeln!(
            out,
            "| cost per million orders, {} list prices | {} |",
            region.region, region.per_million.total
        )?;
    }
    Ok(())
}

/// Every number that a gate looked at, folded.
fn details(out: &mut String, check: &Check) -> std::fmt::Result {
    writeln!(out, "\n<details><summary>Every number that was looked at</summary>\n")?;
    writeln!(out, "Compared with {}.\n", check.compared_with)?;
    writeln!(out, "| gate | number | standing | what it was |\n|---|---|---|---|")?;
    for gate in &check.gates {
        for measure in &gate.measures {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                gate.name,
                cell(&measure.name),
                measure.standing,
                cell(&measure.said)
            )?;
        }
    }
    writeln!(out, "\n</details>")
}

/// A text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// What fits a comment: whole lines from the begin, and that something is missing.
fn shortened(text: String) -> String {
    if text.chars().count() <= CHARACTERS_MAX {
        return text;
    }
    let mut short = String::new();
    let mut characters = 0;
    for line in text.lines() {
        characters += line.chars().count() + 1;
        if characters > CHARACTERS_MAX {
            break;
        }
        short.push_str(line);
        short.push('\n');
    }
    let is_open = short.matches("<details>").count() > short.matches("</details>").count();
    short.push_str(if is_open { "\n</details>\n" } else { "" });
    short.push_str("\n> The rest did not fit: check.json has all of it.\n");
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::example::check;

    #[test]
    fn the_table_comes_first_and_the_numbers_are_folded() {
        let mut text = String::new();
        gates(&mut text, &check()).unwrap();
        details(&mut text, &check()).unwrap();
        let row =
            "| leak | **FAIL** | function memory: 20.0 to 31.0 MB *Look at the memory columns";
        assert!(text.contains(row), "{text}");
        let folded = text.find("<details>").unwrap();
        assert!(text.find("| gate | standing").unwrap() < folded && text.ends_with("</details>\n"));
        assert!(text[folded..].contains("| service level | acceptance, p99 | INCONCLUSIVE |"));
    }

    #[test]
    fn a_summary_that_is_too_long_is_cut_between_lines_and_closed() {
        let line = "| gate | é |\n";
        let text = format!("## x\n<details>\n{}", line.repeat(6_000));
        let short = shortened(text);
        assert!(short.chars().count() < 65_536);
        assert!(short.contains("| gate | é |\n\n</details>\n"), "{}", &short[short.len() - 120..]);
        assert!(short.ends_with("check.json has all of it.\n"));
        assert_eq!(shortened("short".to_owned()), "short");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(cell("p99 | max\nof all"), "p99 \\| max of all");
    }
}
