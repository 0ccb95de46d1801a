//! The queue and the invocations that empty it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::Forecast;

/// The settings of the pipeline, and its measured service time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PipelineModel {
    /// Most invocations at the same time, at least 1.
    pub maximum_concurrency: u32,
    /// Most messages in one invocation, at least 1.
    pub batch_size: u32,
    /// What an invocation takes whatever its batch, µs.
    pub invocation_us: u64,
    /// What each order of the batch adds, µs.
    pub order_us: u64,
}

impl PipelineModel {
    /// Orders per second with full batches and every invocation busy.
    pub fn capacity_per_s(&self) -> f64 {
        let batch_us = self.invocation_us + self.order_us * u64::from(self.batch_size);
        f64::from(self.batch_size) * f64::from(self.maximum_concurrency) * 1e6
            / (batch_us.max(1) as f64)
    }
}

/// Runs the arrivals (µs from the start, sorted) through the pipeline until it is empty.
pub fn simulate(model: &PipelineModel, arrivals_us: impl IntoIterator<Item = u64>) -> Forecast {
    let mut waiting: VecDeque<u64> = VecDeque::new();
    let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut forecast = Forecast::default();
    for arrival in arrivals_us {
        while busy.peek().is_some_and(|end| end.0 <= arrival) {
            let Some(Reverse(now)) = busy.pop() else { break };
            dispatch(model, now, &mut waiting, &mut busy, &mut forecast);
        }
        waiting.push_back(arrival);
        dispatch(model, arrival, &mut waiting, &mut busy, &mut forecast);
        forecast.saw_backlog(waiting.len() as u64);
    }
    while let Some(Reverse(now)) = busy.pop() {
        dispatch(model, now, &mut waiting, &mut busy, &mut forecast);
    }
    forecast
}

/// Starts as many invocations as are free and needed.
fn dispatch(
    model: &PipelineModel,
    now: u64,
    waiting: &mut VecDeque<u64>,
    busy: &mut BinaryHeap<Reverse<u64>>,
    forecast: &mut Forecast,
) {
    while !waiting.is_empty() && busy.len() < model.maximum_concurrency.max(1) as usize {
        let size = waiting.len().min(model.batch_size.max(1) as usize);
        let end = now + model.invocation_us + model.order_us * size as u64;
        for arrival in waiting.drain(..size) {
            forecast.order_took(end - arrival);
        }
        forecast.invocation_took(end - now, end);
        busy.push(Reverse(end));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE_BY_ONE: PipelineModel =
        PipelineModel { maximum_concurrency: 1, batch_size: 1, invocation_us: 300, order_us: 700 };

    #[test]
    fn an_order_alone_takes_its_service_time() {
        let forecast = simulate(&ONE_BY_ONE, [5_000]);
        assert_eq!(forecast.max_us(), 1_000);
        assert_eq!((forecast.invocations, forecast.backlog_max), (1, 0));
    }

    #[test]
    fn orders_at_the_same_instant_wait_for_each_other() {
        let forecast = simulate(&ONE_BY_ONE, [0, 0, 0]);
        // They end at 1, 2 and 3 ms.
        assert_eq!((forecast.max_us(), forecast.ended_us, forecast.backlog_max), (3_000, 3_000, 2));
        assert_eq!(forecast.busy_us, 3_000);
    }

    #[test]
    fn a_backlog_fills_the_batches() {
        let model = PipelineModel { batch_size: 10, ..ONE_BY_ONE };
        let forecast = simulate(&model, [0; 21]);
        // The first goes alone, then ten and ten: 300 + 700, 300 + 7000, 300 + 7000.
        assert_eq!((forecast.invocations, forecast.ended_us), (3, 15_600));
    }

    #[test]
    fn two_invocations_at_once_halve_the_time() {
        let model = PipelineModel { maximum_concurrency: 2, ..ONE_BY_ONE };
        assert_eq!(simulate(&model, [0; 8]).ended_us, 4_000);
        assert_eq!(model.capacity_per_s(), 2_000.0);
    }

    /// M/D/1, Pollaczek-Khinchine: mean wait = rho * service / (2 (1 - rho)). At rho = 0.7 and
    /// 1,000 µs that is 1,166.7 µs, and so 2,166.7 µs in the system.
    #[test]
    fn the_mean_of_poisson_arrivals_is_what_theory_says() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut now = 0.0;
        let arrivals = (0..2_000_000).map(|_| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let uniform = ((seed >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
            now += -uniform.ln() * 1_000.0 / 0.7;
            now as u64
        });
        let mean = simulate(&ONE_BY_ONE, arrivals).mean_us();
        assert!((mean / 2_166.7 - 1.0).abs() < 0.02, "{mean}");
    }

    proptest! {
        #[test]
        fn every_order_leaves_once_and_none_before_it_came(
            mut arrivals in prop::collection::vec(0_u64..100_000, 1..300),
            maximum_concurrency in 1_u32..5, batch_size in 1_u32..12,
        ) {
            arrivals.sort_unstable();
            let model = PipelineModel { maximum_concurrency, batch_size, ..ONE_BY_ONE };
            let forecast = simulate(&model, arrivals.iter().copied());
            prop_assert_eq!(forecast.orders(), arrivals.len() as u64);
            prop_assert!(forecast.quantile_us(0.0) >= 1_000);
            prop_assert!(forecast.invocations <= arrivals.len() as u64);
        }

        #[test]
        fn more_concurrency_never_ends_later(
            mut arrivals in prop::collection::vec(0_u64..100_000, 1..300), concurrency in 1_u32..5,
        ) {
            arrivals.sort_unstable();
            let ends = |maximum_concurrency| {
                let model = PipelineModel { maximum_concurrency, ..ONE_BY_ONE };
                simulate(&model, arrivals.iter().copied()).ended_us
            };
            prop_assert!(ends(concurrency + 1) <= ends(concurrency));
        }
    }
}
