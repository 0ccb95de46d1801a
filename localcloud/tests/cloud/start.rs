//! What stops a cloud from starting, and what stopping leaves behind.

use localcloud::{CloudConfig, FunctionConfig, LocalCloud, StartError};

use super::{Fixture, api, queue};

async fn refusal(change: impl FnOnce(&mut CloudConfig)) -> StartError {
    let dir = tempfile::tempdir().unwrap();
    let mut config = CloudConfig::new(dir.path());
    change(&mut config);
    match LocalCloud::start(config).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first = Fixture::start(|_| {}).await;
    let address = first.cloud.base_url().trim_start_matches("http://").to_owned();
    let error = refusal(|config| config.listen = address.parse().unwrap()).await;
    assert!(error.to_string().starts_with(&format!("{address} is already in use")), "{error}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_named() {
    // A file in its place; permissions would not stop root.
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = refusal(|config| config.data_dir = file.path().join("data")).await;
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn a_missing_executable_and_a_bad_schema_are_told_together() {
    let error = refusal(|config| {
        config.functions.push(FunctionConfig::new("worker", "/no/such/bootstrap"));
        config.queues = vec![queue("work", 30)];
        let mut api = api();
        api.routes[0].request_schema = Some(serde_json::json!({"type": "strnig"}));
        config.api = Some(api);
    })
    .await
    .to_string();
    assert!(error.contains("/no/such/bootstrap"), "{error}");
    assert!(error.contains("the request schema of PUT /v1/orders/{orderNumber}"), "{error}");
}

#[tokio::test]
async fn after_shutdown_the_address_is_free() {
    let first = Fixture::start(|_| {}).await;
    let address = first.cloud.base_url().trim_start_matches("http://").to_owned();
    first.cloud.shutdown().await;
    let second = Fixture::start(|config| config.listen = address.parse().unwrap()).await;
    assert_eq!(second.cloud.base_url(), format!("http://{address}"));
}
