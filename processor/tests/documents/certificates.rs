//! Certificates as they are handed over: PKCS#12 and PEM, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use processor::{Certificate, CertificateError, Signer};
use tempfile::TempDir;

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap_or_else(|error| {
        panic!("openssl cannot be started ({error}): run `cargo xtask tools` first")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A folder with `key.pem` and `cert.pem`.
fn made_by_openssl() -> TempDir {
    made_of(&["-newkey", "rsa:2048"])
}

/// The same with a key of this kind.
fn made_of(key_options: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| text(&folder.path().join(name)));
    let request = ["req", "-x509", "-nodes", "-days", "3", "-subj", "/CN=TESTE"];
    let files = ["-keyout", &key, "-out", &certificate];
    openssl(&[&request, key_options, &files].concat());
    folder
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn pkcs12(folder: &Path, options: &[&str]) -> PathBuf {
    let path = folder.join("a1.pfx");
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| text(&folder.join(name)));
    let out = text(&path);
    let common = [
        "pkcs12",
        "-export",
        "-inkey",
        &key,
        "-in",
        &certificate,
        "-out",
        &out,
        "-passout",
        "pass:s3nha",
    ];
    openssl(&[&common, options].concat());
    path
}

fn pem(folder: &Path) -> PathBuf {
    let path = folder.join("both.pem");
    let parts = ["key.pem", "cert.pem"].map(|name| fs::read_to_string(folder.join(name)).unwrap());
    fs::write(&path, parts.concat()).unwrap();
    path
}

#[test]
fn pkcs12_in_new_and_in_old_encryption_is_the_same_certificate_as_pem() {
    let folder = made_by_openssl();
    let expected = Certificate::read(&pem(folder.path()), "").unwrap();
    // As openssl does by itself (AES-256), and as older programs did (3DES).
    let old = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
    for options in [&[][..], &old] {
        let read = Certificate::read(&pkcs12(folder.path(), options), "s3nha").unwrap();
        assert_eq!(read, expected);
        let signature = Signer::new(&read).unwrap().sign(b"NFe");
        assert_eq!(signature, Signer::in_pure_rust(&expected).unwrap().sign(b"NFe"));
    }
}

#[test]
fn another_password_and_what_is_no_certificate_are_named() {
    let folder = made_by_openssl();
    let path = pkcs12(folder.path(), &[]);
    let wrong = Certificate::read(&path, "senha").unwrap_err();
    assert!(matches!(wrong, CertificateError::Pkcs12 { .. }), "{wrong}");
    assert!(wrong.to_string().contains("a1.pfx"), "{wrong}");
    assert!(wrong.to_string().contains("another password"), "{wrong}");
    let none = Certificate::read(&path, "").unwrap_err();
    assert!(matches!(none, CertificateError::Pkcs12 { .. }), "{none}");
    let only_key = Certificate::read(&folder.path().join("key.pem"), "").unwrap_err();
    assert!(matches!(only_key, CertificateError::Lacks { what: "certificate", .. }), "{only_key}");
    let nothing = Certificate::read(&folder.path().join("none.pfx"), "").unwrap_err();
    assert!(matches!(nothing, CertificateError::File { .. }), "{nothing}");
}

#[test]
fn a_pkcs12_file_without_a_key_or_with_the_key_of_another_kind_is_named() {
    let folder = made_by_openssl();
    let bare = pkcs12(folder.path(), &["-nokeys"]);
    let no_key = Certificate::read(&bare, "s3nha").unwrap_err();
    assert!(matches!(no_key, CertificateError::Lacks { what: "private key", .. }), "{no_key}");
    let curve = made_of(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let read = Certificate::read(&pkcs12(curve.path(), &[]), "s3nha").unwrap();
    let refused = Signer::new(&read).unwrap_err().to_string();
    assert!(refused.contains("no RSA key"), "{refused}");
}

#[test]
fn a_certificate_that_is_over_is_refused() {
    let folder = made_by_openssl();
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| text(&folder.path().join(name)));
    // It ends a day before now.
    let again = ["x509", "-in", &certificate, "-signkey", &key, "-days", "-1"];
    openssl(&[&again[..], &["-out", &certificate]].concat());
    for path in [pkcs12(folder.path(), &[]), pem(folder.path())] {
        let over = Certificate::read(&path, "s3nha").unwrap_err();
        assert!(matches!(over, CertificateError::NotValidNow { .. }), "{over}");
        assert!(over.to_string().ends_with("not now: renew it"), "{over}");
    }
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let [one, other] = [made_by_openssl(), made_by_openssl()];
    fs::copy(other.path().join("cert.pem"), one.path().join("cert.pem")).unwrap();
    let wrong = Certificate::read(&pem(one.path()), "").unwrap_err();
    assert!(matches!(wrong, CertificateError::OtherKey { .. }), "{wrong}");
}

#[test]
fn the_certificates_of_issuers_may_stand_beside_one_s_own() {
    let [own, issuer] = [made_by_openssl(), made_by_openssl()];
    let expected = Certificate::read(&pem(own.path()), "").unwrap();
    let issuers = text(&issuer.path().join("cert.pem"));
    let path = pkcs12(own.path(), &["-certfile", &issuers]);
    assert_eq!(Certificate::read(&path, "s3nha").unwrap(), expected);
}

#[test]
fn a_test_certificate_comes_back_from_its_file_which_is_its_owner_s() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("certificate.pem");
    let made = Certificate::for_tests().unwrap();
    made.write_pem(&path).unwrap();
    assert_eq!(Certificate::read(&path, "").unwrap(), made);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
