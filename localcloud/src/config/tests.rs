//! Each refusal names what to change.

use super::*;

fn valid() -> CloudConfig {
    let mut config = CloudConfig::new("/nowhere");
    let queue = |name: &str, redrive| QueueConfig {
        name: name.to_owned(),
        visibility_timeout: Duration::from_secs(60),
        retention: Duration::from_secs(345_600),
        redrive,
    };
    let redrive = RedrivePolicy { dead_letter_queue: "dead".to_owned(), max_receive_count: 5 };
    config.queues = vec![queue("work", Some(redrive)), queue("dead", None)];
    config.functions = vec![FunctionConfig::new("worker", std::env::current_exe().unwrap())];
    config.event_sources = vec![EventSourceConfig {
        queue: "work".to_owned(),
        function: "worker".to_owned(),
        batch_size: 10,
        batching_window: Duration::ZERO,
        maximum_concurrency: 2,
        report_batch_item_failures: true,
        scaling: PollerScaling::default(),
        provisioned: None,
    }];
    config.buckets = vec!["documents".to_owned()];
    config.api = Some(ApiConfig {
        name: "orders".to_owned(),
        stage: "prod".to_owned(),
        routes: vec![RouteConfig {
            method: "PUT".to_owned(),
            path: "/v1/{n}".to_owned(),
            signed: false,
            api_key_required: true,
            throttle: None,
            request_schema: None,
            integration: SqsIntegration::send_message("work", &[("n", "$input.params('n')")]),
        }],
        api_keys: vec![ApiKey { id: "acme".to_owned(), value: "key".to_owned(), usage_plan: None }],
        ..ApiConfig::default()
    });
    config
}

fn problems(change: impl FnOnce(&mut CloudConfig)) -> String {
    let mut config = valid();
    change(&mut config);
    let texts: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
    texts.join("\n")
}

fn route(config: &mut CloudConfig) -> &mut RouteConfig {
    &mut config.api.as_mut().unwrap().routes[0]
}

#[test]
fn a_valid_configuration_has_no_problems() {
    assert_eq!(problems(|_| {}), "");
}

#[test]
fn each_problem_names_what_to_change() {
    type Change = fn(&mut CloudConfig);
    let cases: [(Change, &str); 17] = [
        (
            |c| c.event_sources[0].maximum_concurrency = 1,
            "maximum_concurrency of the event source from work to worker is 1, but must be between 2 and 1000",
        ),
        (|c| c.event_sources[0].maximum_concurrency = 1001, "is 1001"),
        (|c| c.event_sources[0].batch_size = 11, "batch_size"),
        (|c| c.event_sources[0].queue = "wrk".to_owned(), "names the queue wrk"),
        (|c| c.event_sources[0].function = "wrker".to_owned(), "names the function wrker"),
        (
            |c| c.functions[0].timeout = Duration::from_secs(61),
            "timeout of function worker (61 s) is over the visibility timeout of queue work (60 s)",
        ),
        (|c| c.functions[0].executable = "/no/such/bootstrap".into(), "/no/such/bootstrap"),
        (|c| c.functions[0].nice = -1, "nice of function worker"),
        (|c| c.queues[0].retention = Duration::from_secs(59), "retention of queue work"),
        (
            |c| c.queues[0].redrive.as_mut().unwrap().dead_letter_queue = "ded".to_owned(),
            "names the queue ded",
        ),
        (|c| c.queues[1].name = "work".to_owned(), "queue name work is used twice"),
        (|c| c.buckets[0] = "Documents".to_owned(), "\"Documents\" is not a valid bucket name"),
        (
            |c| route(c).integration.queue = "q".to_owned(),
            "the route PUT /v1/{n} names the queue q",
        ),
        (|c| route(c).signed = true, "add users"),
        (
            |c| route(c).integration.timeout = Duration::from_millis(49),
            "the integration timeout of PUT /v1/{n}, in milliseconds is 49",
        ),
        (
            |c| c.api.as_mut().unwrap().api_keys[0].usage_plan = Some("gold".to_owned()),
            "the API key acme names the usage plan gold",
        ),
        (|c| route(c).path = "v1/{n}".to_owned(), "starts with /"),
    ];
    for (change, expected) in cases {
        let found = problems(change);
        assert!(found.contains(expected), "{expected:?} is not in {found:?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let found = problems(|config| {
        config.event_sources[0].batch_size = 0;
        config.queues[0].visibility_timeout = Duration::from_secs(50_000);
    });
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn reservations_leave_a_hundred_places_to_the_others() {
    assert_eq!(problems(|c| c.functions[0].reserved_concurrency = Some(900)), "");
    let too_many = problems(|c| c.functions[0].reserved_concurrency = Some(901));
    assert!(too_many.contains("reserved_concurrency of all functions is 901"), "{too_many}");
}

/// 3 pollers at least make 30 invocations at once, 7 at most 70.
#[test]
fn provisioned_pollers_replace_concurrency_and_growth() {
    let provisioned = |minimum, maximum| Some(ProvisionedPollers { minimum, maximum });
    let mut config = valid();
    let source = &mut config.event_sources[0];
    assert_eq!((source.invocations_max(), source.growth().start), (2, 5));
    source.provisioned = provisioned(3, 7);
    assert_eq!(source.invocations_max(), 70);
    assert_eq!(source.growth(), PollerScaling { start: 30, added_per_minute: 1000 });
    for (minimum, maximum, fine) in [
        (2, 2, true),
        (200, 2000, true),
        (1, 7, false),
        (201, 300, false),
        (7, 6, false),
        (2, 2001, false),
    ] {
        let found = problems(|c| c.event_sources[0].provisioned = provisioned(minimum, maximum));
        assert_eq!(found.is_empty(), fine, "{minimum} to {maximum}: {found}");
    }
}
