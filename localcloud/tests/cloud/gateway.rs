//! The REST API: every refusal, and what an acceptance put into the queue.

use localcloud::{AccessLogConfig, FaultPlan, Quota, QuotaPeriod, Throttle, UsagePlan};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use super::cloudwatch::{dimension, total};
use super::{Fixture, api, queue};

const GOOD: &str = r#"{"quantity": 2, "note": "ação"}"#;

async fn cloud() -> Fixture {
    Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        config.api = Some(api());
    })
    .await
}

fn put(fixture: &Fixture, path: &str) -> RequestBuilder {
    Client::new().put(format!("{}{path}", fixture.cloud.gateway_url()))
}

fn order(fixture: &Fixture) -> RequestBuilder {
    put(fixture, "/v1/orders/A-7")
        .header("content-type", "application/json")
        .header("x-api-key", "key-1")
        .body(GOOD)
}

async fn told(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn each_refusal_has_its_status_and_its_words() {
    let fixture = cloud().await;
    let json = "application/json";
    let keyed = |path: &str, content_type: &str, body: &str| {
        let request =
            put(&fixture, path).header("x-api-key", "key-1").header("content-type", content_type);
        request.body(body.to_owned())
    };
    let too_long = format!("{{\"quantity\":1,\"note\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let over_sqs = format!("{{\"quantity\":1,\"note\":\"{}\"}}", "x".repeat(1024 * 1024));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let path = "/v1/orders/A-7";
    let cases = [
        ("no key", put(&fixture, path).header("content-type", json).body(GOOD), 403, "Forbidden"),
        (
            "unknown key",
            put(&fixture, path).header("x-api-key", "key-2").body(GOOD),
            403,
            "Forbidden",
        ),
        ("unknown path", keyed("/v1/order/A-7", json, GOOD), 403, "Missing Authentication Token"),
        (
            "unknown method",
            Client::new().post(format!("{}{path}", fixture.cloud.gateway_url())),
            403,
            "Missing Authentication Token",
        ),
        ("content type", keyed(path, "text/plain", GOOD), 415, "Unsupported Media Type"),
        ("body over 10 MB", keyed(path, json, &too_long), 413, "Request Too Long"),
        ("body over SQS's 1 MiB", keyed(path, json, &over_sqs), 503, "Service Unavailable"),
        ("schema", keyed(path, json, r#"{"quantity": 0}"#), 400, "Invalid request body"),
        (
            "unknown field",
            keyed(path, json, r#"{"quantity": 1, "x": 1}"#),
            400,
            "Invalid request body",
        ),
        ("not JSON", keyed(path, json, "quantity"), 400, "Invalid request body"),
        ("empty", keyed(path, json, ""), 400, "Invalid request body"),
        ("nested too deeply", keyed(path, json, &deep), 400, "Invalid request body"),
    ];
    for (case, request, status, message) in cases {
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("x-amzn-requestid"), "{case}");
        assert_eq!(response.headers().contains_key("x-amzn-errortype"), status != 503, "{case}");
        let (found, body) = told(response).await;
        assert_eq!(found, status, "{case}: {body}");
        assert_eq!(body["message"].as_str().unwrap_or_default(), message, "{case}");
        assert_eq!(status == 400, body["validationErrorString"].is_string(), "{case}: {body}");
    }
    assert!(stored(&fixture).await.is_none());
}

/// The next message's body and its digest, if there is one.
async fn stored(fixture: &Fixture) -> Option<(String, String)> {
    let queue = fixture.cloud.queue_url("work").unwrap();
    let received = fixture.sqs().receive_message().queue_url(queue).send().await.unwrap();
    let message = received.messages().first()?;
    Some((message.body()?.to_owned(), message.md5_of_body()?.to_owned()))
}

#[tokio::test]
async fn another_stage_is_forbidden() {
    let fixture = cloud().await;
    let url = format!("{}/_aws/execute-api/orders/test/v1/orders/A-7", fixture.cloud.base_url());
    assert_eq!(Client::new().put(url).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn an_accepted_order_is_in_the_queue_with_its_attributes() {
    let fixture = cloud().await;
    let response = order(&fixture).send().await.unwrap();
    let request_id = response.headers()["x-amzn-RequestId"].to_str().unwrap().to_owned();
    let (status, body) = told(response).await;
    assert_eq!((status, body["requestId"].as_str()), (202, Some(request_id.as_str())));

    let received =
        fixture.sqs().receive_message().queue_url(fixture.cloud.queue_url("work").unwrap());
    let received = received.message_attribute_names("All").send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.body(), Some(GOOD));
    assert_eq!(message.message_id(), body["messageId"].as_str());
    assert_eq!(message.md5_of_body(), body["md5OfMessageBody"].as_str());
    let attribute =
        |name: &str| message.message_attributes().unwrap()[name].string_value().unwrap().to_owned();
    assert_eq!(attribute("partner"), "acme");
    assert_eq!(attribute("orderNumber"), "A-7");
    assert_eq!(attribute("requestId"), request_id);
    assert_eq!(attribute("schemaVersion"), "1");
}

#[tokio::test]
async fn when_the_queue_refuses_the_partner_is_told_to_try_again() {
    let fixture = cloud().await;
    assert!(fixture.cloud.refuse_sends("work", 1));
    let refused = order(&fixture).send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()),
        (503, "1")
    );
    assert_eq!(order(&fixture).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn what_is_over_the_burst_is_throttled() {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        // So slow a rate that no token comes back during the test.
        let mut api = api();
        api.routes[0].throttle = Some(Throttle { rate_per_s: 1e-6, burst: 3.0 });
        config.api = Some(api);
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(order(&fixture).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [202, 202, 202, 429, 429]);
}

#[tokio::test]
async fn the_address_form_of_localstack_works_too() {
    let fixture = cloud().await;
    let url =
        format!("{}/restapis/orders/prod/_user_request_/v1/orders/B", fixture.cloud.base_url());
    let request = Client::new()
        .put(url)
        .header("content-type", "application/json")
        .header("x-api-key", "key-1");
    assert_eq!(request.body(GOOD).send().await.unwrap().status(), 202);
}

/// Each key by itself; the quota is told apart from the throttle.
#[tokio::test]
async fn a_key_has_the_limits_of_its_plan() {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        let plan = |name: &str, burst, limit| UsagePlan {
            name: name.to_owned(),
            throttle: Some(Throttle { rate_per_s: 1e-6, burst }),
            quota: Some(Quota { limit, period: QuotaPeriod::Month }),
        };
        let key = |id: &str, plan: &str| localcloud::ApiKey {
            id: id.to_owned(),
            value: format!("key-of-{id}"),
            usage_plan: Some(plan.to_owned()),
        };
        config.api = Some(localcloud::ApiConfig {
            usage_plans: vec![plan("fast", 1.0, 9), plan("few", 9.0, 2)],
            api_keys: vec![key("a", "fast"), key("b", "few")],
            ..api()
        });
    })
    .await;
    let mut told_of = Vec::new();
    for key in ["key-of-a", "key-of-a", "key-of-b", "key-of-b", "key-of-b"] {
        let request = put(&fixture, "/v1/orders/A-7").header("x-api-key", key).body(GOOD);
        let (status, body) = told(request.send().await.unwrap()).await;
        told_of.push((status, body["message"].as_str().unwrap_or("taken").to_owned()));
    }
    let taken = || (202, "taken".to_owned());
    let refused = |message: &str| (429, message.to_owned());
    let expected =
        [taken(), refused("Too Many Requests"), taken(), taken(), refused("Limit Exceeded")];
    assert_eq!(told_of, expected);
}

/// One line for who was taken and one for who was refused, and CloudWatch counts their bytes
/// without the ends of the lines.
#[tokio::test]
async fn an_access_log_has_a_line_for_every_request_and_its_volume_is_metered() {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        let format = "$context.requestId $context.httpMethod $context.path $context.status \
            $context.identity.apiKeyId $context.error.responseType $context.integration.status \
            $context.integration.latency";
        let log = AccessLogConfig { log_group: "/logs/of-orders".into(), format: format.into() };
        config.api = Some(localcloud::ApiConfig { access_log: Some(log), ..api() });
    })
    .await;
    let mut ids = Vec::new();
    for (key, status) in [("key-1", 202), ("nobody's", 403)] {
        let answer = put(&fixture, "/v1/orders/A-7")
            .header("content-type", "application/json")
            .header("x-api-key", key)
            .body(GOOD)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
        ids.push(answer.headers()["x-amzn-requestid"].to_str().unwrap().to_owned());
    }
    let log = std::fs::read_to_string(fixture.dir.path().join("logs/orders-access.log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let [taken, refused] = lines[..] else { panic!("{log}") };
    let taken_so = format!("{} PUT /prod/v1/orders/A-7 202 acme - 200 ", ids[0]);
    assert!(taken.starts_with(&taken_so), "{taken}");
    assert!(taken[taken_so.len()..].parse::<u64>().is_ok(), "{taken}");
    assert_eq!(refused, format!("{} PUT /prod/v1/orders/A-7 403 - INVALID_API_KEY - -", ids[1]));
    let group = [dimension("LogGroupName", "/logs/of-orders")];
    let client = fixture.cloudwatch();
    let metered = |name| total(&client, "AWS/Logs", name, &group, "Sum");
    assert_eq!(metered("IncomingBytes").await, (taken.len() + refused.len()) as f64);
    assert_eq!(metered("IncomingLogEvents").await, 2.0);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_504_and_the_message_is_there() {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        let mut api = api();
        api.routes[0].integration.timeout = std::time::Duration::from_millis(50);
        config.api = Some(api);
        config.faults = FaultPlan::none().with("sqs-timeout=1").unwrap();
    })
    .await;
    let (status, body) = told(order(&fixture).send().await.unwrap()).await;
    assert_eq!((status, body["message"].as_str()), (504, Some("Endpoint request timed out")));
    assert_eq!(stored(&fixture).await.unwrap().0, GOOD);
}

/// The sentence breaks every mapping template that does not encode.
#[tokio::test]
async fn an_ampersand_and_its_kin_arrive_as_they_were_sent() {
    let fixture = cloud().await;
    let body = r#"{"quantity": 1, "note": "Johnson & Johnson +55 70%20ml"}"#;
    let (status, answer) = told(order(&fixture).body(body).send().await.unwrap()).await;
    let (found, md5) = stored(&fixture).await.unwrap();
    assert_eq!((status, found.as_str()), (202, body));
    assert_eq!(answer["md5OfMessageBody"].as_str(), Some(md5.as_str()));
}
