//! Lambda, with AWS's own rounding.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{KB, Month, UsageFileError, value};
use crate::Architecture;
use crate::bill::Used;

const ZERO: Decimal = Decimal::ZERO;

/// `[[lambda]]`: one function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Lambda {
    architecture: Architecture,
    memory_mb: Decimal,
    requests: Decimal,
    async_event_bytes: Decimal,
    duration_ms: Decimal,
    gb_seconds: Decimal,
    init_count: Decimal,
    init_ms: Decimal,
    ephemeral_mb: Decimal,
    provisioned_concurrency: Decimal,
    provisioned_hours: Option<Decimal>,
    provisioned_requests: Decimal,
    provisioned_duration_ms: Decimal,
    sqs_pollers: Decimal,
    sqs_poller_hours: Decimal,
    kafka_poller_hours: Decimal,
    streamed_gb: Decimal,
    tenant_environments: Decimal,
    snapstart_versions: Decimal,
    snapstart_hours: Option<Decimal>,
    snapstart_restores: Decimal,
    durable_operations: Decimal,
    durable_written_gb: Decimal,
    durable_stored_gb_months: Decimal,
    managed_instance_type: String,
    managed_instance_hours: Decimal,
}

impl Default for Lambda {
    fn default() -> Self {
        Self {
            architecture: Architecture::X86_64,
            memory_mb: Decimal::from(128),
            requests: ZERO,
            async_event_bytes: ZERO,
            duration_ms: ZERO,
            gb_seconds: ZERO,
            init_count: ZERO,
            init_ms: ZERO,
            ephemeral_mb: Decimal::from(512),
            provisioned_concurrency: ZERO,
            provisioned_hours: None,
            provisioned_requests: ZERO,
            provisioned_duration_ms: ZERO,
            sqs_pollers: ZERO,
            sqs_poller_hours: ZERO,
            kafka_poller_hours: ZERO,
            streamed_gb: ZERO,
            tenant_environments: ZERO,
            snapstart_versions: ZERO,
            snapstart_hours: None,
            snapstart_restores: ZERO,
            durable_operations: ZERO,
            durable_written_gb: ZERO,
            durable_stored_gb_months: ZERO,
            managed_instance_type: String::new(),
            managed_instance_hours: ZERO,
        }
    }
}

/// Seconds that a function's environments worked.
struct Worked {
    handler_s: Decimal,
    init_s: Decimal,
    provisioned_s: Decimal,
}

impl Lambda {
    pub(super) fn used(&self, month: Month) -> Result<impl Iterator<Item = Used>, UsageFileError> {
        self.check()?;
        let seconds = |count: Decimal, ms: Decimal| count * ms.ceil() / Decimal::from(1_000);
        let worked = Worked {
            handler_s: seconds(self.requests, self.duration_ms),
            init_s: seconds(self.init_count, self.init_ms),
            provisioned_s: seconds(self.provisioned_requests, self.provisioned_duration_ms),
        };
        let on_demand = self.on_demand(month, &worked).into_iter();
        let provisioned = self.provisioned(month, &worked);
        let others =
            self.pollers_and_more(month).into_iter().chain(self.durable_and_managed(month));
        Ok(on_demand.chain(provisioned).chain(others).flatten())
    }

    fn check(&self) -> Result<(), UsageFileError> {
        let within = |key: &str, mb: Decimal, least: u32| {
            let is_within = mb >= Decimal::from(least) && mb <= Decimal::from(10_240);
            let cause = format!("from {least} to 10240 MB");
            if is_within { Ok(()) } else { Err(value(key, &cause)) }
        };
        within("lambda.memory_mb", self.memory_mb, 128)?;
        within("lambda.ephemeral_mb", self.ephemeral_mb, 512)?;
        if self.async_event_bytes > KB * KB {
            return Err(value("lambda.async_event_bytes", "at most 1048576"));
        }
        if !self.managed_instance_hours.is_zero() && self.managed_instance_type.is_empty() {
            return Err(value(
                "lambda.managed_instance_type",
                "it has to be said, such as m7g.large",
            ));
        }
        Ok(())
    }

    /// A line whose usage type has another name for arm64.
    fn by_architecture(
        &self,
        month: Month,
        (item, usage): (&str, &str),
        amount: (Decimal, &'static str),
        formula: impl FnOnce() -> String,
    ) -> Option<Used> {
        if amount.0.is_zero() {
            return None;
        }
        let (suffix, name) = match self.architecture {
            Architecture::Arm64 => ("-ARM", "arm64"),
            Architecture::X86_64 => ("", "x86"),
        };
        let key = ("AWSLambda", format!("{usage}{suffix}"), "");
        month.line(("Lambda", &format!("{item}, {name}")), key, amount, formula)
    }

    fn gb(&self) -> Decimal {
        self.memory_mb / KB
    }

    /// An asynchronous event is a request more for each 64 KB beyond its first 256.
    fn requests_each(&self) -> Decimal {
        let beyond = (self.async_event_bytes - Decimal::from(256) * KB).max(ZERO);
        Decimal::ONE + (beyond / (Decimal::from(64) * KB)).ceil()
    }

    fn on_demand(&self, month: Month, worked: &Worked) -> [Option<Used>; 3] {
        let each = self.requests_each();
        let disk_gb = (self.ephemeral_mb - Decimal::from(512)) / KB;
        let all_s = worked.handler_s + worked.init_s + worked.provisioned_s;
        [
            self.by_architecture(
                month,
                ("requests", "Request"),
                (self.requests * each + self.provisioned_requests, "requests"),
                || {
                    format!(
                        "{} x {each} + {} provisioned",
                        self.requests, self.provisioned_requests
                    )
                },
            ),
            self.by_architecture(
                month,
                ("duration", "Lambda-GB-Second"),
                ((worked.handler_s + worked.init_s) * self.gb() + self.gb_seconds, "GB-seconds"),
                || {
                    format!(
                        "({} x {} ms + {} inits x {} ms) x {} MB / 1,024,000 + {} GB-s",
                        self.requests,
                        self.duration_ms.ceil(),
                        self.init_count,
                        self.init_ms.ceil(),
                        self.memory_mb,
                        self.gb_seconds
                    )
                },
            ),
            self.by_architecture(
                month,
                ("ephemeral storage", "Lambda-Storage-GB-Second"),
                (all_s * disk_gb, "GB-seconds"),
                || format!("{all_s} s x ({} - 512) MB / 1,024", self.ephemeral_mb),
            ),
        ]
    }

    fn provisioned(&self, month: Month, worked: &Worked) -> [Option<Used>; 3] {
        // From enabling to disabling, rounded up to the next 5 minutes.
        let hours = self.provisioned_hours.unwrap_or(month.hours);
        let kept_s = (hours * Decimal::from(12)).ceil() * Decimal::from(300);
        let mb = self.memory_mb;
        [
            self.by_architecture(
                month,
                ("provisioned concurrency", "Lambda-Provisioned-Concurrency"),
                (self.provisioned_concurrency * kept_s * self.gb(), "GB-seconds"),
                || format!("{} x {kept_s} s x {mb} MB / 1,024", self.provisioned_concurrency),
            ),
            self.by_architecture(
                month,
                ("duration on provisioned concurrency", "Lambda-Provisioned-GB-Second"),
                (worked.provisioned_s * self.gb(), "GB-seconds"),
                || format!("{} s x {mb} MB / 1,024", worked.provisioned_s),
            ),
            self.by_architecture(
                month,
                ("tenant isolation", "Lambda-Tenant-Isolated-Environment-Memory-GB"),
                (self.tenant_environments * self.gb(), "GB"),
                || format!("{} environments x {mb} MB / 1,024", self.tenant_environments),
            ),
        ]
    }

    fn pollers_and_more(&self, month: Month) -> [Option<Used>; 5] {
        const OFFER: &str = "AWSLambda";
        let pollers = self.sqs_pollers * month.hours + self.sqs_poller_hours;
        // A published version is cached for 3 hours at least.
        let cached_h = self.snapstart_hours.unwrap_or(month.hours).max(Decimal::from(3));
        let cached = self.snapstart_versions * cached_h * Decimal::from(3_600) * self.gb();
        let mb = self.memory_mb;
        [
            month.line(
                ("Lambda", "SQS pollers, provisioned mode"),
                (OFFER, "Lambda-SQS-Event-Poller-Unit-Hour", ""),
                (pollers, "poller-hours"),
                || {
                    let (count, hours) = (self.sqs_pollers, month.hours);
                    format!("{count} pollers x {hours} h + {} poller-hours", self.sqs_poller_hours)
                },
            ),
            month.line(
                ("Lambda", "Kafka pollers, provisioned mode"),
                (OFFER, "Lambda-Event-Poller-Unit-Hour", ""),
                (self.kafka_poller_hours, "poller-hours"),
                || format!("{} poller-hours", self.kafka_poller_hours),
            ),
            month.line(
                ("Lambda", "response streaming"),
                (OFFER, "Lambda-Streaming-Response-Processed-Bytes", ""),
                (self.streamed_gb, "GB"),
                || format!("{} GB beyond 6 MB a response", self.streamed_gb),
            ),
            month.line(
                ("Lambda", "SnapStart, cache"),
                (OFFER, "Lambda-SnapStart-Cached-GB-S", ""),
                (cached, "GB-seconds"),
                || format!("{} versions x {cached_h} h x {mb} MB / 1,024", self.snapstart_versions),
            ),
            month.line(
                ("Lambda", "SnapStart, restores"),
                (OFFER, "Lambda-SnapStart-Restored-GB", ""),
                (self.snapstart_restores * self.gb(), "GB"),
                || format!("{} restores x {mb} MB / 1,024", self.snapstart_restores),
            ),
        ]
    }

    fn durable_and_managed(&self, month: Month) -> [Option<Used>; 4] {
        const OFFER: &str = "AWSLambda";
        let line = |item, usage, quantity: Decimal, unit| {
            let formula = || format!("{quantity} {unit}");
            month.line(("Lambda", item), (OFFER, usage, ""), (quantity, unit), formula)
        };
        let kind = &self.managed_instance_type;
        let managed = (!self.managed_instance_hours.is_zero()).then(|| {
            let usage = format!("Lambda-Managed-Instances-{kind}-Management-Hours");
            month.line(
                ("Lambda", &format!("management of {kind}")),
                (OFFER, usage, ""),
                (self.managed_instance_hours, "hours"),
                || format!("{} instance-hours", self.managed_instance_hours),
            )
        });
        [
            line(
                "durable operations",
                "Lambda-Durable-Execution-Operations",
                self.durable_operations,
                "operations",
            ),
            line(
                "durable data written",
                "Lambda-Durable-Execution-Written-Bytes",
                self.durable_written_gb,
                "GB",
            ),
            line(
                "durable data kept",
                "Lambda-Durable-Execution-TimedStorage-ByteHrs",
                self.durable_stored_gb_months,
                "GB-months",
            ),
            managed.flatten(),
        ]
    }
}
