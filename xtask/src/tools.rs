//! The outside programs that tests hold the project against: Debian packages, and Python
//! packages of exact versions in an environment of their own. What is there is left alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// A Debian package, and the path or program by which one sees that it is there.
struct DebianPackage {
    name: &'static str,
    provides: &'static str,
}

/// In the order of their names.
const DEBIAN: &[DebianPackage] = &[
    DebianPackage { name: "chromium", provides: "chromium" },
    DebianPackage { name: "faketime", provides: "faketime" },
    DebianPackage { name: "libreoffice-calc-nogui", provides: "soffice" },
    DebianPackage { name: "libxml2-utils", provides: "xmllint" },
    DebianPackage { name: "nodejs", provides: "node" },
    DebianPackage { name: "npm", provides: "npm" },
    DebianPackage { name: "openssl", provides: "openssl" },
    DebianPackage { name: "poppler-utils", provides: "pdftotext" },
    DebianPackage { name: "postgresql", provides: "/usr/lib/postgresql" },
    DebianPackage { name: "python3-venv", provides: "/usr/share/doc/python3-venv" },
    DebianPackage { name: "qpdf", provides: "qpdf" },
    DebianPackage { name: "xmlsec1", provides: "xmlsec1" },
    DebianPackage { name: "zbar-tools", provides: "zbarimg" },
];

/// Python packages, one exact version a line, and the folder below `target/tools` where they go.
#[derive(Clone, Copy)]
pub(crate) struct Environment {
    pub(crate) requirements: &'static str,
    pub(crate) folder: &'static str,
}

/// What the tests need.
const TESTS: Environment = Environment { requirements: "xtask/requirements.txt", folder: "venv" };
/// The FOCUS validator, which wants other versions of the same packages, and a newer Python.
const FOCUS: Environment = Environment { requirements: "xtask/focus.txt", folder: "focus" };

/// Installs what is missing; nothing is done, and nothing said, where all is there.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_debian()?;
    install_environment(root, TESTS)?;
    install_environment(root, FOCUS)?;
    install_npm(root, "xtask/browser").map(drop)
}

/// The environment of the tests: programs in `bin/`.
pub(crate) fn environment(root: &Path) -> PathBuf {
    root.join("target/tools").join(TESTS.folder)
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

/// Makes an environment if it is not there; says where it is.
pub(crate) fn install_environment(root: &Path, wanted: Environment) -> Result<PathBuf> {
    let Environment { requirements, folder } = wanted;
    let environment = root.join("target/tools").join(folder);
    let file = root.join(requirements);
    let wanted = std::fs::read_to_string(&file).context(requirements)?;
    // The copy is written last: it says that all of it was installed.
    let installed = environment.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(environment);
    }
    println!("== tools: pip install -r {requirements}");
    run(python(requirements)?.args(["-m", "venv", "--clear"]).arg(&environment))?;
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r"])
        .arg(&file))?;
    std::fs::write(&installed, wanted).with_context(|| installed.display().to_string())?;
    Ok(environment)
}

/// The Python of an environment: whatever there is, but for the FOCUS validator, which needs 3.12 or a
/// newer one, and whose NumPy is ready made for 3.12 and compiled, for minutes, for any other.
fn python(requirements: &str) -> Result<Command> {
    if requirements != FOCUS.requirements {
        return Ok(Command::new("python3"));
    }
    let candidates = [
        ("python3", None, "== (3, 12)"),
        ("python3.12", None, "== (3, 12)"),
        // Where pyenv keeps several, this makes the one visible.
        ("python3.12", Some("3.12"), "== (3, 12)"),
        ("python3", None, ">= (3, 12)"),
        ("python3.13", Some("3.13"), ">= (3, 12)"),
    ];
    for (name, pyenv, version) in candidates {
        let python = || {
            let mut python = Command::new(name);
            python.envs(pyenv.map(|version| ("PYENV_VERSION", version)));
            python
        };
        let is_it = format!("import sys; sys.exit(not sys.version_info[:2] {version})");
        let found = python().args(["-c", &is_it]).stderr(Stdio::null()).status();
        if found.is_ok_and(|status| status.success()) {
            return Ok(python());
        }
    }
    bail!("{requirements} needs Python 3.12 or newer, and there is none")
}

/// Installs the npm packages of a folder that has a lock below `target/tools`, under the folder's own
/// name, if they are not there; says where the programs are.
pub(crate) fn install_npm(root: &Path, packages: &str) -> Result<PathBuf> {
    let name = Path::new(packages).file_name().unwrap_or_default();
    let folder = root.join("target/tools").join(name);
    let lock = root.join(packages).join("package-lock.json");
    let wanted = std::fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
    let installed = folder.join("installed.json");
    if !std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        println!("== tools: npm ci, {packages}");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(root.join(packages).join(file), folder.join(file)).context(file)?;
        }
        let ci = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
        run(Command::new("npm").current_dir(&folder).args(ci))?;
        std::fs::write(&installed, wanted).with_context(|| installed.display().to_string())?;
    }
    Ok(folder.join("node_modules/.bin"))
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{} failed: {status}", program.display());
    }
    Ok(())
}
