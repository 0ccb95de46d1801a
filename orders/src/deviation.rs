//! The bodies of arrivals that are not simply an order.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::seed::Draws;
use crate::{Intent, OrderMix, OrderNumber, SampledOrder, Sampler};

/// Stream of the run's seed from which the kind of a mistake is drawn.
const STREAM: u64 = 0x006d_6973_7461_6b65; // "mistake"

/// What is sent for such an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The partner's index in the world.
    pub partner_index: u32,
    /// The number under which it is sent.
    pub number: OrderNumber,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Deviation {
    /// What arrival `k` sends; none if it is simply order k. `issued_at(j)` is when order j is
    /// issued: a repeat has the bytes of what it repeats.
    pub fn of(
        sampler: &Sampler,
        mix: &OrderMix,
        k: u64,
        issued_at: impl Fn(u64) -> Timestamp,
    ) -> Option<Self> {
        let intent = mix.intent(k);
        if intent == Intent::Order {
            return None;
        }
        let of = intent.number_of(k);
        let sampled = sampler.order(of, issued_at(of));
        let mut draws = Draws::new(k, STREAM, of);
        let body = match intent {
            Intent::Order | Intent::Repeat { .. } => text(&sampled),
            Intent::Conflict { .. } => changed(&sampled, |order| {
                // A pack more: a valid order, and another one.
                order["items"][0]["qty"] = json!(sampled.order.items[0].qty.get() + 6);
            }),
            Intent::Malformed => changed(&sampled, |order| deform(order, &mut draws)),
            Intent::Refused => changed(&sampled, |order| falsify(order, &mut draws)),
        };
        let SampledOrder { partner_index, order, .. } = sampled;
        Some(Self { partner_index, number: order.partner_order_no, body })
    }
}

fn text(sampled: &SampledOrder) -> Vec<u8> {
    serde_json::to_vec(&sampled.order).unwrap_or_default()
}

fn changed(sampled: &SampledOrder, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut order = serde_json::to_value(&sampled.order).unwrap_or_default();
    change(&mut order);
    order.to_string().into_bytes()
}

/// What a schema sees: the gateway must answer 400.
fn deform(order: &mut Value, draws: &mut Draws) {
    match draws.below(5) {
        0 => order["items"] = json!([]),
        1 => order["items"][0]["qty"] = json!("six"),
        2 => order["buyer"]["cnpj"] = json!("12.345.678/0001-95"),
        3 => order["remark"] = json!("please hurry"),
        _ => order["items"][0]["unit_price"] = json!(9.9),
    }
}

/// What no schema sees: accepted, and refused with a reason.
fn falsify(order: &mut Value, draws: &mut Draws) {
    match draws.below(3) {
        0 => {
            let cnpj = order["buyer"]["cnpj"].as_str().unwrap_or_default();
            order["buyer"]["cnpj"] = json!(with_another_last_digit(cnpj));
        }
        1 => order["payment_terms"] = json!("60/30"),
        _ => order["requested_delivery"] = json!("2026-02-30"),
    }
}

/// A check digit that is wrong.
fn with_another_last_digit(number: &str) -> String {
    let (start, last) = number.split_at(number.len().saturating_sub(1));
    let digit = last.bytes().next().map_or(0, |byte| byte.wrapping_sub(b'0'));
    format!("{start}{}", (digit + 1) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mix, Order, OrderError, RunTag, World};

    const MIX: Mix = Mix {
        malformed_ppm: 110_000,
        refused_ppm: 120_000,
        repeated_ppm: 130_000,
        conflicting_ppm: 100_000,
    };

    fn issued_at(k: u64) -> Timestamp {
        Timestamp::from_second(1_795_439_671 + k.cast_signed() * 7).unwrap()
    }

    /// Every arrival of a run of 600.
    fn all() -> Vec<(Intent, u64, Option<Deviation>)> {
        let (sampler, mix) = run();
        (0..600).map(|k| (mix.intent(k), k, Deviation::of(&sampler, &mix, k, issued_at))).collect()
    }

    fn run() -> (Sampler, OrderMix) {
        let tag = RunTag::from_seed_text("deviation tests");
        (Sampler::new(4, tag, World::default()), OrderMix::new(4, MIX))
    }

    #[test]
    fn an_order_is_no_deviation_and_every_other_intent_is_one() {
        for (intent, k, deviation) in all() {
            assert_eq!(deviation.is_none(), intent == Intent::Order, "{k}");
        }
    }

    #[test]
    fn a_repeat_has_the_bytes_the_number_and_the_partner_of_what_it_repeats() {
        let (sampler, _) = run();
        let mut repeats = 0;
        for (intent, _, deviation) in all() {
            let (Intent::Repeat { of }, Some(sent)) = (intent, deviation) else { continue };
            let first = sampler.order(of, issued_at(of));
            assert_eq!(sent.body, serde_json::to_vec(&first.order).unwrap());
            assert_eq!(sent.partner_index, first.partner_index);
            assert_eq!(sent.number, first.order.partner_order_no);
            repeats += 1;
        }
        assert!(repeats > 40, "{repeats}");
    }

    #[test]
    fn a_conflict_is_another_valid_order_under_the_same_number() {
        let (sampler, _) = run();
        for (intent, _, deviation) in all() {
            let (Intent::Conflict { of }, Some(sent)) = (intent, deviation) else { continue };
            let (first, other) =
                (sampler.order(of, issued_at(of)).order, Order::parse(&sent.body).unwrap());
            assert_eq!(other.partner_order_no, first.partner_order_no);
            assert_eq!(other.items[0].qty.get(), first.items[0].qty.get() + 6);
        }
    }

    #[test]
    fn a_malformed_body_has_a_wrong_form_and_a_refused_one_a_fault() {
        for (intent, k, deviation) in all() {
            let Some(sent) = deviation else { continue };
            let error = Order::parse(&sent.body).err();
            match intent {
                Intent::Malformed => assert!(matches!(error, Some(OrderError::Form(_))), "{k}"),
                Intent::Refused => assert!(matches!(error, Some(OrderError::Fault(_))), "{k}"),
                Intent::Order | Intent::Repeat { .. } | Intent::Conflict { .. } => {
                    assert!(error.is_none(), "{k}");
                }
            }
        }
    }
}
