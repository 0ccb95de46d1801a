//! The template that is deployed, served: what a partner can send, and what arrives.

use std::collections::HashMap;

use localcloud::{ApiKey, CloudConfig, LocalCloud, TemplateSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Client;
use serde_json::{Value, json};

use super::Fixture;

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// The deployed API and queue, without the function: messages stay.
async fn cloud() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = TemplateSettings::new(dir.path());
    settings.parameters.extend([
        ("DatabaseUrl".to_owned(), "none".to_owned()),
        ("RequestAuthorization".to_owned(), "API_KEY".to_owned()),
    ]);
    settings.executables.insert("order-processor".to_owned(), std::env::current_exe().unwrap());
    let mut config = CloudConfig::from_template(TEMPLATE, &settings).unwrap();
    config.event_sources.clear();
    config.functions.clear();
    let api = config.api.as_mut().unwrap();
    api.api_keys = vec![ApiKey {
        id: "acme".to_owned(),
        value: "key-1".to_owned(),
        usage_plan: Some("partners".to_owned()),
    }];
    let cloud = LocalCloud::start(config).await.unwrap();
    Fixture { dir, cloud }
}

fn order(terms: &str) -> Value {
    json!({
        "partner_order_no": "PO-1", "issued_at": "2026-11-23T10:15:00Z",
        "buyer": {"cnpj": "12345678000195"}, "ship_to": {"code": "CD-1"},
        "payment_terms": terms,
        "items": [{"line": 1, "ean": "7891000100103", "qty": 3, "unit_price": "10.00"}],
    })
}

struct Partner<'a> {
    client: Client,
    fixture: &'a Fixture,
}

impl Partner<'_> {
    async fn put(&self, number: &str, content_type: &str, body: Vec<u8>) -> (u16, Value) {
        let url = format!("{}/v1/orders/{number}", self.fixture.cloud.gateway_url());
        let request = self.client.put(url).header("x-api-key", "key-1");
        let response =
            request.header("content-type", content_type).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }
}

/// Every stored body by the order number it came under, and its digest.
async fn stored(fixture: &Fixture) -> HashMap<String, (String, String)> {
    let (sqs, queue) = (fixture.sqs(), fixture.cloud.queue_url("orders").unwrap());
    let mut found = HashMap::new();
    loop {
        let received = sqs.receive_message().queue_url(&queue).max_number_of_messages(10);
        let received = received.message_attribute_names("All").send().await.unwrap();
        if received.messages().is_empty() {
            return found;
        }
        for message in received.messages() {
            let attributes = message.message_attributes().unwrap();
            assert_eq!(attributes["partner"].string_value(), Some("acme"));
            let number = attributes["orderNumber"].string_value().unwrap().to_owned();
            let (body, md5) = (message.body().unwrap(), message.md5_of_body().unwrap());
            let earlier = found.insert(number, (body.to_owned(), md5.to_owned()));
            assert!(earlier.is_none());
        }
    }
}

/// The bodies are valid orders written in every way that JSON allows: blanks, escapes, other
/// orders of fields, and text between that forms and templates trip over. Whatever is answered
/// with a 202 is stored byte by byte, and whatever is not is not stored.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_bodies_are_stored_as_sent_or_refused() {
    const BODIES: usize = 10_000;
    let fixture = cloud().await;
    let bodies = fuzzed_bodies(BODIES);
    let mut accepted = HashMap::new();
    let partner = Partner { client: Client::new(), fixture: &fixture };
    for (index, body) in bodies.into_iter().enumerate() {
        let number = format!("N{index}");
        let (status, answer) = loop {
            let answered = partner.put(&number, "application/json", body.clone()).await;
            // The partner's plan has a rate, which a fast machine meets.
            if answered.0 != 429 {
                break answered;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        match status {
            202 => {
                let md5 = answer["md5OfMessageBody"].as_str().unwrap().to_owned();
                accepted.insert(number, (String::from_utf8(body).unwrap(), md5));
            }
            400 => {}
            other => panic!("{number}: {other} {answer} for {body:?}"),
        }
    }
    let found = stored(&fixture).await;
    assert_eq!(found.len(), accepted.len());
    assert!(accepted.len() > BODIES / 3 && accepted.len() < BODIES, "{}", accepted.len());
    assert!(found == accepted, "a body was changed on its way");
}

/// From a fixed seed. Two in three are orders, one in three is anything.
fn fuzzed_bodies(count: usize) -> Vec<Vec<u8>> {
    let blank = prop::collection::vec(prop::sample::select(vec![" ", "\t", "\n", "\r\n"]), 0..4);
    let key = prop::sample::select(vec!["partner_order_no", "payment_terms", "unit_price"]);
    let orders = (blank, key, "[0-9]{1,3}(/[0-9]{1,3}){0,40}", any::<bool>()).prop_map(
        |(blank, key, terms, escape)| {
            let mut text = order(&terms).to_string();
            if escape {
                // The same text to a JSON reader, other bytes to everybody else.
                text = text.replace("PO-1", "PO\\u002d1").replace("/", "\\/");
            }
            let blank = blank.concat();
            let before = format!("\"{key}\":");
            text = text.replace(&before, &format!("{blank}{before}{blank}"));
            format!("{blank}{text}{blank}").into_bytes()
        },
    );
    let sentence =
        r#"Johnson & Johnson +55 70%20ml &DelaySeconds=900&Action=PurgeQueue#$input.body"#;
    let anything = prop_oneof![
        "\\PC*".prop_map(String::into_bytes),
        any::<Vec<u8>>(),
        "\\PC*".prop_map(move |text| {
            let mut order = order("30");
            order["buyer"]["cnpj"] = json!(format!("{sentence}{text}"));
            order.to_string().into_bytes()
        }),
    ];
    let body = prop_oneof![2 => orders, 1 => anything];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| body.new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test]
async fn what_is_not_an_order_gets_its_4xx_and_is_not_stored() {
    let fixture = cloud().await;
    let partner = Partner { client: Client::new(), fixture: &fixture };
    let with = |change: fn(&mut Value)| {
        let mut order = order("30");
        change(&mut order);
        order.to_string().into_bytes()
    };
    let json = "application/json";
    let forged = b"Action=GetQueueAttributes&AttributeName.1=All".to_vec();
    let cases = [
        ("text/plain", "text/plain", order("30").to_string().into_bytes(), 415),
        ("a form of its own", "application/x-www-form-urlencoded", forged, 415),
        ("an unknown field", json, with(|o| o["x"] = json!(1)), 400),
        ("an unknown field within", json, with(|o| o["buyer"]["x"] = json!(1)), 400),
        ("a missing field", json, with(|o| o["buyer"] = json!({})), 400),
        ("nested deeply", json, "[".repeat(200_000).into_bytes(), 400),
        ("over 10 MB", json, vec![b' '; 10 * 1024 * 1024 + 1], 413),
        ("no UTF-8", json, b"{\"\xff\": 1}".to_vec(), 400),
    ];
    for (case, content_type, body, expected) in cases {
        let (status, answer) = partner.put("N1", content_type, body).await;
        assert_eq!(status, expected, "{case}: {answer}");
    }
    // Valid, and more than SQS takes: the caller is told, and may not take it for accepted.
    let mut padded = order("30").to_string().into_bytes();
    padded.extend(vec![b' '; 1024 * 1024]);
    assert_eq!(partner.put("N1", json, padded).await.0, 503);
    assert!(stored(&fixture).await.is_empty());
}
