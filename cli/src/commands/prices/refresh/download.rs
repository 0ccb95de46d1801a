//! Offer files over the network, one at a time, through a file that is removed again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use costmodel::{PriceSheet, Region};
use tokio::io::AsyncWriteExt as _;

use crate::args::RefreshArguments;
use crate::failure::Failure;

/// Hundreds of MB in each region: only if it is asked for.
const LARGE: &str = "AmazonEC2";

/// How long a silent server is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fetches each list and hands it on.
pub(super) fn each(
    arguments: &RefreshArguments,
    regions: &[Region],
    mut take: impl FnMut(&Path, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    std::fs::create_dir_all(&arguments.to)
        .map_err(|error| Failure::usage(format!("--to: {}: {error}", arguments.to.display())))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    let client = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .build()
        .map_err(Failure::internal)?;
    let path = Unfinished(arguments.to.join("download.unfinished"));
    for url in urls(arguments, regions)? {
        runtime
            .block_on(fetch(&client, &url, &path.0))
            .map_err(|cause| unreachable(&url, &cause))?;
        take(&path.0, &url)?;
    }
    Ok(())
}

/// A file that goes when it is done with, whatever happened.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The lists of the regions, by AWS's own layout of addresses.
fn urls(arguments: &RefreshArguments, regions: &[Region]) -> Result<Vec<String>, Failure> {
    let sheet = PriceSheet::snapshot(Region::SaEast1).map_err(Failure::internal)?;
    let mut offers: Vec<&str> = sheet.entries().iter().map(|entry| entry.offer.as_str()).collect();
    offers.dedup();
    if let Some(unknown) = arguments.offer.iter().find(|offer| !offers.contains(&offer.as_str())) {
        return Err(Failure::usage(format!("--offer {unknown}: one of {}", offers.join(", "))));
    }
    let is_wanted = |offer: &&str| match arguments.offer.as_slice() {
        [] => **offer != *LARGE,
        named => named.iter().any(|name| name == *offer),
    };
    let base = arguments.url.trim_end_matches('/');
    let offers: Vec<&str> = offers.iter().copied().filter(|offer| is_wanted(offer)).collect();
    let of = |region: &Region| -> Vec<String> {
        let each =
            |offer: &&str| format!("{base}/offers/v1.0/aws/{offer}/current/{region}/index.json");
        offers.iter().map(each).collect()
    };
    Ok(regions.iter().flat_map(of).collect())
}

async fn fetch(client: &reqwest::Client, url: &str, path: &Path) -> Result<(), String> {
    let said = |error: reqwest::Error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(deeper) = cause {
            text = format!("{text}: {deeper}");
            cause = deeper.source();
        }
        text
    };
    let answer = client.get(url).send().await.map_err(said)?;
    let mut answer = answer.error_for_status().map_err(said)?;
    let mut file = tokio::fs::File::create(path).await.map_err(|error| error.to_string())?;
    while let Some(bytes) = answer.chunk().await.map_err(said)? {
        file.write_all(&bytes).await.map_err(|error| error.to_string())?;
    }
    file.flush().await.map_err(|error| error.to_string())
}

fn unreachable(url: &str, cause: &str) -> Failure {
    Failure::usage(format!(
        "{url} is out of reach ({cause}): fetch the files where there is a network (this address, \
         for each offer and region) and give them with --from; the shipped prices stay as they are"
    ))
}
