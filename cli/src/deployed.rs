//! A stack that is deployed, by the outputs of infra/template.yaml.

use observe::{Cloud, MetersOf, Stack};

use crate::failure::Failure;

/// AWS keeps the meters of the services by the minute.
pub(crate) const METERS_STEP_S: u32 = 60;

/// Where its parts are, and how CloudWatch calls them.
#[derive(Debug, Clone)]
pub(crate) struct DeployedStack {
    /// The address to which an order's number is added.
    pub(crate) orders_url: String,
    /// The gateway with its stage, as `--target` takes it.
    pub(crate) gateway: String,
    pub(crate) queue_url: String,
    pub(crate) dead_letter_url: String,
    pub(crate) meters: MetersOf,
}

impl DeployedStack {
    /// Reads the stack of this name.
    pub(crate) async fn read(cloud: &Cloud, name: &str) -> Result<Self, Failure> {
        let stack = Stack::read(cloud, name).await.map_err(Failure::usage)?;
        let output = |key| stack.output(key).map(str::to_owned).map_err(Failure::usage);
        let (orders_url, queue_url) = (output("OrdersUrl")?, output("OrderQueueUrl")?);
        Ok(Self {
            gateway: gateway(&orders_url).to_owned(),
            dead_letter_url: output("DeadLetterQueueUrl")?,
            meters: MetersOf {
                api: output("ApiName")?,
                stage: output("StageName")?,
                queue: queue_url.rsplit('/').next().unwrap_or_default().to_owned(),
                function: output("FunctionName")?,
                bucket: output("DocumentsBucketName")?,
            },
            orders_url,
            queue_url,
        })
    }
}

/// The gateway with its stage, and without the path of orders.
fn gateway(orders_url: &str) -> &str {
    orders_url.trim_end_matches('/').trim_end_matches("/v1/orders")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_the_address_of_orders_without_their_path() {
        let url = "https://abc123.execute-api.sa-east-1.amazonaws.com/live/v1/orders/";
        assert_eq!(gateway(url), "https://abc123.execute-api.sa-east-1.amazonaws.com/live");
        assert_eq!(gateway("https://orders.example.com/v1/orders/"), "https://orders.example.com");
    }
}
