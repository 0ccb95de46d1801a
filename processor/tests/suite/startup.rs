//! The function as it is shipped: what it says when it cannot start.

use std::process::{Command, Output};

use crate::support::Shop;

fn start(variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bootstrap"))
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn a_missing_variable_is_named_in_one_line_and_the_exit_code_is_1() {
    let output = start(&[("VAZAO_DATABASE", "sqlite:///orders.db"), ("AWS_REGION", "sa-east-1")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "bootstrap: set the environment variable(s) VAZAO_CERTIFICATE, VAZAO_DOCUMENTS_BUCKET, \
         AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY\n"
    );
}

#[test]
fn a_database_that_is_not_there_is_named_and_not_made() {
    let path = Shop::new().path().with_extension("none");
    let output = start(&[
        ("VAZAO_DATABASE", &format!("sqlite://{}", path.display())),
        ("VAZAO_CERTIFICATE", "/certificate.pem"),
        ("VAZAO_DOCUMENTS_BUCKET", "documents"),
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("VAZAO_DATABASE cannot be opened"));
    assert!(!path.exists());
}
