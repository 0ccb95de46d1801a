//! A failing interleaving made small: fewer troubles, fewer orders.

use proof::CheckId;

use crate::plan::Plan;
use crate::stage::{Stage, StageError};

/// The smallest plan found that breaks the same check.
///
/// # Errors
/// If one cannot be played.
pub fn minimise(stage: &mut Stage, failing: Plan, check: CheckId) -> Result<Plan, StageError> {
    let mut smallest = failing;
    loop {
        let mut smaller = None;
        for plan in without_one(&smallest) {
            let outcome = stage.play(&plan)?;
            if outcome.examination.broken().any(|broken| broken.id == check) {
                smaller = Some(plan);
                break;
            }
        }
        match smaller {
            Some(plan) => smallest = plan,
            None => return Ok(smallest),
        }
    }
}

/// Every plan that has one thing less.
fn without_one(plan: &Plan) -> Vec<Plan> {
    let mut plans = Vec::new();
    for place in 0..plan.strikes.len() {
        let mut fewer = plan.clone();
        fewer.strikes.remove(place);
        plans.push(fewer);
    }
    if plan.cursed.is_some() {
        plans.push(Plan { cursed: None, ..plan.clone() });
    }
    if plan.orders > 1 && plan.cursed.is_none_or(|order| order + 1 < plan.orders) {
        plans.push(Plan { orders: plan.orders - 1, ..plan.clone() });
    }
    plans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strike::{Strike, StrikeKind};

    #[test]
    fn a_plan_can_lose_each_strike_its_curse_and_its_last_order() {
        let strike = |step| Strike { kind: StrikeKind::Crash, step };
        let strikes = vec![strike(1), strike(2)];
        let plan = Plan { seed: 4, orders: 3, cursed: Some(1), strikes, bug: None };
        let plans = without_one(&plan);
        assert_eq!(plans.len(), 4);
        assert_eq!((plans[0].strikes.len(), plans[1].strikes[0].step), (1, 1));
        assert_eq!((plans[2].cursed, plans[3].orders), (None, 2));
    }

    #[test]
    fn the_order_that_is_cursed_stays() {
        let plan = Plan { seed: 4, orders: 2, cursed: Some(1), strikes: Vec::new(), bug: None };
        assert_eq!(without_one(&plan), [Plan { cursed: None, ..plan.clone() }]);
    }
}
