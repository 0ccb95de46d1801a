//! The gateway's schema, from the template that is deployed, and the parser say the same of
//! every example.

use std::fs;
use std::path::Path;

use localcloud::{CloudConfig, TemplateSettings};
use orders::{Order, OrderError, RunTag, Sampler, World};
use serde_json::Value;

/// What the parser refuses and a schema cannot see: the files by name.
const BEYOND_A_SCHEMA: &[&str] = &[
    "cnpj-check-digit",
    "delivery-date-of-no-day",
    "gtin-check-digit",
    "issued-at-on-no-day",
    "line-twice",
    "payment-terms-falling",
];

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(workspace().join("infra/template.yaml")).unwrap();
    let mut settings = TemplateSettings::new("/nowhere");
    settings.parameters.insert("DatabaseUrl".to_owned(), "none".to_owned());
    settings.executables.insert("order-processor".to_owned(), "/nowhere/bootstrap".into());
    let config = CloudConfig::from_template(&text, &settings).unwrap();
    let route = config.api.unwrap().routes.remove(0);
    jsonschema::validator_for(&route.request_schema.unwrap()).unwrap()
}

fn workspace() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Name and text of every example of a kind.
fn examples(kind: &str) -> Vec<(String, String)> {
    let folder = workspace().join("testdata/orders").join(kind);
    let mut examples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    examples.sort();
    examples
}

#[test]
fn schema_and_parser_accept_every_valid_example() {
    let schema = schema();
    let examples = examples("valid");
    assert!(examples.len() >= 5);
    for (name, text) in examples {
        assert!(schema.is_valid(&serde_json::from_str(&text).unwrap()), "{name}");
        Order::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn the_parser_refuses_every_invalid_example_and_the_schema_all_that_it_can_see() {
    let schema = schema();
    let examples = examples("invalid");
    assert!(examples.len() >= 12);
    let mut unseen = Vec::new();
    for (name, text) in &examples {
        let error = Order::parse(text.as_bytes()).unwrap_err();
        let is_unseen = schema.is_valid(&serde_json::from_str(text).unwrap());
        if is_unseen {
            unseen.push(name.as_str());
        }
        // What passes the gateway is refused with a reason; what does not is never a reason.
        assert_eq!(matches!(error, OrderError::Fault(_)), is_unseen, "{name}: {error:?}");
    }
    assert_eq!(unseen, BEYOND_A_SCHEMA);
}

#[test]
fn sampled_orders_pass_the_schema() {
    let schema = schema();
    let sampler = Sampler::new(5, RunTag::from_seed_text("schema"), World::default());
    for index in 0..500 {
        let order = sampler.order(index, jiff::Timestamp::UNIX_EPOCH).order;
        let value: Value = serde_json::to_value(&order).unwrap();
        assert!(schema.is_valid(&value), "order {index}: {value}");
    }
}

#[test]
fn an_order_has_at_most_as_many_items_as_an_invoice() {
    let (_, text) = examples("valid").into_iter().find(|(name, _)| name == "minimal").unwrap();
    let schema = schema();
    for (count, fine) in [(990, true), (991, false)] {
        let mut order: Value = serde_json::from_str(&text).unwrap();
        let item = order["items"][0].clone();
        order["items"] = (1..=count)
            .map(|line| {
                let mut item = item.clone();
                item["line"] = line.into();
                item
            })
            .collect();
        assert_eq!(schema.is_valid(&order), fine, "{count}");
        assert_eq!(Order::parse(order.to_string().as_bytes()).is_ok(), fine, "{count}");
    }
}
