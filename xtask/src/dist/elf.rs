//! What an executable asks of the machine that it runs on.

use anyhow::{Context as _, Result, bail};
use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{Dyn as _, FileHeader as _};

/// The libraries that Amazon Linux 2023's base image has: glibc's, and GCC's unwinder.
const LIBRARIES: &[&str] = &[
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// An executable, as its headers say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    pub(super) machine: u16,
    /// The highest version of glibc that a symbol is of.
    pub(super) glibc: (u32, u32),
    /// The shared libraries that it loads.
    pub(super) needed: Vec<String>,
}

impl Elf {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let header = FileHeader64::<Endianness>::parse(bytes).context("no ELF file of 64 bits")?;
        let endian = header.endian()?;
        let sections = header.sections(endian, bytes)?;
        let mut elf =
            Self { machine: header.e_machine(endian).0, glibc: (0, 0), needed: Vec::new() };
        if let Some((mut files, link)) = sections.gnu_verneed(endian, bytes)? {
            let strings = sections.strings(endian, bytes, link)?;
            while let Some((_, mut versions)) = files.next()? {
                while let Some(version) = versions.next()? {
                    let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                    elf.glibc = elf.glibc.max(glibc_version(&name).unwrap_or((0, 0)));
                }
            }
        }
        if let Some((entries, link)) = sections.dynamic(endian, bytes)? {
            let strings = sections.strings(endian, bytes, link)?;
            let is_needed = object::elf::DT_NEEDED.0;
            for entry in
                entries.iter().filter(|entry| entry.tag32(endian).map(i64::from) == Some(is_needed))
            {
                let name = entry.string(endian, strings)?;
                elf.needed.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        Ok(elf)
    }

    /// Whether it runs on a machine of this kind with this glibc and nothing else.
    pub(super) fn check(&self, machine: u16, glibc: (u32, u32)) -> Result<()> {
        if self.machine != machine {
            bail!("the executable is for the machine {} of ELF, not {machine}", self.machine);
        }
        if self.glibc > glibc {
            let ((has, has_minor), (may, may_minor)) = (self.glibc, glibc);
            bail!(
                "the executable needs glibc {has}.{has_minor}, Amazon Linux 2023 has {may}.{may_minor}: it would not start"
            );
        }
        let foreign = self.needed.iter().find(|name| !LIBRARIES.contains(&name.as_str()));
        if let Some(name) = foreign {
            bail!(
                "the executable loads {name}, which Amazon Linux 2023's base image lacks: link it statically"
            );
        }
        Ok(())
    }
}

/// `GLIBC_2.34` is (2, 34); what is private or of other libraries is none.
fn glibc_version(symbol: &str) -> Option<(u32, u32)> {
    let mut numbers = symbol.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(glibc: (u32, u32), needed: &str) -> Elf {
        Elf { machine: object::elf::EM_AARCH64.0, glibc, needed: vec![needed.to_owned()] }
    }

    #[test]
    fn versions_are_numbers_and_what_is_private_has_none() {
        assert_eq!(glibc_version("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version("GLIBC_2.3.4"), Some((2, 3)));
        assert_eq!(glibc_version("GLIBC_PRIVATE"), None);
        assert_eq!(glibc_version("GCC_4.2.0"), None);
        assert!(glibc_version("GLIBC_2.4") < glibc_version("GLIBC_2.34"));
    }

    #[test]
    fn what_would_not_start_is_refused() {
        let check = |elf: &Elf| elf.check(object::elf::EM_AARCH64.0, (2, 34));
        assert!(check(&elf((2, 34), "libc.so.6")).is_ok());
        let error = check(&elf((2, 35), "libc.so.6")).unwrap_err().to_string();
        assert!(error.contains("needs glibc 2.35"), "{error}");
        let error = check(&elf((2, 17), "libssl.so.3")).unwrap_err().to_string();
        assert!(error.contains("libssl.so.3"), "{error}");
        let other = Elf { machine: object::elf::EM_X86_64.0, ..elf((2, 17), "libc.so.6") };
        assert!(check(&other).unwrap_err().to_string().contains("not 183"));
    }

    /// The program that runs this test is one.
    #[test]
    fn an_executable_is_read() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = Elf::read(&bytes).unwrap();
        assert!(elf.glibc >= (2, 17), "{elf:?}");
        assert!(elf.needed.iter().any(|name| name == "libc.so.6"), "{elf:?}");
        assert!(Elf::read(b"#!/bin/sh").is_err());
    }
}
