//! The template breaks no rule, and each fault that is planted in it is noticed by its rule.

use std::collections::BTreeSet;

use policy::{Original, RULES, Template, check, mutants};

const TEMPLATE: &str = include_str!("../../template.yaml");

#[test]
fn the_template_breaks_no_rule() {
    let violations = check(&Template::parse(TEMPLATE).unwrap());
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn every_planted_fault_is_noticed_by_its_rule() {
    let original = Original::parse(TEMPLATE).unwrap();
    let survived = mutants().filter(|mutant| !mutant.is_noticed(&original).unwrap());
    let survived: Vec<String> =
        survived.map(|mutant| format!("{}: {}", mutant.rule, mutant.what)).collect();
    assert!(survived.is_empty(), "survived:\n{}", survived.join("\n"));
}

#[test]
fn every_rule_has_a_fault_that_it_notices() {
    let noticed: BTreeSet<&str> = mutants().map(|mutant| mutant.rule).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(noticed, rules);
    assert_eq!(rules.len(), RULES.len(), "an id twice");
}

/// The template's own rules keep out what ours would find: a key alone in production, a lock that
/// can be shortened. What is left is looked at in both arms of every condition.
#[test]
fn every_condition_is_true_in_one_way_to_deploy_and_false_in_another() {
    let template = Template::parse(TEMPLATE).unwrap();
    let scenarios = template.scenarios();
    let told: Vec<String> = scenarios.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|t| t == "the defaults"));
    for (with, without) in [
        ("Environment=production", "RequestAuthorization=API_KEY"),
        ("RequestAuthorization=MUTUAL_TLS", "VpcId="),
        ("RequestAuthorization=MUTUAL_TLS", "Dashboard=NONE"),
        ("ProxiedInstance=", "RouteTableIds="),
        ("DatabaseSecretArn=", "ProxiedInstance="),
        ("GatewayLogsRoleArn=", "AlarmEmail="),
        ("AlarmEmail=", "GatewayLogsRoleArn="),
        ("VpcId=", "AlarmEmail="),
        ("RetentionYears=100", "VpcId="),
    ] {
        let found = told.iter().any(|t| t.contains(with) && !t.contains(without));
        assert!(found, "{with} without {without}");
    }
    for never in [["Environment=production", "API_KEY"], ["Environment=staging", "API_KEY"]] {
        assert!(!told.iter().any(|t| never.iter().all(|word| t.contains(word))), "{never:?}");
    }
    let unlocked = |t: &&String| {
        t.contains("Environment=production") && !t.contains("ObjectLockMode=COMPLIANCE")
    };
    assert_eq!(told.iter().find(unlocked), None);
}
