//! The reference system, wired: the names and settings of its parts. It is what `infra/` deploys,
//! with the numbers that make sense on one machine.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use costmodel::Region;
use loadgen::Credentials;
use localcloud::{
    ApiConfig, ApiKey, AttributeSource, CloudConfig, EventSourceConfig, FaultPlan, FunctionConfig,
    MessageAttributeMapping, PollerScaling, QueueConfig, RedrivePolicy, RouteConfig,
    SqsIntegration,
};
use observe::MetersOf;
use orders::World;
use runlog::Deployment;

use crate::args::SystemArguments;
use crate::failure::Failure;

const API: &str = "orders";
const STAGE: &str = "live";
pub(crate) const QUEUE: &str = "orders";
pub(crate) const DEAD_LETTER_QUEUE: &str = "orders-dead-letters";
const FUNCTION: &str = "order-processor";
pub(crate) const BUCKET: &str = "order-documents";

/// An invocation is killed after this.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(5);
/// Six times the function's timeout, as AWS advises (Lambda developer guide, "services-sqs").
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(4 * 86_400);
const DEAD_LETTER_RETENTION: Duration = Duration::from_secs(14 * 86_400);
const MAX_RECEIVE_COUNT: u32 = 5;

/// The schema that the gateway validates bodies against.
const ORDER_SCHEMA: &str = include_str!("../../infra/order.schema.json");

/// The settings of a system, checked.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) region: Region,
    pub(crate) bootstrap: PathBuf,
    port: u16,
    concurrency: u32,
    batch_size: u32,
    memory_mb: u32,
    faults: FaultPlan,
}

impl System {
    /// Checks the settings; nothing is started or written.
    pub(crate) fn resolve(arguments: &SystemArguments) -> Result<Self, Failure> {
        let bootstrap = match &arguments.bootstrap {
            Some(path) => path.clone(),
            None => beside_vazao("bootstrap")?,
        };
        let range = |flag: &str, value: u32, from: u32, to: u32| {
            let fine = (from..=to).contains(&value);
            fine.then_some(value).ok_or_else(|| {
                Failure::usage(format!("{flag} must be {from} to {to}, not {value}"))
            })
        };
        let region = arguments
            .region
            .parse()
            .map_err(|error| Failure::usage(format!("--region: {error}")))?;
        let system = Self {
            region,
            bootstrap,
            port: arguments.port,
            concurrency: range("--concurrency", arguments.concurrency, 2, 1_000)?,
            batch_size: range("--batch-size", arguments.batch_size, 1, 10)?,
            memory_mb: range("--memory", arguments.memory, 128, 10_240)?,
            faults: faults(&arguments.fault)?,
        };
        if !system.bootstrap.is_file() {
            return Err(Failure::usage(format!(
                "the processor's binary {} is missing: run `cargo build --release`, or name it with --bootstrap",
                system.bootstrap.display()
            )));
        }
        Ok(system)
    }

    /// The settings that bear on cost and scale.
    pub(crate) fn deployment(&self) -> Deployment {
        Deployment {
            region: self.region.to_string(),
            memory_mb: self.memory_mb,
            batch_size: self.batch_size,
            maximum_concurrency: self.concurrency,
            visibility_timeout_s: VISIBILITY_TIMEOUT.as_secs(),
        }
    }

    /// Whether something is to go wrong on purpose.
    pub(crate) fn plans_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The names by which CloudWatch knows the parts.
    pub(crate) fn meters(&self) -> MetersOf {
        MetersOf {
            api: API.to_owned(),
            stage: STAGE.to_owned(),
            queue: QUEUE.to_owned(),
            function: FUNCTION.to_owned(),
            bucket: BUCKET.to_owned(),
        }
    }

    /// The database file of a local cloud.
    pub(crate) fn database(data: &Path) -> PathBuf {
        data.join("existing.sqlite")
    }

    /// The local cloud of this system; its state goes to the folder `data`.
    pub(crate) fn cloud(&self, data: &Path, world: &World) -> Result<CloudConfig, Failure> {
        let mut config = CloudConfig::new(data);
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        config.region = self.region.to_string();
        config.faults = self.faults.clone();
        config.api = Some(api(world)?);
        config.queues = vec![
            QueueConfig {
                name: QUEUE.to_owned(),
                visibility_timeout: VISIBILITY_TIMEOUT,
                retention: RETENTION,
                redrive: Some(RedrivePolicy {
                    dead_letter_queue: DEAD_LETTER_QUEUE.to_owned(),
                    max_receive_count: MAX_RECEIVE_COUNT,
                }),
            },
            QueueConfig {
                name: DEAD_LETTER_QUEUE.to_owned(),
                visibility_timeout: VISIBILITY_TIMEOUT,
                retention: DEAD_LETTER_RETENTION,
                redrive: None,
            },
        ];
        config.buckets = vec![BUCKET.to_owned()];
        config.functions = vec![self.function(data)];
        config.event_sources = vec![EventSourceConfig {
            queue: QUEUE.to_owned(),
            function: FUNCTION.to_owned(),
            batch_size: self.batch_size,
            batching_window: Duration::ZERO,
            maximum_concurrency: self.concurrency,
            report_batch_item_failures: true,
            scaling: PollerScaling::default(),
        }];
        Ok(config)
    }

    fn function(&self, data: &Path) -> FunctionConfig {
        let database = Self::database(data);
        FunctionConfig {
            memory_mb: self.memory_mb,
            timeout: FUNCTION_TIMEOUT,
            environment: BTreeMap::from([
                ("VAZAO_DATABASE".to_owned(), format!("sqlite://{}", database.display())),
                ("VAZAO_DOCUMENTS_BUCKET".to_owned(), BUCKET.to_owned()),
            ]),
            // After the generator, and after the gateway and the queue.
            nice: 10,
            ..FunctionConfig::new(FUNCTION, &self.bootstrap)
        }
    }
}

fn faults(written: &[String]) -> Result<FaultPlan, Failure> {
    let mut plan = FaultPlan::none();
    for fault in written {
        plan.add(fault).map_err(|error| Failure::usage(format!("--fault: {error}")))?;
    }
    Ok(plan)
}

/// A program in the folder of this one.
fn beside_vazao(name: &str) -> Result<PathBuf, Failure> {
    let vazao = std::env::current_exe()
        .map_err(|error| Failure::internal(format!("cannot tell where vazao is: {error}")))?;
    Ok(vazao.with_file_name(name))
}

fn api(world: &World) -> Result<ApiConfig, Failure> {
    let schema = serde_json::from_str(ORDER_SCHEMA)
        .map_err(|error| Failure::internal(format!("infra/order.schema.json: {error}")))?;
    let attribute = |name: &str, source| MessageAttributeMapping { name: name.to_owned(), source };
    Ok(ApiConfig {
        name: API.to_owned(),
        stage: STAGE.to_owned(),
        routes: vec![RouteConfig {
            method: "PUT".to_owned(),
            path: "/v1/orders/{orderNumber}".to_owned(),
            request_schema: Some(schema),
            integration: SqsIntegration {
                queue: QUEUE.to_owned(),
                attributes: vec![
                    attribute("partner", AttributeSource::Identity),
                    attribute(
                        "orderNumber",
                        AttributeSource::PathParameter("orderNumber".to_owned()),
                    ),
                    attribute("requestId", AttributeSource::RequestId),
                ],
            },
        }],
        api_keys: (0..world.size().partners)
            .map(|partner| ApiKey {
                value: api_key(partner),
                identity: world.partner(partner).to_string(),
            })
            .collect(),
        throttle: None,
    })
}

/// The local cloud's key of a partner. It opens nothing but a port of 127.0.0.1.
fn api_key(partner: u32) -> String {
    format!("local-cloud-key-of-partner-{:02}", partner + 1)
}

/// The keys of all partners, by index.
pub(crate) fn credentials(world: &World) -> Credentials {
    Credentials::ApiKeys((0..world.size().partners).map(api_key).collect())
}
