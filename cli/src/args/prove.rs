//! The flags of `vazao prove`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What of the proof is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProofLayer {
    /// All of it
    All,
    /// The pipeline's code among models, interleaving by interleaving
    Model,
    /// The function as it ships, with every fault
    Real,
    /// Only the planted bugs
    Planted,
}

/// Which database is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProofDatabase {
    /// The file
    Sqlite,
    /// A PostgreSQL server that is started for the proof
    Postgres,
    /// One after the other
    Both,
}

/// Three parts. The model plays thousands of interleavings of the pipeline's own code with a
/// queue, a database and a bucket that fail at every point. The real layer sends orders through the
/// local cloud to the function as it ships, while everything of docs/prove.md goes wrong: F1 to
/// F16, each at least once. And bugs are planted, each of which must be found.
///
/// Exit codes: 0 proven; 1 internal error; 2 usage; 11 an order lost, doubled, or unaccounted for;
/// 21 nothing is wrong, but a fault never struck or a planted bug was not caught; 130 or 143
/// stopped.
#[derive(Debug, Args)]
pub(crate) struct ProveArguments {
    /// What of the proof is run
    #[arg(long, value_enum, default_value_t = ProofLayer::All)]
    pub(crate) layer: ProofLayer,

    /// Orders of the real layer; of one interleaving if --strikes is given
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub(crate) orders: u64,

    /// Everything random comes from this
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Which faults of the real layer strike: all, or a list such as F1,F5,F9
    #[arg(long, value_name = "all|LIST", default_value = "all")]
    pub(crate) faults: String,

    /// Spread the orders of the real layer over so many minutes [default: 100 orders a second, at
    /// least 20 seconds]
    #[arg(long, value_name = "M")]
    pub(crate) minutes: Option<f64>,

    /// Which database is proven
    #[arg(long, value_enum, default_value_t = ProofDatabase::Both)]
    pub(crate) database: ProofDatabase,

    /// How long the database is away when it fails over, s (RDS: 30 to 60)
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    pub(crate) failover: u64,

    /// Visibility timeout of the queue in the real layer, s: the template's 30 make a proof long,
    /// since what failed waits for it
    #[arg(long, value_name = "SECONDS", default_value_t = 6)]
    pub(crate) visibility: u64,

    /// Interleavings of the model
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub(crate) interleavings: u64,

    /// Which bugs are planted: all, none, or a list; a name that does not exist is answered with
    /// those that do
    #[arg(long, value_name = "all|none|LIST", default_value = "all")]
    pub(crate) planted: String,

    /// Play one interleaving: the seed's, with these troubles, such as crash@17,put-after@30, or
    /// none
    #[arg(long, value_name = "KIND@STEP,...", help_heading = "One interleaving")]
    pub(crate) strikes: Option<String>,

    /// The order of the interleaving that no code can process
    #[arg(long, value_name = "INDEX", requires = "strikes", help_heading = "One interleaving")]
    pub(crate) cursed: Option<u32>,

    /// Folder under which the proof's own folder is made
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub(crate) out: PathBuf,

    /// Threads of the model [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// The processor's binary; the default is `bootstrap` beside vazao
    #[arg(long, value_name = "FILE")]
    pub(crate) bootstrap: Option<PathBuf>,

    /// Keep the local cloud's database, queues, objects and logs
    #[arg(long)]
    pub(crate) keep_cloud: bool,

    /// Print the proof as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
