//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::sending::Authentication;

mod check;
mod cost;
mod deployed;
mod prove;

pub(crate) use check::*;
pub(crate) use cost::*;
pub(crate) use deployed::*;
pub(crate) use prove::*;

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
    /// Say what a profile asks for, what it costs, and whether it can be had, before it is run
    Plan(PlanArguments),
    /// Put the shards of a run together, exactly, and name what is missing
    Merge(MergeArguments),
    /// Send what a shard that died has left
    Resume(ResumeArguments),
    /// Make the reports of a run again from its files, or one page of several runs
    Report(ReportArguments),
    /// Run 1, 100, 10,000 and a million orders a day, and make one page of them
    Ladder(LadderArguments),
    /// Hold a run against its limits and against the runs before it
    Check(CheckArguments),
    /// Say of two runs what is the same, better, worse, or cannot be told
    Compare(CompareRunsArguments),
    /// Run a long steady load, check it, and draw the nights before
    Soak(SoakArguments),
    /// Price a recorded run or a usage file, line by line; compare with AWS's bill
    Cost(CostArguments),
    /// Show, check, refresh and compare price lists
    Prices(PricesArguments),
    /// What a volume costs over the years, from assumptions: bills, alternatives, layouts of
    /// documents, break-even volumes, uncertainty
    Forecast(ForecastArguments),
    /// Start the local cloud alone, for the AWS CLI or your own client, until Ctrl-C
    Local(LocalArguments),
    /// Look at the orders that could not be processed, and send them back
    Dlq(DlqArguments),
    /// Say what a stack on AWS is doing: its address, its queues, its meters
    Stack(StackArguments),
    /// Simulate: a plain queue of a model file, or the pipeline at volumes that were not tried
    Simulate(SimulateArguments),
    /// Look for an order that is lost or doubled: every fault, exact interleavings, planted bugs
    Prove(Box<ProveArguments>),
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

    /// Bill on this PostgreSQL server, postgres://user@host/name, in a schema of its own that is
    /// made for the run and dropped after it; the default is an SQLite file, or what the variable
    /// VAZAO_DATABASE names
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Keep the local cloud's database, objects and logs in the run's folder, and the schema of
    /// --database
    #[arg(long)]
    pub(crate) keep_cloud: bool,

    /// The deployed stack of `--target aws`: gateway, queues, bucket and meters are found by its
    /// outputs; --database names the database that it bills in, which is only read
    #[arg(long, value_name = "NAME", default_value = "orders", help_heading = "AWS")]
    pub(crate) stack: String,

    /// How long CloudWatch takes to know of the last order, s
    #[arg(long, value_name = "SECONDS", default_value_t = 180, help_heading = "AWS")]
    pub(crate) meters_after: u64,

    /// Print the verdict as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) shards: ShardArguments,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}

/// One part of a run that several machines send. The parts meet in a folder or in S3, start
/// together, and are put together by `vazao merge`: docs/shards.md.
#[derive(Debug, Default, Args)]
pub(crate) struct ShardArguments {
    /// Send only part i of N, counted from 0, to a system that is there already
    #[arg(long, value_name = "i/N", help_heading = "Shards", conflicts_with = "shards")]
    pub(crate) shard: Option<String>,

    /// The same, i being AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX
    #[arg(long, value_name = "N", help_heading = "Shards")]
    pub(crate) shards: Option<u64>,

    /// The run's name, the same for every shard [default: the array job's id on AWS Batch]
    #[arg(long, value_name = "NAME", help_heading = "Shards")]
    pub(crate) run_id: Option<String>,

    /// Where the shards meet and leave what they have: a folder that all of them see, or
    /// s3://bucket/prefix [default: the folder of --out]
    #[arg(long, value_name = "WHERE", help_heading = "Shards")]
    pub(crate) meet: Option<String>,

    /// The first order is due so long after the last shard is ready, s
    #[arg(long, value_name = "SECONDS", default_value_t = 10, help_heading = "Shards")]
    pub(crate) lead: u64,

    /// Give up when not every shard is ready after this, s
    #[arg(long, value_name = "SECONDS", default_value_t = 600, help_heading = "Shards")]
    pub(crate) patience: u64,

    /// The gateway that a shard sends to, with its stage, such as the one that `vazao local` prints;
    /// or `aws`, for a whole run against the deployed --stack
    #[arg(long, value_name = "URL|aws", help_heading = "Shards")]
    pub(crate) target: Option<String>,

    /// Where S3 is, for a stand-in [default: the AWS account of the environment]
    #[arg(long, value_name = "URL", help_heading = "Shards")]
    pub(crate) endpoint: Option<String>,

    #[command(flatten)]
    pub(crate) sending: SendingArguments,
}

/// How the gateway of --target is spoken to, and what allows it: docs/load.md.
#[derive(Debug, Default, Args)]
pub(crate) struct SendingArguments {
    /// A host that orders may go to though it is not this machine, by its whole name; may be given
    /// several times. It says that you are allowed to load it
    #[arg(long, value_name = "HOST", help_heading = "Sending")]
    pub(crate) allow_host: Vec<String>,

    /// Send to another machine only if the whole run is expected to cost at most this, USD
    #[arg(long, value_name = "USD", help_heading = "Sending")]
    pub(crate) spend_max_usd: Option<rust_decimal::Decimal>,

    /// How partners say who they are [default: api-key on this machine, sigv4 elsewhere]
    #[arg(long, value_name = "HOW", help_heading = "Sending")]
    pub(crate) auth: Option<Authentication>,

    /// Speak HTTP/2, many orders on a connection
    #[arg(long, help_heading = "Sending")]
    pub(crate) http2: bool,

    /// Trust these authorities in place of the machine's own (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Sending")]
    pub(crate) trust: Option<PathBuf>,

    /// Our own certificate with its chain, for mutual TLS (PEM)
    #[arg(long, value_name = "FILE", requires = "client_key", help_heading = "Sending")]
    pub(crate) client_certificate: Option<PathBuf>,

    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "client_certificate", help_heading = "Sending")]
    pub(crate) client_key: Option<PathBuf>,

    /// An order without an answer after this is unknown, s [default: 31]
    #[arg(long, value_name = "SECONDS", help_heading = "Sending")]
    pub(crate) answer_within: Option<u64>,
}

/// Reads the curve, the peak, the orders per hour, the expected bill, and the limits of the account,
/// of the usage plans and of this machine. Nothing is sent.
///
/// Exit codes: 0 it can be run; 2 usage or profile; 22 it asks more than one of the limits, which
/// is named.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// Name of a profile that comes with vazao, or path of a TOML file
    #[arg(default_value = "business-day")]
    pub(crate) profile: String,

    /// Also draw the curve here, and explain every number
    #[arg(long)]
    pub(crate) explain: bool,

    /// Write the curve as a chart to this file (SVG)
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,

    /// Exactly this many orders, whatever the profile says
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) orders: Option<i64>,

    /// This many orders per 24 hours of the profile's time
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) per_day: Option<f64>,

    /// Compress time: seconds of the profile per second of the clock
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    pub(crate) speed: Option<f64>,

    /// The seed of everything random
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// What one machine can send, orders a second [default: what `vazao calibrate` wrote down of
    /// this one, if it was run]
    #[arg(long, value_name = "N")]
    pub(crate) capacity_per_second: Option<f64>,

    /// Machines that share the load
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) shards: u64,

    /// Print the plan as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}

/// Exit codes: 0 whole; 2 usage; 11 an order lost or duplicated (with --data); 20 a shard or an
/// order is missing, and named.
#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// The run's folder, such as runs/20261123-101500
    pub(crate) run: PathBuf,

    /// First bring here what the shards left at this place of --meet
    #[arg(long, value_name = "WHERE")]
    pub(crate) from: Option<String>,

    /// Where S3 is, for a stand-in [default: the AWS account of the environment]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// AWS region
    #[arg(long, value_name = "REGION", default_value = "sa-east-1")]
    pub(crate) region: String,

    /// Also reconcile, order by order, with the local cloud of this folder and of --endpoint
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,

    /// The bucket of its documents
    #[arg(long, value_name = "NAME", default_value = "order-documents-000000000000")]
    pub(crate) bucket: String,

    /// Print the result as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// Sends what was planned and certainly not sent. What may have been sent is left alone, unless
/// --resend-unknown sends it again under the same numbers, which the system answers as repeats.
#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    /// The run's folder, such as runs/20261123-101500
    pub(crate) run: PathBuf,

    /// Which shard, from 0
    #[arg(long, value_name = "i")]
    pub(crate) shard: u64,

    /// Also send again what may have been sent
    #[arg(long)]
    pub(crate) resend_unknown: bool,

    /// First bring here what the shards left at this place of --meet, and leave the rest there
    #[arg(long, value_name = "WHERE")]
    pub(crate) from: Option<String>,

    /// Where S3 is, for a stand-in [default: the AWS account of the environment]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// AWS region
    #[arg(long, value_name = "REGION", default_value = "sa-east-1")]
    pub(crate) region: String,

    /// Another gateway than before
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,

    #[command(flatten)]
    pub(crate) sending: SendingArguments,
}

/// The system that is started.
#[derive(Debug, Clone, Args)]
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

impl RunArguments {
    /// Whether the whole run goes to a deployed stack.
    pub(crate) fn is_on_aws(&self) -> bool {
        self.shards.target.as_deref() == Some(crate::commands::run::AWS)
    }
}

impl SendingArguments {
    /// A flag that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let all = [
            ("--allow-host", !self.allow_host.is_empty()),
            ("--spend-max-usd", self.spend_max_usd.is_some()),
            ("--auth", self.auth.is_some()),
            ("--http2", self.http2),
            ("--trust", self.trust.is_some()),
            ("--client-certificate", self.client_certificate.is_some()),
            ("--answer-within", self.answer_within.is_some()),
        ];
        all.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}

impl SystemArguments {
    /// The template that comes with vazao, as it is, in a region.
    pub(crate) fn in_region(region: &str) -> Self {
        Self {
            port: None,
            bootstrap: None,
            template: None,
            parameter: Vec::new(),
            concurrency: None,
            batch_size: None,
            freeze: false,
            memory: None,
            region: region.to_owned(),
            fault: Vec::new(),
        }
    }
}

/// Three ways to use it; nothing is sent anywhere, and every number is simulated.
///
///     vazao simulate --per-day 1,1e3,1e6,1e7,1e8 --keep "p99<=60s"
///
/// A business day of the deployed pipeline at each volume: what the template deploys, under the
/// quotas of a new account, with an assumed function (5 ms an invocation, 40 ms an order). Where the
/// first bottleneck is, what to change, what an order costs, the largest volume that keeps the
/// service level, and how much all of it depends on what nobody has measured.
///
///     vazao simulate --from runs/20261123-101500-business-day
///
/// The run's own orders again through its own settings, with the service times, cold starts and
/// failures that it recorded: measured against simulated. With --per-day the volumes are simulated
/// with the run's times.
///
///     vazao simulate --model queue.toml
///
/// A plain queue that theory knows: arrivals, service, servers, retries. Every key is in
/// docs/model.md. A smallest one, M/M/1 at 80 %:
///
///     [arrivals.poisson]
///     rate_per_s = 0.8
///     [service.exponential]
///     mean_s = 1.0
///
/// Exit codes: 0 simulated; 2 usage, run or model file; 21 --from alone, and the model is not valid
/// for this run.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("what").required(true).multiple(true)
)]
pub(crate) struct SimulateArguments {
    /// Simulate the queue of this model file (TOML)
    #[arg(long, value_name = "FILE", group = "what", conflicts_with_all = ["per_day", "from"])]
    pub(crate) model: Option<PathBuf>,

    /// Simulate a business day of the pipeline at each of these volumes, orders per day
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', group = "what")]
    pub(crate) per_day: Vec<f64>,

    /// Simulate this run again and compare; with --per-day, only take its times
    #[arg(long, value_name = "RUN", group = "what")]
    pub(crate) from: Option<PathBuf>,

    /// The service level that a volume has to keep: a share of the orders, documented within a time
    #[arg(long, value_name = "pNN<=TIME", default_value = "p99<=5s", help_heading = "Pipeline")]
    pub(crate) keep: String,

    /// The SAM template that is deployed; the default is the one that comes with vazao
    #[arg(long, value_name = "FILE", help_heading = "Pipeline")]
    pub(crate) template: Option<PathBuf>,

    /// Another value for a parameter of the template, as in `vazao run`; may be given several times
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Pipeline")]
    pub(crate) parameter: Vec<String>,

    /// MaximumConcurrency of the event source mapping, 2 to 1000 [default: the template's]
    #[arg(long, value_name = "N", help_heading = "Pipeline")]
    pub(crate) concurrency: Option<u32>,

    /// Most orders in one invocation, 1 to 10 [default: the template's]
    #[arg(long, value_name = "N", help_heading = "Pipeline")]
    pub(crate) batch_size: Option<u32>,

    /// Provisioned mode in place of MaximumConcurrency, with so many event pollers at least and at
    /// most, such as 2,200
    #[arg(
        long,
        value_name = "MIN,MAX",
        value_delimiter = ',',
        num_args = 1,
        help_heading = "Pipeline"
    )]
    pub(crate) pollers: Vec<u32>,

    /// The database as a bottleneck: its connections, and how long an order holds one, ms; such as
    /// 80,2.5
    #[arg(long, value_name = "CONNECTIONS,MS", help_heading = "Pipeline")]
    pub(crate) database: Option<String>,

    /// Something goes wrong at a time of the day, for so many minutes: database-outage=09:00/15, or
    /// slow-storage=09:00/15/200 with what each order then takes longer, ms. May be given several
    /// times
    #[arg(long, value_name = "KIND=TIME/MIN[/MS]", help_heading = "Pipeline")]
    pub(crate) fault: Vec<String>,

    /// Another quota than a new account's, such as lambda_account_concurrency=5000; a name that
    /// does not exist is answered with those that do
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Pipeline")]
    pub(crate) quota: Vec<String>,

    /// Another value for what AWS does not document or nobody has measured, such as
    /// idle_lifetime_s=300; a name that does not exist is answered with those that do
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Pipeline")]
    pub(crate) assume: Vec<String>,

    /// AWS region whose prices are taken: sa-east-1 or us-east-1
    #[arg(long, value_name = "REGION", default_value = "sa-east-1", help_heading = "Pipeline")]
    pub(crate) region: String,

    /// Also draw it on a page [default: simulation.html in the folder of --from]
    #[arg(long, value_name = "FILE.html")]
    pub(crate) page: Option<PathBuf>,

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
    #[arg(required_unless_present = "runs")]
    pub(crate) run: Option<PathBuf>,

    /// AWS's bill of the same time (CUR 2.0 or FOCUS 1.2), set beside what cost.xlsx predicts
    #[arg(long, value_name = "FILE", conflicts_with = "runs")]
    pub(crate) bill: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) locale: LocaleArguments,

    /// Make one page of several runs instead: time, cost and losses by volume, with a link to each
    #[arg(long, value_name = "FOLDER", num_args = 1.., conflicts_with = "run")]
    pub(crate) runs: Vec<PathBuf>,

    /// Where the page of --runs goes [default: ladder.html]
    #[arg(long, value_name = "FILE", requires = "runs")]
    pub(crate) page: Option<PathBuf>,
}

/// Runs a business day of 1, 100, 10,000 and 1,000,000 orders, its time compressed, and writes one
/// page of them: the evidence for "from one to millions". Ctrl-C keeps what was run.
///
/// Where this machine cannot settle a whole day within the time that is left, by what 10,000 orders
/// took of it, the day ends earlier: at the rates of the whole day, with fewer orders, and the page says
/// so. Its busiest hour is never left out. A million is run whole in 15 minutes where an order takes no
/// more than 1.1 ms of processor time, on two processors.
///
/// Exit code: that of the worst run, as of `vazao run`. A day of 1 order or of 100 tells no p99, which
/// is no fault where a larger day tells it.
#[derive(Debug, Args)]
pub(crate) struct LadderArguments {
    /// The largest volume to run, orders a day
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) up_to: u64,

    /// How long all runs together may take, min
    #[arg(long, value_name = "MINUTES", default_value_t = 15.0)]
    pub(crate) within: f64,

    /// Run whole days, however long it takes
    #[arg(long, conflicts_with = "within")]
    pub(crate) whole_day: bool,

    /// Folder under which the ladder's own folder is made, with a folder for each run in it
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) out: PathBuf,

    /// Print the figures as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// How finance reads cost.xlsx and cost.pdf: docs/finance.md.
#[derive(Debug, Args)]
pub(crate) struct LocaleArguments {
    /// Language of cost.xlsx and cost.pdf: en or pt-BR
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub(crate) lang: reports::Language,

    /// Show reais beside dollars in cost.xlsx and cost.pdf, at so many for one, such as 5.40
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub(crate) brl_rate: Option<rust_decimal::Decimal>,
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

    /// The seed of everything random, such as when a --fault strikes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Write here, five times a second, how often each --fault has struck (JSON)
    #[arg(long, value_name = "FILE")]
    pub(crate) fault_counts: Option<PathBuf>,

    /// Keep no copy of each object as a file of its own to open
    #[arg(long)]
    pub(crate) no_files: bool,

    #[command(flatten)]
    pub(crate) system: SystemArguments,
}

/// What `vazao forecast --help` says after its flags.
const FORECAST_HELP: &str = r#"Without a file, the defaults of docs/forecast.md stand for everything: a million orders a day in
sa-east-1, kept for five years. With several files, their scenarios are shown side by side.

    vazao forecast --per-day 200000
    vazao forecast today.toml bundled.toml --charts charts

A smallest file, where only the region is required:

    region = "sa-east-1"
    [orders]
    per_day = 200_000
    growth_percent_per_month = 2

Every number is assumed; every price is a list price. Exit codes: 0 forecast; 2 a file or a missing
price; 14 over budget."#;

#[derive(Debug, Args)]
#[command(after_long_help = FORECAST_HELP)]
pub(crate) struct ForecastArguments {
    /// Forecast files (TOML); every key is in docs/forecast.md
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Orders a day in the first month, whatever the file says
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) per_day: Option<f64>,

    /// Months to look ahead, 1 to 132, whatever the file says
    #[arg(long, value_name = "N")]
    pub(crate) months: Option<usize>,

    /// AWS region whose prices are taken, if there is no file
    #[arg(long, value_name = "REGION", default_value = "sa-east-1", conflicts_with = "files")]
    pub(crate) region: String,

    /// Draws of what is uncertain
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) draws: usize,

    /// The seed of the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Threads to draw with; the result is the same with any number [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// Write charts (SVG) into this folder: break-even volumes, and what matters most
    #[arg(long, value_name = "FOLDER")]
    pub(crate) charts: Option<PathBuf>,

    /// Write a workbook for finance, with live formulas: docs/finance.md
    #[arg(long, value_name = "FILE")]
    pub(crate) xlsx: Option<PathBuf>,

    /// Write three pages for whoever signs
    #[arg(long, value_name = "FILE")]
    pub(crate) pdf: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) locale: LocaleArguments,

    /// Print the forecast as JSON on standard output, and nothing else there
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
