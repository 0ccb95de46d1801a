//! The parser of orders: it never panics, and what it takes without a complaint comes back from its
//! own writing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orders::Order;

fuzz_target!(|body: &[u8]| {
    let Ok(order) = Order::parse(body) else { return };
    if order.misread.is_empty() {
        let again = serde_json::to_vec(&order).expect("an order can be written");
        assert_eq!(Order::parse(&again).expect("and read again"), order);
    }
});
