//! `vazao cost` and `vazao prices`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rust_decimal::Decimal;

/// Price what a recorded run used, or what a usage file says, line by line:
///
///     vazao cost runs/20261124-124353-business-day --orders 30000000
///     vazao cost --usage docs/examples/orders.toml --explain
///     vazao cost --usage today.toml --usage tomorrow.toml         side by side, with differences
///     vazao cost compare --bill cur.csv.gz --usage today.toml     against what AWS billed
///
/// Every key of a usage file is in docs/usage.md. Exit codes: 0 priced; 2 the command line, a file
/// or a price that is missing; 14 over budget.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub(crate) struct CostArguments {
    #[command(subcommand)]
    pub(crate) command: Option<CostCommand>,

    /// Folders of recorded runs, such as runs/20261123-101500-business-day
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,

    /// A month's usage, a TOML file; several are shown side by side
    #[arg(long, value_name = "FILE")]
    pub(crate) usage: Vec<PathBuf>,

    /// A run scaled to a month of this many orders, in proportion
    #[arg(long, value_name = "N")]
    pub(crate) orders: Option<u64>,

    #[command(flatten)]
    pub(crate) terms: TermsArguments,

    /// Fail, with exit code 14, if a month (or an unscaled run) costs more than this, USD; or one
    /// service of it: --budget 250 --budget S3=100
    #[arg(long, value_name = "[SERVICE=]USD")]
    pub(crate) budget: Vec<String>,

    /// Show each line's formula, usage type, tiers with AWS's rate codes, and where numbers come
    /// from
    #[arg(long)]
    pub(crate) explain: bool,

    /// Print the bill as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a bill is made by, besides the usage. Left out, the usage file says, or the run.
#[derive(Debug, Args)]
pub(crate) struct TermsArguments {
    /// AWS region whose prices are taken: sa-east-1, us-east-1, eu-west-1 or us-west-2
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Folder of price lists, made by `vazao prices refresh` or downloaded [default: the shipped]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) prices: Option<PathBuf>,

    /// Take the free tier off, or not
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(crate) free_tier: Option<bool>,

    /// Length of the month: hours, such as 730, or a calendar month, such as 2026-02
    #[arg(long, value_name = "HOURS|YYYY-MM")]
    pub(crate) month: Option<String>,

    /// Show sums in this currency too, such as BRL; needs --rate
    #[arg(long, value_name = "CODE", requires = "rate")]
    pub(crate) currency: Option<String>,

    /// How much of the currency is one USD, such as 5.40
    #[arg(long, value_name = "RATE", requires = "currency")]
    pub(crate) rate: Option<Decimal>,

    /// Warn of prices that were published longer ago than this, days
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub(crate) max_price_age_days: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CostCommand {
    /// Compare a bill of AWS with the model's, line by line
    Compare(CompareArguments),
}

/// The bill is an export of AWS Data Exports: CUR 2.0 or FOCUS 1.2, as CSV, CSV with gzip, or
/// Parquet. Lines are joined by usage type. What was billed and has no line in the model, and the
/// other way round, is listed. Taxes, credits and fees are kept apart.
///
///     vazao cost compare --bill cur-2026-10.csv.gz --usage october.toml
///
/// Exit codes: 0 compared; 2 the command line or a file.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompareArguments {
    /// The export
    #[arg(long, value_name = "FILE")]
    pub(crate) bill: PathBuf,

    /// The month's usage: a usage file (TOML), or a run's folder
    #[arg(long, value_name = "FILE|RUN")]
    pub(crate) usage: PathBuf,

    /// Of an export with several months, the one to take, such as 2026-10
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) period: Option<String>,

    /// Compare with the list cost of the export instead of what was billed
    #[arg(long)]
    pub(crate) list_cost: bool,

    /// A run scaled to a month of this many orders, in proportion
    #[arg(long, value_name = "N")]
    pub(crate) orders: Option<u64>,

    #[command(flatten)]
    pub(crate) terms: TermsArguments,

    /// Print the comparison as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prices are AWS's own price lists (offer files), a dated selection of which comes with vazao.
///
///     vazao prices show lambda --region sa-east-1
///     vazao prices verify
///     vazao prices refresh --from ~/Downloads --to prices
///     vazao prices diff shipped prices
///     vazao cost --usage FILE --prices prices
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PricesArguments {
    #[command(subcommand)]
    pub(crate) command: PricesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// List prices, with their tiers, source and date
    Show(ShowArguments),
    /// Check that every meter has a price in each region, the checksums, and how old prices are
    Verify(VerifyArguments),
    /// Make a folder of prices from newer offer files, downloaded or over the network
    Refresh(RefreshArguments),
    /// What changed between two lists: prices changed, added, gone, in per cent
    Diff(DiffArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Words that a price has to contain: offer, usage type, operation, SKU or description
    pub(crate) words: Vec<String>,

    /// Of this region only; may be given several times
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// Of this offer only, such as AmazonS3, or a part of its name
    #[arg(long, value_name = "OFFER")]
    pub(crate) service: Option<String>,

    /// Folder of price lists [default: the shipped]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) prices: Option<PathBuf>,

    /// Print them as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Exit codes: 0 all is there; 2 a price is missing that should be there, or a file was changed.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Of this region only; may be given several times
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// Folder of price lists [default: the shipped]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) prices: Option<PathBuf>,

    /// Warn of lists that were published longer ago than this, days
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub(crate) max_price_age_days: u32,

    /// Print the findings as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The folder has every offer: those of the new files, and the shipped lists for the rest. A file of
/// hundreds of MB, such as EC2's, is read as a stream, and only what a meter can ask for is kept.
#[derive(Debug, Args)]
pub(crate) struct RefreshArguments {
    /// Offer files (index.json, whatever they are called), or folders of them [default: the
    /// network]
    #[arg(long, value_name = "FILE|FOLDER", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,

    /// Folder to make
    #[arg(long, value_name = "FOLDER", default_value = "prices")]
    pub(crate) to: PathBuf,

    /// For these regions only; may be given several times
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// From the network, these offers only, such as AWSLambda; EC2's are hundreds of MB and left
    /// out unless named
    #[arg(long, value_name = "OFFER")]
    pub(crate) offer: Vec<String>,

    /// Where AWS's price list is
    #[arg(long, value_name = "URL", default_value = "https://pricing.us-east-1.amazonaws.com")]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The older list: a folder, or `shipped`
    #[arg(value_name = "A")]
    pub(crate) before: PathBuf,

    /// The newer one
    #[arg(value_name = "B")]
    pub(crate) after: PathBuf,

    /// Of this region only; may be given several times
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// Print the changes as JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
