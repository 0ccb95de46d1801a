//! What compiles for a target: zig as the linker and the C compiler, which knows every version of
//! glibc, and the installed rustc where it has the target's standard library. Where it has not,
//! Debian's rustc with its libraries for both architectures, unpacked under target/ without being
//! installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Architecture, execute};

/// From PyPI, in exact versions.
const PYTHON: &[&str] = &["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

/// Debian's compiler that follows what browsers need, and the libraries that it makes programs of.
const DEBIAN_RUST: &[&str] =
    &["rustc-web", "libstd-rust-web-dev:amd64", "libstd-rust-web-dev:arm64"];

/// What runs an arm64 program on another machine, and what it loads.
const DEBIAN_ARM64: &[&str] = &["qemu-user-static", "libc6:arm64", "libgcc-s1:arm64"];

/// The oldest Rust that the workspace builds with, as its Cargo.toml says.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Programs that are there.
pub(super) struct Toolchain {
    tools: PathBuf,
    /// None: the installed one.
    rustc: Option<PathBuf>,
    version: String,
}

impl Toolchain {
    /// Installs what is missing, under the folder.
    pub(super) fn prepare(folder: &Path, architecture: Architecture) -> Result<Self> {
        let tools = folder.join("tools");
        fs::create_dir_all(&tools).with_context(|| tools.display().to_string())?;
        install_python(&tools)?;
        let rustc = match has_target("rustc", architecture.triple()) {
            true => None,
            false => Some(debian_rustc(&tools)?),
        };
        let program = rustc.clone().unwrap_or_else(|| "rustc".into());
        let output = Command::new(&program).arg("--version").output();
        let output = output.with_context(|| format!("cannot start {}", program.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { tools, rustc, version })
    }

    /// What compiles, for people.
    pub(super) fn about(&self) -> String {
        let whose = if self.rustc.is_some() { "Debian's" } else { "the installed" };
        format!("{whose} {}, {}", self.version, PYTHON.join(" and "))
    }

    /// `cargo-zigbuild`, with everything that it looks for on its path.
    pub(super) fn cargo(&self) -> Command {
        let programs = self.tools.join("venv/bin");
        let mut path = programs.clone().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(programs.join("cargo-zigbuild"));
        command.env("PATH", path);
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        }
        // What the caller's environment says of the host is not for the target.
        for variable in ["RUSTFLAGS", "CFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            command.env_remove(variable);
        }
        command
    }

    /// What starts an executable of the architecture on this machine.
    pub(super) fn runner(&self, architecture: Architecture, executable: &Path) -> Result<PathBuf> {
        let is_native = match architecture {
            Architecture::Arm64 => cfg!(target_arch = "aarch64"),
            Architecture::X86_64 => cfg!(target_arch = "x86_64"),
        };
        if is_native {
            return Ok(executable.to_owned());
        }
        if architecture != Architecture::Arm64 {
            bail!("{} cannot be run on this machine", architecture.name());
        }
        let (emulator, libraries) = (self.tools.join("emulator"), self.tools.join("arm64"));
        unpack_debian(&self.tools, &DEBIAN_ARM64[..1], &emulator)?;
        unpack_debian(&self.tools, &DEBIAN_ARM64[1..], &libraries)?;
        let script = format!(
            "#!/bin/sh\nexec {}/usr/bin/qemu-aarch64-static -L {} {} \"$@\"\n",
            emulator.display(),
            libraries.display(),
            executable.display()
        );
        let runner = executable.with_file_name("run-emulated");
        write_script(&runner, &script)?;
        Ok(runner)
    }
}

fn has_target(rustc: &str, triple: &str) -> bool {
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", triple]).output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn install_python(tools: &Path) -> Result<()> {
    let (environment, wanted) = (tools.join("venv"), PYTHON.join("\n"));
    // Written last: it says that all of it was installed.
    let installed = environment.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    println!("== dist: pip install {}", PYTHON.join(" "));
    execute(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let install = ["install", "--quiet", "--disable-pip-version-check"];
    execute(Command::new(environment.join("bin/pip")).args(install).args(PYTHON))?;
    fs::write(&installed, wanted).with_context(|| installed.display().to_string())
}

/// Debian's compiler, as a script that finds its libraries.
fn debian_rustc(tools: &Path) -> Result<PathBuf> {
    let root = tools.join("rust");
    unpack_debian(tools, DEBIAN_RUST, &root)?;
    let script = tools.join("rustc");
    let text = format!(
        "#!/bin/sh\nexport LD_LIBRARY_PATH={0}/usr/lib/x86_64-linux-gnu\nexec {0}/usr/bin/rustc \"$@\"\n",
        root.display()
    );
    write_script(&script, &text)?;
    let output = Command::new(&script).arg("--version").output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.split(' ').nth(1).unwrap_or_default();
    if numbers(version) < numbers(RUST) {
        bail!(
            "Debian has Rust {version:?}, the workspace needs {RUST}: `rustup target add` the architecture, or build on a Debian with a newer rustc-web"
        );
    }
    Ok(script)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Unpacks packages, with the libraries of their own that Debian says they need, into a folder.
/// The package lists are read into a folder of ours, for both architectures: the machine's own
/// configuration is not changed.
fn unpack_debian(tools: &Path, packages: &[&str], into: &Path) -> Result<()> {
    let done = into.join("unpacked.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    println!("== dist: unpack {} of Debian", packages.join(" "));
    let configuration = apt_configuration(tools)?;
    let all = with_own_libraries(&configuration, packages)?;
    let downloads = into.with_extension("debs");
    fs::create_dir_all(&downloads).with_context(|| downloads.display().to_string())?;
    execute(
        apt("apt-get", &configuration).args(["-qq", "download"]).args(&all).current_dir(&downloads),
    )
    .context("apt-get cannot download them: this needs a Debian with apt-get")?;
    for file in fs::read_dir(&downloads)? {
        execute(Command::new("dpkg-deb").arg("-x").arg(file?.path()).arg(into))?;
    }
    fs::remove_dir_all(&downloads)?;
    fs::write(&done, wanted).with_context(|| done.display().to_string())
}

/// A state of apt of our own, that knows both architectures.
fn apt_configuration(tools: &Path) -> Result<PathBuf> {
    let (folder, path) = (tools.join("apt"), tools.join("apt/apt.conf"));
    for name in ["state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(name)).with_context(|| folder.display().to_string())?;
    }
    fs::write(folder.join("state/status"), "")?;
    let text = format!(
        "Dir::State \"{0}/state\";\nDir::State::status \"{0}/state/status\";\nDir::Cache \"{0}/cache\";\n\
         APT::Architecture \"amd64\";\nAPT::Architectures {{ \"amd64\"; \"arm64\"; }};\n\
         APT::Sandbox::User \"\";\n",
        folder.display()
    );
    fs::write(&path, text).with_context(|| path.display().to_string())?;
    execute(apt("apt-get", &path).args(["-qq", "update"]))?;
    Ok(path)
}

fn apt(program: &str, configuration: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("APT_CONFIG", configuration);
    command
}

/// The compiler's driver and LLVM are packages of their own, whose names have versions in them.
fn with_own_libraries(configuration: &Path, packages: &[&str]) -> Result<Vec<String>> {
    let mut all: Vec<String> = packages.iter().map(|name| (*name).to_owned()).collect();
    if !packages.contains(&"rustc-web") {
        return Ok(all);
    }
    let output = apt("apt-cache", configuration)
        .args(["depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts"])
        .args(["--no-breaks", "--no-replaces", "--no-enhances", "rustc-web"])
        .output()
        .context("cannot start apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut own: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("libstd-rust-web-1") || line.starts_with("libllvm"))
        .collect();
    own.sort_unstable();
    own.dedup();
    all.extend(own.into_iter().map(str::to_owned));
    Ok(all)
}

fn write_script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| path.display().to_string())
}
