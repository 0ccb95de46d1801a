//! The gateway's address, and who may be sent to.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use http::Uri;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::{Credentials, Transport};

/// Where the gateway is, without the path of the order.
#[derive(Debug, Clone)]
pub struct GatewayAddress(pub String);

impl GatewayAddress {
    /// The host, without port and brackets, and whether it is this machine. A host that is not is
    /// somebody's: whoever sends to it has to say so.
    ///
    /// # Errors
    /// If it is no address of a host.
    pub fn host(&self) -> Result<(String, bool), String> {
        let uri: Uri =
            self.0.parse().map_err(|error| format!("{} is no address: {error}", self.0))?;
        let host = host_of(&uri)?;
        let is_this_machine = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        Ok((host, is_this_machine))
    }
}

fn host_of(uri: &Uri) -> Result<String, String> {
    let host = uri.host().ok_or_else(|| format!("{uri} names no host"))?;
    // An IPv6 address is in brackets in a URI and nowhere else.
    Ok(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// What every driver needs to know of the gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    /// Host and port as the `host` header has them.
    pub(crate) authority: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The path of an order without its number.
    pub(crate) orders_path: String,
    /// The host's addresses, asked for once.
    pub(crate) addresses: Vec<SocketAddr>,
    /// For `https`.
    pub(crate) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    pub(crate) transport: Transport,
    pub(crate) credentials: Credentials,
}

impl Gateway {
    /// A gateway that can be spoken to.
    pub(crate) fn new(
        address: &GatewayAddress,
        credentials: Credentials,
        transport: Transport,
    ) -> Result<Self, String> {
        let uri: Uri =
            address.0.parse().map_err(|error| format!("{} is no address: {error}", address.0))?;
        let host = host_of(&uri)?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            Some(_) | None => return Err(format!("{uri} is neither http:// nor https://")),
        };
        check(&credentials)?;
        let (_, is_this_machine) = address.host()?;
        if !is_this_machine && transport.allowed_host.as_ref() != Some(&host) {
            return Err(format!(
                "{host} is not this machine, and nobody said that it may be sent to: name it as the allowed host"
            ));
        }
        let port = uri.port_u16().unwrap_or(default_port);
        let addresses: Vec<_> = (host.as_str(), port)
            .to_socket_addrs()
            .map_err(|error| format!("cannot find {host}: {error}"))?
            .collect();
        if addresses.is_empty() {
            return Err(format!("{host} has no address"));
        }
        let tls = match scheme {
            "https" => Some(tls(&host, &transport)?),
            _ => None,
        };
        let authority = uri.authority().map_or("", http::uri::Authority::as_str).to_owned();
        let orders_path = format!("{}/v1/orders/", uri.path().trim_end_matches('/'));
        Ok(Self { authority, scheme, orders_path, addresses, tls, transport, credentials })
    }
}

fn tls(
    host: &str,
    transport: &Transport,
) -> Result<(Arc<ClientConfig>, ServerName<'static>), String> {
    let cannot = |error: String| format!("cannot speak TLS to {host}: {error}");
    let name = ServerName::try_from(host.to_owned()).map_err(|error| cannot(error.to_string()))?;
    Ok((Arc::new(transport.tls().map_err(cannot)?), name))
}

/// A header's value may not hold everything that a file may.
fn check(credentials: &Credentials) -> Result<(), String> {
    let fine = |text: &String| http::HeaderValue::from_str(text).is_ok();
    let (what, is_fine) = match credentials {
        Credentials::None => return Ok(()),
        Credentials::ApiKeys(keys) => ("an API key", keys.iter().all(fine)),
        Credentials::Bearer(tokens) => ("a bearer token", tokens.iter().all(fine)),
        Credentials::SigV4(signing) => {
            let tokens = signing.users.iter().filter_map(|user| user.session_token.as_ref());
            let ids = signing.users.iter().map(|user| &user.access_key_id);
            let all = signing.api_keys.iter().chain(tokens).chain(ids).all(fine);
            ("an API key, an access key id or a session token", all)
        }
    };
    if is_fine { Ok(()) } else { Err(format!("{what} has a character that no header may have")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        let is_here = |address: &str| GatewayAddress(address.to_owned()).host().unwrap().1;
        for here in
            ["http://127.0.0.1:80", "http://localhost/x", "https://[::1]:9/", "http://127.9.9.9"]
        {
            assert!(is_here(here), "{here}");
        }
        for away in
            ["http://10.0.0.1", "https://localhost.example.com", "http://0.0.0.0", "http://[::2]"]
        {
            assert!(!is_here(away), "{away}");
        }
        assert!(GatewayAddress("/v1".to_owned()).host().is_err());
    }

    #[test]
    fn another_machine_is_sent_to_only_if_it_is_the_one_that_was_allowed() {
        // An address of TEST-NET-1 (RFC 5737), which is nobody's; nothing is sent.
        let address = GatewayAddress("http://192.0.2.1".to_owned());
        let gateway = |allowed: Option<&str>| {
            let allowed_host = allowed.map(str::to_owned);
            Gateway::new(
                &address,
                Credentials::None,
                Transport { allowed_host, ..Transport::default() },
            )
        };
        for refused in [None, Some("192.0.2.2"), Some("")] {
            let said = gateway(refused).err().unwrap();
            assert!(said.contains("192.0.2.1"), "{said}");
        }
        assert!(gateway(Some("192.0.2.1")).is_ok());
    }

    #[test]
    fn a_key_that_no_header_may_hold_is_refused_without_being_repeated() {
        let address = GatewayAddress("http://127.0.0.1:1".to_owned());
        for credentials in
            [Credentials::ApiKeys(vec!["a\nb".into()]), Credentials::Bearer(vec!["a\nb".into()])]
        {
            let said = Gateway::new(&address, credentials, Transport::default()).err().unwrap();
            assert!(said.contains("character") && !said.contains("a\nb"), "{said}");
        }
    }

    #[test]
    fn the_path_of_the_address_goes_before_that_of_the_order() {
        let address = GatewayAddress("http://127.0.0.1:81/live/".to_owned());
        let gateway = Gateway::new(&address, Credentials::None, Transport::default()).unwrap();
        assert_eq!(gateway.orders_path, "/live/v1/orders/");
        assert_eq!(gateway.authority, "127.0.0.1:81");
    }
}
