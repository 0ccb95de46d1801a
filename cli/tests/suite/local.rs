//! A running `vazao local`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;

use observe::{Cloud, CloudAddress, DeadLetterQueue, queue_depth};
use tokio::runtime::Runtime;

use crate::vazao::{signal, vazao};

/// A local cloud of its own, which ends with it.
pub(crate) struct Local {
    process: Child,
    pub(crate) endpoint: String,
    pub(crate) gateway: String,
    pub(crate) data: PathBuf,
    /// Kept, since a program whose output nobody can read ends.
    _said: Box<dyn Iterator<Item = std::io::Result<String>>>,
}

impl Local {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// With more arguments. What an earlier one left in the folder is there again.
    pub(crate) fn start_with(folder: &Path, more: &[&str]) -> Self {
        let data = folder.join("local");
        let mut command = vazao(&["local", "--port", "0", "--data", data.to_str().unwrap()]);
        let mut process = command.args(more).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut find = |what: &str| {
            let found = lines.by_ref().map(Result::unwrap).find(|line| line.contains(what));
            found.unwrap_or_else(|| panic!("{what} was never said"))
        };
        let order = find("PUT http");
        let gateway = order.split("PUT ").nth(1).unwrap().replace("/v1/orders/{orderNumber}", "");
        let export = find("AWS_ENDPOINT_URL=");
        let endpoint = export.split("AWS_ENDPOINT_URL=").nth(1).unwrap();
        let endpoint = endpoint.split_whitespace().next().unwrap().to_owned();
        Self { process, endpoint, gateway, data, _said: Box::new(lines) }
    }
}

/// Where the local cloud puts documents.
pub(crate) const BUCKET: &str = "order-documents-000000000000";

impl Local {
    /// Puts a body under an order number, with a partner's key; the status.
    pub(crate) fn put(&self, runtime: &Runtime, partner: u32, number: &str, body: &[u8]) -> u16 {
        let url = format!("{}/v1/orders/{number}", self.gateway);
        let request = reqwest::Client::new()
            .put(url)
            .header("x-api-key", format!("local-cloud-key-of-partner-{:02}", partner + 1))
            .header("content-type", "application/json")
            .body(body.to_vec());
        runtime.block_on(request.send()).unwrap().status().as_u16()
    }

    /// What reads it.
    pub(crate) fn observer(&self, runtime: &Runtime) -> Cloud {
        let region = "sa-east-1".to_owned();
        let address = CloudAddress::Endpoint { url: self.endpoint.clone(), region };
        runtime.block_on(Cloud::connect(&address))
    }

    /// The keys of all documents.
    pub(crate) fn documents(&self, runtime: &Runtime) -> Vec<String> {
        let observer = self.observer(runtime);
        runtime.block_on(observer.object_keys(BUCKET, "")).unwrap()
    }

    /// Whether no order waits and none is being processed.
    pub(crate) fn is_drained(&self, runtime: &Runtime) -> bool {
        let observer = self.observer(runtime);
        runtime.block_on(async {
            let queue = DeadLetterQueue::find(&observer, "orders").await.unwrap();
            queue_depth(&observer, queue.url()).await.unwrap().total() == 0
        })
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        signal("INT", self.process.id());
        self.process.wait().unwrap();
    }
}
