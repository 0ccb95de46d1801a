//! A token bucket, by which API Gateway and Lambda throttle. Time comes in as an argument.

use std::time::Duration;

use crate::config::Throttle;

#[derive(Debug)]
pub(crate) struct TokenBucket {
    throttle: Throttle,
    tokens: f64,
    /// Since an arbitrary beginning, as `take`'s argument.
    refilled: Duration,
}

impl TokenBucket {
    /// Full at the beginning.
    pub(crate) fn new(throttle: Throttle) -> Self {
        TokenBucket { throttle, tokens: throttle.burst, refilled: Duration::ZERO }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.refilled);
        // Two threads may arrive in the other order of their clocks; time does not go back.
        self.refilled = self.refilled.max(now);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.throttle.rate_per_s)
            .min(self.throttle.burst);
        let taken = self.tokens >= 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bucket: &mut TokenBucket, now: Duration, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(now)).count()
    }

    /// API Gateway developer guide, "http-api-throttling": with 10 000 a second and a burst
    /// of 5000, of 10 000 requests in the first millisecond 5000 are served.
    #[test]
    fn of_ten_thousand_in_the_first_millisecond_five_thousand_are_served() {
        let mut bucket = TokenBucket::new(Throttle { rate_per_s: 10_000.0, burst: 5000.0 });
        assert_eq!(count(&mut bucket, Duration::ZERO, 10_000), 5000);
    }

    #[test]
    fn tokens_come_back_at_the_rate_up_to_the_burst() {
        let mut bucket = TokenBucket::new(Throttle { rate_per_s: 10.0, burst: 4.0 });
        assert_eq!(count(&mut bucket, Duration::ZERO, 9), 4);
        assert_eq!(count(&mut bucket, Duration::from_millis(250), 9), 2);
        assert_eq!(count(&mut bucket, Duration::from_secs(60), 9), 4);
    }

    #[test]
    fn a_clock_that_steps_back_makes_no_tokens() {
        let mut bucket = TokenBucket::new(Throttle { rate_per_s: 1.0, burst: 1.0 });
        assert_eq!(count(&mut bucket, Duration::from_secs(5), 2), 1);
        assert_eq!(count(&mut bucket, Duration::from_secs(1), 2), 0);
        assert_eq!(count(&mut bucket, Duration::from_secs(5), 2), 0);
    }
}
