//! Where within the shape an arrival falls: the share of the whole that lies before arrival k.

use orders::seed::mix;

use crate::poisson::order_statistic;

/// Stream of the run's seed from which arrivals take their place; other streams make the orders.
const JITTER_STREAM: u64 = 0x6172_7269_7661_6c73; // "arrivals"

/// How arrivals are strewn over the area under a curve. Each gives exactly N of them, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// In the middle of each N-th of the area: evenly spaced where the rate is constant. It hides
    /// queueing, and is for rehearsals and for a person who counts.
    Middle,
    /// At a place that the seed chooses within each N-th: smooth, for runs that are compared.
    #[default]
    Stratified,
    /// As N independent partners would: a Poisson process, given that it has N arrivals
    /// (`poisson|N`), bursts and gaps and all. For claims of capacity.
    Poisson,
}

impl Placement {
    /// The share of the whole before arrival `k` of `of`, in [0, 1]; it does not fall with k.
    pub(crate) fn share(self, seed: u64, k: u64, of: u64) -> f64 {
        let within = match self {
            Self::Middle => 0.5,
            Self::Stratified => unit(mix(seed, JITTER_STREAM, k)),
            Self::Poisson => return order_statistic(seed, k, of),
        };
        (k as f64 + within) / of as f64
    }
}

/// The top 53 bits as a number in [0, 1).
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
