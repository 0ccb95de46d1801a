//! Order k as a request. What is the same for all orders of a partner is written down once; the
//! rest is written into buffers that are used again.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http_body_util::Full;
use hyper::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use orders::{BodyWriter, Sampler};

use crate::credentials::of_partner;
use crate::gateway::Gateway;
use crate::pacer::Arrival;
use crate::signature::{Signable, Signer};
use crate::{ArrivalSchedule, Credentials, SigV4};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const AMZ_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const AGENT: &str = concat!("vazao/", env!("CARGO_PKG_VERSION"));

/// Makes the requests of one driver.
pub(crate) struct RequestWriter {
    gateway: Gateway,
    bodies: BodyWriter,
    sampler: Sampler,
    schedule: ArrivalSchedule,
    start_unix: Timestamp,
    /// Of each partner, the lines that are the same for all of its orders.
    heads: Vec<Vec<u8>>,
    signers: Vec<Signer>,
    body: Vec<u8>,
    path: String,
}

impl RequestWriter {
    pub(crate) fn new(
        gateway: Gateway,
        sampler: &Sampler,
        schedule: &ArrivalSchedule,
        start_unix: Timestamp,
    ) -> Self {
        let partners = match &gateway.credentials {
            Credentials::None => 1,
            Credentials::ApiKeys(list) | Credentials::Bearer(list) => list.len(),
            Credentials::SigV4(signing) => signing.users.len().max(signing.api_keys.len()),
        };
        let heads = (0..partners.max(1)).map(|partner| head(&gateway, partner)).collect();
        let signers = match &gateway.credentials {
            Credentials::SigV4(SigV4 { region, service, users, .. }) => {
                users.iter().map(|user| Signer::new(user.clone(), region, service)).collect()
            }
            Credentials::None | Credentials::ApiKeys(_) | Credentials::Bearer(_) => Vec::new(),
        };
        Self {
            bodies: sampler.body_writer(),
            sampler: sampler.clone(),
            schedule: schedule.clone(),
            gateway,
            start_unix,
            heads,
            signers,
            body: Vec::new(),
            path: String::new(),
        }
    }

    /// Appends the whole request of an arrival, due `offset_us` after the start, as HTTP/1.1
    /// sends it.
    pub(crate) fn write_http1(&mut self, arrival: Arrival, out: &mut Vec<u8>) {
        let partner = self.prepare(arrival);
        out.extend_from_slice(b"PUT ");
        out.extend_from_slice(self.path.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        if let Some(head) = of_partner(&self.heads, partner) {
            out.extend_from_slice(head);
        } else {
            // A partner without credentials: the gateway will say so.
            out.extend_from_slice(&common(&self.gateway));
        }
        for (name, value) in self.signature(partner) {
            for part in [name.as_str(), ": ", &value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        out.extend_from_slice(b"content-length: ");
        append_digits(out, self.body.len());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(&self.body);
    }

    /// The request of an arrival as hyper takes it; none if it cannot be said in HTTP.
    pub(crate) fn request(&mut self, arrival: Arrival) -> Option<Request<Full<Bytes>>> {
        let partner = self.prepare(arrival);
        let mut uri = Uri::default().into_parts();
        uri.scheme =
            Some(if self.gateway.scheme == "https" { Scheme::HTTPS } else { Scheme::HTTP });
        uri.authority = Some(self.gateway.authority.parse::<Authority>().ok()?);
        uri.path_and_query = Some(PathAndQuery::try_from(self.path.as_str()).ok()?);
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(&self.body)));
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = Uri::from_parts(uri).ok()?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let signature = self.signature(partner);
        for (name, value) in
            credential(&self.gateway.credentials, partner).into_iter().chain(signature)
        {
            headers.insert(name, HeaderValue::from_str(&value).ok()?);
        }
        Some(request)
    }

    /// Puts the body and the path of an arrival into their buffers; its partner's index.
    fn prepare(&mut self, arrival: Arrival) -> usize {
        self.body.clear();
        self.path.clear();
        self.path.push_str(&self.gateway.orders_path);
        let (start_unix, schedule) = (self.start_unix, &self.schedule);
        // To the microsecond, as arrivals are: a repeat has the bytes of what it repeats.
        let issued_at = |k| {
            let offset_us = i64::try_from(schedule.at_index(k).as_micros()).unwrap_or(i64::MAX);
            start_unix + SignedDuration::from_micros(offset_us)
        };
        if let Some(other) = self.sampler.deviation(arrival.index, issued_at) {
            self.body.extend_from_slice(&other.body);
            self.path.push_str(other.number.as_str());
            return other.partner_index as usize;
        }
        let offset = SignedDuration::from_micros(arrival.due_us.cast_signed());
        let written = self.bodies.write(arrival.index, start_unix + offset, &mut self.body);
        self.path.push_str(written.number());
        written.partner_index as usize
    }

    /// The headers that sign what is in the buffers, now: a stale signature is refused.
    fn signature(&mut self, partner: usize) -> Vec<(HeaderName, String)> {
        let signer = if self.signers.len() == 1 {
            self.signers.first_mut()
        } else {
            self.signers.get_mut(partner)
        };
        let Some(signer) = signer else { return Vec::new() };
        let request = Signable {
            method: "PUT",
            host: &self.gateway.authority,
            path: &self.path,
            body: &self.body,
        };
        let signed = signer.sign(&request, Timestamp::now());
        let token = signed.session_token.map(|token| (AMZ_TOKEN, token.to_owned()));
        [(AUTHORIZATION, signed.authorization), (AMZ_DATE, signed.date.to_owned())]
            .into_iter()
            .chain(token)
            .collect()
    }
}

/// The header that is the same for all orders of a partner, if there is one.
fn credential(credentials: &Credentials, partner: usize) -> Option<(HeaderName, String)> {
    match credentials {
        Credentials::None => None,
        Credentials::ApiKeys(keys) | Credentials::SigV4(SigV4 { api_keys: keys, .. }) => {
            of_partner(keys, partner).map(|key| (API_KEY, key.clone()))
        }
        Credentials::Bearer(tokens) => {
            of_partner(tokens, partner).map(|token| (AUTHORIZATION, format!("Bearer {token}")))
        }
    }
}

fn common(gateway: &Gateway) -> Vec<u8> {
    format!(
        "host: {}\r\ncontent-type: application/json\r\nuser-agent: {AGENT}\r\n",
        gateway.authority
    )
    .into_bytes()
}

fn head(gateway: &Gateway, partner: usize) -> Vec<u8> {
    let mut head = common(gateway);
    if let Some((name, value)) = credential(&gateway.credentials, partner) {
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head
}

fn append_digits(out: &mut Vec<u8>, number: usize) {
    use std::io::Write as _;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}
