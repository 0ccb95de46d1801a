//! An interleaving before it is run: all that it depends on.

use std::fmt::Write as _;

use proof::Planted;

use crate::dice::Dice;
use crate::strike::{Strike, StrikeKind};

/// Troubles of one interleaving at most. Each costs a message one receive at most, and the queue
/// gives five: what is in the dead-letter queue nevertheless is there without need.
const STRIKES_MAX: usize = 4;

/// Orders of one interleaving at most.
const ORDERS_MAX: usize = 5;

/// Steps among which troubles begin; an interleaving takes some sixty.
const STEPS: usize = 60;

/// What an interleaving depends on, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The scheduler's choices come from this.
    pub seed: u64,
    /// Orders that are sent, at least 1.
    pub orders: u32,
    /// The order that no code can process, if there is one.
    pub cursed: Option<u32>,
    /// What goes wrong.
    pub strikes: Vec<Strike>,
    /// The bug that is planted, if one is.
    pub bug: Option<Planted>,
}

impl Plan {
    /// The plan that the seed says. A quarter of all plans has an order that no code can process;
    /// where the bug is about one, every plan has.
    pub fn drawn(seed: u64, bug: Option<Planted>) -> Self {
        // The scheduler's own choices begin elsewhere.
        let mut dice = Dice::new(!seed);
        let orders = 2 + dice.below(ORDERS_MAX - 1);
        let cursed = dice.one_in(4) || bug == Some(Planted::PanicAbort);
        let cursed = cursed.then(|| dice.below(orders) as u32);
        let strikes = (0..dice.below(STRIKES_MAX + 1))
            .map(|_| Strike {
                kind: StrikeKind::ALL[dice.below(StrikeKind::ALL.len())],
                step: dice.below(STEPS) as u32,
            })
            .collect();
        Self { seed, orders: orders as u32, cursed, strikes, bug }
    }

    /// The flags of `vazao prove` that run it again.
    pub fn command(&self) -> String {
        let Self { seed, orders, cursed, strikes, bug } = self;
        let mut text = format!("vazao prove --layer model --seed {seed} --orders {orders}");
        if let Some(order) = cursed {
            let _ = write!(text, " --cursed {order}");
        }
        let written: Vec<String> = strikes.iter().map(Strike::to_string).collect();
        let written = if written.is_empty() { "none".to_owned() } else { written.join(",") };
        let _ = write!(text, " --strikes {written}");
        if let Some(bug) = bug {
            let _ = write!(text, " --planted {bug}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_plan_and_plans_stay_within_their_bounds() {
        for seed in 0..2_000 {
            let plan = Plan::drawn(seed, None);
            assert_eq!(plan, Plan::drawn(seed, None));
            assert!((2..=5).contains(&plan.orders) && plan.strikes.len() <= 4, "{seed}");
            assert!(plan.cursed.is_none_or(|order| order < plan.orders), "{seed}");
        }
    }

    #[test]
    fn a_plan_is_printed_as_the_command_that_runs_it() {
        let strikes = vec![Strike { kind: StrikeKind::Crash, step: 17 }];
        let bug = Some(Planted::NoKey);
        let plan = Plan { seed: 9, orders: 2, cursed: Some(1), strikes, bug };
        assert_eq!(
            plan.command(),
            "vazao prove --layer model --seed 9 --orders 2 --cursed 1 --strikes crash@17 --planted no-key"
        );
    }
}
