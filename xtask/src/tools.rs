//! The outside programs that tests hold the project against: Debian packages, and Python
//! packages of exact versions in an environment of their own. What is there is left alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// A Debian package, and the path or program by which one sees that it is there.
struct DebianPackage {
    name: &'static str,
    provides: &'static str,
}

/// In the order of their names.
const DEBIAN: &[DebianPackage] = &[
    DebianPackage { name: "libxml2-utils", provides: "xmllint" },
    DebianPackage { name: "openssl", provides: "openssl" },
    DebianPackage { name: "poppler-utils", provides: "pdftotext" },
    DebianPackage { name: "postgresql", provides: "/usr/lib/postgresql" },
    DebianPackage { name: "python3-venv", provides: "/usr/share/doc/python3-venv" },
    DebianPackage { name: "qpdf", provides: "qpdf" },
    DebianPackage { name: "xmlsec1", provides: "xmlsec1" },
    DebianPackage { name: "zbar-tools", provides: "zbarimg" },
];

/// The Python packages, one exact version a line.
const REQUIREMENTS: &str = "xtask/requirements.txt";

/// Installs what is missing; nothing is done, and nothing said, where all is there.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_debian()?;
    install_python(root)
}

/// The environment of [`REQUIREMENTS`]: programs in `bin/`.
pub(crate) fn environment(root: &Path) -> PathBuf {
    root.join("target/tools/venv")
}

fn install_debian() -> Result<()> {
    let missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|package| !is_there(package.provides))
        .map(|package| package.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("== tools: apt-get install {}", missing.join(" "));
    let by_hand = || format!("install them by hand: {}", missing.join(" "));
    run(Command::new("apt-get").args(["update", "-qq"])).with_context(by_hand)?;
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    run(Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(install)
        .args(&missing))
    .with_context(by_hand)
}

/// Whether a program is on the path, or an absolute path exists.
fn is_there(provides: &str) -> bool {
    if provides.starts_with('/') {
        return Path::new(provides).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(provides).is_file())
}

fn install_python(root: &Path) -> Result<()> {
    let requirements = root.join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements).context(REQUIREMENTS)?;
    let environment = environment(root);
    // The copy is written last: it says that all of it was installed.
    let installed = environment.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    println!("== tools: pip install -r {REQUIREMENTS}");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&requirements))?;
    std::fs::write(&installed, wanted).with_context(|| installed.display().to_string())
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{} failed: {status}", program.display());
    }
    Ok(())
}
