//! Bodies that were orders until some of their bytes changed: the parser says what it thinks of
//! each, and never panics. Whatever it takes comes back from its own writing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use orders::Order;
use orders::seed::Draws;

/// Changed bodies of each example; all are parsed in some seconds.
const OF_EACH: u64 = 4_000;

/// Bytes that mean something in JSON, and some that never should.
const TELLING: &[u8] = b"{}[]\",:\\/0123456789.-+eEtfn \t\n\0\x7f\xc3\xa9\xff";

fn examples() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/orders");
    let mut examples = Vec::new();
    for kind in ["valid", "invalid"] {
        for entry in std::fs::read_dir(format!("{folder}/{kind}")).unwrap() {
            let path = entry.unwrap().path();
            examples.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    examples.sort();
    examples
}

/// One to eight changes: a byte becomes another, goes, comes, or a stretch is doubled or cut.
fn mutated(body: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=draws.below(8) {
        let place = draws.below(bytes.len().max(1) as u64) as usize;
        let length = draws.below(40) as usize;
        let telling = TELLING[draws.below(TELLING.len() as u64) as usize];
        let end = (place + length).min(bytes.len());
        match draws.below(6) {
            _ if bytes.is_empty() => bytes.push(telling),
            0 => bytes[place] = telling,
            1 => bytes[place] ^= 1 << draws.below(8),
            2 => drop(bytes.remove(place)),
            3 => bytes.insert(place, telling),
            4 => {
                let stretch = bytes[place..end].to_vec();
                bytes.splice(place..place, stretch);
            }
            _ => drop(bytes.drain(place..end)),
        }
    }
    bytes
}

#[test]
fn no_change_of_bytes_makes_the_parser_panic_and_what_it_takes_comes_back() {
    let (mut taken, mut refused) = (0, 0);
    for (example, (name, body)) in (0..).zip(examples()) {
        for change in 0..OF_EACH {
            let bytes = mutated(&body, &mut Draws::new(1, example, change));
            let parsed = std::panic::catch_unwind(|| Order::parse(&bytes));
            let parsed = parsed.unwrap_or_else(|_| {
                panic!("{name}, change {change}: {:?}", String::from_utf8_lossy(&bytes))
            });
            match parsed {
                Ok(order) if order.misread.is_empty() => {
                    taken += 1;
                    let again = serde_json::to_vec(&order).unwrap();
                    assert_eq!(Order::parse(&again).unwrap(), order, "{name}, change {change}");
                }
                Ok(_) => taken += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(taken > 100 && refused > 1_000, "{taken} taken, {refused} refused");
}
