//! CloudWatch, asked by AWS's SDK (CBOR) and by hand (JSON, query).

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy, StandardUnit, Statistic,
    StatisticSet,
};

use super::{Fixture, api, eventually, queue};

pub(crate) fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn query(
    namespace: &str,
    name: &str,
    dimensions: &[Dimension],
    stat: &str,
    period_s: i32,
) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.to_vec()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(period_s).stat(stat).build();
    MetricDataQuery::builder().id("q").metric_stat(stat).build()
}

/// A statistic of one service metric over all that has been recorded.
pub(crate) async fn total(
    client: &Client,
    namespace: &str,
    name: &str,
    dimensions: &[Dimension],
    stat: &str,
) -> f64 {
    let (start, end) =
        (DateTime::from_secs(0), DateTime::from(SystemTime::now() + Duration::from_secs(60)));
    let query = query(namespace, name, dimensions, stat, 86_400);
    let answer = client
        .get_metric_data()
        .metric_data_queries(query)
        .start_time(start)
        .end_time(end)
        .send()
        .await
        .unwrap();
    answer.metric_data_results()[0].values().iter().sum()
}

#[tokio::test]
async fn what_is_put_is_read_back_by_period() {
    let fixture = Fixture::start(|_| {}).await;
    let client = fixture.cloudwatch();
    let at = |second: i64| {
        MetricDatum::builder()
            .metric_name("Took")
            .dimensions(dimension("p", "acme"))
            .timestamp(DateTime::from_secs(second))
    };
    let set = StatisticSet::builder().sample_count(4.0).sum(10.0).minimum(1.0).maximum(5.0).build();
    let data = vec![
        at(1_700_000_040).value(2.0).build(),
        at(1_700_000_099).statistic_values(set).build(),
        at(1_700_000_100).values(7.0).counts(3.0).build(),
    ];
    client.put_metric_data().namespace("Shop").set_metric_data(Some(data)).send().await.unwrap();

    for (stat, first, second) in [
        ("Sum", 12.0, 21.0),
        ("SampleCount", 5.0, 3.0),
        ("Average", 2.4, 7.0),
        ("Minimum", 1.0, 7.0),
        ("Maximum", 5.0, 7.0),
    ] {
        let query = query("Shop", "Took", &[dimension("p", "acme")], stat, 60);
        let get =
            client.get_metric_data().metric_data_queries(query).scan_by(ScanBy::TimestampAscending);
        let get = get
            .start_time(DateTime::from_secs(1_700_000_041))
            .end_time(DateTime::from_secs(1_700_000_160));
        let answer = get.send().await.unwrap();
        let result = &answer.metric_data_results()[0];
        assert_eq!(result.values(), [first, second], "{stat}");
        assert_eq!(
            result.timestamps(),
            [DateTime::from_secs(1_700_000_040), DateTime::from_secs(1_700_000_100)]
        );
        assert_eq!(result.label(), Some("Took"));
    }
}

#[tokio::test]
async fn metrics_are_listed_by_namespace_and_dimension() {
    let fixture = Fixture::start(|_| {}).await;
    let client = fixture.cloudwatch();
    let datum = |partner: &str| {
        MetricDatum::builder()
            .metric_name("Took")
            .dimensions(dimension("p", partner))
            .value(1.0)
            .build()
    };
    client
        .put_metric_data()
        .namespace("Shop")
        .metric_data(datum("acme"))
        .metric_data(datum("other"))
        .send()
        .await
        .unwrap();
    let list = client.list_metrics().namespace("Shop").send().await.unwrap();
    assert_eq!(list.metrics().len(), 2);
    let filter =
        aws_sdk_cloudwatch::types::DimensionFilter::builder().name("p").value("acme").build();
    assert_eq!(client.list_metrics().dimensions(filter).send().await.unwrap().metrics().len(), 1);
}

#[tokio::test]
async fn what_is_not_imitated_is_refused_not_invented() {
    let fixture = Fixture::start(|_| {}).await;
    let get = fixture.cloudwatch().get_metric_data().metric_data_queries(query(
        "Shop",
        "Took",
        &[],
        "tm99",
        60,
    ));
    let error = get
        .start_time(DateTime::from_secs(0))
        .end_time(DateTime::from_secs(60))
        .send()
        .await
        .unwrap_err();
    let error = error.into_service_error();
    assert!(error.message().unwrap().contains("tm99"), "{error:?}");
}

#[tokio::test]
async fn the_other_two_protocols_reach_the_same_metrics() {
    let fixture = Fixture::start(|_| {}).await;
    let post = |headers: &[(&'static str, &'static str)], body: &'static str| {
        let mut request = reqwest::Client::new().post(fixture.cloud.base_url()).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async { request.send().await.unwrap().text().await.unwrap() }
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let put = "Action=PutMetricData&Version=2010-08-01&Namespace=Shop&MetricData.member.1.MetricName=Took&MetricData.member.1.Value=2.5&MetricData.member.1.Timestamp=2023-11-14T22:13:20Z";
    assert!(post(&[form], put).await.contains("PutMetricDataResponse"));
    let get = r#"{"StartTime":1700000000,"EndTime":1700000060,"MetricDataQueries":[{"Id":"q","MetricStat":{"Metric":{"Namespace":"Shop","MetricName":"Took"},"Period":1,"Stat":"Sum"}}]}"#;
    let json = post(
        &[
            ("x-amz-target", "GraniteServiceVersion20100801.GetMetricData"),
            ("content-type", "application/x-amz-json-1.0"),
        ],
        get,
    )
    .await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["MetricDataResults"][0]["Values"][0], 2.5);
    let xml = post(&[form], "Action=ListMetrics&Version=2010-08-01&Namespace=Shop").await;
    assert!(xml.contains("<MetricName>Took</MetricName>"), "{xml}");
}

#[tokio::test]
async fn the_services_publish_what_aws_publishes() {
    let fixture = Fixture::start(|config| {
        config.queues = vec![queue("work", 30)];
        config.buckets = vec!["documents".to_owned()];
        config.api = Some(api());
    })
    .await;
    let url = format!("{}/v1/orders/A", fixture.cloud.gateway_url());
    for body in [r#"{"quantity":1}"#, r#"{"quantity":3}"#, r#"{"quantity":0}"#] {
        let put = reqwest::Client::new()
            .put(&url)
            .header("content-type", "application/json")
            .header("x-api-key", "key-1");
        put.body(body).send().await.unwrap();
    }
    fixture.s3().put_object().bucket("documents").key("k").send().await.unwrap();
    let client = fixture.cloudwatch();
    let stage = [dimension("ApiName", "orders"), dimension("Stage", "prod")];
    let work = [dimension("QueueName", "work")];
    let bucket = [dimension("BucketName", "documents"), dimension("FilterId", "EntireBucket")];
    assert_eq!(total(&client, "AWS/ApiGateway", "Count", &stage, "Sum").await, 3.0);
    assert_eq!(total(&client, "AWS/ApiGateway", "4XXError", &stage, "Sum").await, 1.0);
    assert_eq!(total(&client, "AWS/ApiGateway", "Latency", &stage, "SampleCount").await, 3.0);
    assert_eq!(
        total(&client, "AWS/ApiGateway", "IntegrationLatency", &stage, "SampleCount").await,
        2.0
    );
    assert_eq!(total(&client, "AWS/SQS", "NumberOfMessagesSent", &work, "Sum").await, 2.0);
    assert_eq!(total(&client, "AWS/S3", "PutRequests", &bucket, "Sum").await, 1.0);
    eventually("the depth of the queue is sampled", || async {
        total(&client, "AWS/SQS", "ApproximateNumberOfMessagesVisible", &work, "Maximum").await
            == 2.0
    })
    .await;
}

#[tokio::test]
async fn an_expression_works_on_the_series_of_other_queries() {
    let fixture = Fixture::start(|_| {}).await;
    let client = fixture.cloudwatch();
    let datum = |name: &str, second: i64, value: f64| {
        let datum = MetricDatum::builder().metric_name(name).value(value);
        datum.timestamp(DateTime::from_secs(second)).build()
    };
    let put = client.put_metric_data().namespace("Shop");
    let put = put.metric_data(datum("Errors", 1_700_000_040, 3.0));
    let put = put.metric_data(datum("Calls", 1_700_000_041, 12.0));
    put.metric_data(datum("Calls", 1_700_000_100, 5.0)).send().await.unwrap();
    let metric = |id: &str, name: &str| {
        let stat = query("Shop", name, &[], "Sum", 60).metric_stat().unwrap().clone();
        MetricDataQuery::builder().id(id).metric_stat(stat).return_data(false).build()
    };
    let rate = MetricDataQuery::builder().id("rate").expression("100 * errors / calls");
    let get = client
        .get_metric_data()
        .metric_data_queries(rate.label("error rate").build())
        .metric_data_queries(metric("errors", "Errors"))
        .metric_data_queries(metric("calls", "Calls"));
    let get = get.start_time(DateTime::from_secs(1_700_000_040));
    let answer = get.end_time(DateTime::from_secs(1_700_000_160)).send().await.unwrap();
    assert_eq!(answer.metric_data_results().len(), 1, "what is not to be returned is not");
    let result = &answer.metric_data_results()[0];
    assert_eq!((result.label(), result.values()), (Some("error rate"), [25.0].as_slice()));
}

#[tokio::test]
async fn data_beyond_a_page_comes_with_the_token() {
    let fixture = Fixture::start(|_| {}).await;
    let client = fixture.cloudwatch();
    let mut put = client.put_metric_data().namespace("Shop");
    for minute in 0..5 {
        let at = DateTime::from_secs(1_700_000_040 + 60 * minute);
        let datum = MetricDatum::builder().metric_name("Took").timestamp(at);
        put = put.metric_data(datum.value(minute as f64).build());
    }
    put.send().await.unwrap();
    let (mut token, mut values, mut pages) = (None, Vec::new(), 0);
    loop {
        let get = client.get_metric_data().max_datapoints(2).set_next_token(token);
        let get = get
            .metric_data_queries(query("Shop", "Took", &[], "Sum", 60))
            .scan_by(ScanBy::TimestampAscending)
            .start_time(DateTime::from_secs(1_700_000_040))
            .end_time(DateTime::from_secs(1_700_000_340));
        let answer = get.send().await.unwrap();
        values.extend_from_slice(answer.metric_data_results()[0].values());
        pages += 1;
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!((pages, values), (3, vec![0.0, 1.0, 2.0, 3.0, 4.0]));
}

#[tokio::test]
async fn statistics_of_a_metric_have_percentiles_and_its_unit() {
    let fixture = Fixture::start(|_| {}).await;
    let client = fixture.cloudwatch();
    let values: Vec<f64> = (1..=40).map(f64::from).collect();
    let datum = MetricDatum::builder()
        .metric_name("Took")
        .unit(StandardUnit::Milliseconds)
        .timestamp(DateTime::from_secs(1_700_000_040))
        .set_values(Some(values));
    client.put_metric_data().namespace("Shop").metric_data(datum.build()).send().await.unwrap();
    let get = client.get_metric_statistics().namespace("Shop").metric_name("Took").period(60);
    let get = get
        .start_time(DateTime::from_secs(1_700_000_040))
        .end_time(DateTime::from_secs(1_700_000_100))
        .statistics(Statistic::Maximum)
        .statistics(Statistic::Average);
    let answer = get.extended_statistics("p90").extended_statistics("p50").send().await.unwrap();
    let point = &answer.datapoints()[0];
    assert_eq!((point.maximum(), point.average(), point.sum()), (Some(40.0), Some(20.5), None));
    assert_eq!(point.unit(), Some(&StandardUnit::Milliseconds));
    let extended = point.extended_statistics().unwrap();
    assert_eq!((extended["p90"], extended["p50"]), (36.0, 20.0));
}
