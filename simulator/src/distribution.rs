//! Distributions of times, as a model file writes them and as the simulation draws them.

use rand_distr::{Gamma, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// A distribution of a time in seconds. `cv2` is the squared coefficient of variation,
/// variance / mean^2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Deterministic {
        /// The value, s.
        value_s: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean, s.
        mean_s: f64,
    },
    /// The sum of `stages` exponentials of the same mean.
    Erlang {
        /// The mean of the sum, s.
        mean_s: f64,
        /// How many, at least 1.
        stages: u32,
    },
    /// Gamma.
    Gamma {
        /// The mean, s.
        mean_s: f64,
        /// variance / mean^2, above 0.
        cv2: f64,
    },
    /// Lognormal.
    Lognormal {
        /// The mean, s.
        mean_s: f64,
        /// variance / mean^2, above 0.
        cv2: f64,
    },
    /// Exponential of mean `means_s[i]` with probability `probabilities[i]`.
    Hyperexponential {
        /// The probabilities; they sum to 1.
        probabilities: Vec<f64>,
        /// The means, s.
        means_s: Vec<f64>,
    },
    /// Pareto: P(T > t) = (minimum / t)^shape from the minimum on.
    Pareto {
        /// The smallest value, s.
        minimum_s: f64,
        /// The exponent: the mean is finite above 1, the variance above 2.
        shape: f64,
    },
    /// Uniform.
    Uniform {
        /// From, s.
        from_s: f64,
        /// To, s.
        to_s: f64,
    },
    /// One of the values, each with its weight.
    Empirical {
        /// The values, s.
        values_s: Vec<f64>,
        /// Their weights, in any unit; without them every value weighs the same.
        #[serde(default)]
        weights: Vec<f64>,
    },
    /// A histogram: uniform within each of its buckets.
    Histogram {
        /// The edges of the buckets, s, rising: one more than there are counts.
        edges_s: Vec<f64>,
        /// The counts or weights of the buckets.
        counts: Vec<f64>,
    },
}

impl Distribution {
    /// The mean, s; infinite for a Pareto of shape 1 or less.
    pub fn mean_s(&self) -> f64 {
        match self {
            Self::Deterministic { value_s } => *value_s,
            Self::Exponential { mean_s }
            | Self::Erlang { mean_s, .. }
            | Self::Gamma { mean_s, .. }
            | Self::Lognormal { mean_s, .. } => *mean_s,
            Self::Hyperexponential { probabilities, means_s } => {
                weighted_mean(means_s.iter().copied(), probabilities)
            }
            Self::Pareto { minimum_s, shape } if *shape > 1.0 => minimum_s * shape / (shape - 1.0),
            Self::Pareto { .. } => f64::INFINITY,
            Self::Uniform { from_s, to_s } => f64::midpoint(*from_s, *to_s),
            Self::Empirical { values_s, weights } if weights.is_empty() => {
                values_s.iter().sum::<f64>() / values_s.len() as f64
            }
            Self::Empirical { values_s, weights } => {
                weighted_mean(values_s.iter().copied(), weights)
            }
            Self::Histogram { edges_s, counts } => {
                weighted_mean(edges_s.windows(2).map(|e| f64::midpoint(e[0], e[1])), counts)
            }
        }
    }

    /// What makes it no distribution, with the key to change; `path` is where it stands.
    pub(crate) fn wrong(&self, path: &str, wrong: &mut Vec<String>) {
        let mut must = |holds: bool, key: &str, what: &str| {
            if !holds {
                wrong.push(format!("{path}.{key} must be {what}"));
            }
        };
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let weights = |all: &[f64]| {
            all.iter().all(|w| *w >= 0.0 && w.is_finite()) && all.iter().sum::<f64>() > 0.0
        };
        let times = |all: &[f64]| all.iter().all(|t| *t >= 0.0 && t.is_finite());
        match self {
            Self::Deterministic { value_s } => {
                must(
                    *value_s >= 0.0 && value_s.is_finite(),
                    "deterministic.value_s",
                    "a number from 0 on",
                );
            }
            Self::Exponential { mean_s } => {
                must(positive(*mean_s), "exponential.mean_s", "above 0");
            }
            Self::Erlang { mean_s, stages } => {
                must(positive(*mean_s), "erlang.mean_s", "above 0");
                must(*stages > 0, "erlang.stages", "at least 1");
            }
            Self::Gamma { mean_s, cv2 } => {
                must(positive(*mean_s), "gamma.mean_s", "above 0");
                must(positive(*cv2), "gamma.cv2", "above 0");
            }
            Self::Lognormal { mean_s, cv2 } => {
                must(positive(*mean_s), "lognormal.mean_s", "above 0");
                must(positive(*cv2), "lognormal.cv2", "above 0");
            }
            Self::Hyperexponential { probabilities, means_s } => {
                let key = "hyperexponential.probabilities";
                must(probabilities.len() == means_s.len(), key, "as many as means_s");
                let sums = (probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9;
                must(weights(probabilities) && sums, key, "from 0 to 1 with the sum 1");
                let all = means_s.iter().all(|mean| positive(*mean));
                must(all, "hyperexponential.means_s", "above 0");
            }
            Self::Pareto { minimum_s, shape } => {
                must(positive(*minimum_s), "pareto.minimum_s", "above 0");
                must(positive(*shape), "pareto.shape", "above 0");
            }
            Self::Uniform { from_s, to_s } => {
                let rising = *from_s >= 0.0 && to_s >= from_s && to_s.is_finite();
                must(rising, "uniform.to_s", "at least from_s, and both from 0 on");
            }
            Self::Empirical { values_s, weights: all } => {
                must(!values_s.is_empty() && times(values_s), "empirical.values_s", "from 0 on");
                let fits = all.is_empty() || (all.len() == values_s.len() && weights(all));
                must(fits, "empirical.weights", "as many as values_s, from 0 on, not all 0");
            }
            Self::Histogram { edges_s, counts } => {
                let rising = times(edges_s) && edges_s.windows(2).all(|pair| pair[0] <= pair[1]);
                must(rising, "histogram.edges_s", "rising, from 0 on");
                let fits = edges_s.len() == counts.len() + 1 && weights(counts);
                must(fits, "histogram.counts", "one fewer than edges_s, from 0 on, not all 0");
            }
        }
    }

    /// The form that draws fast.
    pub(crate) fn sampler(&self) -> Sampler {
        match self {
            Self::Deterministic { value_s } => Sampler::Constant(*value_s),
            Self::Exponential { mean_s } => Sampler::Exponential(*mean_s),
            Self::Erlang { mean_s, stages } => gamma(*mean_s, 1.0 / f64::from(*stages)),
            Self::Gamma { mean_s, cv2 } => gamma(*mean_s, *cv2),
            Self::Lognormal { mean_s, cv2 } => {
                let variance = cv2.ln_1p();
                Sampler::Lognormal { mu: mean_s.ln() - variance / 2.0, sigma: variance.sqrt() }
            }
            Self::Hyperexponential { probabilities, means_s } => Sampler::Hyperexponential {
                cumulative: cumulative(probabilities),
                means: means_s.clone(),
            },
            Self::Pareto { minimum_s, shape } => {
                Sampler::Pareto { minimum: *minimum_s, power: -1.0 / shape }
            }
            Self::Uniform { from_s, to_s } => {
                Sampler::Uniform { from: *from_s, width: to_s - from_s }
            }
            Self::Empirical { values_s, weights } => {
                let even = vec![1.0; values_s.len()];
                let weights = if weights.is_empty() { &even } else { weights };
                Sampler::Empirical { cumulative: cumulative(weights), values: values_s.clone() }
            }
            Self::Histogram { edges_s, counts } => {
                Sampler::Histogram { cumulative: cumulative(counts), edges: edges_s.clone() }
            }
        }
    }
}

/// A gamma of this mean; Erlang is the one with 1 / cv2 whole.
fn gamma(mean: f64, cv2: f64) -> Sampler {
    match Gamma::new(1.0 / cv2, mean * cv2) {
        Ok(gamma) => Sampler::Gamma(gamma),
        // Only where `wrong` has not been asked.
        Err(_) => Sampler::Constant(mean),
    }
}

fn weighted_mean(values: impl Iterator<Item = f64>, weights: &[f64]) -> f64 {
    let sum: f64 = values.zip(weights).map(|(value, weight)| value * weight).sum();
    sum / weights.iter().sum::<f64>()
}

/// The running sums.
pub(crate) fn cumulative(weights: &[f64]) -> Vec<f64> {
    let running = |sum: &mut f64, weight: &f64| {
        *sum += weight;
        Some(*sum)
    };
    weights.iter().scan(0.0, running).collect()
}

/// A distribution ready to be drawn from; s.
#[derive(Debug, Clone)]
pub(crate) enum Sampler {
    Constant(f64),
    Exponential(f64),
    Gamma(Gamma<f64>),
    Lognormal { mu: f64, sigma: f64 },
    Hyperexponential { cumulative: Vec<f64>, means: Vec<f64> },
    Pareto { minimum: f64, power: f64 },
    Uniform { from: f64, width: f64 },
    Empirical { cumulative: Vec<f64>, values: Vec<f64> },
    Histogram { cumulative: Vec<f64>, edges: Vec<f64> },
}

impl Sampler {
    #[inline]
    pub(crate) fn draw(&self, chance: &mut Chance) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Exponential(mean) => mean * chance.exponential(),
            Self::Gamma(gamma) => chance.of(gamma),
            Self::Lognormal { mu, sigma } => {
                let normal: f64 = chance.of(&StandardNormal);
                (mu + sigma * normal).exp()
            }
            Self::Hyperexponential { cumulative, means } => {
                means[chance.choose(cumulative)] * chance.exponential()
            }
            // 1 - u is in (0, 1].
            Self::Pareto { minimum, power } => minimum * (1.0 - chance.unit()).powf(*power),
            Self::Uniform { from, width } => from + width * chance.unit(),
            Self::Empirical { cumulative, values } => values[chance.choose(cumulative)],
            Self::Histogram { cumulative, edges } => {
                let bucket = chance.choose(cumulative);
                edges[bucket] + (edges[bucket + 1] - edges[bucket]) * chance.unit()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance by hand for each, and 400,000 draws within 4 standard errors of both.
    #[test]
    fn draws_have_the_mean_and_variance_of_their_distribution() {
        let cases = [
            (Distribution::Deterministic { value_s: 1.5 }, 1.5, 0.0),
            (Distribution::Exponential { mean_s: 2.0 }, 2.0, 4.0),
            (Distribution::Erlang { mean_s: 3.0, stages: 4 }, 3.0, 9.0 / 4.0),
            (Distribution::Gamma { mean_s: 0.5, cv2: 2.5 }, 0.5, 0.625),
            (Distribution::Lognormal { mean_s: 4.0, cv2: 0.25 }, 4.0, 4.0),
            (
                // E = .25*1 + .75*3 = 2.5; E[T^2] = 2 (.25*1 + .75*9) = 14; 14 - 6.25 = 7.75.
                Distribution::Hyperexponential {
                    probabilities: vec![0.25, 0.75],
                    means_s: vec![1.0, 3.0],
                },
                2.5,
                7.75,
            ),
            // m a/(a-1) = 1.25; m^2 a/((a-1)^2 (a-2)) = 5/(16*3).
            (Distribution::Pareto { minimum_s: 1.0, shape: 5.0 }, 1.25, 5.0 / 48.0),
            (Distribution::Uniform { from_s: 1.0, to_s: 7.0 }, 4.0, 3.0),
            (
                // 1 * 1/4 + 5 * 3/4 = 4; 1/4 * 9 + 3/4 * 1 = 3.
                Distribution::Empirical { values_s: vec![1.0, 5.0], weights: vec![2.0, 6.0] },
                4.0,
                3.0,
            ),
            (
                // Half in [0,2], half in [4,8]: mean 3.5; E[T^2] = (4/3 + 112/3)/2 = 58/3.
                Distribution::Histogram {
                    edges_s: vec![0.0, 2.0, 4.0, 8.0],
                    counts: vec![7.0, 0.0, 7.0],
                },
                3.5,
                58.0 / 3.0 - 12.25,
            ),
        ];
        for (stream, (distribution, mean, variance)) in (0..).zip(cases) {
            let mut chance = Chance::new(11, stream);
            let sampler = distribution.sampler();
            let n = 400_000_u32;
            let draws: Vec<f64> = (0..n).map(|_| sampler.draw(&mut chance)).collect();
            let got = draws.iter().sum::<f64>() / f64::from(n);
            let squares: Vec<f64> = draws.iter().map(|t: &f64| (t - mean).powi(2)).collect();
            let spread = squares.iter().sum::<f64>() / f64::from(n);
            let fourth = squares.iter().map(|s| (s - spread).powi(2)).sum::<f64>() / f64::from(n);
            let root = f64::from(n).sqrt();
            assert!((distribution.mean_s() - mean).abs() < 1e-12, "{distribution:?}");
            let tolerance = 4.0 * f64::sqrt(variance) / root + 1e-9;
            assert!((got - mean).abs() <= tolerance, "{distribution:?}: mean {got}");
            let tolerance = 4.0 * fourth.sqrt() / root + 1e-9;
            assert!((spread - variance).abs() <= tolerance, "{distribution:?}: variance {spread}");
        }
    }
}
