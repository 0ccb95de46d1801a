//! From assumptions to quantities: each meter's month is a sum of coefficients x base series
//! (orders, invocations, what is kept, ...), so that the same plan can be priced exactly, line by
//! line, or ten thousand times in floating point.

use std::fmt::Write as _;

use super::assumptions::{Api, Assumptions, Hosting, Network};
use super::meter::Meter;
use super::storage_plan;
use crate::Architecture;
use crate::storage::{AgeGrid, Kernel, LAGS, MONTH_DAYS};

/// Hours and seconds of a month of 730 hours.
const MONTH_HOURS: f64 = MONTH_DAYS * 24.0;
const MONTH_S: f64 = MONTH_DAYS * 86_400.0;
/// A long poll (Lambda's pollers wait as long as SQS allows).
const POLL_S: f64 = 20.0;
/// A request of SQS is a call for each started 64 KB.
const CHUNK_BYTES: f64 = 65_536.0;
/// An HTTP API meters a call in steps of 512 KB.
const HTTP_STEP_BYTES: f64 = 524_288.0;
/// Each invocation is rounded up to 1 ms: half of one on average.
const ROUNDING_MS: f64 = 0.5;
/// Interface endpoints beside the gateway endpoint of S3: secrets and queue.
const INTERFACE_ENDPOINTS: f64 = 2.0;
/// 2^30.
pub(crate) const GB: f64 = 1_073_741_824.0;

/// What quantities are in proportion to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    Months,
    Orders,
    Invocations,
    EmptyReceives,
    Servers,
    /// Order-months kept: all, before and after compaction, in a tier.
    Kept,
    KeptYoung,
    KeptOld,
    Infrequent,
    Archive,
    /// Orders read: ever, before and after compaction.
    Reads,
    ReadsYoung,
    ReadsOld,
    Compacted,
}

impl Base {
    const COUNT: usize = 14;

    fn words(self) -> &'static str {
        match self {
            Self::Months => "months",
            Self::Orders => "orders",
            Self::Invocations => "invocations",
            Self::EmptyReceives => "empty receives",
            Self::Servers => "servers",
            Self::Kept => "orders kept",
            Self::KeptYoung => "orders not yet compacted",
            Self::KeptOld => "orders compacted and kept",
            Self::Infrequent => "orders in Infrequent Access",
            Self::Archive => "orders in Archive Instant Access",
            Self::Reads => "orders read",
            Self::ReadsYoung => "orders read before compaction",
            Self::ReadsOld => "orders read after compaction",
            Self::Compacted => "orders compacted",
        }
    }
}

/// A meter goes up by so much for each one of the base.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) meter: Meter,
    pub(crate) base: Base,
    pub(crate) each: f64,
}

/// When orders come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intake {
    /// Every month, growing.
    Growing,
    /// In the first month only: what those orders cost until they are deleted.
    Once,
}

/// Quantities of all months.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) months: usize,
    pub(crate) flows: Vec<Flow>,
    series: [Kernel; Base::COUNT],
    present: [bool; Base::COUNT],
    growth: f64,
    intake: Intake,
}

impl Plan {
    pub(crate) fn empty() -> Self {
        Self {
            months: 0,
            flows: Vec::with_capacity(32),
            series: [[0.0; LAGS]; Base::COUNT],
            present: [false; Base::COUNT],
            growth: 1.0,
            intake: Intake::Growing,
        }
    }

    pub(crate) fn of(a: &Assumptions, grid: &mut AgeGrid, months: usize, intake: Intake) -> Self {
        let mut plan = Self::empty();
        plan.rebuild(a, grid, months, intake);
        plan
    }

    /// Makes it anew, in the same memory.
    pub(crate) fn rebuild(
        &mut self,
        a: &Assumptions,
        grid: &mut AgeGrid,
        months: usize,
        intake: Intake,
    ) {
        self.begin(a, months, intake);
        self.front(a);
        self.queue(a);
        match a.hosting {
            Hosting::Lambda => self.function(a),
            Hosting::Fargate | Hosting::Ec2 => self.servers(a),
        }
        self.platform(a);
        storage_plan::add(self, a, grid);
        self.flows.sort_by_key(|flow| flow.meter);
    }

    /// Documents alone.
    pub(crate) fn of_storage(a: &Assumptions, grid: &mut AgeGrid, months: usize) -> Self {
        let mut plan = Self::empty();
        plan.begin(a, months, Intake::Growing);
        storage_plan::add(&mut plan, a, grid);
        plan.flows.sort_by_key(|flow| flow.meter);
        plan
    }

    fn begin(&mut self, a: &Assumptions, months: usize, intake: Intake) {
        self.months = months;
        self.flows.clear();
        self.present = [false; Base::COUNT];
        self.growth = 1.0 + a.orders.growth_percent_per_month / 100.0;
        self.intake = intake;
        let (mut orders, growth) = (a.orders_per_month(), self.growth);
        self.base(Base::Months, |_| 1.0);
        self.base(Base::Orders, |_| {
            let this = orders;
            orders = match intake {
                Intake::Growing => orders * growth,
                Intake::Once => 0.0,
            };
            this
        });
    }

    /// Fills a base series, month by month.
    fn base(&mut self, base: Base, mut month: impl FnMut(usize) -> f64) {
        self.present[base as usize] = true;
        let months = self.months;
        for (index, value) in self.series[base as usize][..months].iter_mut().enumerate() {
            *value = month(index);
        }
    }

    /// A base of which each month's orders have so much, so many months later.
    pub(crate) fn stock(&mut self, base: Base, kernel: &Kernel) {
        let first = self.series[Base::Orders as usize][0];
        let growth = match self.intake {
            Intake::Growing => self.growth,
            Intake::Once => 0.0,
        };
        // The orders grow by the same factor each month, and with them what is left of them:
        // sum of n0 g^(m-lag) k(lag) = g x that of the month before + n0 k(m).
        let mut sum = 0.0;
        self.base(base, |month| {
            sum = growth * sum + first * kernel[month];
            sum
        });
    }

    pub(crate) fn flow(&mut self, meter: Meter, base: Base, each: f64) {
        if each != 0.0 {
            self.flows.push(Flow { meter, base, each });
        }
    }

    pub(crate) fn at(&self, base: Base, month: usize) -> f64 {
        self.series[base as usize][month]
    }

    /// The months of a base.
    pub(crate) fn series(&self, base: Base) -> &[f64] {
        &self.series[base as usize][..self.months]
    }

    fn front(&mut self, a: &Assumptions) {
        match (a.hosting, a.api) {
            (Hosting::Lambda, Api::Rest) => self.flow(Meter::RestRequests, Base::Orders, 1.0),
            (Hosting::Lambda, Api::Http) => {
                let steps = (a.body_bytes() / HTTP_STEP_BYTES).ceil().max(1.0);
                self.flow(Meter::HttpRequests, Base::Orders, steps);
            }
            (Hosting::Fargate | Hosting::Ec2, Api::Rest | Api::Http) => {
                self.flow(Meter::BalancerHours, Base::Months, MONTH_HOURS);
                // One unit: 1 GB an hour, 1,000 rules a second or 25 new connections a second.
                let connections = a.servers.new_connections_percent / 100.0;
                let hours = (a.body_bytes() / GB)
                    .max(1.0 / 3_600_000.0)
                    .max(connections / (25.0 * 3_600.0));
                self.flow(Meter::BalancerUnits, Base::Orders, hours);
            }
        }
    }

    /// Orders that one receive brings, in a month of so many orders. With a window, the first
    /// message opens a batch, and what comes meanwhile joins it: a Poisson number, capped.
    fn fill(a: &Assumptions, orders: f64) -> f64 {
        let function = &a.function;
        let most = function.batch_size;
        if function.batch_window_s == 0.0 {
            return function.orders_per_invocation.min(most);
        }
        let mean = orders / MONTH_S * function.batch_window_s / a.queue.pollers;
        // 1 + sum of P(N >= k) for k from 1 to most - 1.
        let (mut probability, mut beyond, mut fill) = ((-mean).exp(), 1.0, 1.0);
        for k in 1..most as u32 {
            beyond -= probability;
            fill += beyond;
            probability *= mean / f64::from(k);
        }
        fill.max(function.orders_per_invocation.min(most))
    }

    fn queue(&mut self, a: &Assumptions) {
        let delivered = 1.0 + a.queue.retries_percent / 100.0;
        let orders = self.series[Base::Orders as usize];
        self.base(Base::Invocations, |month| {
            orders[month] * delivered / Self::fill(a, orders[month])
        });
        let pollers = a.queue.pollers;
        // Messages that come at random, r a second and poller: r T e^(-20 r) / (1 - e^(-20 r)).
        self.base(Base::EmptyReceives, |month| {
            let rate = orders[month] / MONTH_S / pollers;
            if rate < 1e-9 {
                return pollers * MONTH_S / POLL_S;
            }
            // At 40 messages a poll there is no empty one in the age of the universe.
            if POLL_S * rate > 40.0 {
                return 0.0;
            }
            pollers * MONTH_S * rate / (POLL_S * rate).exp_m1()
        });
        let chunks = (a.body_bytes() / CHUNK_BYTES).ceil().max(1.0);
        self.flow(Meter::SqsRequests, Base::Orders, chunks);
        // A receive of several small messages is one request as long as they stay within 64 KB.
        if chunks > 1.0 {
            self.flow(Meter::SqsRequests, Base::Orders, chunks * delivered);
        } else {
            self.flow(Meter::SqsRequests, Base::Invocations, 1.0);
        }
        self.flow(Meter::SqsRequests, Base::Invocations, 1.0);
        self.flow(Meter::SqsRequests, Base::EmptyReceives, 1.0);
    }

    fn function(&mut self, a: &Assumptions) {
        let function = &a.function;
        let delivered = 1.0 + a.queue.retries_percent / 100.0;
        let requests = match function.architecture {
            Architecture::Arm64 => Meter::LambdaRequestsArm,
            Architecture::X86_64 => Meter::LambdaRequestsX86,
        };
        self.flow(requests, Base::Invocations, 1.0);
        self.compute(a, Base::Orders, a.ms_per_order() * delivered);
        let cold = function.cold_start_percent / 100.0 * function.init_ms;
        self.compute(a, Base::Invocations, function.ms_per_invocation + ROUNDING_MS + cold);
        self.flow(Meter::Logs, Base::Orders, a.logs.bytes_per_order / GB);
        self.flow(Meter::Logs, Base::Invocations, a.logs.bytes_per_invocation / GB);
        let kept = a.logs.kept_months / GB;
        self.flow(Meter::LogsStored, Base::Orders, a.logs.bytes_per_order * kept);
        self.flow(Meter::LogsStored, Base::Invocations, a.logs.bytes_per_invocation * kept);
    }

    /// Milliseconds of the function's memory.
    pub(crate) fn compute(&mut self, a: &Assumptions, base: Base, ms: f64) {
        let meter = match a.function.architecture {
            Architecture::Arm64 => Meter::LambdaDurationArm,
            Architecture::X86_64 => Meter::LambdaDurationX86,
        };
        self.flow(meter, base, ms * a.function.memory_mb / 1_024_000.0);
    }

    /// As many servers as the busiest time needs.
    fn servers(&mut self, a: &Assumptions) {
        let servers = &a.servers;
        let is_fargate = a.hosting == Hosting::Fargate;
        let vcpus = if is_fargate { 1.0 } else { 2.0 };
        let capacity_per_s =
            vcpus * servers.utilisation_percent / 100.0 * 1_000.0 / servers.cpu_ms_per_order;
        let orders = self.series[Base::Orders as usize];
        self.base(Base::Servers, |month| {
            let peak_per_s = orders[month] / MONTH_S * a.orders.peak_to_mean;
            (peak_per_s / capacity_per_s).ceil().max(servers.at_least)
        });
        if is_fargate {
            let (cpu, memory) = match a.function.architecture {
                Architecture::Arm64 => (Meter::FargateCpuArm, Meter::FargateMemoryArm),
                Architecture::X86_64 => (Meter::FargateCpuX86, Meter::FargateMemoryX86),
            };
            self.flow(cpu, Base::Servers, MONTH_HOURS);
            self.flow(memory, Base::Servers, 2.0 * MONTH_HOURS);
        } else {
            let meter = match a.function.architecture {
                Architecture::Arm64 => Meter::ServersArm,
                Architecture::X86_64 => Meter::ServersX86,
            };
            self.flow(meter, Base::Servers, MONTH_HOURS);
        }
        self.flow(Meter::OtherLogs, Base::Orders, a.logs.bytes_per_order / GB);
        let kept = a.logs.kept_months / GB;
        self.flow(Meter::LogsStored, Base::Orders, a.logs.bytes_per_order * kept);
    }

    fn platform(&mut self, a: &Assumptions) {
        let platform = &a.platform;
        self.flow(Meter::Alarms, Base::Months, platform.alarms);
        self.flow(Meter::Dashboards, Base::Months, platform.dashboards);
        self.flow(Meter::KeyMonths, Base::Months, platform.kms_keys);
        let through_queue = match a.hosting {
            Hosting::Lambda => 0.0,
            Hosting::Fargate | Hosting::Ec2 => 2.0 * a.body_bytes() / GB,
        };
        match platform.network {
            Network::None => {}
            Network::Nat => {
                self.flow(Meter::NatHours, Base::Months, platform.zones * MONTH_HOURS);
                let documents = (a.xml_bytes() + a.pdf_bytes()) / GB;
                self.flow(Meter::NatData, Base::Orders, documents + through_queue);
            }
            Network::Endpoints => {
                let hours = INTERFACE_ENDPOINTS * platform.zones * MONTH_HOURS;
                self.flow(Meter::EndpointHours, Base::Months, hours);
                self.flow(Meter::EndpointData, Base::Orders, through_queue);
            }
        }
    }

    /// The flows of one meter after those of another.
    pub(crate) fn meters(&self) -> impl Iterator<Item = &[Flow]> {
        self.flows.chunk_by(|a, b| a.meter == b.meter)
    }

    /// How much of a meter a month uses.
    pub(crate) fn quantity(&self, flows: &[Flow], month: usize) -> f64 {
        flows.iter().map(|flow| flow.each * self.at(flow.base, month)).sum::<f64>().max(0.0)
    }

    /// How that number was made.
    pub(crate) fn formula(&self, flows: &[Flow], month: usize) -> String {
        let mut text = String::new();
        for flow in flows {
            let joint = if text.is_empty() { "" } else { " + " };
            let (value, words) = (self.at(flow.base, month), flow.base.words());
            // Writing to a text does not fail.
            let _ = write!(text, "{joint}{} x {value:.0} {words}", short(flow.each));
        }
        text
    }
}

/// Six significant digits.
fn short(value: f64) -> String {
    let text = format!("{value:.5e}");
    match text.parse::<f64>() {
        Ok(rounded) if (1e-4..1e15).contains(&rounded.abs()) => format!("{rounded}"),
        Ok(_) | Err(_) => text,
    }
}
