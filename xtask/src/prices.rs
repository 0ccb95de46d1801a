//! Makes the shipped price lists, in the layout in which AWS publishes its own, from the table
//! `costmodel/prices/rates.csv`, where each price stands with its source and date.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

/// Regions for which a list is made; rows of `global` go into each.
const REGIONS: &[(&str, &str)] = &[
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("eu-west-1", "EU (Ireland)"),
    ("us-west-2", "US West (Oregon)"),
];

/// What usage types of the regions begin with; those of us-east-1 have no prefix.
const PREFIXES: &[&str] = &["SAE1-", "EU-", "USW2-"];

/// The term of ordinary prices and that of free tiers, in every list of AWS.
const ON_DEMAND: &str = "JRTCKXETXF";
const FREE_TIER: &str = "A429C66SYZ";

type Row = BTreeMap<String, String>;

/// Writes the lists, or checks that they are what would be written.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let folder = root.join("costmodel/prices");
    let rows = read(&folder.join("rates.csv"))?;
    let mut shipped = String::new();
    for (region, location) in REGIONS {
        let mut offers: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| [*region, "global"].contains(&row["region"].as_str())) {
            offers.entry(&row["offer_code"]).or_default().push(row);
        }
        // A list of nothing but free tiers is none.
        offers.retain(|_, rows| rows.iter().any(|row| row["region"] != "global"));
        fs::create_dir_all(folder.join(region))?;
        shipped.push_str(&format!("    (\"{region}\", &[\n"));
        for (offer, rows) in offers {
            let path = folder.join(region).join(format!("{offer}.json"));
            put(&path, &format!("{:#}\n", list(offer, location, region, &rows)), check)?;
            shipped.push_str(&format!("        include_str!(\"{region}/{offer}.json\"),\n"));
        }
        shipped.push_str("    ]),\n");
    }
    let head = "// Made by `cargo xtask prices`: the lists that are shipped.\n";
    put(&folder.join("shipped.in"), &format!("{head}&[\n{shipped}]\n"), check)?;
    println!("prices: {} rows, {} regions", rows.len(), REGIONS.len());
    Ok(())
}

/// Writes a file, or fails if it is not there as it would be written.
fn put(path: &Path, text: &str, check: bool) -> Result<()> {
    if check && fs::read_to_string(path).unwrap_or_default() != text {
        bail!("{} is not current: run `cargo xtask prices`", path.display());
    }
    if !check {
        fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

/// One offer file. Its version and date are those of its newest price; a free tier is none.
fn list(offer: &str, location: &str, region: &str, rows: &[&Row]) -> Value {
    let prices = rows.iter().filter(|row| row["region"] != "global");
    let published = prices.map(|row| row["published"].as_str()).max().unwrap_or("");
    let mut products = Map::new();
    let mut terms: Map<String, Value> = Map::new();
    for row in rows {
        let is_free = row["region"] == "global";
        let sku = &row["sku"];
        products.insert(sku.clone(), product(offer, location, region, row, is_free));
        let code = if is_free { FREE_TIER } else { ON_DEMAND };
        let restriction =
            if is_free { json!({"Restriction": "Limited SKU Usage"}) } else { json!({}) };
        let key = format!("{sku}.{code}");
        let term = terms.entry(sku.clone()).or_insert_with(|| {
            json!({ key.clone(): {
                "offerTermCode": code,
                "sku": sku,
                "effectiveDate": format!("{}T00:00:00Z", row["effective_date"]),
                "priceDimensions": {},
                "termAttributes": restriction,
            }})
        });
        let applies_to = if is_free { free_for(row, rows) } else { Vec::new() };
        term[&key]["priceDimensions"][&row["rate_code"]] = json!({
            "rateCode": row["rate_code"],
            "description": row["description"],
            "beginRange": row["begin"],
            "endRange": row["end"],
            "unit": row["unit"],
            "pricePerUnit": { "USD": row["usd_per_unit"] },
            "appliesTo": applies_to,
        });
    }
    json!({
        "formatVersion": "v1.0",
        "disclaimer": "A selection made by vazao; see costmodel/prices/README.md for the source of each price.",
        "offerCode": offer,
        "version": published.replace('-', ""),
        "publicationDate": format!("{published}T00:00:00Z"),
        "products": products,
        "terms": { "OnDemand": terms },
    })
}

fn product(offer: &str, location: &str, region: &str, row: &Row, is_free: bool) -> Value {
    json!({
        "sku": row["sku"],
        "attributes": {
            "servicecode": offer,
            "location": if is_free { "Any" } else { location },
            "locationType": "AWS Region",
            "usagetype": row["usagetype"],
            "operation": row["operation"],
            "regionCode": if is_free { "" } else { region },
            "source": row["source"],
            "grade": row["grade"],
            "published": row["published"],
        },
    })
}

/// The usages that share a free pool, where it is not the one usage of its name (and that of arm64).
const SHARED_POOLS: &[(&str, &[&str])] = &[
    ("Global-Requests", &["Requests-Tier1", "Requests-FIFO-Tier1"]),
    ("Global-DataProcessing-Bytes", &["DataProcessing-Bytes", "VendedLog-Bytes"]),
];

/// The SKUs that share a free pool.
fn free_for(free: &Row, rows: &[&Row]) -> Vec<String> {
    let global = free["usagetype"].as_str();
    let shared = SHARED_POOLS.iter().find(|(pool, _)| *pool == global).map(|(_, usages)| *usages);
    let covers = |usage: &str| match shared {
        Some(usages) => usages.contains(&usage),
        None => usage.trim_end_matches("-ARM") == global.trim_start_matches("Global-"),
    };
    let mut skus: Vec<String> = rows
        .iter()
        .filter(|row| row["region"] != "global" && covers(without_region(&row["usagetype"])))
        .map(|row| row["sku"].clone())
        .collect();
    skus.dedup();
    skus
}

fn without_region(usage_type: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| usage_type.strip_prefix(prefix)).unwrap_or(usage_type)
}
