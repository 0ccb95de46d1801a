//! How many invocations may run at once, and how fast new environments may come: what makes
//! Lambda throttle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::config::Throttle;

/// Lambda developer guide, "Understanding concurrency": reservations leave this many to the
/// functions without one.
pub(crate) const UNRESERVED_MIN: u32 = 100;
/// Lambda developer guide, "Lambda scaling behavior": a function gets up to 1,000 new
/// environments every 10 seconds.
pub(crate) const NEW_ENVIRONMENTS: Throttle = Throttle { rate_per_s: 100.0, burst: 1000.0 };

/// Why Lambda does not take an invocation now. Displays as the `Reason` of a
/// TooManyRequestsException: Invoke API reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ThrottleReason {
    /// The function's own reservation is used up.
    Reserved,
    /// The account's is.
    Account,
    /// Environments are being added as fast as Lambda adds them. AWS does not document the
    /// reason that it gives.
    Ramp,
}

impl fmt::Display for ThrottleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThrottleReason::Reserved => "ReservedFunctionConcurrentInvocationLimitExceeded",
            ThrottleReason::Account => "ConcurrentInvocationLimitExceeded",
            ThrottleReason::Ramp => "FunctionInvocationRateLimitExceeded",
        })
    }
}

/// Places for invocations: a function's reservation, or what the others share.
#[derive(Debug)]
pub(crate) struct Places {
    limit: u32,
    taken: AtomicU32,
    reason: ThrottleReason,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Places {
    pub(crate) fn new(limit: u32, reason: ThrottleReason) -> Arc<Self> {
        Arc::new(Places { limit, taken: AtomicU32::new(0), reason })
    }

    pub(crate) fn take(self: &Arc<Self>) -> Result<Place, ThrottleReason> {
        let one_more = |taken| (taken < self.limit).then_some(taken + 1);
        match self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Place(self.clone())),
            Err(_) => Err(self.reason),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_the_limit_and_they_come_back() {
        let places = Places::new(2, ThrottleReason::Reserved);
        let (first, _second) = (places.take().unwrap(), places.take().unwrap());
        assert_eq!(places.take().unwrap_err(), ThrottleReason::Reserved);
        drop(first);
        assert!(places.take().is_ok());
    }

    #[test]
    fn a_reservation_of_none_stops_a_function() {
        assert!(Places::new(0, ThrottleReason::Reserved).take().is_err());
    }
}
