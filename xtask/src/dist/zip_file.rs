//! The zip that Lambda takes: one executable by the name of `bootstrap`. The same executable makes
//! the same bytes at any time and on any machine.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter};

/// The name that the custom runtime starts.
const NAME: &str = "bootstrap";

/// Everybody may read and start it, as Lambda's own user must.
const MODE: u32 = 0o755;

/// Without a time of modification, which would say when it was made.
pub(super) fn pack(executable: &[u8]) -> Result<Vec<u8>> {
    pack_as(NAME, MODE, executable)
}

fn pack_as(name: &str, mode: u32, executable: &[u8]) -> Result<Vec<u8>> {
    let mut zipped = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut zipped);
    let file = archive.new_file(name).compression_method(CompressionMethod::DEFLATE);
    let (mut entry, config) = file.unix_permissions(mode).start()?;
    let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
    writer.write_all(executable)?;
    let (encoder, descriptor) = writer.finish()?;
    encoder.finish()?;
    entry.finish(descriptor)?;
    archive.finish()?;
    Ok(zipped)
}

/// Takes the executable out again, if that and nothing else is in it.
pub(super) fn unpack(zipped: &[u8], path: &Path) -> Result<()> {
    let executable = only_executable(zipped)?;
    let parent = path.parent().context("no folder")?;
    fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
    fs::write(path, executable).with_context(|| path.display().to_string())?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))
        .with_context(|| path.display().to_string())
}

fn only_executable(zipped: &[u8]) -> Result<Vec<u8>> {
    let archive = ZipArchive::from_slice(zipped)?;
    let mut entries = archive.entries();
    let entry = entries.next_entry()?.context("the zip is empty")?;
    let name = entry.file_path().try_normalize()?.as_ref().to_owned();
    let mode = entry.mode().value() & 0o777;
    if (name.as_str(), mode) != (NAME, MODE) {
        bail!("the zip holds {name} of mode {mode:o}, not {NAME} of {MODE:o}");
    }
    let file = archive.get_entry(entry.wayfinder())?;
    let mut bytes = Vec::new();
    file.verifying_reader(DeflateDecoder::new(file.data())).read_to_end(&mut bytes)?;
    if let Some(more) = entries.next_entry()? {
        bail!("the zip holds {} beside {NAME}", more.file_path().try_normalize()?.as_ref());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_one_executable_and_nothing_of_when_it_was_made() {
        let executable: Vec<u8> = (0..40_000_u32).flat_map(u32::to_le_bytes).collect();
        let zipped = pack(&executable).unwrap();
        assert_eq!(only_executable(&zipped).unwrap(), executable);
        assert_eq!(pack(&executable).unwrap(), zipped);
        // In the first header (APPNOTE 4.3.7): the time, two bytes, and the date, two more.
        let (time, date) = (&zipped[10..12], &zipped[12..14]);
        assert_eq!((time, date), (&[0, 0][..], &pack(b"other").unwrap()[12..14]));
    }

    #[test]
    fn another_name_or_another_mode_is_refused() {
        let refused = |zipped: &[u8]| only_executable(zipped).unwrap_err().to_string();
        assert!(refused(&pack_as("main", MODE, b"x").unwrap()).contains("holds main"));
        assert!(refused(&pack_as(NAME, 0o644, b"x").unwrap()).contains("mode 644"));
    }
}
