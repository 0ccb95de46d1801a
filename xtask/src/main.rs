//! The project's own chores: `cargo xtask ci` runs every check, `cargo xtask layers` the one on
//! dependencies, `cargo xtask manifests` the one on the files that start machines, `cargo xtask
//! policy` and `cargo xtask linters` those on what is deployed, `cargo xtask dist` makes the zips that
//! are deployed, `cargo xtask gallery` takes the README's pictures, `cargo xtask prices` makes the price lists anew from their source table, and `cargo
//! xtask tools` installs the outside programs that tests use.
#![expect(clippy::print_stdout, reason = "a tool that talks to a person")]
#![expect(clippy::print_stderr, reason = "a tool that talks to a person")]

mod ci;
mod dist;
mod gallery;
mod layers;
mod linters;
mod manifests;
mod policy;
mod prices;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  ci               install what the checks need, then run every check
  ci --list        name the checks
  ci STEP...       run only these checks
  tools            install the outside programs that the tests use
  dist [ARCH...]   make the zips that are deployed, arm64 and x86_64, and check them
  gallery PAGE     take the README's pictures of a run's report.html
  layers           check that no crate imports upward
  manifests        check infra/load-shards-* with the validators of their engines
  linters          check infra/template.yaml and the workflows with linters of others
  policy           hold infra/template.yaml against our rules, and the rules against mutants of it
  prices           make costmodel/prices/<region>/*.json from costmodel/prices/rates.csv
  prices --check   fail if they are not current
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let asks = |argument: &&str| ["help", "--help", "-h"].contains(argument);
    if arguments.is_empty() || arguments.iter().any(asks) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let done = match arguments.as_slice() {
        ["ci", "--list"] => {
            ci::list();
            Ok(())
        }
        ["ci", steps @ ..] => ci::run(&root, steps),
        ["dist", architectures @ ..] => dist::run(&root, architectures),
        ["tools"] => tools::install(&root),
        ["gallery", page] => gallery::run(&root, page),
        ["layers"] => layers::run(&root),
        ["manifests"] => manifests::run(&root),
        ["linters"] => linters::run(&root),
        ["policy"] => policy::run(&root),
        ["prices"] => prices::run(&root, false),
        ["prices", "--check"] => prices::run(&root, true),
        unknown => {
            eprintln!("xtask: no command {}\n\n{HELP}", unknown.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root: the parent of this crate.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}
