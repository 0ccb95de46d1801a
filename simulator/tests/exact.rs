//! Queues whose answer theory knows exactly. Each estimate must be within 3 standard errors of it,
//! and its standard error small enough for that to mean something.
//!
//! `cargo test --release -p simulator --test exact -- --nocapture --test-threads 1` prints them all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the numbers are the proof")]

use simulator::{Estimate, QueueModel, QueueReport, simulate_queue};

fn run(text: &str) -> QueueReport {
    let report = simulate_queue(&QueueModel::parse(text, "test").unwrap(), 2);
    let little = report.littles_law_difference;
    // A bias of at most the customers at the two edges of all batches; the spread says how many.
    assert!(
        little.standard_error.is_nan() || little.value.abs() <= 3.0 * little.standard_error + 1e-9,
        "Little's law is off: {little:?}"
    );
    report
}

/// Within 3 standard errors, and the standard error at most `precision` of the value.
#[track_caller]
fn is(name: &str, estimate: Estimate, exact: f64, precision: f64) {
    let Estimate { value, standard_error } = estimate;
    let off = (value - exact).abs();
    let errors = (value - exact) / standard_error;
    println!(
        "{name:<24} exactly {exact:>12.6}, {value:>12.6} +- {standard_error:.6} ({errors:+.1})"
    );
    assert!(off <= 3.0 * standard_error, "{name}: {value} +- {standard_error}, exactly {exact}");
    assert!(
        standard_error <= precision * exact.abs(),
        "{name}: {value} +- {standard_error} is too coarse for {exact}"
    );
}

/// Erlang's loss probability, by his recursion.
fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b))
}

/// Erlang's probability of waiting.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let b = erlang_b(servers, offered);
    let load = offered / f64::from(servers);
    b / (1.0 - load * (1.0 - b))
}

#[test]
fn m_m_c_waits_as_erlang_c_says() {
    for (servers, load, customers, precision) in [
        (1, 0.5, 2_000_000, 0.01),
        (10, 0.8, 2_000_000, 0.04),
        (100, 0.95, 2_000_000, 0.1),
        (1_250, 0.98, 4_000_000, 0.1),
    ] {
        let rate = load * f64::from(servers);
        let report = run(&format!(
            "customers = {customers}\n[arrivals.poisson]\nrate_per_s = {rate}\n\
             [service.exponential]\nmean_s = 1.0\n[queue]\nservers = {servers}\n"
        ));
        let c = erlang_c(servers, rate);
        let spare = f64::from(servers) - rate;
        is("P(wait)", report.delay_probability, c, precision);
        is("mean wait", report.wait_s.mean, c / spare, precision);
        is("queue length", report.queue_length, rate * c / spare, precision);
        is("busy servers", report.busy_servers, rate, precision);
        // P(W > t) = C exp(-spare t), so its 99th percentile is ln(C / 0.01) / spare.
        is("p99 of the wait", report.wait_s.p99, (c / 0.01).ln() / spare, precision);
    }
}

/// Published: C(10, 8) = 0.40918, as in the usual tables.
#[test]
fn the_formulas_of_this_file_give_the_published_numbers() {
    assert!((erlang_c(10, 8.0) - 0.409_18).abs() < 5e-6);
    assert!((erlang_b(10, 8.0) - 0.121_661).abs() < 5e-7);
    assert!((erlang_b(100, 95.0) - 0.048_804).abs() < 5e-7);
}

#[test]
fn m_d_1_waits_half_of_m_m_1() {
    for (load, wait) in [(0.5, 0.5), (0.8, 2.0), (0.95, 9.5)] {
        let report = run(&format!(
            "customers = 4_000_000\n[arrivals.poisson]\nrate_per_s = {load}\n\
             [service.deterministic]\nvalue_s = 1.0\n"
        ));
        is("mean wait", report.wait_s.mean, wait, 0.03);
        is("utilisation", report.utilisation.unwrap(), load, 0.01);
    }
}

/// Pollaczek-Khinchine: Wq = rho (1 + cv2) / (2 (1 - rho)) E[S].
#[test]
fn m_g_1_waits_as_pollaczek_and_khinchine_say() {
    for (service, mean, cv2) in [
        ("lognormal]\nmean_s = 1.0\ncv2 = 4.0", 1.0, 4.0),
        ("erlang]\nmean_s = 1.0\nstages = 3", 1.0, 1.0 / 3.0),
        ("gamma]\nmean_s = 1.0\ncv2 = 2.0", 1.0, 2.0),
        // E[S^2] = 2 (0.9 * 0.25 + 0.1 * 30.25) = 6.5 at a mean of 1.
        ("hyperexponential]\nprobabilities = [0.9, 0.1]\nmeans_s = [0.5, 5.5]", 1.0, 5.5),
        // Variance 2^2 / 12.
        ("uniform]\nfrom_s = 0.0\nto_s = 2.0", 1.0, 1.0 / 3.0),
        // Mean 4/3 * 0.75 = 1 at shape 4; cv2 = 1 / (4 * 2).
        ("pareto]\nminimum_s = 0.75\nshape = 4.0", 1.0, 0.125),
        // 0.5 or 3, weights 4 and 1: mean 1, E[S^2] = 0.2 + 1.8 = 2, cv2 = 2 - 1.
        ("empirical]\nvalues_s = [0.5, 3.0]\nweights = [4.0, 1.0]", 1.0, 1.0),
        // (0, 1) and (1, 3), 2 to 1: mean 1, E[S^2] = 2/3 * 1/3 + 1/3 * 13/3 = 5/3.
        ("histogram]\nedges_s = [0.0, 1.0, 3.0]\ncounts = [2.0, 1.0]", 1.0, 2.0 / 3.0),
    ] {
        let load = 0.7;
        let report = run(&format!(
            "customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = {load}\n[service.{service}\n"
        ));
        let wait = load * (1.0 + cv2) / (2.0 * (1.0 - load)) * mean;
        is(service, report.wait_s.mean, wait, 0.03);
    }
}

/// The number in M/G/infinity is Poisson whatever the service.
#[test]
fn m_g_infinity_holds_a_poisson_number() {
    let report = run("customers = 4_000_000\n[arrivals.poisson]\nrate_per_s = 50.0\n\
         [service.lognormal]\nmean_s = 1.0\ncv2 = 4.0\n[queue]\nservers = \"infinite\"\n");
    is("in system", report.in_system, 50.0, 0.01);
    assert_eq!(report.wait_s.max, 0.0);
    assert!(report.utilisation.is_none());
    let few: f64 = report.in_system_probability[..=40].iter().sum();
    assert!((few - 0.086_07).abs() < 0.003, "{few}");
}

/// Erlang B does not depend on the service's distribution.
#[test]
fn loss_systems_block_as_erlang_b_says() {
    for (servers, offered, service) in [
        (10, 8.0, "deterministic]\nvalue_s = 1.0"),
        (10, 8.0, "exponential]\nmean_s = 1.0"),
        (100, 95.0, "deterministic]\nvalue_s = 1.0"),
    ] {
        let report = run(&format!(
            "customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = {offered}\n\
             [service.{service}\n[queue]\nservers = {servers}\ncapacity = {servers}\n"
        ));
        is("blocking", report.blocking_probability, erlang_b(servers, offered), 0.02);
    }
}

/// M/M/1/K: p_K = (1 - rho) rho^K / (1 - rho^(K+1)).
#[test]
fn m_m_1_k_blocks_and_holds_what_its_formula_says() {
    let (rho, k) = (0.9_f64, 5);
    let report = run(&format!(
        "customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = {rho}\n\
         [service.exponential]\nmean_s = 1.0\n[queue]\ncapacity = {k}\n"
    ));
    let whole: f64 = (0..=k).map(|n| rho.powi(n)).sum();
    let blocked = rho.powi(k) / whole;
    is("blocking", report.blocking_probability, blocked, 0.01);
    let present: f64 = (0..=k).map(|n| f64::from(n) * rho.powi(n) / whole).sum();
    is("in system", report.in_system, present, 0.01);
    is("throughput", report.throughput_per_s, rho * (1.0 - blocked), 0.01);
}

/// Attempts are 1 + p + ... + p^(k-1), dead letters p^k.
#[test]
fn retries_are_geometric_and_end_as_dead_letters() {
    let report = run("customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = 0.3\n\
         [service.exponential]\nmean_s = 1.0\n[queue]\nservers = 2\n\
         [retry]\nfailure_probability = 0.2\nvisibility_timeout_s = 3.0\nmax_receive_count = 4\n");
    is("services", report.services_per_customer, 1.0 + 0.2 + 0.04 + 0.008, 0.01);
    is("dead letters", report.dead_letter_fraction, 0.2_f64.powi(4), 0.05);
    is("throughput", report.throughput_per_s, 0.3 * (1.0 - 0.2_f64.powi(4)), 0.01);
    let endless = run("customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = 0.6\n\
         [service.exponential]\nmean_s = 1.0\n[retry]\nfailure_probability = 0.25\n");
    is("services", endless.services_per_customer, 1.0 / 0.75, 0.01);
    // Bernoulli feedback without delay is M/M/1 with a load of 0.6 / 0.75 = 0.8.
    is("in system", endless.in_system, 4.0, 0.03);
}

/// M/G/1 with processor sharing: in system rho / (1 - rho), whatever the service.
#[test]
fn shared_processors_are_insensitive_to_the_service() {
    let report = run("customers = 2_000_000\n[arrivals.poisson]\nrate_per_s = 0.7\n\
         [service.lognormal]\nmean_s = 1.0\ncv2 = 3.0\n\
         [queue]\nservers = \"infinite\"\nprocessors = 1\n");
    is("in system", report.in_system, 0.7 / 0.3, 0.03);
}

/// GI/M/1: P(wait) is the root of s = A*(mu - mu s); with two-phase hyperexponential distances
/// A*(x) = sum p_i / (1 + m_i x).
#[test]
fn gi_m_1_waits_with_the_probability_of_its_root() {
    let report = run("customers = 4_000_000\n[arrivals.renewal.interarrival.hyperexponential]\n\
         probabilities = [0.6, 0.4]\nmeans_s = [0.5, 3.0]\n[service.exponential]\nmean_s = 1.0\n");
    let mut root = 0.5_f64;
    for _ in 0..1_000 {
        let x = 1.0 - root;
        root = 0.6 / (1.0 + 0.5 * x) + 0.4 / (1.0 + 3.0 * x);
    }
    is("P(wait)", report.delay_probability, root, 0.02);
    is("mean wait", report.wait_s.mean, root / (1.0 - root), 0.05);
}

/// M^[X]/M/1: L = rho (1 + E[X^2]/E[X]) / (2 (1 - rho)); groups of 3 at rho 0.6.
#[test]
fn groups_wait_for_each_other() {
    let report =
        run("customers = 2_000_000\n[arrivals.batch]\nbatches_per_s = 0.2\nsize = { fixed = 3 }\n\
         [service.exponential]\nmean_s = 1.0\n");
    is("in system", report.in_system, 0.6 * 4.0 / 0.8, 0.03);
    is("arrivals", report.arrival_rate_per_s, 0.6, 0.01);
}

/// The mean rate of a modulated process is that of its stationary states: 1/3 and 2/3.
#[test]
fn a_modulated_process_has_its_stationary_rate_and_infinite_servers_see_it() {
    let report = run("customers = 2_000_000\n[arrivals.mmpp]\nrates_per_s = [9.0, 1.5]\n\
         switch_per_s = [[0.0, 2.0], [1.0, 0.0]]\n[service.exponential]\nmean_s = 2.0\n\
         [queue]\nservers = \"infinite\"\n");
    is("arrivals", report.arrival_rate_per_s, 4.0, 0.01);
    is("in system", report.in_system, 8.0, 0.01);
}

/// Full batches of 4 (an infinite window): a batch begins with every fourth arrival, so the first
/// three wait 3, 2 and 1 distances. Equal distances of 1 s and a service of 0.5 s: 1.5 s.
#[test]
fn an_endless_window_waits_for_full_batches() {
    let report =
        run("customers = 4_000\nwarm_up = 0\n[arrivals.deterministic]\nrate_per_s = 1.0\n\
         [service.deterministic]\nvalue_s = 0.5\n[queue]\nbatch_size = 4\nbatch_window_s = inf\n");
    assert!((report.wait_s.mean.value - 1.5).abs() < 1e-9, "{:?}", report.wait_s.mean);
    assert!((report.customers_per_service.value - 4.0).abs() < 0.01);
}

/// A window of 2.5 s at one a second gathers three: they wait 2.5, 1.5 and 0.5 s.
#[test]
fn a_batch_window_closes_on_time() {
    let report = run(
        "customers = 3_000\nwarm_up = 0\nbatches = 10\n[arrivals.deterministic]\nrate_per_s = 1.0\n\
         [service.deterministic]\nvalue_s = 0.125\n[queue]\nbatch_size = 10\nbatch_window_s = 2.5\n",
    );
    assert!((report.wait_s.mean.value - 1.5).abs() < 1e-9, "{:?}", report.wait_s.mean);
    assert_eq!(report.wait_s.max, 2.5);
}

#[test]
fn the_same_seed_gives_the_same_result_on_any_number_of_threads() {
    let text = "customers = 20_000\nreplications = 5\nseed = 99\n[arrivals.poisson]\n\
                rate_per_s = 2.7\n[service.exponential]\nmean_s = 1.0\n[queue]\nservers = 3\n";
    let model = QueueModel::parse(text, "test").unwrap();
    let one = simulate_queue(&model, 1);
    for threads in [2, 3, 8] {
        assert_eq!(simulate_queue(&model, threads), one);
    }
    let other = QueueModel { seed: 100, ..model };
    assert_ne!(simulate_queue(&other, 1), one);
}

#[test]
fn arrivals_at_given_instants_end_when_they_end() {
    let report = run(
        "customers = 100\nwarm_up = 0\nbatches = 2\n[arrivals.times]\nat_s = [1.0, 1.0, 4.0]\n\
         [service.deterministic]\nvalue_s = 2.0\n",
    );
    // Waits of 0, 2 and 1 s.
    assert_eq!((report.customers, report.wait_s.mean.value), (3, 1.0));
    assert_eq!((report.counts.arrivals, report.counts.done), (3, 3));
}

#[test]
fn what_makes_no_model_is_named() {
    let refused = |text: &str| QueueModel::parse(text, "mine.toml").unwrap_err().to_string();
    let good = "[arrivals.poisson]\nrate_per_s = 1.0\n[service.exponential]\nmean_s = 0.5\n";
    let error = refused(&format!("{good}[queue]\nserver = 3\n"));
    assert!(error.contains("line 6") && error.contains("server"), "{error}");
    let error = refused(&good.replace("mean_s", "mean"));
    assert!(error.contains("line 4") && error.contains("mean,"), "{error}");
    let error = refused(&format!("custmers = 4\n{good}"));
    assert!(error.contains("line 1") && error.contains("custmers"), "{error}");
    let error = refused(&format!(
        "{}[queue]\nservers = 0\n[retry]\nfailure_probability = 1.5\n",
        good.replace("1.0", "-1.0")
    ));
    for part in ["arrivals.poisson.rate_per_s", "queue.servers", "retry.failure_probability"] {
        assert!(error.contains(part), "{error}");
    }
}
