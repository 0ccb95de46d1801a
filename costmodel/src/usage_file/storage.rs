//! S3, by storage class: tiers, minimum sizes and durations, requests, transitions, monitoring and
//! retrieval.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Month, UsageFileError, value};
use crate::INTELLIGENT_TIERING_MINIMUM_BYTES;
use crate::bill::Used;

/// A storage class of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    Standard,
    IntelligentTiering,
    StandardIa,
    OneZoneIa,
    GlacierInstantRetrieval,
    GlacierFlexibleRetrieval,
    GlacierDeepArchive,
}

/// What the price list calls the usage of a class.
struct Rates {
    storage: &'static str,
    put: (&'static str, &'static str),
    get: &'static str,
    transition: Option<(&'static str, &'static str)>,
    retrieval: Option<(&'static str, &'static str)>,
    minimum_bytes: u64,
    minimum_days: u64,
    early_delete: &'static str,
    /// What objects under the minimum size are called, stored and deleted early.
    small: (&'static str, &'static str),
}

impl Class {
    fn rates(self) -> Rates {
        let rates = |storage, put, get| Rates {
            storage,
            put: (put, ""),
            get,
            transition: None,
            retrieval: None,
            minimum_bytes: 0,
            minimum_days: 0,
            early_delete: "",
            small: ("", ""),
        };
        match self {
            Self::Standard => rates("TimedStorage-ByteHrs", "Requests-Tier1", "Requests-Tier2"),
            Self::IntelligentTiering => Rates {
                transition: Some(("Requests-Tier4", "S3-INTTransition")),
                ..rates("TimedStorage-INT-FA-ByteHrs", "Requests-INT-Tier1", "Requests-INT-Tier2")
            },
            Self::StandardIa => Rates {
                transition: Some(("Requests-Tier4", "S3-SIATransition")),
                retrieval: Some(("Retrieval-SIA", "")),
                minimum_bytes: 128 * 1024,
                minimum_days: 30,
                early_delete: "EarlyDelete-SIA",
                small: ("TimedStorage-SIA-SmObjects", "EarlyDelete-SIA-SmObjects"),
                ..rates("TimedStorage-SIA-ByteHrs", "Requests-SIA-Tier1", "Requests-SIA-Tier2")
            },
            Self::OneZoneIa => Rates {
                transition: Some(("Requests-Tier4", "S3-ZIATransition")),
                retrieval: Some(("Retrieval-ZIA", "")),
                minimum_bytes: 128 * 1024,
                minimum_days: 30,
                early_delete: "EarlyDelete-ZIA",
                small: ("TimedStorage-ZIA-SmObjects", "EarlyDelete-ZIA-SmObjects"),
                ..rates("TimedStorage-ZIA-ByteHrs", "Requests-ZIA-Tier1", "Requests-ZIA-Tier2")
            },
            Self::GlacierInstantRetrieval => Rates {
                transition: Some(("Requests-Tier4", "S3-GIRTransition")),
                retrieval: Some(("Retrieval-GIR", "")),
                minimum_bytes: 128 * 1024,
                minimum_days: 90,
                early_delete: "EarlyDelete-GIR",
                small: ("TimedStorage-GIR-SmObjects", "EarlyDelete-GIR-SmObjects"),
                ..rates("TimedStorage-GIR-ByteHrs", "Requests-GIR-Tier1", "Requests-GIR-Tier2")
            },
            Self::GlacierFlexibleRetrieval => Rates {
                put: ("Requests-GLACIER-Tier1", "PutObject"),
                transition: Some(("Requests-Tier3", "S3-GlacierTransition")),
                retrieval: Some(("Standard-Retrieval-Bytes", "RestoreObject")),
                minimum_days: 90,
                early_delete: "EarlyDelete-ByteHrs",
                ..rates("TimedStorage-GlacierByteHrs", "", "Requests-GLACIER-Tier2")
            },
            Self::GlacierDeepArchive => Rates {
                put: ("Requests-GDA-Tier1", "PutObject"),
                transition: Some(("Requests-Tier3", "S3-GDATransition")),
                retrieval: Some(("Standard-Retrieval-Bytes", "DeepArchiveRestoreObject")),
                minimum_days: 180,
                early_delete: "EarlyDelete-GDA",
                ..rates("TimedStorage-GDA-ByteHrs", "", "Requests-GDA-Tier2")
            },
        }
    }

    /// Whether each archived object brings 32 KB of its own class and 8 KB of Standard.
    fn is_archive(self) -> bool {
        matches!(self, Self::GlacierFlexibleRetrieval | Self::GlacierDeepArchive)
    }
}

/// `[[s3]]`: what is kept in one storage class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3 {
    class: Class,
    #[serde(default)]
    objects: Decimal,
    #[serde(default)]
    object_bytes: Decimal,
    stored_hours: Option<Decimal>,
    deleted_after_days: Option<Decimal>,
    #[serde(default)]
    gb_months: Decimal,
    #[serde(default)]
    infrequent_gb_months: Decimal,
    #[serde(default)]
    archive_instant_gb_months: Decimal,
    #[serde(default)]
    archive_access_gb_months: Decimal,
    #[serde(default)]
    deep_archive_access_gb_months: Decimal,
    #[serde(default)]
    archived_objects: Decimal,
    #[serde(default)]
    monitored_objects: Decimal,
    #[serde(default)]
    put_requests: Decimal,
    #[serde(default)]
    get_requests: Decimal,
    #[expect(dead_code, reason = "DELETE is free; who counts them may say so")]
    #[serde(default)]
    delete_requests: Decimal,
    #[serde(default)]
    transitions: Decimal,
    #[serde(default)]
    retrieval_gb: Decimal,
    #[serde(default)]
    bulk_retrieval_gb: Decimal,
    #[serde(default)]
    expedited_retrieval_gb: Decimal,
    #[serde(default)]
    restore_requests: Decimal,
    #[serde(default)]
    expedited_restore_requests: Decimal,
}

const OFFER: &str = "AmazonS3";

impl S3 {
    pub(super) fn used(&self, month: Month) -> Result<impl Iterator<Item = Used>, UsageFileError> {
        let rates = self.class.rates();
        self.check(&rates)?;
        let storage = self.storage(month, &rates);
        let tiers = self.access_tiers(month);
        let requests = self.requests(month, &rates);
        Ok(storage.into_iter().chain(tiers).chain(requests).flatten())
    }

    fn check(&self, rates: &Rates) -> Result<(), UsageFileError> {
        let is_tiered = self.class == Class::IntelligentTiering;
        let inner = self.infrequent_gb_months
            + self.archive_instant_gb_months
            + self.archive_access_gb_months
            + self.deep_archive_access_gb_months
            + self.archived_objects
            + self.monitored_objects;
        if !is_tiered && !inner.is_zero() {
            return Err(value("s3", "only intelligent_tiering has access tiers and monitoring"));
        }
        if rates.transition.is_none() && !self.transitions.is_zero() {
            return Err(value("s3.transitions", "there is no transition into standard"));
        }
        if rates.retrieval.is_none() && !self.retrieval_gb.is_zero() {
            return Err(value("s3.retrieval_gb", "this class has no retrieval fee"));
        }
        if !self.class.is_archive() && !(self.bulk_retrieval_gb + self.restore_requests).is_zero() {
            return Err(value("s3", "only Glacier Flexible and Deep Archive are restored from"));
        }
        let expedited = self.expedited_retrieval_gb + self.expedited_restore_requests;
        if !is_tiered && self.class != Class::GlacierFlexibleRetrieval && !expedited.is_zero() {
            let cause =
                "only Glacier Flexible and the archive tier of intelligent_tiering expedite";
            return Err(value("s3", cause));
        }
        Ok(())
    }

    /// Storage by size and time, what is billed of an early deletion, and what an archive adds.
    fn storage(&self, month: Month, rates: &Rates) -> [Option<Used>; 5] {
        let gb = Decimal::from(1_u64 << 30);
        let share = self.stored_hours.unwrap_or(month.hours) / month.hours;
        let minimum = Decimal::from(rates.minimum_bytes);
        let is_small = self.object_bytes < minimum && !self.objects.is_zero();
        let bytes = self.object_bytes.max(minimum);
        let object_gb = self.objects * bytes / gb;
        let (stored, early) =
            if is_small { rates.small } else { (rates.storage, rates.early_delete) };
        let line = |item, usage, quantity: Decimal, formula: &dyn Fn() -> String| {
            month.line(("S3", item), (OFFER, usage, ""), (quantity, "GB-months"), formula)
        };
        let short = self
            .deleted_after_days
            .map_or(Decimal::ZERO, |days| Decimal::from(rates.minimum_days) - days)
            .max(Decimal::ZERO);
        let kb = |each: u64| {
            let count = if self.class.is_archive() { self.objects } else { Decimal::ZERO };
            count * Decimal::from(each * 1024) / gb * share
        };
        let by_size = || {
            let months = share.round_dp(6).normalize();
            format!("{} x {bytes} bytes / 2^30 x {months} of a month", self.objects)
        };
        [
            line("storage", stored, object_gb * share, &by_size),
            line("storage", rates.storage, self.gb_months, &|| {
                format!("{} GB-months", self.gb_months)
            }),
            line(
                "early delete",
                early,
                object_gb * short * Decimal::from(24) / month.hours,
                &|| format!("{short} days short of {}", rates.minimum_days),
            ),
            line("index of archived objects", rates.storage, kb(32), &|| {
                format!("{} x 32 KB", self.objects)
            }),
            line("names of archived objects, Standard", "TimedStorage-ByteHrs", kb(8), &|| {
                format!("{} x 8 KB", self.objects)
            }),
        ]
    }

    fn access_tiers(&self, month: Month) -> [Option<Used>; 6] {
        let tier = |item, usage, quantity: Decimal| {
            let formula = || format!("{quantity} GB-months");
            month.line(("S3", item), (OFFER, usage, ""), (quantity, "GB-months"), formula)
        };
        let names = self.archived_objects * Decimal::from(8 * 1024) / Decimal::from(1_u64 << 30);
        let is_large = self.object_bytes >= Decimal::from(INTELLIGENT_TIERING_MINIMUM_BYTES);
        let by_size = if self.class == Class::IntelligentTiering && is_large {
            self.objects
        } else {
            Decimal::ZERO
        };
        let monitored = by_size + self.monitored_objects;
        [
            tier("Infrequent Access", "TimedStorage-INT-IA-ByteHrs", self.infrequent_gb_months),
            tier(
                "Archive Instant Access",
                "TimedStorage-INT-AIA-ByteHrs",
                self.archive_instant_gb_months,
            ),
            tier("Archive Access", "TimedStorage-INT-AA-ByteHrs", self.archive_access_gb_months),
            tier(
                "Deep Archive Access",
                "TimedStorage-INT-DAA-ByteHrs",
                self.deep_archive_access_gb_months,
            ),
            month.line(
                ("S3", "names of archived objects, Standard"),
                (OFFER, "TimedStorage-ByteHrs", ""),
                (names, "GB-months"),
                || format!("{} x 8 KB", self.archived_objects),
            ),
            month.line(
                ("S3", "monitoring"),
                (OFFER, "Monitoring-Automation-INT", ""),
                (monitored, "object-months"),
                || format!("{by_size} objects of 128 KB and more + {}", self.monitored_objects),
            ),
        ]
    }

    /// Requests, transitions and retrieval; DELETE is free.
    fn requests(&self, month: Month, rates: &Rates) -> [Option<Used>; 8] {
        let line = |item, (usage, operation), quantity: Decimal, unit| {
            let formula = || format!("{quantity} {unit}");
            month.line(("S3", item), (OFFER, usage, operation), (quantity, unit), formula)
        };
        let is_deep = self.class == Class::GlacierDeepArchive;
        let bulk = if is_deep { "DeepArchiveRestoreObject" } else { "RestoreObject" };
        let (faster, asked) = if self.class == Class::IntelligentTiering {
            ("IntAARestoreObject", ("Requests-INT-Tier6", "RestoreObjectExpedited"))
        } else {
            ("", ("Requests-Tier6", ""))
        };
        let optional = |item, key: Option<(&'static str, &'static str)>, quantity, unit| {
            key.and_then(|key| line(item, key, quantity, unit))
        };
        [
            line("PUT requests", rates.put, self.put_requests, "requests"),
            line("GET requests", (rates.get, ""), self.get_requests, "requests"),
            optional("transitions", rates.transition, self.transitions, "requests"),
            optional("retrieval", rates.retrieval, self.retrieval_gb, "GB"),
            line("retrieval, bulk", ("Bulk-Retrieval-Bytes", bulk), self.bulk_retrieval_gb, "GB"),
            line(
                "retrieval, expedited",
                ("Expedited-Retrieval-Bytes", faster),
                self.expedited_retrieval_gb,
                "GB",
            ),
            line(
                "restore requests",
                ("Requests-Tier3", "RestoreObject"),
                self.restore_requests,
                "requests",
            ),
            line("restore requests, expedited", asked, self.expedited_restore_requests, "requests"),
        ]
    }
}
