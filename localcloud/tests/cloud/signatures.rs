//! Requests signed by the AWS SDK's own signer, and what becomes of those that are not right.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use localcloud::IamUser;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::{Fixture, api, queue};

const BODY: &str = r#"{"quantity": 2}"#;
const ARN: &str = "arn:aws:iam::000000000000:user/partners/acme";

async fn cloud() -> Fixture {
    Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        let mut api = api();
        api.routes[0].signed = true;
        api.routes[0].integration = localcloud::SqsIntegration::send_message(
            "work",
            &[("partner", "$context.identity.userArn"), ("key", "$context.identity.apiKeyId")],
        );
        api.users = vec![IamUser {
            arn: ARN.to_owned(),
            access_key_id: "AKIDACME".to_owned(),
            secret_access_key: "secret of acme".to_owned(),
        }];
        config.api = Some(api);
    })
    .await
}

struct Signing<'a> {
    access_key_id: &'a str,
    secret: &'a str,
    service: &'a str,
    at: SystemTime,
    signed_body: &'a str,
}

fn right() -> Signing<'static> {
    Signing {
        access_key_id: "AKIDACME",
        secret: "secret of acme",
        service: "execute-api",
        at: SystemTime::now(),
        signed_body: BODY,
    }
}

fn request(fixture: &Fixture, path: &str, signing: &Signing<'_>) -> RequestBuilder {
    let url = format!("{}{path}", fixture.cloud.gateway_url());
    let credentials = Credentials::new(signing.access_key_id, signing.secret, None, None, "test");
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(signing.service)
        .time(signing.at)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = [("content-type", "application/json"), ("x-api-key", "key-1")];
    let body = SignableBody::Bytes(signing.signed_body.as_bytes());
    let signable = SignableRequest::new("PUT", url.clone(), headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = Client::new().put(url).body(BODY);
    for (name, value) in headers.into_iter().chain(instructions.headers()) {
        request = request.header(name, value);
    }
    request
}

#[tokio::test]
async fn who_signs_is_the_partner() {
    let fixture = cloud().await;
    // A query and an escaped path are part of what is signed.
    for path in ["/v1/orders/A-7", "/v1/orders/A%2F7?b=2&a=1%20x&a=0", "/v1/orders/a%C3%A7"] {
        let response = request(&fixture, path, &right()).send().await.unwrap();
        assert_eq!(response.status(), 202, "{path}: {}", response.text().await.unwrap());
    }
    let received =
        fixture.sqs().receive_message().queue_url(fixture.cloud.queue_url("work").unwrap());
    let received = received.message_attribute_names("All").send().await.unwrap();
    let attributes = received.messages()[0].message_attributes().unwrap();
    assert_eq!(attributes["partner"].string_value(), Some(ARN));
    assert_eq!(attributes["key"].string_value(), Some("acme"));
}

#[tokio::test]
async fn whatever_is_not_right_about_a_signature_is_a_403() {
    let fixture = cloud().await;
    let old = SystemTime::now() - Duration::from_secs(360);
    let cases = [
        ("another secret", Signing { secret: "guess", ..right() }, "InvalidSignatureException"),
        ("another body", Signing { signed_body: "{}", ..right() }, "InvalidSignatureException"),
        ("another service", Signing { service: "sqs", ..right() }, "InvalidSignatureException"),
        ("too old", Signing { at: old, ..right() }, "InvalidSignatureException"),
        (
            "an unknown key",
            Signing { access_key_id: "AKIDOTHER", ..right() },
            "UnrecognizedClientException",
        ),
    ];
    for (case, signing, error_type) in cases {
        let response = request(&fixture, "/v1/orders/A-7", &signing).send().await.unwrap();
        assert_eq!(response.status(), 403, "{case}");
        assert_eq!(response.headers()["x-amzn-errortype"], error_type, "{case}");
    }
    let unsigned = Client::new()
        .put(format!("{}/v1/orders/A-7", fixture.cloud.gateway_url()))
        .header("x-api-key", "key-1")
        .body(BODY);
    let response = unsigned.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["message"], "Missing Authentication Token");
    let depth = fixture.sqs().receive_message().queue_url(fixture.cloud.queue_url("work").unwrap());
    assert!(depth.send().await.unwrap().messages().is_empty());
}
