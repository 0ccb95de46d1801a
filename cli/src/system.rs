//! The reference system: the template that is deployed, with the parameters and executables of
//! one machine.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use costmodel::Region;
use loadgen::{Credentials, SigV4, SigV4User};
use localcloud::{ApiKey, CloudConfig, FaultPlan, IamUser, TemplateSettings};
use observe::MetersOf;
use orders::World;
use runlog::Deployment;
use simulator::{Deployed, Pollers};

use crate::args::SystemArguments;
use crate::failure::Failure;
use crate::partners::Partners;

/// The template that comes with vazao.
const TEMPLATE: &str = include_str!("../../infra/template.yaml");
const TEMPLATE_NAME: &str = "infra/template.yaml";
/// The function that the template has to name so, because its executable is ours.
const FUNCTION: &str = "order-processor";

/// The settings of a system, checked.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) region: Region,
    pub(crate) bootstrap: PathBuf,
    port: u16,
    template_name: String,
    template: String,
    parameters: BTreeMap<String, String>,
    faults: FaultPlan,
    freeze: bool,
    /// The URL of the database, if it is not the file of the local cloud.
    database: Option<String>,
    /// What the template describes, without a folder and without keys.
    described: CloudConfig,
}

impl System {
    /// Checks the settings; nothing is started or written.
    pub(crate) fn resolve(arguments: &SystemArguments) -> Result<Self, Failure> {
        let system = Self::described(arguments)?;
        if system.bootstrap.is_file() {
            return Ok(system);
        }
        Err(Failure::usage(format!(
            "the processor's binary {} is missing: run `cargo build --release`, or name it with --bootstrap",
            system.bootstrap.display()
        )))
    }

    /// The system as it is described, whether it can be started here or not.
    pub(crate) fn described(arguments: &SystemArguments) -> Result<Self, Failure> {
        let bootstrap = match &arguments.bootstrap {
            Some(path) => path.clone(),
            None => beside_vazao("bootstrap")?,
        };
        let region = region(&arguments.region)?;
        let (template_name, template) = template(arguments.template.as_deref())?;
        let parameters = parameters(arguments)?;
        let faults = faults(&arguments.fault)?;
        let mut system = Self {
            region,
            bootstrap,
            port: arguments.port.unwrap_or(0),
            template_name,
            template,
            parameters,
            faults,
            freeze: arguments.freeze,
            database: None,
            described: CloudConfig::new(""),
        };
        system.described = system.describe(Path::new(""))?;
        system.check_shape()?;
        Ok(system)
    }

    fn describe(&self, data: &Path) -> Result<CloudConfig, Failure> {
        let mut settings = TemplateSettings::new(data);
        settings.region = self.region.to_string();
        settings.stack_name = "vazao".to_owned();
        settings.parameters = self.parameters.clone();
        let file = || format!("sqlite://{}", Self::database(data).display());
        let of_this_machine = [
            ("DatabaseUrl", self.database.clone().unwrap_or_else(file)),
            ("CertificateFile", Self::certificate(data).display().to_string()),
        ];
        for (name, value) in of_this_machine {
            settings.parameters.entry(name.to_owned()).or_insert(value);
        }
        settings.executables.insert(FUNCTION.to_owned(), self.bootstrap.clone());
        CloudConfig::from_template(&self.template, &settings).map_err(|error| {
            let lines: Vec<_> = error
                .0
                .iter()
                .map(|problem| format!("{}: {problem}", self.template_name))
                .collect();
            Failure::usage(lines.join("\n"))
        })
    }

    /// A run measures one way: API, queue, function, bucket.
    fn check_shape(&self) -> Result<(), Failure> {
        let config = &self.described;
        let sources = config.event_sources.len();
        let dead_letters = config.queues.iter().filter(|queue| queue.redrive.is_some()).count();
        if config.api.is_some() && sources == 1 && dead_letters == 1 && config.buckets.len() == 1 {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{}: a run needs one API, one queue with a dead-letter queue and an event source, and one bucket",
            self.template_name
        )))
    }

    /// The settings that bear on cost and scale.
    pub(crate) fn deployment(&self) -> Deployment {
        let source = &self.described.event_sources[0];
        let queue = self.described.queues.iter().find(|queue| queue.name == source.queue);
        let function = self.described.functions.iter().find(|f| f.name == source.function);
        Deployment {
            region: self.region.to_string(),
            memory_mb: function.map_or(0, |function| function.memory_mb),
            batch_size: source.batch_size,
            maximum_concurrency: source.maximum_concurrency,
            visibility_timeout_s: queue.map_or(0, |queue| queue.visibility_timeout.as_secs()),
        }
    }

    /// The settings that a simulation of this system takes from it.
    pub(crate) fn deployed(&self) -> Deployed {
        let config = &self.described;
        let source = &config.event_sources[0];
        let queue = config.queues.iter().find(|queue| queue.name == source.queue);
        let function = config.functions.iter().find(|f| f.name == source.function);
        let throttle = config.api.as_ref().and_then(|api| api.routes.first()?.throttle);
        Deployed {
            gateway_rate_per_s: throttle.map(|throttle| throttle.rate_per_s),
            gateway_burst: throttle.map(|throttle| throttle.burst),
            visibility_timeout_ms: queue.map_or(30_000, |queue| millis(queue.visibility_timeout)),
            max_receive_count: queue
                .and_then(|queue| queue.redrive.as_ref())
                .map_or(u32::MAX, |redrive| redrive.max_receive_count),
            batch_size: source.batch_size,
            batch_window_ms: millis(source.batching_window),
            maximum_concurrency: Some(source.maximum_concurrency),
            provisioned: source
                .provisioned
                .map(|pollers| Pollers { minimum: pollers.minimum, maximum: pollers.maximum }),
            memory_mb: function.map_or(128, |function| function.memory_mb),
            timeout_ms: function.map_or(3_000, |function| millis(function.timeout)),
            reserved_concurrency: function.and_then(|function| function.reserved_concurrency),
        }
    }

    /// What the template describes.
    pub(crate) fn config(&self) -> &CloudConfig {
        &self.described
    }

    /// The queue that feeds the function.
    pub(crate) fn queue(&self) -> &str {
        &self.described.event_sources[0].queue
    }

    /// Where its dead letters go.
    pub(crate) fn dead_letter_queue(&self) -> &str {
        let mut redrives = self.described.queues.iter().filter_map(|q| q.redrive.as_ref());
        redrives.next().map_or("", |redrive| redrive.dead_letter_queue.as_str())
    }

    /// Where the documents are.
    pub(crate) fn bucket(&self) -> &str {
        &self.described.buckets[0]
    }

    /// What the template says and the local cloud does not act on, a line each.
    pub(crate) fn unsimulated(&self) -> impl Iterator<Item = String> {
        self.described.unsimulated.iter().map(|thing| format!("{}: {thing}", self.template_name))
    }

    /// The port when no flag says another.
    pub(crate) fn with_default_port(mut self, arguments: &SystemArguments, port: u16) -> Self {
        self.port = arguments.port.unwrap_or(port);
        self
    }

    /// The same system with another database than the file of the local cloud.
    pub(crate) fn with_database(self, database: Option<String>) -> Self {
        Self { database, ..self }
    }

    /// Whether something is to go wrong on purpose.
    pub(crate) fn plans_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The names by which CloudWatch knows the parts.
    pub(crate) fn meters(&self) -> MetersOf {
        let api = self.described.api.as_ref();
        MetersOf {
            api: api.map_or_else(String::new, |api| api.name.clone()),
            stage: api.map_or_else(String::new, |api| api.stage.clone()),
            queue: self.queue().to_owned(),
            function: self.described.event_sources[0].function.clone(),
            bucket: self.bucket().to_owned(),
        }
    }

    /// Where the certificate is that signs the invoices, in the folder of the local cloud.
    pub(crate) fn certificate(data: &Path) -> PathBuf {
        data.join("certificate.pem")
    }

    /// The database file of a local cloud.
    pub(crate) fn database(data: &Path) -> PathBuf {
        data.join("existing.sqlite")
    }

    /// The local cloud of this system; its state goes to the folder `data`. Every partner has a
    /// key that bears its name, in the template's first usage plan.
    pub(crate) fn cloud(&self, data: &Path, world: &World) -> Result<CloudConfig, Failure> {
        let mut config = self.describe(data)?;
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        config.faults = self.faults.clone();
        if let Some(api) = &mut config.api {
            let plan = api.usage_plans.first().map(|plan| plan.name.clone());
            api.api_keys.extend((0..world.size().partners).map(|partner| ApiKey {
                id: world.partner(partner).to_string(),
                value: api_key(partner),
                usage_plan: plan.clone(),
            }));
            api.users.extend(
                (0..world.size().partners).map(|partner| user(&config.account_id, world, partner)),
            );
        }
        for function in &mut config.functions {
            // After the generator, and after the gateway and the queue.
            function.nice = 10;
            function.freeze = self.freeze;
        }
        Ok(config)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The name and text of the template.
fn template(path: Option<&Path>) -> Result<(String, String), Failure> {
    let Some(path) = path else { return Ok((TEMPLATE_NAME.to_owned(), TEMPLATE.to_owned())) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("--template {name}: {error}")))?;
    Ok((name, text))
}

/// What the flags say in place of the template's defaults.
fn parameters(arguments: &SystemArguments) -> Result<BTreeMap<String, String>, Failure> {
    // Keys alone, unless --parameter RequestAuthorization=AWS_IAM has partners sign too.
    let mut parameters =
        BTreeMap::from([("RequestAuthorization".to_owned(), "API_KEY".to_owned())]);
    for written in &arguments.parameter {
        let (name, value) = written.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--parameter is written NAME=VALUE, not {written:?}"))
        })?;
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let flags = [
        ("--concurrency", "MaximumConcurrency", arguments.concurrency, 2, 1_000),
        ("--batch-size", "BatchSize", arguments.batch_size, 1, 10),
        ("--memory", "FunctionMemory", arguments.memory, 128, 10_240),
    ];
    for (flag, parameter, value, from, to) in flags {
        let Some(value) = value else { continue };
        if !(from..=to).contains(&value) {
            return Err(Failure::usage(format!("{flag} must be {from} to {to}, not {value}")));
        }
        parameters.insert(parameter.to_owned(), value.to_string());
    }
    Ok(parameters)
}

fn faults(written: &[String]) -> Result<FaultPlan, Failure> {
    let mut plan = FaultPlan::none();
    for fault in written {
        plan.add(fault).map_err(|error| Failure::usage(format!("--fault: {error}")))?;
    }
    Ok(plan)
}

/// A region in which every meter of a run has a price.
fn region(name: &str) -> Result<Region, Failure> {
    let region: Region =
        name.parse().map_err(|error| Failure::usage(format!("--region: {error}")))?;
    if Region::COMPLETE.contains(&region) {
        return Ok(region);
    }
    let complete: Vec<String> = Region::COMPLETE.iter().map(Region::to_string).collect();
    Err(Failure::usage(format!(
        "--region: a run cannot be priced in {name}, only in {}",
        complete.join(" or ")
    )))
}

/// A program in the folder of this one.
fn beside_vazao(name: &str) -> Result<PathBuf, Failure> {
    let vazao = std::env::current_exe()
        .map_err(|error| Failure::internal(format!("cannot tell where vazao is: {error}")))?;
    Ok(vazao.with_file_name(name))
}

/// The local cloud's key of a partner. It opens nothing but a port of 127.0.0.1.
pub(crate) fn api_key(partner: u32) -> String {
    format!("local-cloud-key-of-partner-{:02}", partner + 1)
}

/// The local cloud's user of a partner, for requests that are signed.
fn user(account_id: &str, world: &World, partner: u32) -> IamUser {
    let name = world.partner(partner);
    IamUser {
        arn: format!("arn:aws:iam::{account_id}:user/partners/{name}"),
        access_key_id: format!("AKIALOCAL{:02}", partner + 1),
        secret_access_key: format!("local-cloud-secret-of-{name}"),
    }
}

impl System {
    /// Who the partners say that they are, as the template's `RequestAuthorization` wants it.
    pub(crate) fn credentials(&self, partners: &Partners) -> Credentials {
        if self.is_signed() { self.signed(partners) } else { partners.credentials() }
    }

    /// Whether the template has partners sign their requests.
    pub(crate) fn is_signed(&self) -> bool {
        self.parameters.get("RequestAuthorization").is_some_and(|value| value == "AWS_IAM")
    }

    /// The local cloud's users of the partners, who also show their keys.
    pub(crate) fn signed(&self, partners: &Partners) -> Credentials {
        let world = &partners.world;
        let signer = |partner| {
            let user = user("", world, partner);
            SigV4User {
                access_key_id: user.access_key_id,
                secret_access_key: user.secret_access_key,
                session_token: None,
            }
        };
        Credentials::SigV4(SigV4 {
            region: self.region.to_string(),
            service: "execute-api".to_owned(),
            users: (0..world.size().partners).map(signer).collect(),
            api_keys: partners.keys().to_vec(),
        })
    }
}
