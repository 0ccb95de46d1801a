//! `vazao stack`: what a deployed stack is doing, by the same readers that account for a run.

use jiff::{SignedDuration, Timestamp};
use observe::{
    Cloud, CloudAddress, MetersOf, QueueDepth, Readings, Stack, queue_depth, read_meters,
};
use serde_json::{Value, json};

use crate::args::StackArguments;
use crate::failure::Failure;

/// What the template calls them; a bucket's name comes from the stack.
const API: &str = "orders";
const QUEUE: &str = "orders";
const FUNCTION: &str = "order-processor";

/// AWS keeps these metrics by the minute.
const STEP_S: i32 = 60;

/// What is printed.
struct State {
    orders_url: String,
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
    let stack = Stack::read(&cloud, &arguments.name).await.map_err(Failure::usage)?;
    let output = |key| stack.output(key).map(str::to_owned).map_err(Failure::usage);
    let orders_url = output("OrdersUrl")?;
    let depth = async |key| queue_depth(&cloud, &output(key)?).await.map_err(Failure::internal);
    let (queue, dead_letters) = (depth("OrderQueueUrl").await?, depth("DeadLetterQueueUrl").await?);
    let of = MetersOf {
        api: API.to_owned(),
        stage: stage(&orders_url).to_owned(),
        queue: QUEUE.to_owned(),
        function: FUNCTION.to_owned(),
        bucket: output("DocumentsBucketName")?,
    };
    let to = Timestamp::now();
    let from = to - SignedDuration::from_mins(i64::from(arguments.minutes));
    let readings = read_meters(&cloud, &of, (from, to), STEP_S).await.map_err(Failure::internal)?;
    Ok(State { orders_url, queue, dead_letters, readings })
}

/// `live` of `https://id.execute-api.sa-east-1.amazonaws.com/live/v1/orders/`.
fn stage(orders_url: &str) -> &str {
    orders_url.split('/').nth(3).unwrap_or_default()
}

/// The gateway as `vazao run --target` takes it: with its stage, and without the path.
fn gateway(orders_url: &str) -> &str {
    orders_url.trim_end_matches('/').trim_end_matches("/v1/orders")
}

fn as_text(state: &State, minutes: u32) -> String {
    let State { orders_url, queue, dead_letters, readings } = state;
    let count = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |sum| sum.to_string());
    format!(
        "gateway       {}\n\
         queue         {} waiting, {} in flight\n\
         dead letters  {}\n\
         the last {minutes} min: {} requests, {} messages sent, {} invocations, {} failed\n\n\
         send to it    vazao run PROFILE --shard 0/1 --run-id NAME --target {}\n",
        gateway(orders_url),
        queue.visible + queue.delayed,
        queue.in_flight,
        dead_letters.total(),
        count(readings.api_requests),
        count(readings.messages_sent),
        count(readings.invocations),
        count(readings.errors),
        gateway(orders_url),
    )
}

fn as_json(state: &State) -> Value {
    let State { orders_url, queue, dead_letters, readings } = state;
    json!({
        "gateway": gateway(orders_url),
        "ordersUrl": orders_url,
        "waiting": queue.visible + queue.delayed,
        "inFlight": queue.in_flight,
        "deadLetters": dead_letters.total(),
        "requests": readings.api_requests,
        "messagesSent": readings.messages_sent,
        "invocations": readings.invocations,
        "errors": readings.errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_and_the_stage_are_parts_of_the_address_of_orders() {
        let url = "https://abc123.execute-api.sa-east-1.amazonaws.com/live/v1/orders/";
        assert_eq!(stage(url), "live");
        assert_eq!(gateway(url), "https://abc123.execute-api.sa-east-1.amazonaws.com/live");
    }
}
