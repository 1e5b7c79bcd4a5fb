use super::*;
use crate::passes::tests::cluster_plan;
use crate::plan::nodes::Encryption;

fn runbooks(plan: &Plan) -> Vec<(&str, &str)> {
    plan.artifacts
        .iter()
        .filter(|artifact| artifact.path.starts_with("runbooks/main/"))
        .map(|artifact| (artifact.path.as_str(), artifact.text.as_str()))
        .collect()
}

/// Every choice that changes a runbook.
fn variants() -> Vec<Plan> {
    let mut variants = Vec::new();
    for etcd in [EtcdTopology::Stacked, EtcdTopology::External] {
        for exists in [false, true] {
            for encryption in [Encryption::Secretbox, Encryption::None] {
                let mut plan = cluster_plan();
                let Some(kubernetes) = plan.facts.kubernetes.get_mut("main") else { continue };
                kubernetes.etcd = etcd;
                kubernetes.exists = exists;
                kubernetes.encryption = encryption;
                if etcd == EtcdTopology::External
                    && let Some(machines) = plan.facts.machines.get_mut("main")
                    && let Some(first) = machines.machines.first().cloned()
                {
                    for number in 1..=3 {
                        let name = format!("etcd-{number}");
                        let role = NodeRole::Etcd;
                        machines.machines.push(Machine { name, role, ..first.clone() });
                    }
                }
                crate::passes::derive(&mut plan);
                variants.push(plan);
            }
        }
    }
    variants
}

#[test]
fn every_runbook_is_made_of_every_choice() {
    for plan in variants() {
        let runbooks = runbooks(&plan);
        assert_eq!(runbooks.len(), RUNBOOKS.len());
        for (path, text) in runbooks {
            assert!(!text.contains("{{") && !text.contains("{%"), "{path}");
            assert!(!text.contains("@@SECRET"), "{path}");
            assert!(text.starts_with("# main: ") && text.ends_with('\n'), "{path}");
            assert_eq!(text.matches("```").count() % 2, 0, "{path}");
            let machines = &plan.facts.machines["main"].machines;
            assert!(
                machines.iter().any(|machine| text.contains(&machine.name)),
                "{path} names no machine"
            );
        }
    }
}

#[test]
fn a_table_has_a_row_for_every_machine() {
    let mut plan = cluster_plan();
    crate::passes::derive(&mut plan);
    let machines = &plan.facts.machines["main"].machines;
    let (_, text) = runbooks(&plan)
        .into_iter()
        .find(|(path, _)| path.ends_with("bootstrap.md"))
        .unwrap_or_default();
    for machine in machines {
        assert!(text.contains(&format!("\n| {} |", machine.name)), "{}", machine.name);
    }
}

#[test]
fn only_the_first_control_plane_is_told_to_be_first() {
    let mut plan = cluster_plan();
    crate::passes::derive(&mut plan);
    let runbooks = runbooks(&plan);
    let (_, text) = runbooks.iter().find(|(path, _)| path.ends_with("upgrade.md")).unwrap();
    assert_eq!(text.matches("\" first\n").count(), 1, "{text}");
}
