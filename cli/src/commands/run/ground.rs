//! What a run is sent to and looks at: a local cloud of its own, or a stack that is deployed.

use std::collections::BTreeMap;
use std::time::Duration;

use loadgen::{Credentials, Transport};
use localcloud::LocalCloud;
use observe::{Cloud, CloudAddress, MetersOf};
use runlog::Target;

use crate::deployed::{DeployedStack, METERS_STEP_S};
use crate::failure::Failure;
use crate::partners::Partners;
use crate::sending::Destination;
use crate::system::System;

/// Where orders go and where their traces are.
pub(super) struct Ground<'a> {
    /// None: it is deployed.
    local: Option<&'a LocalCloud>,
    pub(super) gateway: String,
    pub(super) transport: Transport,
    pub(super) credentials: Credentials,
    pub(super) observer: Cloud,
    pub(super) meters: MetersOf,
    pub(super) queue_url: String,
    pub(super) dead_letter_url: String,
    /// Resolution of the meters, s.
    pub(super) step_s: u32,
    /// So long after the last order the meters know of it.
    pub(super) meters_after: Duration,
}

impl<'a> Ground<'a> {
    /// A local cloud of this system, which has started.
    pub(super) async fn local(cloud: &'a LocalCloud, system: &System, partners: &Partners) -> Self {
        let address =
            CloudAddress::Endpoint { url: cloud.base_url(), region: system.region.to_string() };
        let url = |queue: &str| cloud.queue_url(queue).unwrap_or_default();
        Self {
            local: Some(cloud),
            gateway: cloud.gateway_url(),
            transport: Transport::default(),
            credentials: system.credentials(partners),
            observer: Cloud::connect(&address).await,
            meters: system.meters(),
            queue_url: url(system.queue()),
            dead_letter_url: url(system.dead_letter_queue()),
            step_s: 1,
            meters_after: Duration::ZERO,
        }
    }

    /// A stack of this name in the account of the environment. `allowed` says how its gateway may
    /// be spoken to, or why not.
    pub(super) async fn deployed(
        name: &str,
        system: &System,
        meters_after: Duration,
        allowed: impl Fn(&str) -> Result<Destination, Failure>,
    ) -> Result<Self, Failure> {
        let observer =
            Cloud::connect(&CloudAddress::Aws { region: system.region.to_string() }).await;
        let stack = DeployedStack::read(&observer, name).await?;
        let Destination { url, transport, credentials } = allowed(&stack.gateway)?;
        Ok(Self {
            local: None,
            gateway: url,
            transport,
            credentials,
            meters: stack.meters,
            queue_url: stack.queue_url,
            dead_letter_url: stack.dead_letter_url,
            observer,
            step_s: METERS_STEP_S,
            meters_after,
        })
    }

    pub(super) fn target(&self) -> Target {
        if self.local.is_some() { Target::LocalCloud } else { Target::Aws }
    }

    /// The function's processes, where they are this machine's.
    pub(super) fn function_processes(&self) -> Vec<u32> {
        self.local.map_or_else(Vec::new, LocalCloud::function_processes)
    }

    /// How often each fault of a local cloud has struck.
    pub(super) fn fault_counts(&self) -> Option<BTreeMap<String, u64>> {
        self.local.map(LocalCloud::fault_counts)
    }
}
