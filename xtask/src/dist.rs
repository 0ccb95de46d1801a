//! `cargo xtask dist`: the zips that are deployed, one for each architecture, and what must be true
//! of them before they are.
//!
//! Nothing is downloaded but packages of the registries: the compiler that is installed is used
//! where it has the target, else Debian's, unpacked under target/ (`dist/toolchain.rs`).

mod elf;
mod proof;
mod toolchain;
mod zip_file;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use toolchain::Toolchain;

/// Where everything of it is, under the workspace's root.
const FOLDER: &str = "target/dist";

/// The largest zip that is shipped. Lambda fetches and unpacks it at each cold start.
const ZIP_BYTES_MAX: usize = 4_000_000;

/// The glibc of Amazon Linux 2023, which `provided.al2023` is.
const GLIBC: (u32, u32) = (2, 34);

/// The features of the function that is deployed: RSA by AWS-LC. Its database is a server, so no
/// SQLite; its certificate is real, so nothing that makes one for tests.
const FEATURES: &str = "aws-lc";

/// What a function can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Arm64,
    X86_64,
}

impl Architecture {
    /// In the order in which they are made: the one that the template deploys first.
    const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    /// As Lambda calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// As Rust calls it.
    fn triple(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// As an ELF file calls it.
    fn machine(self) -> u16 {
        match self {
            Self::Arm64 => object::elf::EM_AARCH64.0,
            Self::X86_64 => object::elf::EM_X86_64.0,
        }
    }
}

/// Makes and checks the zips of the architectures that are named, or of all.
pub(crate) fn run(root: &Path, named: &[&str]) -> Result<()> {
    let wanted = wanted(named)?;
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for architecture in wanted {
        let started = Instant::now();
        let toolchain = Toolchain::prepare(&folder, architecture)?;
        let bootstrap = build(root, &folder, architecture, &toolchain)?;
        let artefact = pack(&folder, architecture, &bootstrap)?;
        proof::run(root, &toolchain.runner(architecture, &artefact.unpacked)?)?;
        println!(
            "   {}: made and checked in {:.0} s",
            artefact.zip.display(),
            started.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn wanted(named: &[&str]) -> Result<Vec<Architecture>> {
    if named.is_empty() {
        return Ok(Architecture::ALL.to_vec());
    }
    let find = |name: &&str| {
        Architecture::ALL
            .into_iter()
            .find(|known| known.name() == *name)
            .with_context(|| format!("no architecture {name}: cargo xtask dist [arm64] [x86_64]"))
    };
    named.iter().map(find).collect()
}

fn build(
    root: &Path,
    folder: &Path,
    architecture: Architecture,
    toolchain: &Toolchain,
) -> Result<PathBuf> {
    let (triple, build) = (architecture.triple(), folder.join("build"));
    println!("== dist {}: compile, by {}", architecture.name(), toolchain.about());
    let started = Instant::now();
    let target = format!("{triple}.{}.{}", GLIBC.0, GLIBC.1);
    let mut command = toolchain.cargo();
    command.args(["zigbuild", "--locked", "--profile", "dist", "-p", "processor"]);
    command.args(["--bin", "bootstrap", "--no-default-features", "--features", FEATURES]);
    command.args(["--target", &target, "--target-dir"]).arg(&build).current_dir(root);
    let status = command.status().context("cannot start cargo-zigbuild")?;
    if !status.success() {
        bail!("dist {}: the function does not build: {status}", architecture.name());
    }
    println!("   compiled in {:.0} s", started.elapsed().as_secs_f64());
    Ok(build.join(triple).join("dist/bootstrap"))
}

/// A zip that has passed what can be seen from outside.
struct Artefact {
    zip: PathBuf,
    /// The executable, read back from it.
    unpacked: PathBuf,
}

fn pack(folder: &Path, architecture: Architecture, bootstrap: &Path) -> Result<Artefact> {
    let bytes = fs::read(bootstrap).with_context(|| bootstrap.display().to_string())?;
    let elf = elf::Elf::read(&bytes).with_context(|| bootstrap.display().to_string())?;
    elf.check(architecture.machine(), GLIBC)?;
    println!(
        "   ELF {}, glibc {}.{} at most, needs {}",
        architecture.name(),
        elf.glibc.0,
        elf.glibc.1,
        elf.needed.join(" ")
    );

    let zipped = zip_file::pack(&bytes)?;
    if zip_file::pack(&bytes)? != zipped {
        bail!("the zip of the same executable differs: something in it depends on the clock");
    }
    println!(
        "   executable {} bytes, zip {} bytes of {ZIP_BYTES_MAX}, SHA-256 {}",
        bytes.len(),
        zipped.len(),
        hex(&Sha256::digest(&zipped))
    );
    if zipped.len() > ZIP_BYTES_MAX {
        bail!(
            "the zip is larger than {ZIP_BYTES_MAX} bytes: leave a dependency of the processor out, or see what is in {} (nm --size-sort, without `strip` in the profile dist)",
            bootstrap.display()
        );
    }
    let unpacked = folder.join(architecture.name()).join("bootstrap");
    zip_file::unpack(&zipped, &unpacked)?;
    let zip = folder.join(format!("bootstrap-{}.zip", architecture.name()));
    fs::write(&zip, zipped).with_context(|| zip.display().to_string())?;
    Ok(Artefact { zip, unpacked })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a command to its end.
fn execute(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{} failed: {status}", program.display());
    }
    Ok(())
}
