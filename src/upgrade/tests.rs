use super::*;
use crate::catalog::kubernetes::{API_SERVERS_APART, kubelet_fits};
use crate::{Input, compile};

/// A small cluster at a version.
fn planned(version: &str) -> Plan {
    let text = include_str!("tests/cluster.yaml").replace("VERSION", version);
    let world = crate::world::Memory::new("2026-09-20").with("blueprint.yaml", text);
    let input =
        Input { world: &world, blueprint: camino::Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<_> =
        compilation.diagnostics.iter().map(|found| (found.rule.name, &found.message)).collect();
    match compilation.plan {
        Some(plan) => plan,
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
        let way = way(&planned(from), "main", &to(target)).unwrap();
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
    let way = way(&planned("1.36.2"), "main", &to("1.36.4")).unwrap();
    assert_eq!(way.steps.len(), 1);
    assert_eq!(way.steps[0].to.to_string(), "1.36.4");
}

#[test]
fn at_no_moment_is_the_skew_policy_broken() {
    let plan = planned("1.35");
    let way = way(&plan, "main", &to("1.37")).unwrap();
    let machines = &plan.facts.machines["main"].machines;
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
    let way = way(&planned("1.36"), "main", &to("1.37")).unwrap();
    let text = way.to_text(&|at| at.path.to_string());
    assert_eq!(text.matches(" first\n").count(), 1, "{text}");
    assert_eq!(text.matches("kubectl drain").count(), 4, "{text}");
    assert_eq!(text.matches("kubectl uncordon").count(), 4, "{text}");
    assert!(text.contains("sudo node-upgrade 1.37."), "{text}");
    let first = text.find("control-plane-1").unwrap();
    assert!(first < text.find("drain general-1").unwrap(), "{text}");
}

#[test]
fn what_is_unknown_is_in_the_way_until_somebody_accepts_it() {
    let way = way(&planned("1.36"), "main", &to("1.37")).unwrap();
    assert!(way.obstacles.iter().any(|obstacle| obstacle.what.contains("containerd")));
    assert!(!way.is_open(false));
    assert!(way.is_open(true));
    let refused = Obstacle { certainty: Certainty::Refused, ..way.obstacles[0].clone() };
    let way = Upgrade { obstacles: vec![refused], ..way };
    assert!(!way.is_open(true));
}

#[test]
fn there_is_no_way_back_nor_to_what_nobody_knows() {
    let plan = planned("1.36");
    assert!(matches!(way(&plan, "main", &to("1.35")), Err(NoWay::Back { .. })));
    assert!(matches!(way(&plan, "main", &to("1.99")), Err(NoWay::Unknown { .. })));
    assert!(matches!(way(&plan, "other", &to("1.37")), Err(NoWay::NoMachines(_))));
}

/// A small cluster at a version, with releases.
fn with_releases(version: &str, releases: &str) -> Plan {
    let text = include_str!("tests/cluster.yaml").replace("VERSION", version);
    let world = crate::world::Memory::new("2026-09-20")
        .with("blueprint.yaml", format!("{text}\nreleases:\n{releases}"));
    let input =
        Input { world: &world, blueprint: camino::Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<_> = compilation.diagnostics.iter().map(|found| &found.message).collect();
    compilation.plan.unwrap_or_else(|| panic!("{found:?}"))
}

fn release(name: &str, chart: &str, version: &str, values: &str) -> String {
    format!(
        "  {name}: {{team: shop, chart: {chart}, version: {version}, repository: \"https://charts.example.org\", \
         values: {values}}}\n"
    )
}

fn moved(moves: &[Move]) -> Vec<String> {
    moves.iter().map(|one| format!("{} {} to {}", one.chart, one.from, one.to)).collect()
}

#[test]
fn a_chart_moves_before_the_control_planes_if_a_version_is_tested_with_both_minors() {
    let releases = release("certificates", "cert-manager", "1.20.3", "{}")
        + &release("numbers", "metrics-server", "3.13.1", "{}");
    let way = way(&with_releases("1.35", &releases), "main", &to("1.36")).unwrap();
    assert_eq!(moved(&way.steps[0].before), ["cert-manager 1.20.3 to 1.21.1"]);
    assert_eq!(moved(&way.steps[0].after), Vec::<String>::new());
    assert!(!way.obstacles.iter().any(|one| one.what.contains("cert-manager")), "{way:?}");
    let text = way.to_text(&|at| at.path.to_string());
    let position = |what| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(position("cert-manager 1.20.3 to 1.21.1") < position("kubectl drain control-plane-1"));
}

#[test]
fn a_chart_that_the_next_minor_breaks_moves_first_and_one_without_a_way_is_in_the_way() {
    let releases = release("addresses", "metallb", "0.15.3", "{}")
        + &release("delivery", "argo-cd", "9.5.11", "{}");
    let way = way(&with_releases("1.35", &releases), "main", &to("1.36")).unwrap();
    assert_eq!(moved(&way.steps[0].before), ["metallb 0.15.3 to 0.16.1"]);
    let argo = way.obstacles.iter().find(|one| one.what.contains("argo-cd 9.5.11"));
    assert_eq!(argo.map(|one| one.certainty), Some(Certainty::Unknown), "{:?}", way.obstacles);
    let after = argo.map(|one| one.help.as_str()).unwrap_or_default();
    assert!(after.contains("tested-kubernetes-versions"), "{after}");
}

#[test]
fn where_no_version_is_tested_with_both_the_chart_comes_after_and_somebody_must_accept_it() {
    let releases = release("secrets", "external-secrets", "1.3.0", "{}");
    let way = way(&with_releases("1.34", &releases), "main", &to("1.35")).unwrap();
    let told = way.obstacles.iter().find(|one| one.what.contains("external-secrets 1.3.0"));
    assert_eq!(told.map(|one| one.certainty), Some(Certainty::Unknown));
    assert!(told.is_some_and(|one| one.help.contains("no version is tested with 1.34 and 1.35")));
    assert_eq!(moved(&way.steps[0].before), Vec::<String>::new());
    assert_eq!(moved(&way.steps[0].after), ["external-secrets 1.3.0 to 2.8.0"]);
}

#[test]
fn without_a_new_kubernetes_charts_go_to_the_newest_version_that_fits() {
    let releases = release("secrets", "external-secrets", "2.8.0", "{}")
        + &release("delivery", "argo-cd", "9.5.11", "{}");
    let last = |version| moved(&stay(&with_releases(version, &releases), "main").unwrap().last);
    // 2.9 is for 1.36 only, Argo CD 3.4 for nothing newer than 1.35.
    assert_eq!(last("1.35"), ["argo-cd 9.5.11 to 10.1.1"]);
    assert_eq!(last("1.36"), ["external-secrets 2.8.0 to 2.9.0"]);
}

#[test]
fn what_breaks_is_told_at_the_line_that_it_touches() {
    let values = "{prometheus: {enabled: true, servicemonitor: {path: /metrics}}}";
    let releases = release("certificates", "cert-manager", "1.20.3", values)
        + &release("addresses", "metallb", "0.15.3", "{speaker: {frr: {enabled: true}}}");
    let way = stay(&with_releases("1.35", &releases), "main").unwrap();
    let breaks: Vec<String> = way
        .last
        .iter()
        .flat_map(|one| &one.breaks)
        .map(|one| format!("{}: {}", one.at.path, one.what))
        .collect();
    assert_eq!(
        breaks,
        [
            "releases.addresses.values.speaker.frr: frr-k8s is on unless `frrk8s.enabled` is false, and excludes \
             `speaker.frr.enabled`",
            "releases.certificates.values.prometheus.servicemonitor.path: cert-manager 1.21.1 does not read \
             `prometheus.servicemonitor.path`",
        ]
    );
}

#[test]
fn a_chart_is_not_moved_past_a_resource_that_is_in_use() {
    let mut plan = with_releases("1.35", &release("network", "cilium", "1.19.6", "{}"));
    let at = At::root(crate::path::DocumentId::BASE).key("workloads").key("web");
    let id = crate::plan::UnitId {
        kind: crate::plan::UnitKind::Workload,
        name: "web".to_owned(),
        stage: crate::plan::Stage::Cluster("main".to_owned()),
    };
    let origin = crate::plan::Origin::lowered("workloads", [at.clone()]);
    let object = |version: &str| crate::tree!({"apiVersion": (version.to_owned()), "kind": "CiliumNodeConfig", "metadata": {"name": "x"}});
    let unit = plan.unit(id.clone(), &at);
    unit.add(crate::plan::Resource::tree(object("cilium.io/v2alpha1"), origin.clone()));
    let found = stay(&plan, "main").unwrap();
    assert_eq!(moved(&found.last), ["cilium 1.19.6 to 1.20.0"]);
    let refused: Vec<_> =
        found.obstacles.iter().filter(|one| one.certainty == Certainty::Refused).collect();
    assert_eq!(refused.len(), 1, "{found:?}");
    assert_eq!(refused[0].at, at);
    assert!(!found.is_open(true));

    plan.units.remove(&id);
    plan.unit(id, &at).add(crate::plan::Resource::tree(object("cilium.io/v2"), origin));
    assert!(stay(&plan, "main").unwrap().obstacles.is_empty());
}

#[test]
fn what_runs_of_the_platform_is_what_the_lock_file_says() {
    let mut plan = planned("1.36");
    plan.previous.insert("cilium (main)".to_owned(), "1.19.6".to_owned());
    let last = stay(&plan, "main").unwrap().last;
    assert_eq!(moved(&last), ["cilium 1.19.6 to 1.20.0"]);
    assert!(last[0].platform && !last[0].breaks.is_empty());
}
