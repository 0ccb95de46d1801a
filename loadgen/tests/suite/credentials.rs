//! Who the gateway is told that it is: nobody, by key, by token, by signature. The signature is
//! made again by the AWS SDK's own signer.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use loadgen::{Credentials, Protocol, SigV4, SigV4User};

use crate::gateway::{Listening, Seen, TestGateway};
use crate::load::{ONE_AT_A_TIME, partner, plan, send};

/// Sends a hundred orders with these credentials, over both protocols; what came.
async fn sent_with(credentials: Credentials) -> Vec<Seen> {
    let _one = ONE_AT_A_TIME.lock().await;
    let mut all = Vec::new();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let folder = tempfile::tempdir().unwrap();
        let is_http2 = protocol == Protocol::Http2;
        let listening = Listening { is_http2, ..Listening::plainly(|_| Some(202)) };
        let gateway = TestGateway::start(listening).await;
        let mut plan = plan(&gateway.url, folder.path(), 50, 0.2);
        plan.credentials = credentials.clone();
        plan.transport.protocol = protocol;
        assert_eq!(send(plan).await.generator.outcomes.accepted, 50);
        all.extend(gateway.seen());
    }
    assert_eq!(all.len(), 100);
    all
}

fn header<'a>(seen: &'a Seen, name: &str) -> Option<&'a str> {
    seen.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_nothing_is_said() {
    for seen in sent_with(Credentials::None).await {
        assert_eq!((header(&seen, "authorization"), header(&seen, "x-api-key")), (None, None));
        assert_eq!(header(&seen, "content-type"), Some("application/json"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_partner_shows_its_own_token_and_its_own_key() {
    let list = |what: &str| (0..5).map(|p| format!("{what}-{p}")).collect::<Vec<_>>();
    for seen in sent_with(Credentials::Bearer(list("token"))).await {
        let expected = format!("Bearer token-{}", partner(seen.k));
        assert_eq!(header(&seen, "authorization"), Some(expected.as_str()));
    }
    for seen in sent_with(Credentials::ApiKeys(list("key"))).await {
        let expected = format!("key-{}", partner(seen.k));
        assert_eq!(header(&seen, "x-api-key"), Some(expected.as_str()));
    }
}

fn user(partner: u32) -> SigV4User {
    SigV4User {
        access_key_id: format!("AKIDPARTNER{partner}"),
        secret_access_key: format!("secret of {partner}"),
        session_token: (partner == 1).then(|| "token/of+1=".to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_partner_signs_as_the_aws_sdk_would() {
    let credentials = Credentials::SigV4(SigV4 {
        region: "sa-east-1".to_owned(),
        service: "execute-api".to_owned(),
        users: (0..5).map(user).collect(),
        api_keys: (0..5).map(|partner| format!("key-{partner}")).collect(),
    });
    let all = sent_with(credentials).await;
    assert!(all.iter().any(|seen| partner(seen.k) == 1));
    for seen in &all {
        assert_eq!(header(seen, "authorization"), Some(authorization(seen).as_str()));
        assert_eq!(header(seen, "x-api-key"), Some(format!("key-{}", partner(seen.k)).as_str()));
    }
}

/// What the SDK's signer says of the same request at the same time.
fn authorization(seen: &Seen) -> String {
    let user = user(partner(seen.k));
    let identity = aws_credential_types::Credentials::new(
        user.access_key_id,
        user.secret_access_key,
        user.session_token,
        None,
        "test",
    )
    .into();
    let date = header(seen, "x-amz-date").unwrap();
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).unwrap();
    let at = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("sa-east-1")
        .name("execute-api")
        .time(SystemTime::try_from(at).unwrap())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    // HTTP/2 has no host header; what it says instead is the same text.
    let port_url = format!("http://{}{}", host(seen), seen.path);
    let headers = [("content-type", "application/json")];
    let body = SignableBody::Bytes(&seen.body);
    let signable = SignableRequest::new("PUT", port_url, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut found = instructions.headers().filter(|(name, _)| *name == "authorization");
    found.next().unwrap().1.to_owned()
}

fn host(seen: &Seen) -> String {
    header(seen, "host").map_or_else(|| seen.authority.clone(), str::to_owned)
}
