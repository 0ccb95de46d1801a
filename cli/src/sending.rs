//! Sending to a system that is there already: how its gateway is spoken to, and what allows it. A
//! host that is not this machine is somebody's, so it has to be named; and what the whole run is
//! expected to cost is held against a cap before the first order leaves.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use costmodel::Usd;
use loadgen::{
    Credentials, GatewayAddress, LoadProfile, Protocol, SigV4, SigV4User, Transport, read_secret,
};

use crate::args::SendingArguments;
use crate::commands::plan;
use crate::failure::Failure;
use crate::partners::Partners;
use crate::system::System;

/// Exit code of a run that would cost more than it may.
const OVER_BUDGET: u8 = 14;

/// How partners say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authentication {
    /// Not at all
    None,
    /// The profile's `credential` of each partner, in the header x-api-key
    ApiKey,
    /// The profile's `credential` of each partner, as a bearer token
    Bearer,
    /// Signature Version 4 by the profile's `signer` of each partner, else by AWS_ACCESS_KEY_ID
    /// and AWS_SECRET_ACCESS_KEY of the environment; a `credential` goes along as API key
    Sigv4,
}

/// Where orders go, and how.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) url: String,
    pub(crate) transport: Transport,
    pub(crate) credentials: Credentials,
}

impl Destination {
    /// Checks that orders may go to `url`; nothing is sent.
    pub(crate) fn resolve(
        url: &str,
        arguments: &SendingArguments,
        profile: &LoadProfile,
        system: &System,
    ) -> Result<Self, Failure> {
        let (host, is_here) = GatewayAddress(url.to_owned())
            .host()
            .map_err(|error| Failure::usage(format!("--target: {error}")))?;
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !["http", "https"].contains(&scheme) {
            return Err(Failure::usage(format!("--target {url} begins with no https://")));
        }
        let how = arguments.auth.unwrap_or(by_default(is_here, system));
        if !is_here {
            check_elsewhere(&host, arguments, || plan::expected_usd(profile, system))?;
            if scheme == "http" && how != Authentication::None {
                return Err(Failure::usage(format!(
                    "--target {url}: secrets leave this machine over https only (or --auth none)"
                )));
            }
        }
        let partners = Partners::of(profile)?;
        Ok(Self {
            url: url.to_owned(),
            transport: transport(arguments, (!is_here).then_some(host))?,
            credentials: credentials(how, is_here, &partners, system)?,
        })
    }
}

/// As the local cloud was started on this machine; elsewhere as the template deploys it.
fn by_default(is_here: bool, system: &System) -> Authentication {
    if is_here && !system.is_signed() { Authentication::ApiKey } else { Authentication::Sigv4 }
}

/// Whether this host may be sent to, and whether the run may cost what it is expected to.
fn check_elsewhere(
    host: &str,
    arguments: &SendingArguments,
    expected: impl Fn() -> Result<Usd, Failure>,
) -> Result<(), Failure> {
    if !arguments.allow_host.iter().any(|allowed| allowed == host) {
        return Err(Failure::usage(format!(
            "{host} is not this machine: if you may load it, say so with --allow-host {host}"
        )));
    }
    let expected = expected()?;
    let Some(most) = arguments.spend_max_usd else {
        return Err(Failure::usage(format!(
            "the whole run is expected to cost {expected}: say what it may cost with --spend-max-usd"
        )));
    };
    if expected.exact() <= most {
        return Ok(());
    }
    Err(Failure {
        exit_code: OVER_BUDGET,
        message: format!(
            "nothing was sent: the whole run is expected to cost {expected}, and --spend-max-usd allows {most}"
        ),
    })
}

fn transport(
    arguments: &SendingArguments,
    allowed_host: Option<String>,
) -> Result<Transport, Failure> {
    let certificate = match (&arguments.client_certificate, &arguments.client_key) {
        (Some(chain), Some(key)) => {
            Some((readable(chain, "--client-certificate")?, readable(key, "--client-key")?))
        }
        (None, None) | (Some(_), None) | (None, Some(_)) => None,
    };
    let authorities = arguments.trust.as_ref().map(|file| readable(file, "--trust")).transpose()?;
    let unspoken = Transport::default();
    Ok(Transport {
        protocol: if arguments.http2 { Protocol::Http2 } else { Protocol::Http1 },
        authorities,
        certificate,
        answer_within: arguments.answer_within.map_or(unspoken.answer_within, Duration::from_secs),
        allowed_host,
    })
}

/// A file that can be read now, and not only when the first connection is made.
fn readable(file: &PathBuf, flag: &str) -> Result<PathBuf, Failure> {
    match std::fs::File::open(file) {
        Ok(_) => Ok(file.clone()),
        Err(error) => Err(Failure::usage(format!("{flag} {}: {error}", file.display()))),
    }
}

fn credentials(
    how: Authentication,
    is_here: bool,
    partners: &Partners,
    system: &System,
) -> Result<Credentials, Failure> {
    match how {
        Authentication::None => Ok(Credentials::None),
        Authentication::ApiKey if is_here => Ok(partners.credentials()),
        Authentication::ApiKey => Ok(Credentials::ApiKeys(partners.own_credentials("api-key")?)),
        Authentication::Bearer => Ok(Credentials::Bearer(partners.own_credentials("bearer")?)),
        Authentication::Sigv4 if is_here && !partners.have_signers() => Ok(system.signed(partners)),
        Authentication::Sigv4 => Ok(Credentials::SigV4(SigV4 {
            region: system.region.to_string(),
            service: "execute-api".to_owned(),
            users: signers(partners)?,
            // One that lacks a key sends none, and the gateway says what it thinks of that.
            api_keys: partners.own_credentials("sigv4").unwrap_or_default(),
        })),
    }
}

/// Each partner's own, or this environment's for all of them.
fn signers(partners: &Partners) -> Result<Vec<SigV4User>, Failure> {
    if partners.have_signers() {
        return partners.signers(signer);
    }
    let of = |name: &str| {
        read_secret(&format!("env:{name}")).map_err(|error| {
            Failure::usage(format!(
                "--auth sigv4: {error}, and no partner of the profile has a signer"
            ))
        })
    };
    Ok(vec![SigV4User {
        access_key_id: of("AWS_ACCESS_KEY_ID")?,
        secret_access_key: of("AWS_SECRET_ACCESS_KEY")?,
        session_token: of("AWS_SESSION_TOKEN").ok(),
    }])
}

/// Reads `ACCESS_KEY_ID SECRET_ACCESS_KEY [SESSION_TOKEN]` from where the profile says it is.
fn signer(source: &str) -> Result<SigV4User, String> {
    let secret = read_secret(source).map_err(|error| error.to_string())?;
    let mut words = secret.split_whitespace().map(str::to_owned);
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(access_key_id), Some(secret_access_key), session_token, None) => {
            Ok(SigV4User { access_key_id, secret_access_key, session_token })
        }
        _ => Err(format!(
            "{source} must hold ACCESS_KEY_ID SECRET_ACCESS_KEY and perhaps SESSION_TOKEN, parted by spaces"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(allowed: &[&str], spend_max_usd: Option<&str>) -> SendingArguments {
        SendingArguments {
            allow_host: allowed.iter().map(|host| (*host).to_owned()).collect(),
            spend_max_usd: spend_max_usd.map(|text| text.parse().unwrap()),
            ..SendingArguments::default()
        }
    }

    #[test]
    fn another_machine_needs_its_name_and_a_cap_that_the_whole_run_keeps() {
        let check = |allowed: &[&str], most| {
            let expected = || Ok(Usd::new("1.25".parse().unwrap()));
            check_elsewhere("api.example.com", &arguments(allowed, most), expected)
                .map_err(|failure| (failure.exit_code, failure.message))
        };
        let said = check(&[], Some("9")).unwrap_err();
        assert!(said.0 == 2 && said.1.contains("--allow-host api.example.com"), "{said:?}");
        // Exactly the host: neither a part of its name nor a name that has it as a part.
        assert_eq!(check(&["example.com", "x.api.example.com"], Some("9")).unwrap_err().0, 2);
        let said = check(&["api.example.com"], None).unwrap_err();
        assert!(said.1.contains("--spend-max-usd") && said.1.contains("1.25"), "{said:?}");
        let said = check(&["api.example.com"], Some("1.24")).unwrap_err();
        assert!(said.0 == 14 && said.1.contains("nothing was sent"), "{said:?}");
        assert_eq!(check(&["api.example.com"], Some("1.25")), Ok(()));
    }

    #[test]
    fn a_signer_is_two_words_or_three_and_never_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signer");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            signer(&format!("file:{}", path.display()))
        };
        let user = read("AKIA7 hush\n").unwrap();
        assert_eq!((user.access_key_id.as_str(), user.session_token), ("AKIA7", None));
        assert_eq!(read("AKIA7 hush token\n").unwrap().session_token.as_deref(), Some("token"));
        for wrong in ["hush", "a hush c d"] {
            let said = read(wrong).err().unwrap();
            assert!(said.contains("ACCESS_KEY_ID") && !said.contains("hush"), "{said}");
        }
    }
}
