//! What Intelligent-Tiering makes of documents that are too small for it, and what would help.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::services::binary_gb;
use crate::{INTELLIGENT_TIERING_MINIMUM_BYTES, PriceError, PriceSheet, Usage, Usd};

/// Size of the bundles of the remedy. At 128 KB the monitoring fee would eat most of the saving;
/// at 1 MB it is a tenth of it.
const BUNDLE_BYTES: u64 = 1 << 20;

/// Orders by which costs are stated.
const ORDERS: u64 = 1_000_000;

/// The arithmetic on the documents of a usage; costs are for a million orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallDocuments {
    /// Objects under 128 KB, of all objects: percent.
    pub small_percent: Decimal,
    /// Mean bytes of the documents of one order.
    pub bytes_per_order: u64,
    /// A month of storage in Intelligent-Tiering as it is: Frequent Access, for ever.
    pub month_now: Usd,
    /// The same in S3 Standard.
    pub month_standard: Usd,
    /// Orders whose documents make a bundle of 1 MB.
    pub orders_per_bundle: u64,
    /// A month of storage in bundles after 90 days without a read, monitoring included.
    pub month_bundled: Usd,
    /// The PUT requests as they are.
    pub puts_now: Usd,
    /// The PUT requests of the bundles.
    pub puts_bundled: Usd,
    /// From this size on, KB, an object unread for 90 days saves more than its monitoring costs.
    pub break_even_archive_kb: Decimal,
    /// The same after 30 days.
    pub break_even_infrequent_kb: Decimal,
}

impl SmallDocuments {
    /// Does the arithmetic.
    ///
    /// # Errors
    /// If a price is missing.
    pub fn of(usage: &Usage, sheet: &PriceSheet) -> Result<Self, PriceError> {
        let price = |usage_type| sheet.first_tier("AmazonS3", usage_type);
        let frequent = price("TimedStorage-INT-FA-ByteHrs")?;
        let standard = price("TimedStorage-ByteHrs")?;
        let infrequent = price("TimedStorage-INT-IA-ByteHrs")?;
        let archive = price("TimedStorage-INT-AIA-ByteHrs")?;
        let monitoring = price("Monitoring-Automation-INT")?;
        let put = price("Requests-INT-Tier1")?;

        let s3 = &usage.s3;
        let objects = s3.small_objects.amount + s3.large_objects.amount;
        let bytes = s3.small_bytes.amount + s3.large_bytes.amount;
        let of = |part: u64, whole: u64| Decimal::from(part) / Decimal::from(whole.max(1));
        let gb = binary_gb(bytes) * of(ORDERS, usage.orders);
        let bytes_per_order = bytes / usage.orders.max(1);
        let orders_per_bundle = BUNDLE_BYTES.div_ceil(bytes_per_order.max(1));
        let bundles = Decimal::from(ORDERS.div_ceil(orders_per_bundle));
        let puts = Decimal::from(s3.put_requests.amount) * of(ORDERS, usage.orders);
        let break_even_kb =
            |cheaper: Decimal| monitoring / (frequent - cheaper) * Decimal::from(1_u64 << 20);
        Ok(Self {
            small_percent: (of(s3.small_objects.amount, objects) * Decimal::ONE_HUNDRED)
                .round_dp(2),
            bytes_per_order,
            month_now: Usd::new(gb * frequent),
            month_standard: Usd::new(gb * standard),
            orders_per_bundle,
            month_bundled: Usd::new(gb * archive + bundles * monitoring),
            puts_now: Usd::new(puts * put),
            puts_bundled: Usd::new(bundles * put),
            break_even_archive_kb: break_even_kb(archive).round_dp(1),
            break_even_infrequent_kb: break_even_kb(infrequent).round_dp(1),
        })
    }
}

impl fmt::Display for SmallDocuments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "A million orders' documents cost {} a month there and {} in S3 Standard. Remedy: bundle {} orders into \
             one object of 1 MB, which after 90 days unread costs {} a month, monitoring included, and {} of PUT \
             requests instead of {}",
            self.month_now,
            self.month_standard,
            self.orders_per_bundle,
            self.month_bundled,
            self.puts_bundled,
            self.puts_now
        )
    }
}

const _: () = assert!(BUNDLE_BYTES > INTELLIGENT_TIERING_MINIMUM_BYTES);
