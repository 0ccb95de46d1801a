//! Who may call how often: keys, their usage plans, and the buckets of account and method.
//! API Gateway calls its own limits "best effort"; these are exact.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::config::{ApiConfig, Quota, QuotaPeriod, Throttle, UsagePlan};
use crate::lock::lock;

use super::refusal::Kind;
use crate::token_bucket::TokenBucket;

/// A key and what it has left.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) value: String,
    bucket: Option<Mutex<TokenBucket>>,
    quota: Option<Mutex<Used>>,
}

/// A quota and what was used of it.
struct Used {
    quota: Quota,
    /// The first second of the period that `count` is of.
    period_s: i64,
    count: u64,
}

impl Used {
    fn take(&mut self, now_s: i64) -> bool {
        let period_s = period_start_s(self.quota.period, now_s);
        if period_s != self.period_s {
            (self.period_s, self.count) = (period_s, 0);
        }
        let taken = self.count < self.quota.limit;
        self.count += u64::from(taken);
        taken
    }
}

/// Midnight UTC of the day, the Sunday or the first of the month.
fn period_start_s(period: QuotaPeriod, now_s: i64) -> i64 {
    let now = Timestamp::from_second(now_s).unwrap_or_default();
    let date = now.to_zoned_datetime(TimeZone::UTC).date();
    let first = match period {
        QuotaPeriod::Day => Ok(date),
        QuotaPeriod::Week if date.weekday() == Weekday::Sunday => Ok(date),
        QuotaPeriod::Week => date.nth_weekday(-1, Weekday::Sunday),
        QuotaPeriod::Month => Ok(date.first_of_month()),
    };
    let midnight = first.and_then(|date| date.to_zoned_datetime(TimeZone::UTC));
    midnight.map_or(now_s, |midnight| midnight.timestamp().as_second())
}

/// The limits of one API.
pub(super) struct Limits {
    keys: HashMap<String, Key>,
    account: Option<Mutex<TokenBucket>>,
    /// By route.
    methods: Vec<Option<Mutex<TokenBucket>>>,
}

impl Limits {
    pub(super) fn new(api: &ApiConfig) -> Self {
        let bucket = |throttle: Option<Throttle>| throttle.map(|t| Mutex::new(TokenBucket::new(t)));
        let plan_of = |name: &Option<String>| -> Option<&UsagePlan> {
            api.usage_plans.iter().find(|plan| Some(&plan.name) == name.as_ref())
        };
        let key = |config: &crate::config::ApiKey| {
            let plan = plan_of(&config.usage_plan);
            let used = |quota| Mutex::new(Used { quota, period_s: 0, count: 0 });
            Key {
                id: config.id.clone(),
                value: config.value.clone(),
                bucket: bucket(plan.and_then(|plan| plan.throttle)),
                quota: plan.and_then(|plan| plan.quota).map(used),
            }
        };
        Limits {
            keys: api.api_keys.iter().map(|k| (k.value.clone(), key(k))).collect(),
            account: bucket(api.account_throttle),
            methods: api.routes.iter().map(|route| bucket(route.throttle)).collect(),
        }
    }

    pub(super) fn key(&self, value: &str) -> Option<&Key> {
        self.keys.get(value)
    }

    /// Takes one request from every bucket it is of: the key's plan first, then the method, then
    /// the account (API Gateway developer guide, "api-gateway-request-throttling").
    pub(super) fn take(
        &self,
        route: usize,
        key: Option<&Key>,
        since_start: Duration,
        now_s: i64,
    ) -> Result<(), Kind> {
        let of_key = key.and_then(|key| key.bucket.as_ref());
        let of_method = self.methods.get(route).and_then(Option::as_ref);
        for bucket in [of_key, of_method, self.account.as_ref()].into_iter().flatten() {
            if !lock(bucket).take(since_start) {
                return Err(Kind::Throttled);
            }
        }
        match key.and_then(|key| key.quota.as_ref()) {
            Some(quota) if !lock(quota).take(now_s) => Err(Kind::QuotaExceeded),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ApiKey;

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn periods_begin_at_midnight_utc() {
        // 2026-11-26 is a Thursday.
        let now = second("2026-11-26T13:14:15Z");
        for (period, start) in [
            (QuotaPeriod::Day, "2026-11-26T00:00:00Z"),
            (QuotaPeriod::Week, "2026-11-22T00:00:00Z"),
            (QuotaPeriod::Month, "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(period_start_s(period, now), second(start), "{period:?}");
        }
        let sunday = second("2026-11-22T00:00:00Z");
        assert_eq!(period_start_s(QuotaPeriod::Week, sunday), sunday);
    }

    #[test]
    fn each_key_has_the_limits_of_its_plan_to_itself() {
        let key = |name: &str, plan: Option<&str>| ApiKey {
            id: name.to_owned(),
            value: name.to_owned(),
            usage_plan: plan.map(str::to_owned),
        };
        let api = ApiConfig {
            usage_plans: vec![UsagePlan {
                name: "small".to_owned(),
                throttle: Some(Throttle { rate_per_s: 1.0, burst: 4.0 }),
                quota: Some(Quota { limit: 3, period: QuotaPeriod::Day }),
            }],
            api_keys: vec![key("a", Some("small")), key("b", Some("small")), key("c", None)],
            ..ApiConfig::default()
        };
        let limits = Limits::new(&api);
        let day = second("2026-11-26T23:59:59Z");
        let take = |key: &str, at_s: u64, now_s: i64| {
            limits.take(0, limits.key(key), Duration::from_secs(at_s), now_s)
        };
        let results: Vec<_> = (0..5).map(|_| take("a", 0, day)).collect();
        let (quota, throttled) = (Err(Kind::QuotaExceeded), Err(Kind::Throttled));
        assert_eq!(results, [Ok(()), Ok(()), Ok(()), quota, throttled]);
        assert_eq!(take("b", 0, day), Ok(()));
        assert_eq!((0..100).filter(|_| take("c", 0, day).is_ok()).count(), 100);
        // A second later it is another day, and a token is back.
        assert_eq!(take("a", 1, day + 1), Ok(()));
    }

    #[test]
    fn the_account_and_the_method_are_of_all_keys() {
        let api = ApiConfig {
            account_throttle: Some(Throttle { rate_per_s: 1.0, burst: 2.0 }),
            ..ApiConfig::default()
        };
        let limits = Limits::new(&api);
        let taken = (0..5).filter(|_| limits.take(0, None, Duration::ZERO, 0).is_ok()).count();
        assert_eq!(taken, 2);
    }
}
