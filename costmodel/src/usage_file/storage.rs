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
            early_delete: storage,
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
                ..rates("TimedStorage-SIA-ByteHrs", "Requests-SIA-Tier1", "Requests-SIA-Tier2")
            },
            Self::OneZoneIa => Rates {
                transition: Some(("Requests-Tier4", "S3-ZIATransition")),
                retrieval: Some(("Retrieval-ZIA", "")),
                minimum_bytes: 128 * 1024,
                minimum_days: 30,
                ..rates("TimedStorage-ZIA-ByteHrs", "Requests-ZIA-Tier1", "Requests-ZIA-Tier2")
            },
            Self::GlacierInstantRetrieval => Rates {
                transition: Some(("Requests-Tier4", "S3-GIRTransition")),
                retrieval: Some(("Retrieval-GIR", "")),
                minimum_bytes: 128 * 1024,
                minimum_days: 90,
                ..rates("TimedStorage-GIR-ByteHrs", "Requests-GIR-Tier1", "Requests-GIR-Tier2")
            },
            Self::GlacierFlexibleRetrieval => Rates {
                put: ("Requests-GLACIER-Tier1", "PutObject"),
                transition: Some(("Requests-Tier3", "S3-GlacierTransition")),
                retrieval: Some(("Standard-Retrieval-Bytes", "RestoreObject")),
                minimum_days: 90,
                ..rates("TimedStorage-GlacierByteHrs", "", "Requests-GLACIER-Tier2")
            },
            Self::GlacierDeepArchive => Rates {
                put: ("Requests-GDA-Tier1", "PutObject"),
                transition: Some(("Requests-Tier3", "S3-GDATransition")),
                retrieval: Some(("Standard-Retrieval-Bytes", "DeepArchiveRestoreObject")),
                minimum_days: 180,
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
    monitored_objects: Decimal,
    #[serde(default)]
    put_requests: Decimal,
    #[serde(default)]
    get_requests: Decimal,
    #[serde(default)]
    transitions: Decimal,
    #[serde(default)]
    retrieval_gb: Decimal,
    #[serde(default)]
    bulk_retrieval_gb: Decimal,
    #[serde(default)]
    restore_requests: Decimal,
}

impl S3 {
    pub(super) fn used(&self, month: Month) -> Result<Vec<Used>, UsageFileError> {
        let rates = self.class.rates();
        self.check(&rates)?;
        let mut all = self.storage(month, &rates);
        all.extend(self.requests(month, &rates));
        Ok(all)
    }

    fn check(&self, rates: &Rates) -> Result<(), UsageFileError> {
        let inner = self.infrequent_gb_months
            + self.archive_instant_gb_months
            + self.archive_access_gb_months
            + self.deep_archive_access_gb_months
            + self.monitored_objects;
        if self.class != Class::IntelligentTiering && !inner.is_zero() {
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
        Ok(())
    }

    fn storage(&self, month: Month, rates: &Rates) -> Vec<Used> {
        let gb = Decimal::from(1_u64 << 30);
        let share = self.stored_hours.unwrap_or(month.hours) / month.hours;
        let bytes = self.object_bytes.max(Decimal::from(rates.minimum_bytes));
        let object_gb = self.objects * bytes / gb;
        let by_size = object_gb * share;
        let mut lines = vec![month.line(
            ("S3", "storage"),
            ("AmazonS3", rates.storage, ""),
            (by_size + self.gb_months, "GB-months"),
            format!(
                "{} x {bytes} bytes / 2^30 x {} of a month + {} GB-months",
                self.objects,
                share.round_dp(6).normalize(),
                self.gb_months
            ),
        )];
        if let Some(days) = self.deleted_after_days {
            let rest = (Decimal::from(rates.minimum_days) - days).max(Decimal::ZERO);
            let months = rest * Decimal::from(24) / month.hours;
            lines.push(month.line(
                ("S3", "early delete"),
                ("AmazonS3", rates.early_delete, ""),
                (object_gb * months, "GB-months"),
                format!("{rest} days short of {}", rates.minimum_days),
            ));
        }
        if self.class.is_archive() {
            let kb = |each: u64| self.objects * Decimal::from(each * 1024) / gb * share;
            lines.push(month.line(
                ("S3", "index of archived objects"),
                ("AmazonS3", rates.storage, ""),
                (kb(32), "GB-months"),
                format!("{} x 32 KB", self.objects),
            ));
            lines.push(month.line(
                ("S3", "names of archived objects, Standard"),
                ("AmazonS3", "TimedStorage-ByteHrs", ""),
                (kb(8), "GB-months"),
                format!("{} x 8 KB", self.objects),
            ));
        }
        let tier = |item, usage, quantity: Decimal| {
            let formula = format!("{quantity} GB-months");
            month.line(("S3", item), ("AmazonS3", usage, ""), (quantity, "GB-months"), formula)
        };
        lines.extend([
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
        ]);
        lines
    }

    fn requests(&self, month: Month, rates: &Rates) -> Vec<Used> {
        let line = |item, (usage, operation), quantity: Decimal, unit| {
            let key = ("AmazonS3", usage, operation);
            month.line(("S3", item), key, (quantity, unit), format!("{quantity} {unit}"))
        };
        let is_large = self.object_bytes >= Decimal::from(INTELLIGENT_TIERING_MINIMUM_BYTES);
        let by_size = if self.class == Class::IntelligentTiering && is_large {
            self.objects
        } else {
            Decimal::ZERO
        };
        let monitored = by_size + self.monitored_objects;
        let restored = match self.class {
            Class::GlacierDeepArchive => ("Bulk-Retrieval-Bytes", "DeepArchiveRestoreObject"),
            Class::Standard
            | Class::IntelligentTiering
            | Class::StandardIa
            | Class::OneZoneIa
            | Class::GlacierInstantRetrieval
            | Class::GlacierFlexibleRetrieval => ("Bulk-Retrieval-Bytes", "RestoreObject"),
        };
        let mut lines = vec![
            line("PUT requests", rates.put, self.put_requests, "requests"),
            line("GET requests", (rates.get, ""), self.get_requests, "requests"),
            line("monitoring", ("Monitoring-Automation-INT", ""), monitored, "object-months"),
            line("retrieval, bulk", restored, self.bulk_retrieval_gb, "GB"),
            line(
                "restore requests",
                ("Requests-Tier3", "RestoreObject"),
                self.restore_requests,
                "requests",
            ),
        ];
        lines.extend(
            rates.transition.map(|key| line("transitions", key, self.transitions, "requests")),
        );
        lines.extend(rates.retrieval.map(|key| line("retrieval", key, self.retrieval_gb, "GB")));
        lines
    }
}
