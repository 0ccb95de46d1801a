//! `vazao stack`: what a deployed stack is doing, by the same readers that account for a run.

use jiff::{SignedDuration, Timestamp};
use observe::{Cloud, CloudAddress, QueueDepth, Readings, queue_depth, read_meters};
use serde_json::{Value, json};

use crate::args::StackArguments;
use crate::deployed::{DeployedStack, METERS_STEP_S};
use crate::failure::Failure;

/// What is printed.
struct State {
    stack: DeployedStack,
    queue: QueueDepth,
    dead_letters: QueueDepth,
    readings: Readings,
}

pub(crate) fn execute(arguments: &StackArguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    let state = runtime.block_on(read(arguments))?;
    if arguments.json {
        println!("{}", as_json(&state));
    } else {
        println!("{}", as_text(&state, arguments.minutes).trim_end_matches('\n'));
    }
    Ok(0)
}

async fn read(arguments: &StackArguments) -> Result<State, Failure> {
    let region = arguments.region.clone();
    let address = match &arguments.endpoint_url {
        Some(url) => CloudAddress::Endpoint { url: url.clone(), region },
        None => CloudAddress::Aws { region },
    };
    let cloud = Cloud::connect(&address).await;
    let stack = DeployedStack::read(&cloud, &arguments.name).await?;
    let depth = async |url| queue_depth(&cloud, url).await.map_err(Failure::internal);
    let (queue, dead_letters) =
        (depth(&stack.queue_url).await?, depth(&stack.dead_letter_url).await?);
    let to = Timestamp::now();
    let from = to - SignedDuration::from_mins(i64::from(arguments.minutes));
    let step_s = i32::try_from(METERS_STEP_S).unwrap_or(60);
    let readings =
        read_meters(&cloud, &stack.meters, (from, to), step_s).await.map_err(Failure::internal)?;
    Ok(State { stack, queue, dead_letters, readings })
}

fn as_text(state: &State, minutes: u32) -> String {
    let State { stack, queue, dead_letters, readings } = state;
    let count = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |sum| sum.to_string());
    format!(
        "gateway       {}\n\
         queue         {} waiting, {} in flight\n\
         dead letters  {}\n\
         the last {minutes} min: {} requests, {} messages sent, {} invocations, {} failed\n\n\
         send to it    vazao run PROFILE --target aws --stack NAME --database URL (infra/README.md)\n\
         or a part     vazao run PROFILE --shard 0/1 --run-id NAME --target {}\n",
        stack.gateway,
        queue.visible + queue.delayed,
        queue.in_flight,
        dead_letters.total(),
        count(readings.api_requests),
        count(readings.messages_sent),
        count(readings.invocations),
        count(readings.errors),
        stack.gateway,
    )
}

fn as_json(state: &State) -> Value {
    let State { stack, queue, dead_letters, readings } = state;
    json!({
        "gateway": stack.gateway,
        "ordersUrl": stack.orders_url,
        "waiting": queue.visible + queue.delayed,
        "inFlight": queue.in_flight,
        "deadLetters": dead_letters.total(),
        "requests": readings.api_requests,
        "messagesSent": readings.messages_sent,
        "invocations": readings.invocations,
        "errors": readings.errors,
    })
}
