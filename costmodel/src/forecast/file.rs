//! A forecast as a person writes it: TOML, all keys optional but the region, unknown keys refused.
//! `docs/forecast.md` says what each means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::assumptions::{
    Api, Assumptions, Documents, Function, Hosting, Logs, Orders, Platform, Queue, Reads, Servers,
    Storage,
};
use super::inputs::INPUTS;
use super::uncertainty::{Spread, Uncertain};
use crate::storage::MONTHS_MAX;
use crate::{PriceError, Region, RegionError, Terms, Usage};

/// A forecast that cannot be made.
#[derive(Debug, Error)]
pub enum ForecastError {
    /// Not TOML, a key that nobody knows, or a value of the wrong kind: the message has the line.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Values that make no sense, all of them.
    #[error("{}", .0.join("; "))]
    Values(Vec<String>),
    /// A region without prices.
    #[error("region: {0}")]
    Region(#[from] RegionError),
    /// Something is used that has no price.
    #[error(transparent)]
    Price(#[from] PriceError),
}

/// A forecast file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastFile {
    /// What it is called, side by side with others.
    #[serde(default)]
    pub name: Option<String>,
    /// The AWS region, such as `sa-east-1`.
    pub region: String,
    /// Whether the free tier is taken off.
    #[serde(default)]
    pub free_tier: bool,
    /// Months to look ahead, 1 to 132.
    #[serde(default = "five_years")]
    pub months: usize,
    #[serde(default = "rest")]
    api: Api,
    #[serde(default = "on_lambda")]
    hosting: Hosting,
    #[serde(default)]
    orders: Orders,
    #[serde(default)]
    documents: Documents,
    #[serde(default)]
    queue: Queue,
    #[serde(default)]
    function: Function,
    #[serde(default)]
    logs: Logs,
    #[serde(default)]
    platform: Platform,
    #[serde(default)]
    storage: Storage,
    #[serde(default)]
    reads: Reads,
    #[serde(default)]
    servers: Servers,
    #[serde(default)]
    uncertain: BTreeMap<String, Spread>,
    /// The keys that the file has.
    #[serde(skip)]
    stated: Vec<String>,
    /// Whether a run measured what [`MEASURED`] names.
    #[serde(skip)]
    measured: bool,
}

/// What [`Assumptions::of_usage`] takes from a run.
const MEASURED: &[&str] = &[
    "documents.xml_bytes",
    "documents.xml_bytes_per_item",
    "documents.pdf_bytes",
    "documents.pdf_bytes_per_item",
    "function.memory_mb",
    "function.cpu_ms_per_order",
    "function.wait_ms_per_order",
    "function.ms_per_invocation",
    "function.init_ms",
    "function.cold_start_percent",
    "function.orders_per_invocation",
    "logs.bytes_per_order",
    "logs.bytes_per_invocation",
];

const fn five_years() -> usize {
    60
}

const fn rest() -> Api {
    Api::Rest
}

const fn on_lambda() -> Hosting {
    Hosting::Lambda
}

/// An assumption, as a report lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumed {
    /// Its key in the file.
    pub key: &'static str,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// `assumed, default`, `assumed, stated`, `measured` or `derived`.
    pub source: &'static str,
}

impl ForecastFile {
    /// Reads one.
    ///
    /// # Errors
    /// With the line, if it is no TOML or has a key that nobody knows; with every key, if a value
    /// makes no sense.
    pub fn parse(text: &str) -> Result<Self, ForecastError> {
        let mut file: Self = toml::from_str(text)?;
        file.stated = stated(&toml::from_str(text)?);
        let mut wrong = file.assumptions().wrong();
        if !(1..=MONTHS_MAX).contains(&file.months) {
            wrong.push(format!("months: from 1 to {MONTHS_MAX}"));
        }
        for (key, spread) in &file.uncertain {
            let known = INPUTS.iter().find(|input| input.key == key);
            wrong.extend(match known {
                Some(input) => spread.wrong(input),
                None => {
                    vec![format!("uncertain.{key:?}: no such number, such as \"orders.per_day\"")]
                }
            });
        }
        if wrong.is_empty() { Ok(file) } else { Err(ForecastError::Values(wrong)) }
    }

    /// A run carried on for so many months, at so many orders a day: what it measured of an order,
    /// and the defaults for what no run can tell.
    pub fn of_run(name: &str, usage: &Usage, region: Region, per_day: f64) -> Self {
        let mut a = Assumptions::of_usage(usage);
        let (least, most) = INPUTS[0].range;
        a.orders.per_day = per_day.clamp(least, most);
        Self {
            name: Some(name.to_owned()),
            region: region.to_string(),
            free_tier: false,
            months: five_years(),
            api: a.api,
            hosting: a.hosting,
            orders: a.orders,
            documents: a.documents,
            queue: a.queue,
            function: a.function,
            logs: a.logs,
            platform: a.platform,
            storage: a.storage,
            reads: a.reads,
            servers: a.servers,
            uncertain: BTreeMap::new(),
            stated: Vec::new(),
            measured: true,
        }
    }

    /// The region whose prices it asks for.
    ///
    /// # Errors
    /// If no prices of it are shipped.
    pub fn region(&self) -> Result<Region, ForecastError> {
        Ok(self.region.parse()?)
    }

    /// What is agreed besides the prices.
    pub fn terms(&self) -> Terms {
        Terms { free_tier: self.free_tier }
    }

    /// What it assumes.
    pub fn assumptions(&self) -> Assumptions {
        Assumptions {
            api: self.api,
            hosting: self.hosting,
            orders: self.orders,
            documents: self.documents,
            queue: self.queue,
            function: self.function,
            logs: self.logs,
            platform: self.platform,
            storage: self.storage,
            reads: self.reads,
            servers: self.servers,
        }
    }

    /// Changes a number, as a flag of the command line does.
    ///
    /// # Errors
    /// If it makes no sense.
    pub fn set_per_day(&mut self, per_day: f64) -> Result<(), ForecastError> {
        self.orders.per_day = per_day;
        self.stated.push("orders.per_day".to_owned());
        let wrong = self.assumptions().wrong();
        if wrong.is_empty() { Ok(()) } else { Err(ForecastError::Values(wrong)) }
    }

    /// Changes how far it looks ahead, as a flag of the command line does.
    ///
    /// # Errors
    /// If that is too far, or not at all.
    pub fn set_months(&mut self, months: usize) -> Result<(), ForecastError> {
        self.months = months;
        if (1..=MONTHS_MAX).contains(&months) {
            return Ok(());
        }
        Err(ForecastError::Values(vec![format!("from 1 to {MONTHS_MAX}")]))
    }

    /// What it is unsure of.
    pub fn uncertain(&self) -> Vec<Uncertain> {
        INPUTS
            .iter()
            .filter_map(|input| {
                self.uncertain
                    .get(input.key)
                    .map(|spread| Uncertain { input: *input, spread: *spread })
            })
            .collect()
    }

    /// Every number, with where it came from.
    pub fn assumed(&self) -> Vec<Assumed> {
        let mut a = self.assumptions();
        INPUTS
            .iter()
            .map(|input| Assumed {
                key: input.key,
                value: *(input.of)(&mut a),
                unit: input.unit,
                source: self.source(input.key),
            })
            .collect()
    }

    fn source(&self, key: &str) -> &'static str {
        if self.measured && MEASURED.contains(&key) {
            "measured"
        } else if self.measured && key == "orders.per_day" {
            "derived"
        } else if self.stated.iter().any(|stated| stated == key) {
            "assumed, stated"
        } else {
            "assumed, default"
        }
    }
}

/// The keys of a file, as `table.key`.
fn stated(table: &toml::Table) -> Vec<String> {
    let inner = |(name, value): (&String, &toml::Value)| match value.as_table() {
        Some(inner) => inner.keys().map(|key| format!("{name}.{key}")).collect(),
        None => vec![name.clone()],
    };
    table.iter().flat_map(inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_all_that_a_file_must_say() {
        let file = ForecastFile::parse("region = \"sa-east-1\"").unwrap();
        assert_eq!(file.assumptions(), Assumptions::default());
        assert_eq!((file.months, file.free_tier), (60, false));
        assert!(file.assumed().iter().all(|number| number.source == "assumed, default"));
    }

    #[test]
    fn every_number_has_a_key_of_its_own_that_the_file_knows() {
        for (place, input) in INPUTS.iter().enumerate() {
            let (table, key) = input.key.split_once('.').unwrap();
            // A different number for each, within its range.
            let value = input.range.0 + (input.range.1 - input.range.0) * 0.25;
            let value = if key == "retention_months" { 42.0 } else { value };
            let value = if key == "batch_size" { 7.0 } else { value };
            let text = format!("region='us-east-1'\n[{table}]\n{key} = {value:.3}");
            let parsed = ForecastFile::parse(&text);
            let mut file = match parsed {
                Ok(file) => file.assumptions(),
                Err(error) => panic!("{text}: {error}"),
            };
            let read = *(input.of)(&mut file);
            assert!((read - value).abs() < 1e-3, "{} {read} {value}", input.key);
            // And it is no other number's place.
            *(input.of)(&mut file) = -777.25;
            for (other, input) in INPUTS.iter().enumerate() {
                assert_eq!(*(input.of)(&mut file) == -777.25, other == place, "{}", input.key);
            }
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_all_wrong_values_at_once() {
        let error =
            ForecastFile::parse("region = \"sa-east-1\"\n[orders]\nper_dya = 3").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains("per_dya"), "{text}");
        let text = "region='sa-east-1'\nmonths=133\n[orders]\nitems=0\n[function]\nmemory_mb=127";
        let error = ForecastFile::parse(text).unwrap_err().to_string();
        for part in ["months", "orders.items", "function.memory_mb"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
