//! Faults on purpose: which kinds there are, how often each strikes, how often it did.
//!
//! Whether the n-th chance of a kind strikes is a pure function of (seed, kind, n): no kind's
//! draws shift another's, and the same seed makes the same draws. Which request has the n-th
//! chance depends on how requests interleave. What a fault does is where it strikes: the
//! services ask [`Faults`] and act.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// SQS refuses a send with 503 ServiceUnavailable; nothing is stored.
    SqsRefuse,
    /// SQS refuses a send with 403 AccessDenied, as when a policy or a key was changed; nothing is
    /// stored.
    SqsDeny,
    /// SQS refuses a send with 400 InvalidParameterValue, as when it is too long; nothing is stored.
    SqsInvalid,
    /// SQS stores the message, and the sender gets no answer in time: a gateway's 504.
    SqsTimeout,
    /// A message is delivered once more although it was deleted, as at-least-once allows: a
    /// server that holds a copy was not there to delete it.
    MessageDuplicate,
    /// A message takes the place of one that waits, and that one goes to the end of the line.
    MessageReorder,
    /// A message becomes visible later, by up to the argument.
    MessageDelay,
    /// S3 answers 500 InternalError and has done nothing.
    S3ErrorBefore,
    /// S3 has written the object and answers 500 InternalError.
    S3ErrorAfter,
    /// S3 answers a conditional write with 409 ConditionalRequestConflict.
    S3Conflict,
    /// S3 answers 503 SlowDown.
    S3SlowDown,
    /// S3 answers late, by up to the argument.
    S3Slow,
    /// A function's process is killed, up to the argument after its invocation began.
    FunctionKill,
    /// A function's response does not arrive: Lambda holds the invocation for failed.
    ResponseLost,
    /// A function's process stands still in mid-invocation, for up to the argument.
    FunctionFreeze,
    /// The gateway answers 429 although no limit is reached.
    GatewayThrottle,
    /// A clock is off, by up to the argument, early or late.
    ClockSkew,
}

/// Every kind, with its name in files and on the command line and, for those whose effect
/// lasts, the argument when none is given.
const KINDS: [(FaultKind, &str, Option<Duration>); 17] = [
    (FaultKind::SqsRefuse, "sqs-refuse", None),
    (FaultKind::SqsDeny, "sqs-deny", None),
    (FaultKind::SqsInvalid, "sqs-invalid", None),
    (FaultKind::SqsTimeout, "sqs-timeout", None),
    (FaultKind::MessageDuplicate, "message-duplicate", None),
    (FaultKind::MessageReorder, "message-reorder", None),
    (FaultKind::MessageDelay, "message-delay", Some(Duration::from_secs(5))),
    (FaultKind::S3ErrorBefore, "s3-error-before", None),
    (FaultKind::S3ErrorAfter, "s3-error-after", None),
    (FaultKind::S3Conflict, "s3-conflict", None),
    (FaultKind::S3SlowDown, "s3-slow-down", None),
    (FaultKind::S3Slow, "s3-slow", Some(Duration::from_secs(1))),
    (FaultKind::FunctionKill, "function-kill", Some(Duration::from_millis(20))),
    (FaultKind::ResponseLost, "response-lost", None),
    (FaultKind::FunctionFreeze, "function-freeze", Some(Duration::from_secs(2))),
    (FaultKind::GatewayThrottle, "gateway-throttle", None),
    (FaultKind::ClockSkew, "clock-skew", Some(Duration::from_secs(300))),
];

impl FaultKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = FaultKind> {
        KINDS.iter().map(|(kind, _, _)| *kind)
    }

    /// Its name in files, on the command line and in the run's record.
    pub fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The argument when none is given; None: the kind takes no argument.
    fn default_argument(self) -> Option<Duration> {
        KINDS[self as usize].2
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FaultKind {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let found = KINDS.iter().find(|(_, name, _)| *name == text);
        found.map(|(kind, _, _)| *kind).ok_or_else(|| FaultError::UnknownKind(text.to_owned()))
    }
}

/// Why a fault cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such kind.
    #[error("no fault is called {0:?}; there are {names}", names = names())]
    UnknownKind(String),
    /// The text is not KIND=RATE.
    #[error("a fault is written KIND=RATE or KIND=RATE:TIME, such as s3-slow=0.01:2s, not {0:?}")]
    Shape(String),
    /// The rate is not a share.
    #[error("the rate of {kind} must be 0 to 1, not {rate:?}")]
    Rate {
        /// Of which kind.
        kind: FaultKind,
        /// As it was written.
        rate: String,
    },
    /// The argument is not a time.
    #[error("the time of {kind} must be a number with ms, s or m, up to 900s, not {argument:?}")]
    Argument {
        /// Of which kind.
        kind: FaultKind,
        /// As it was written.
        argument: String,
    },
    /// The kind takes no argument.
    #[error("{0} takes no time, only a rate")]
    NoArgument(FaultKind),
}

fn names() -> String {
    KINDS.map(|(_, name, _)| name).join(", ")
}

/// How often a kind strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultRate {
    /// The share of its chances that strike, 0 to 1.
    pub rate: f64,
    /// The longest effect, for the kinds whose effect lasts; otherwise zero.
    pub argument: Duration,
}

/// Which faults strike and how often. Empty: none does.
///
/// In TOML it is a table of rates: `s3-slow-down = 0.01`, `s3-slow = "0.01:2s"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultPlan {
    rates: BTreeMap<FaultKind, FaultRate>,
}

impl FaultPlan {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        FaultPlan::default()
    }

    /// Whether no fault can strike.
    pub fn is_empty(&self) -> bool {
        self.rates.values().all(|rate| rate.rate == 0.0)
    }

    /// The kinds planned and how often each strikes.
    pub fn rates(&self) -> impl Iterator<Item = (FaultKind, FaultRate)> {
        self.rates.iter().map(|(kind, rate)| (*kind, *rate))
    }

    /// Plans a fault from `KIND=RATE` or `KIND=RATE:TIME`; it replaces the kind's earlier rate.
    ///
    /// # Errors
    /// [`FaultError`] names what is wrong, and the known kinds when the kind is unknown.
    pub fn add(&mut self, text: &str) -> Result<(), FaultError> {
        let (name, rate) =
            text.split_once('=').ok_or_else(|| FaultError::Shape(text.to_owned()))?;
        let kind: FaultKind = name.trim().parse()?;
        self.rates.insert(kind, parse_rate(kind, rate.trim())?);
        Ok(())
    }

    /// The plan with one more fault, for configurations in code.
    ///
    /// # Errors
    /// As [`FaultPlan::add`].
    pub fn with(mut self, text: &str) -> Result<Self, FaultError> {
        self.add(text)?;
        Ok(self)
    }
}

fn parse_rate(kind: FaultKind, text: &str) -> Result<FaultRate, FaultError> {
    let (rate, argument) = match text.split_once(':') {
        Some((rate, argument)) => (rate, Some(argument)),
        None => (text, None),
    };
    let parsed = rate.trim().parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    let parsed = parsed.ok_or_else(|| FaultError::Rate { kind, rate: rate.to_owned() })?;
    let argument = match (argument, kind.default_argument()) {
        (None, default) => default.unwrap_or_default(),
        (Some(_), None) => return Err(FaultError::NoArgument(kind)),
        (Some(text), Some(_)) => parse_time(text.trim())
            .ok_or_else(|| FaultError::Argument { kind, argument: text.to_owned() })?,
    };
    Ok(FaultRate { rate: parsed, argument })
}

/// `250ms`, `1.5s`, `2m`; up to Lambda's longest timeout.
fn parse_time(text: &str) -> Option<Duration> {
    const LONGEST_S: f64 = 900.0;
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0)];
    let (number, unit_s) =
        units.iter().find_map(|(unit, s)| Some((text.strip_suffix(unit)?, s)))?;
    let seconds = number.trim().parse::<f64>().ok()? * unit_s;
    (0.0..=LONGEST_S).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

impl fmt::Display for FaultRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rate)?;
        if self.argument.is_zero() { Ok(()) } else { write!(f, ":{}ms", self.argument.as_millis()) }
    }
}

impl Serialize for FaultPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.rates.iter().map(|(kind, rate)| (kind.name(), rate.to_string())))
    }
}

impl<'de> Deserialize<'de> for FaultPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = BTreeMap::<String, RateText>::deserialize(deserializer)?;
        let mut plan = FaultPlan::none();
        for (kind, RateText(rate)) in written {
            plan.add(&format!("{kind}={rate}")).map_err(de::Error::custom)?;
        }
        Ok(plan)
    }
}

/// A rate as a number, or as the text of the command line.
struct RateText(String);

impl<'de> Deserialize<'de> for RateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyRate;
        impl Visitor<'_> for AnyRate {
            type Value = RateText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate such as 0.01, or text such as \"0.01:2s\"")
            }
            fn visit_f64<E: de::Error>(self, rate: f64) -> Result<RateText, E> {
                Ok(RateText(rate.to_string()))
            }
            fn visit_i64<E: de::Error>(self, rate: i64) -> Result<RateText, E> {
                Ok(RateText(rate.to_string()))
            }
            fn visit_u64<E: de::Error>(self, rate: u64) -> Result<RateText, E> {
                Ok(RateText(rate.to_string()))
            }
            fn visit_str<E: de::Error>(self, rate: &str) -> Result<RateText, E> {
                Ok(RateText(rate.to_owned()))
            }
        }
        deserializer.deserialize_any(AnyRate)
    }
}

/// One kind while the cloud runs.
struct Stream {
    /// A draw below this strikes; 2^64 is always.
    threshold: u128,
    argument: Duration,
    seed: u64,
    chances: AtomicU64,
    struck: AtomicU64,
}

/// The faults of a running cloud: services ask it at each chance.
pub(crate) struct Faults {
    streams: [Stream; KINDS.len()],
}

impl Faults {
    pub(crate) fn new(plan: &FaultPlan, seed: u64) -> Self {
        let streams = KINDS.map(|(kind, _, _)| {
            let rate = plan.rates.get(&kind);
            Stream {
                threshold: rate.map_or(0, |rate| (rate.rate * 2_f64.powi(64)) as u128),
                argument: rate.map_or(Duration::ZERO, |rate| rate.argument),
                seed: mix(seed ^ mix(kind as u64 + 1)),
                chances: AtomicU64::new(0),
                struck: AtomicU64::new(0),
            }
        });
        Faults { streams }
    }

    /// Whether the fault strikes this time. Without a rate it costs one comparison.
    pub(crate) fn strikes(&self, kind: FaultKind) -> bool {
        self.draw(kind).is_some()
    }

    /// For how long the fault strikes this time: uniform over zero to the kind's argument.
    pub(crate) fn strikes_for(&self, kind: FaultKind) -> Option<Duration> {
        let draw = self.draw(kind)?;
        let share = (mix(draw) >> 11) as f64 / 2_f64.powi(53);
        Some(self.streams[kind as usize].argument.mul_f64(share))
    }

    /// A number of the fault's own, if it strikes this time.
    pub(crate) fn strikes_with(&self, kind: FaultKind) -> Option<u64> {
        self.draw(kind).map(mix)
    }

    /// By how much a clock is off this time, ms: uniform over the argument, both ways.
    pub(crate) fn skew_ms(&self) -> Option<i64> {
        let draw = self.draw(FaultKind::ClockSkew)?;
        let share = (mix(draw) >> 11) as f64 / 2_f64.powi(52) - 1.0;
        let longest = self.streams[FaultKind::ClockSkew as usize].argument.as_secs_f64() * 1000.0;
        Some((longest * share) as i64)
    }

    /// The draw that struck.
    fn draw(&self, kind: FaultKind) -> Option<u64> {
        let stream = &self.streams[kind as usize];
        if stream.threshold == 0 {
            return None;
        }
        let chance = stream.chances.fetch_add(1, Ordering::Relaxed);
        let draw = mix(stream.seed.wrapping_add(chance.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let strikes = u128::from(draw) < stream.threshold;
        strikes.then(|| {
            stream.struck.fetch_add(1, Ordering::Relaxed);
            draw
        })
    }

    /// How often each planned kind struck, by name; a planned kind that never did is a zero.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let planned = KINDS.iter().zip(&self.streams).filter(|(_, stream)| stream.threshold > 0);
        planned
            .map(|((_, name, _), stream)| {
                ((*name).to_owned(), stream.struck.load(Ordering::Relaxed))
            })
            .collect()
    }
}

/// The finalizer of splitmix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &[&str]) -> FaultPlan {
        let mut plan = FaultPlan::none();
        faults.iter().for_each(|fault| plan.add(fault).expect("a fault"));
        plan
    }

    fn draws(faults: &Faults, kind: FaultKind, count: usize) -> Vec<bool> {
        (0..count).map(|_| faults.strikes(kind)).collect()
    }

    #[test]
    fn every_kind_is_at_the_place_of_its_number_and_has_its_own_name() {
        for (index, kind) in FaultKind::all().enumerate() {
            assert_eq!(kind as usize, index);
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_kind_is_refused_with_the_known_ones() {
        let error = plan_error("s3-explodes=0.1");
        assert!(error.contains("\"s3-explodes\"") && error.contains("s3-slow-down"), "{error}");
    }

    fn plan_error(text: &str) -> String {
        FaultPlan::none().add(text).expect_err("refused").to_string()
    }

    #[test]
    fn a_rate_is_a_share_and_both_ends_are_allowed() {
        for fine in ["sqs-refuse=0", "sqs-refuse=1", "sqs-refuse=0.25"] {
            assert!(FaultPlan::none().add(fine).is_ok(), "{fine}");
        }
        for bad in ["sqs-refuse=1.01", "sqs-refuse=-0.01", "sqs-refuse=NaN", "sqs-refuse=often"] {
            assert!(plan_error(bad).contains("sqs-refuse must be 0 to 1"), "{bad}");
        }
        assert!(plan_error("sqs-refuse").contains("KIND=RATE"));
    }

    #[test]
    fn a_time_has_a_unit_and_only_lasting_kinds_take_one() {
        let lasting = |text| plan(&[text]).rates[&FaultKind::S3Slow].argument;
        assert_eq!(lasting("s3-slow=0.5:250ms"), Duration::from_millis(250));
        assert_eq!(lasting("s3-slow=0.5:1.5s"), Duration::from_millis(1500));
        assert_eq!(lasting("s3-slow=0.5:15m"), Duration::from_secs(900));
        assert_eq!(lasting("s3-slow=0.5"), Duration::from_secs(1));
        assert!(plan_error("s3-slow=0.5:901s").contains("up to 900s"));
        assert!(plan_error("s3-slow=0.5:3").contains("ms, s or m"));
        assert!(plan_error("s3-slow-down=0.5:3s").contains("takes no time"));
    }

    #[test]
    fn a_plan_survives_being_written_and_read() {
        let plan = plan(&["s3-slow=0.01:2s", "function-kill=0.125:7ms", "message-duplicate=0.5"]);
        let written = serde_json::to_string(&plan).expect("JSON");
        assert_eq!(serde_json::from_str::<FaultPlan>(&written).expect("a plan"), plan);
        let number: FaultPlan = serde_json::from_str(r#"{"s3-slow-down": 1}"#).expect("a plan");
        assert_eq!(number.rates[&FaultKind::S3SlowDown].rate, 1.0);
        assert!(serde_json::from_str::<FaultPlan>(r#"{"s3": 1}"#).is_err());
    }

    #[test]
    fn the_draws_of_a_kind_do_not_depend_on_those_of_another() {
        let plan = plan(&["s3-slow-down=0.3", "s3-conflict=0.3"]);
        let alone = draws(&Faults::new(&plan, 7), FaultKind::S3Conflict, 1000);
        let mixed = Faults::new(&plan, 7);
        draws(&mixed, FaultKind::S3SlowDown, 333);
        assert_eq!(draws(&mixed, FaultKind::S3Conflict, 1000), alone);
        assert_ne!(draws(&Faults::new(&plan, 7), FaultKind::S3SlowDown, 1000), alone);
        assert_ne!(draws(&Faults::new(&plan, 8), FaultKind::S3Conflict, 1000), alone);
    }

    #[test]
    fn zero_never_strikes_and_one_always_does() {
        let faults = Faults::new(&plan(&["sqs-refuse=0", "sqs-timeout=1"]), 3);
        assert!(draws(&faults, FaultKind::SqsRefuse, 500).iter().all(|struck| !struck));
        assert!(draws(&faults, FaultKind::SqsTimeout, 500).iter().all(|struck| *struck));
    }

    /// 100,000 draws at 0.02: the mean is 2,000 and the standard deviation 44.3.
    #[test]
    fn the_share_that_strikes_is_the_rate_and_is_counted() {
        let faults = Faults::new(&plan(&["response-lost=0.02", "s3-conflict=0.5"]), 11);
        let struck =
            draws(&faults, FaultKind::ResponseLost, 100_000).iter().filter(|s| **s).count();
        assert!((1_800..=2_200).contains(&struck), "{struck} of 100,000");
        let expected =
            BTreeMap::from([("response-lost".into(), struck as u64), ("s3-conflict".into(), 0)]);
        assert_eq!(faults.counts(), expected);
    }

    #[test]
    fn an_effect_lasts_up_to_its_argument_and_a_skew_goes_both_ways() {
        let faults = Faults::new(&plan(&["s3-slow=1:80ms", "clock-skew=1:60s"]), 5);
        let longest = Duration::from_millis(80);
        let lasting: Vec<Duration> =
            (0..1000).filter_map(|_| faults.strikes_for(FaultKind::S3Slow)).collect();
        assert!(lasting.iter().all(|time| *time < longest));
        assert!(lasting.iter().any(|time| *time > longest / 2));
        let skews: Vec<i64> = (0..1000).filter_map(|_| faults.skew_ms()).collect();
        assert!(skews.iter().all(|skew| skew.abs() <= 60_000));
        assert!(
            skews.iter().any(|skew| *skew > 30_000) && skews.iter().any(|skew| *skew < -30_000)
        );
    }
}
