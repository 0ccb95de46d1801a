//! The connection of an environment: when it is made, by what it is trusted, and what becomes of it
//! when the server or the network goes away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use processor::{
    AwsConfig, Database, DatabaseError, Password, PostgresConfig, PostgresDatabase, Seed,
    Settlement, create_database,
};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::server::{Server, block_on};
use crate::shop::{Kind, Shop, now, small_world};

/// A server of the test's own with a shop in it.
fn shop_on(server: &Server) -> String {
    let url = server.create();
    create_database(&url.parse().unwrap(), &Seed { world: small_world(), series: 1 }).unwrap();
    url
}

fn plain(url: &str) -> PostgresConfig {
    PostgresConfig { url: url.to_owned(), password: None, ca_file: None }
}

fn messages() -> Shop {
    Shop::new(Kind::Sqlite)
}

async fn settles(database: &PostgresDatabase, message: &processor::Message) {
    let settled = database.settle(message, now()).await.unwrap();
    assert!(matches!(settled, Settlement::Settled { again: false, .. }), "{settled:?}");
}

#[test]
fn an_environment_makes_one_connection_and_only_when_it_needs_it() {
    let server = Server::start(&["-c", "fsync=off"]);
    let url = shop_on(&server);
    let connections = || {
        server.number(
            &url,
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vazao-processor'
             AND datname = current_database()",
        )
    };
    let shop = messages();
    block_on(async {
        let databases = [plain(&url), plain(&url)].map(PostgresDatabase::new);
        assert_eq!(connections(), 0);
        // Four orders at once, as those of a batch.
        let batch: Vec<_> = (0..4).map(|index| shop.message(index)).collect();
        let settling = batch.iter().map(|message| settles(&databases[0], message));
        futures::future::join_all(settling).await;
        assert_eq!(connections(), 1);
        settles(&databases[1], &shop.message(4)).await;
        assert_eq!(connections(), 2);
    });
}

#[test]
fn a_server_that_was_restarted_is_connected_to_again() {
    let server = Server::start(&["-c", "fsync=off"]);
    let url = shop_on(&server);
    let shop = messages();
    block_on(async {
        let database = PostgresDatabase::new(plain(&url));
        settles(&database, &shop.message(0)).await;
        server.restart();
        settles(&database, &shop.message(1)).await;
        server.execute(
            &url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'vazao-processor'",
        );
        settles(&database, &shop.message(2)).await;
        let again = database.settle(&shop.message(0), now()).await.unwrap();
        assert!(matches!(again, Settlement::Settled { again: true, .. }));
    });
}

/// A firewall that forgets connections while an environment is frozen: nobody hears of it. Ten
/// seconds are what a connection is trusted for unseen.
#[test]
fn a_connection_that_died_unseen_in_a_freeze_is_replaced() {
    let server = Server::start(&["-c", "fsync=off"]);
    let url = shop_on(&server);
    let shop = messages();
    let silent = Arc::new(AtomicBool::new(false));
    let near = firewall(&url, &silent);
    block_on(async {
        let database = PostgresDatabase::new(plain(&near));
        settles(&database, &shop.message(0)).await;
        silent.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10_100)).await;
        let second = shop.message(1);
        let settling =
            tokio::time::timeout(Duration::from_millis(4_500), settles(&database, &second));
        settling.await.expect("within the time of an invocation");
    });
}

/// Passes bytes on, but those of connections that were made before it fell silent.
fn firewall(url: &str, silent: &Arc<AtomicBool>) -> String {
    let port: u16 = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = listener.local_addr().unwrap().port();
    let silent = Arc::clone(silent);
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let is_old = !silent.load(Ordering::Relaxed);
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let silent = Arc::clone(&silent);
                thread::spawn(move || {
                    let mut buffer = [0; 65_536];
                    while let Ok(length @ 1..) = from.read(&mut buffer) {
                        let forgotten = is_old && silent.load(Ordering::Relaxed);
                        if !forgotten && to.write_all(&buffer[..length]).is_err() {
                            break;
                        }
                    }
                });
            }
        }
    });
    url.replace(&format!(":{port}/"), &format!(":{near}/"))
}

/// An authority, and the server's certificate and key by it, in PEM.
fn certificates() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let own: &rcgen::Certificate = authority.as_ref();
    (
        pem("CERTIFICATE", own.der()),
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", &key.serialize_der()),
    )
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|l| str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn over_tls_the_server_is_known_by_its_authority_and_by_its_name() {
    let (authority, certificate, key) = certificates();
    let server = Server::start_with(
        &[("server.crt", &certificate), ("server.key", &key)],
        &[
            "-c",
            "fsync=off",
            "-c",
            "ssl=on",
            "-c",
            "ssl_cert_file=FOLDER/server.crt",
            "-c",
            "ssl_key_file=FOLDER/server.key",
        ],
    );
    let url = shop_on(&server);
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| -> Option<PathBuf> {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let ours = file("ours.pem", &authority);
    let others = file("others.pem", &certificates().0);
    let by_name = url.replace("127.0.0.1", "localhost").replace("disable", "require");
    let by_address = url.replace("disable", "require");
    let shop = messages();
    block_on(async {
        let database = |url: &str, ca_file: &Option<PathBuf>| {
            PostgresDatabase::new(PostgresConfig {
                url: url.to_owned(),
                password: None,
                ca_file: ca_file.clone(),
            })
        };
        settles(&database(&by_name, &ours), &shop.message(0)).await;
        let over_tls = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE ssl AND application_name = 'vazao-processor'";
        let known = database(&by_name, &ours);
        settles(&known, &shop.message(1)).await;
        assert!(server.number(&url, over_tls) > 0);
        // Another authority; none but the public ones; another name.
        for (url, ca_file) in [(&by_name, &others), (&by_name, &None), (&by_address, &ours)] {
            let refused = database(url, ca_file).settle(&shop.message(2), now()).await;
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("TLS") || error.contains("certificate"), "{error}");
        }
        // And where TLS is wanted, a server without it is refused.
        let without =
            database(&crate::server::server().create().replace("disable", "require"), &ours);
        assert!(without.settle(&shop.message(2), now()).await.is_err());
        assert_eq!(server.number(&url, "SELECT count(*) FROM sales_order"), 2);
    });
}

/// Secrets Manager, played by a few lines of HTTP: the secret it has now, and how often it was
/// asked.
fn secrets(secret: &Arc<Mutex<String>>, asked: &Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (secret, asked) = (Arc::clone(secret), Arc::clone(asked));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (secret, asked) = (Arc::clone(&secret), Arc::clone(&asked));
            thread::spawn(move || answer(stream.unwrap(), &secret, &asked));
        }
    });
    endpoint
}

fn answer(stream: TcpStream, secret: &Mutex<String>, asked: &AtomicU32) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    assert!(head.contains("x-amz-target: secretsmanager.getsecretvalue"), "{head}");
    assert!(head.contains("/secretsmanager/aws4_request"), "{head}");
    let asks: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(asks["SecretId"], "arn:of:the:secret");
    asked.fetch_add(1, Ordering::Relaxed);
    let secret = serde_json::json!({"username": "shop", "password": *secret.lock().unwrap()});
    let body = serde_json::json!({"SecretString": secret.to_string()}).to_string();
    let length = body.len();
    write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
}

#[test]
fn a_password_is_asked_for_when_a_connection_is_made_so_that_a_rotated_one_is_found() {
    let rules = "host all vazao 127.0.0.1/32 trust\nhost all shop 127.0.0.1/32 scram-sha-256\n";
    let server = Server::start_with(
        &[("rules", rules)],
        &["-c", "fsync=off", "-c", "hba_file=FOLDER/rules"],
    );
    let url = shop_on(&server);
    server.execute(
        &url,
        "CREATE ROLE shop LOGIN PASSWORD 'p\"1';
         GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO shop",
    );
    let secret = Arc::new(Mutex::new("p\"1".to_owned()));
    let asked = Arc::new(AtomicU32::new(0));
    let aws = AwsConfig {
        region: "sa-east-1".to_owned(),
        access_key_id: "key".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
        endpoint: None,
        secrets_endpoint: Some(secrets(&secret, &asked)),
    };
    let managed = Password::Managed { id: "arn:of:the:secret".to_owned(), aws };
    let config = PostgresConfig {
        url: url.replace("vazao@", "shop@"),
        password: Some(managed),
        ca_file: None,
    };
    let shop = messages();
    block_on(async {
        let database = PostgresDatabase::new(config.clone());
        settles(&database, &shop.message(0)).await;
        settles(&database, &shop.message(1)).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        // Rotated: the old connection lives on, the next is made with the new password.
        server.execute(&url, "ALTER ROLE shop PASSWORD 'p\"2'");
        *secret.lock().unwrap() = "p\"2".to_owned();
        settles(&database, &shop.message(2)).await;
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        server.restart();
        settles(&database, &shop.message(3)).await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        *secret.lock().unwrap() = "wrong".to_owned();
        let refused = PostgresDatabase::new(config).settle(&shop.message(4), now()).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, DatabaseError::Postgres(_)), "{error:?}");
        assert!(error.to_string().contains("password authentication failed"), "{error}");
    });
}
