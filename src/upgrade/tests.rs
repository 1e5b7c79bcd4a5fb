use super::*;
use crate::catalog::kubernetes::{API_SERVERS_APART, kubelet_fits};
use crate::{Input, compile};

/// Facts of a small cluster at a version.
fn facts(version: &str) -> Facts {
    let text = include_str!("tests/cluster.yaml").replace("VERSION", version);
    let world = crate::world::Memory::new("2026-09-20").with("blueprint.yaml", text);
    let input =
        Input { world: &world, blueprint: camino::Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<_> =
        compilation.diagnostics.iter().map(|found| (found.rule.name, &found.message)).collect();
    match compilation.plan {
        Some(plan) => plan.facts,
        None => panic!("{found:?}"),
    }
}

fn to(version: &str) -> VersionChoice {
    version.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn no_minor_is_skipped_and_no_step_is_too_many() {
    for (from, target, minors) in [
        ("1.35", "1.37", vec!["1.36", "1.37"]),
        ("1.36", "1.37", vec!["1.37"]),
        ("1.37", "1.37", vec![]),
    ] {
        let way = way(&facts(from), "main", &to(target)).unwrap();
        let passed: Vec<String> =
            way.steps.iter().map(|step| step.to.series().to_string()).collect();
        assert_eq!(passed, minors, "{from} to {target}");
        for pair in way.steps.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
        }
    }
}

#[test]
fn a_patch_is_one_step() {
    let way = way(&facts("1.36.2"), "main", &to("1.36.4")).unwrap();
    assert_eq!(way.steps.len(), 1);
    assert_eq!(way.steps[0].to.to_string(), "1.36.4");
}

#[test]
fn at_no_moment_is_the_skew_policy_broken() {
    let facts = facts("1.35");
    let way = way(&facts, "main", &to("1.37")).unwrap();
    let machines = &facts.machines["main"].machines;
    let mut versions: std::collections::BTreeMap<&str, SemVer> =
        machines.iter().map(|machine| (&*machine.name, way.steps[0].from.clone())).collect();
    for step in &way.steps {
        for turn in &step.turns {
            versions.insert(&turn.machine, step.to.clone());
            let of = |role| {
                machines
                    .iter()
                    .filter(move |machine| machine.role == role)
                    .map(|machine| versions[&*machine.name].series())
            };
            let oldest = of(NodeRole::ControlPlane).min().unwrap();
            let newest = of(NodeRole::ControlPlane).max().unwrap();
            assert!(newest.minor() - oldest.minor() <= API_SERVERS_APART);
            // A control plane's own kubelet is as new as its API server, and asks only that one.
            for kubelet in of(NodeRole::Worker) {
                assert!(kubelet_fits(kubelet, oldest), "{} before the API servers", turn.machine);
            }
        }
    }
    assert!(versions.values().all(|version| version.series().to_string() == "1.37"));
}

#[test]
fn only_one_machine_of_a_step_is_first_and_every_node_is_drained() {
    let way = way(&facts("1.36"), "main", &to("1.37")).unwrap();
    let text = way.to_text();
    assert_eq!(text.matches(" first\n").count(), 1, "{text}");
    assert_eq!(text.matches("kubectl drain").count(), 4, "{text}");
    assert_eq!(text.matches("kubectl uncordon").count(), 4, "{text}");
    assert!(text.contains("sudo node-upgrade 1.37."), "{text}");
    let first = text.find("control-plane-1").unwrap();
    assert!(first < text.find("drain general-1").unwrap(), "{text}");
}

#[test]
fn what_is_unknown_is_in_the_way_until_somebody_accepts_it() {
    let way = way(&facts("1.36"), "main", &to("1.37")).unwrap();
    assert!(way.obstacles.iter().any(|obstacle| obstacle.what.contains("containerd")));
    assert!(!way.is_open(false));
    assert!(way.is_open(true));
    let refused = Obstacle { certainty: Certainty::Refused, ..way.obstacles[0].clone() };
    let way = Upgrade { obstacles: vec![refused], ..way };
    assert!(!way.is_open(true));
}

#[test]
fn there_is_no_way_back_nor_to_what_nobody_knows() {
    let facts = facts("1.36");
    assert!(matches!(way(&facts, "main", &to("1.35")), Err(NoWay::Back { .. })));
    assert!(matches!(way(&facts, "main", &to("1.99")), Err(NoWay::Unknown { .. })));
    assert!(matches!(way(&facts, "other", &to("1.37")), Err(NoWay::NoMachines(_))));
}
