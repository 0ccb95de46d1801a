//! `docs/usage.md` promises keys, examples and gaps: each is held against the code.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use costmodel::{PriceSheet, Region, UsageFile, keys_of_sections, known_gaps};
use rust_decimal::Decimal;

const DOC: &str = include_str!("../../docs/usage.md");

/// The section that a heading is about: the text between its brackets; the top of the file has none.
fn section_of(heading: &str) -> Option<&str> {
    if heading == "At the top of the file" {
        return Some("");
    }
    let inner = heading.strip_prefix("`[")?.trim_start_matches('[');
    inner.split(']').next()
}

/// The keys of the tables' first columns, by section.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut section = None;
    for line in DOC.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = section_of(heading);
        }
        if let (Some(section), Some(row)) = (section, line.strip_prefix("| `")) {
            let first = row.split(" |").next().unwrap();
            let names = first.split('`').step_by(2).map(str::to_owned);
            keys.entry(section.to_owned())
                .or_default()
                .extend(names.filter(|name| !name.is_empty()));
        }
    }
    keys
}

/// Each example, and the total that stands below it.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in DOC.split("```toml\n").skip(1) {
        let (text, after) = part.split_once("```\n").unwrap();
        let total = after.strip_prefix("`total`: ").unwrap_or_else(|| panic!("no total:\n{text}"));
        found.push((text.to_owned(), total.lines().next().unwrap().trim().to_owned()));
    }
    found
}

#[test]
fn every_key_of_the_code_is_documented_and_every_documented_key_is_one() {
    let documented = documented();
    for (section, keys) in keys_of_sections() {
        let keys: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(documented.get(section), Some(&keys), "[{section}]");
    }
    assert_eq!(documented.len(), keys_of_sections().len());
}

#[test]
fn every_example_costs_what_stands_below_it() {
    let mut wrong = Vec::new();
    for (text, total) in examples() {
        let file = UsageFile::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let sheet = PriceSheet::snapshot(file.region().unwrap()).unwrap();
        let bill = file.bill(&sheet).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let found = bill.total.exact().normalize();
        let lines: Vec<String> = bill
            .lines
            .iter()
            .map(|line| format!("  {} {}: {}", line.item, line.quantity, line.amount.exact()))
            .collect();
        if total.parse::<Decimal>().ok().map(|total| total.normalize()) != Some(found) {
            wrong.push(format!("TOTAL {found} not {total}\n{text}{}", lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_key_is_in_an_example() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (text, _) in examples() {
        let table: toml::Table = text.parse().unwrap();
        used.entry(String::new()).or_default().extend(table.keys().cloned());
        for (section, value) in &table {
            let tables: Vec<&toml::Table> = match value {
                toml::Value::Table(table) => vec![table],
                toml::Value::Array(entries) => {
                    entries.iter().flat_map(|one| one.as_table()).collect()
                }
                _ => continue,
            };
            let keys = tables.iter().flat_map(|table| table.keys().cloned());
            used.entry(section.clone()).or_default().extend(keys);
        }
    }
    for (section, keys) in keys_of_sections() {
        let missing: Vec<&&str> =
            keys.iter().filter(|key| !used[section].contains(**key)).collect();
        assert!(missing.is_empty(), "[{section}]: no example has {missing:?}");
    }
}

#[test]
fn every_gap_is_listed() {
    for region in Region::ALL {
        let listed = DOC
            .lines()
            .find_map(|line| line.strip_prefix(&format!("- {region}: ")))
            .unwrap_or_else(|| panic!("no line `- {region}: ` of gaps"));
        let listed: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
        let gaps = known_gaps(*region);
        let names: BTreeSet<String> = gaps
            .iter()
            .map(|gap| {
                format!("{} {} {}", gap.offer, gap.usage, gap.operation).trim_end().to_owned()
            })
            .collect();
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(listed, names, "{region}");
    }
}
