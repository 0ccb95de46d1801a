//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Send orders through a reference order system, account for every one, and say what it costs.
///
/// Try `vazao run`: it needs no account and no other server, and ends within a minute with a
/// report under runs/.
#[derive(Debug, Parser)]
#[command(name = "vazao", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the local cloud, send a load, reconcile, price, judge and report
    Run(RunArguments),
    /// Make the reports of a run again from its files
    Report(ReportArguments),
    /// Price a month's usage that is written in a file, line by line
    Cost(CostArguments),
    /// Start the local cloud alone, for the AWS CLI or your own client, until Ctrl-C
    Local(LocalArguments),
    /// Simulate: a plain queue of a model file, or the pipeline at volumes that were not tried
    Simulate(SimulateArguments),
    /// List the load profiles that come with vazao
    Profiles,
    /// Measure what this machine can send in time, and write it down
    Calibrate(CalibrateArguments),
}

/// Exit codes: 0 every claim holds; 2 usage or configuration; 10 service level broken; 11 an order
/// lost or duplicated; 20 the generator was the bottleneck; 21 not enough evidence; 130 or 143
/// stopped.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Name of a profile that comes with vazao (see `vazao profiles`), or path of a TOML file
    #[arg(default_value = "business-day")]
    pub(crate) profile: String,

    /// Send exactly this many orders, whatever the profile says
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) orders: Option<i64>,

    /// Send this many orders per 24 hours of the profile's time
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) per_day: Option<f64>,

    /// Compress time: seconds of the profile per second of the clock (2160 makes a day 40 s)
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    pub(crate) speed: Option<f64>,

    /// The seed of everything random: the same seed makes the same orders at the same instants
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Folder under which the run's own folder is made
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) out: PathBuf,

    /// After the last order, wait for the queue to empty, and give up when it has not shrunk for
    /// this long, s
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(crate) drain_timeout: u64,

    /// Keep the local cloud's database, objects and logs in the run's folder
    #[arg(long)]
    pub(crate) keep_cloud: bool,

    /// Print the verdict as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}

/// The system that is started.
#[derive(Debug, Args)]
pub(crate) struct SystemArguments {
    /// Port of the local cloud on 127.0.0.1; 0 takes a free one [default: 4566 for `vazao local`,
    /// 0 for `vazao run`]
    #[arg(long, value_name = "PORT", help_heading = "System")]
    pub(crate) port: Option<u16>,

    /// The processor's binary; the default is `bootstrap` beside vazao
    #[arg(long, value_name = "FILE", help_heading = "System")]
    pub(crate) bootstrap: Option<PathBuf>,

    /// The SAM template to build the system from; the default is the one that comes with vazao
    #[arg(long, value_name = "FILE", help_heading = "System")]
    pub(crate) template: Option<PathBuf>,

    /// Another value for a parameter of the template; may be given several times, such as
    /// --parameter PartnerRateLimit=50 --parameter RequestAuthorization=AWS_IAM
    #[arg(long, value_name = "NAME=VALUE", help_heading = "System")]
    pub(crate) parameter: Vec<String>,

    /// Most invocations at the same time, 2 to 1000 [default: the template's]
    #[arg(long, value_name = "N", help_heading = "System")]
    pub(crate) concurrency: Option<u32>,

    /// Most orders in one invocation, 1 to 10 [default: the template's]
    #[arg(long, value_name = "N", help_heading = "System")]
    pub(crate) batch_size: Option<u32>,

    /// Let the processor's processes stand still between invocations, as Lambda does
    #[arg(long, help_heading = "System")]
    pub(crate) freeze: bool,

    /// Memory of the function, MB: its limit, and for the bill [default: the template's]
    #[arg(long, value_name = "MB", help_heading = "System")]
    pub(crate) memory: Option<u32>,

    /// AWS region whose prices the run's bill takes: sa-east-1 or us-east-1
    #[arg(long, value_name = "REGION", default_value = "sa-east-1", help_heading = "System")]
    pub(crate) region: String,

    /// Make this go wrong, in this share of its chances; may be given several times, such as
    /// --fault s3-slow-down=0.01 --fault function-kill=0.005 --fault s3-slow=0.02:2s. A kind that
    /// does not exist is answered with those that do
    #[arg(long, value_name = "KIND=RATE", help_heading = "System")]
    pub(crate) fault: Vec<String>,
}

/// A model file describes a queue that theory knows: arrivals, service, servers, retries. Every key
/// is in docs/model.md. A smallest one, M/M/1 at 80 %:
///
///     [arrivals.poisson]
///     rate_per_s = 0.8
///     [service.exponential]
///     mean_s = 1.0
///
/// Volumes are business days of the whole pipeline: gateway, queue, event source mapping, function,
/// with the quotas of a new account and an assumed function (5 ms an invocation, 40 ms an order).
/// Nothing is sent anywhere: every number is simulated.
///
///     vazao simulate --per-day 1,1e3,1e6,1e7,1e8
///
/// Exit codes: 0 simulated; 2 usage or model file.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct SimulateArguments {
    /// Simulate the queue of this model file (TOML)
    #[arg(long, value_name = "FILE", group = "what")]
    pub(crate) model: Option<PathBuf>,

    /// Simulate a business day of the pipeline at each of these volumes, orders per day
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', group = "what")]
    pub(crate) per_day: Vec<f64>,

    /// The service level: 99 of 100 orders documented within this, ms
    #[arg(long, value_name = "MS", default_value_t = 5_000, help_heading = "Pipeline")]
    pub(crate) document_p99_ms: u64,

    /// MaximumConcurrency of the event source mapping, 2 to 1000 [default: not set]
    #[arg(long, value_name = "N", help_heading = "Pipeline")]
    pub(crate) concurrency: Option<u32>,

    /// Most orders in one invocation, 1 to 10
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Pipeline")]
    pub(crate) batch_size: u32,

    /// Provisioned mode with so many event pollers at least and at most, such as 2,200
    #[arg(
        long,
        value_name = "MIN,MAX",
        value_delimiter = ',',
        num_args = 1,
        help_heading = "Pipeline"
    )]
    pub(crate) pollers: Vec<u32>,

    /// AWS region whose prices are taken: sa-east-1 or us-east-1
    #[arg(long, value_name = "REGION", default_value = "sa-east-1", help_heading = "Pipeline")]
    pub(crate) region: String,

    /// Another seed than 1 or the model file's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Threads to use; the result is the same with any number [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// Print the result as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// A run's folder, such as runs/20261123-101500-business-day
    pub(crate) run: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LocalArguments {
    /// Folder for the local cloud's queues, database, objects and logs. What an earlier `vazao
    /// local` left there is there again
    #[arg(long, value_name = "FOLDER", default_value = "runs/local")]
    pub(crate) data: PathBuf,

    /// Remove the folder of --data first, if it is a local cloud's
    #[arg(long)]
    pub(crate) reset: bool,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}

/// Every key of the file is in docs/usage.md. Exit codes: 0 priced; 2 the file; 14 over budget.
#[derive(Debug, Args)]
pub(crate) struct CostArguments {
    /// The usage, a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) usage: PathBuf,

    /// Print the bill as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// Fail, with exit code 14, if a month costs more than this, USD
    #[arg(long, value_name = "USD")]
    pub(crate) budget: Option<rust_decimal::Decimal>,
}

/// Sends orders to a gateway of its own on 127.0.0.1 that accepts everything, faster and faster,
/// until they leave later than they should: about half a minute on an idle machine. Exit codes:
/// 0 measured; 2 usage.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArguments {
    /// The file to write (TOML, docs/load.md) [default: vazao/capacity.toml in the user's cache
    /// folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// 99 of 100 orders must leave within this of their instant, µs
    #[arg(long, value_name = "US", default_value_t = 1_000)]
    pub(crate) start_lag_p99_us: u64,

    /// Print the result as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
