//! The flags of what looks after a deployed system: `vazao dlq` and `vazao stack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Dead letters are orders that the function failed on, as often as the queue allows. They wait for
/// fourteen days: find out why, deploy what can process them, and send them back.
///
///     vazao dlq list
///     vazao dlq show 3f1c2b6e-...
///     vazao dlq redrive --rate 50
///
/// An order that was settled before is settled once, however often it comes back.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DlqArguments {
    #[command(subcommand)]
    pub(crate) action: DlqAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqAction {
    /// Say what lies there: ids, orders, partners, ages, and reasons where they are known
    List(DlqListArguments),
    /// Print one message, with what came with it
    Show(DlqShowArguments),
    /// Send all of it back to the queue that it came from, and wait until it is there
    Redrive(DlqRedriveArguments),
}

/// SQS lets nobody look without receiving: each look raises a message's receive count by one, and
/// hides what it has received until it ends. Do not look while a redrive runs.
#[derive(Debug, Args)]
pub(crate) struct DlqListArguments {
    /// Look at so many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,

    /// The function's log, a file or a folder of files, which says by the message's id why it
    /// failed: of AWS, what `aws logs filter-log-events --log-group-name
    /// /aws/lambda/order-processor --filter-pattern '"record failed"'` prints [default:
    /// runs/local/logs, where `vazao local` writes it]
    #[arg(long, value_name = "PATH")]
    pub(crate) logs: Option<PathBuf>,

    /// Print the messages as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DlqShowArguments {
    /// The message's id
    #[arg(value_name = "ID")]
    pub(crate) message_id: String,

    /// Print it as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Ctrl-C stops it: what is back stays back, the rest stays where it is.
///
/// Exit codes: 0 all is back; 1 it failed; 2 usage; 130 stopped.
#[derive(Debug, Args)]
pub(crate) struct DlqRedriveArguments {
    /// Most messages a second, 1 to 500 [default: as fast as SQS likes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=500))]
    pub(crate) rate: Option<i32>,

    /// Print the result as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Where the queue is.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// `local` is a running `vazao local`, `aws` the account of the environment's credentials
    #[arg(long, value_name = "WHERE", default_value = "local", help_heading = "Place")]
    pub(crate) target: Place,

    /// The stand-in to ask [default: http://127.0.0.1:4566]
    #[arg(long, value_name = "URL", help_heading = "Place")]
    pub(crate) endpoint_url: Option<String>,

    /// Take the queue from the outputs of this stack
    #[arg(long, value_name = "NAME", help_heading = "Place", conflicts_with = "queue")]
    pub(crate) stack: Option<String>,

    /// Name or URL of the dead-letter queue
    #[arg(
        long,
        value_name = "NAME",
        default_value = "orders-dead-letters",
        help_heading = "Place"
    )]
    pub(crate) queue: String,

    /// AWS region
    #[arg(long, value_name = "REGION", default_value = "sa-east-1", help_heading = "Place")]
    pub(crate) region: String,
}

/// Which cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Place {
    Local,
    Aws,
}

/// Reads the outputs of a stack of infra/template.yaml, how much waits in its queues, and what its
/// meters said lately.
#[derive(Debug, Args)]
pub(crate) struct StackArguments {
    /// The stack's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// How far back the meters are read, minutes
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) minutes: u32,

    /// AWS region
    #[arg(long, value_name = "REGION", default_value = "sa-east-1")]
    pub(crate) region: String,

    /// A stand-in for AWS [default: the account of the environment]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Print it as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
