//! The cloud as a whole: checks its configuration, starts its services, ends them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::{CloudConfig, EventSourceConfig};
use crate::error::{ConfigError, StartError};
use crate::event_source::EventSource;
use crate::faults::Faults;
use crate::gateway::Gateway;
use crate::lambda::{FunctionStatus, Lambda};
use crate::metric_store::MetricStore;
use crate::s3;
use crate::server::{self, Services};
use crate::sqs::{Disk, Sqs};

/// How often the gauges of the queues are published.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// How often processes are held to their memory and to their idle time.
const TEND_EVERY: Duration = Duration::from_millis(250);

/// A running imitation of AWS. Dropping it stops it too, without waiting for the processes
/// of functions to be gone; [`LocalCloud::shutdown`] waits.
pub struct LocalCloud {
    address: SocketAddr,
    services: Arc<Services>,
    tasks: JoinSet<()>,
}

impl LocalCloud {
    /// Starts every service. All problems of the configuration are found before anything
    /// listens and before any process is started.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    pub async fn start(config: CloudConfig) -> Result<LocalCloud, StartError> {
        let services = Arc::new(build(&config)?);
        let listener = listen(config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address: config.listen, source })?;
        let base_url = format!("http://{address}");
        services.sqs.set_base_url(&base_url);
        services.lambda.set_base_url(&base_url);
        let mut tasks = JoinSet::new();
        tasks.spawn(server::run(listener, services.clone()));
        tasks.spawn(sample(services.sqs.clone()));
        tasks.spawn(tend(services.lambda.clone()));
        for source in event_sources(&config, &services) {
            tasks.spawn(Arc::new(source).run());
        }
        Ok(LocalCloud { address, services, tasks })
    }

    /// `http://127.0.0.1:PORT`: the endpoint of every AWS service.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base of the stage; the caller appends the path of a route. Without an API it is
    /// an address that answers 403.
    pub fn gateway_url(&self) -> String {
        let (api, stage) = match &self.services.gateway {
            Some(gateway) => (gateway.name.as_str(), gateway.stage.as_str()),
            None => ("none", "none"),
        };
        format!("http://{}/_aws/execute-api/{api}/{stage}", self.address)
    }

    /// The address of a queue, as GetQueueUrl gives it.
    pub fn queue_url(&self, name: &str) -> Option<String> {
        self.services.sqs.queue(name).map(|queue| self.services.sqs.url(&queue.name))
    }

    /// The process ids of all execution environments alive, idle ones included.
    pub fn function_processes(&self) -> Vec<u32> {
        self.services.lambda.processes().into_iter().map(|(_, pid)| pid).collect()
    }

    /// How a function is doing; None if there is no such function.
    pub fn function_status(&self, name: &str) -> Option<FunctionStatus> {
        self.services.lambda.status(name)
    }

    /// How often each planned fault struck, by name.
    pub fn fault_counts(&self) -> BTreeMap<String, u64> {
        self.services.faults.counts()
    }

    /// Makes a queue refuse its next `count` sends, as if SQS were in trouble: the gateway
    /// answers 503. False if there is no such queue.
    pub fn refuse_sends(&self, queue: &str, count: u64) -> bool {
        let queue = self.services.sqs.queue(queue);
        queue.is_some_and(|queue| {
            queue.refuse_sends(count);
            true
        })
    }

    /// Stops polling and listening, kills the processes of functions and waits for them.
    /// Invocations that run are lost, and so is what is in the queues.
    pub async fn shutdown(mut self) {
        self.services.lambda.shut_down().await;
        self.tasks.shutdown().await;
    }
}

impl Drop for LocalCloud {
    /// The tasks end with their set. The processes would end too, when their connection
    /// breaks, but one in the middle of an invocation only after it.
    fn drop(&mut self) {
        self.services.lambda.kill_all();
    }
}

fn build(config: &CloudConfig) -> Result<Services, StartError> {
    let metrics = Arc::new(MetricStore::default());
    let faults = Arc::new(Faults::new(&config.faults, config.seed));
    let mut problems = config.problems();
    let mut gateway = match api_gateway(config, &metrics, &faults) {
        Ok(gateway) => gateway,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    if !problems.is_empty() {
        return Err(StartError::Config(problems));
    }
    let log_dir = config.data_dir.join("logs");
    std::fs::create_dir_all(&log_dir).map_err(|source| data_dir(&log_dir, source))?;
    if let (Some(gateway), Some(api)) = (&mut gateway, &config.api) {
        let opened = gateway.open_log(api, &log_dir, &metrics);
        opened.map_err(|source| data_dir(&log_dir, source))?;
    }
    let s3 = s3::service(config, &metrics, &faults);
    let lambda = Lambda::new(config, &log_dir, &metrics, &faults);
    let queue_dir = config.data_dir.join("queues");
    let disk = Disk { directory: queue_dir.clone(), durability: config.queue_durability };
    let sqs = Sqs::new(
        &config.region,
        &config.account_id,
        &config.queues,
        disk,
        metrics.clone(),
        faults.clone(),
    )
    .map_err(|source| data_dir(&queue_dir, source))?;
    Ok(Services {
        gateway,
        s3: s3.map_err(|source| data_dir(&config.data_dir, source))?,
        sqs: Arc::new(sqs),
        lambda: Arc::new(lambda.map_err(|source| data_dir(&log_dir, source))?),
        metrics,
        faults,
    })
}

fn api_gateway(
    config: &CloudConfig,
    metrics: &MetricStore,
    faults: &Arc<Faults>,
) -> Result<Option<Gateway>, ConfigError> {
    let gateway = |api| Gateway::new(api, &config.account_id, metrics, faults.clone());
    config.api.as_ref().map(gateway).transpose()
}

fn data_dir(path: &Path, source: std::io::Error) -> StartError {
    StartError::DataDir { path: path.to_owned(), source }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
        _ => StartError::Listen { address, source },
    })
}

/// The names were checked: a source without its queue or function does not get here.
fn event_sources(cloud: &CloudConfig, services: &Services) -> Vec<EventSource> {
    let source = |config: &EventSourceConfig| {
        let queue = services.sqs.queue(&config.queue)?;
        let function = services.lambda.function(&config.function)?;
        Some(EventSource::new(
            config.clone(),
            queue,
            function,
            services.sqs.clone(),
            services.lambda.clone(),
            cloud.invocations.clone(),
        ))
    };
    cloud.event_sources.iter().filter_map(source).collect()
}

async fn sample(sqs: Arc<Sqs>) {
    let mut tick = tokio::time::interval(SAMPLE_EVERY);
    loop {
        tick.tick().await;
        sqs.sample();
    }
}

async fn tend(lambda: Arc<Lambda>) {
    let mut tick = tokio::time::interval(TEND_EVERY);
    loop {
        tick.tick().await;
        lambda.tend();
    }
}
