//! What a workload states about itself, so that passes derive policies, routes, budgets, monitors and secrets.

use super::{selector, service};
use crate::component::Situation;
use crate::components::workloads::model::{Content, Kind, Secret, VolumeKind, Workload};
use crate::field;
use crate::path::At;
use crate::plan::{
    Channel, Exposure, Peer, Plan, Replicas, Requests, Scrape, SecretEntry, SecretNeed, Stage,
    UnitId,
};

const COMPONENT: &str = "workloads";

/// The units that must be healthy first, each with the field that says so.
pub fn ordered<'a>(
    workload: &'a Workload,
    at: &'a At,
    id: &'a UnitId,
) -> impl Iterator<Item = (UnitId, At)> + 'a {
    workload.connects.iter().filter_map(move |connect| {
        let unit = connect.awaited(id)?;
        Some((unit, field!(at, workload.connects).index(connect.index)))
    })
}

/// States everything that is not an object of the workload itself.
pub fn state(
    workload: &Workload,
    at: &At,
    situation: &Situation<'_>,
    unit: &UnitId,
    plan: &mut Plan,
) {
    let namespace = match situation.stage {
        Stage::Base => String::new(),
        _ => situation.namespace(&workload.team),
    };
    let name = workload.name.to_string();
    let facts = &mut plan.facts;
    if let Some(expose) = &workload.expose {
        let place = field!(at, workload.expose);
        facts.exposures.push(Exposure {
            unit: unit.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            service: name.clone(),
            port: expose.port.port,
            pods: selector(&workload.name),
            socket: expose.port,
            channel: Channel {
                host: expose.host.clone(),
                path: expose.path.to_string(),
                at: field!(place, expose.host),
            },
            component: COMPONENT,
            at: place,
        });
    }
    if let Some(metrics) = &workload.metrics {
        let mut labels = selector(&workload.name);
        labels.insert(service::SERVICE_LABEL.to_owned(), "balanced".to_owned());
        facts.scrapes.push(Scrape {
            unit: unit.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            labels,
            port: metrics.port.to_string(),
            pods: selector(&workload.name),
            socket: metrics.socket,
            path: metrics.path.to_string(),
            interval: metrics.interval.as_secs(),
            component: COMPONENT,
            at: field!(at, workload.metrics),
        });
    }
    if !matches!(workload.kind, Kind::CronJob(_)) {
        facts.replicas.push(Replicas {
            unit: unit.clone(),
            namespace: namespace.clone(),
            name,
            labels: selector(&workload.name),
            least: workload.scale.min,
            unavailable: workload.disruption.max_unavailable,
            component: COMPONENT,
            at: field!(at, workload.disruption),
        });
    }
    let entries = secrets(workload, at);
    if !entries.is_empty() {
        facts.secrets.push(SecretNeed {
            unit: unit.clone(),
            namespace: namespace.clone(),
            name: workload.store_secret(),
            entries,
            component: COMPONENT,
        });
    }
    if *situation.stage != Stage::Base {
        flows(workload, at, situation, &namespace, plan);
        plan.facts.requests.push(requests(workload, at, situation.stage, namespace));
    }
}

/// What the store must give: variables, and files.
fn secrets(workload: &Workload, at: &At) -> Vec<SecretEntry> {
    let variables = workload.secrets.iter().filter_map(|(name, secret)| match secret {
        Secret::Store(reference) => Some(SecretEntry {
            key: name.to_string(),
            reference: reference.clone(),
            at: field!(at, workload.secrets).key(name),
        }),
        Secret::Key { .. } => None,
    });
    let files = workload.files.iter().filter_map(|file| match &file.content {
        Content::Secret(reference) => Some(SecretEntry {
            key: file.key.clone(),
            reference: reference.clone(),
            at: field!(at, workload.files).key(&file.path).key("secret"),
        }),
        Content::Text(_) | Content::Binary(_) => None,
    });
    let logins = workload.logins.iter().map(|login| SecretEntry {
        key: login.password.0.clone(),
        reference: login.password.1.clone(),
        at: field!(at, workload.connects).index(login.index),
    });
    variables.chain(files).chain(logins).collect()
}

fn flows(
    workload: &Workload,
    at: &At,
    situation: &Situation<'_>,
    namespace: &str,
    plan: &mut Plan,
) {
    for connect in &workload.connects {
        let place = field!(at, workload.connects).index(connect.index);
        let labels = selector(&workload.name);
        let from = Peer::Pods { namespace: namespace.to_owned(), labels };
        plan.facts.flows.push(connect.flow(from, situation, COMPONENT, place));
    }
}

fn requests(workload: &Workload, at: &At, stage: &Stage, namespace: String) -> Requests {
    let claimed: u64 = workload
        .volumes
        .values()
        .map(|volume| match &volume.kind {
            VolumeKind::Claim { size, .. } => size.get(),
            VolumeKind::Scratch { .. } => 0,
        })
        .fold(0, u64::saturating_add);
    // Each copy of a StatefulSet claims for itself.
    let copies = match workload.kind {
        Kind::StatefulSet => workload.most(),
        Kind::Deployment | Kind::CronJob(_) => 1,
    };
    Requests {
        stage: stage.clone(),
        namespace,
        cpu: workload.resources.cpu.millicores(),
        memory: workload.resources.memory.get(),
        storage: claimed.saturating_mul(copies.into()),
        least: workload.least(),
        most: workload.most(),
        at: field!(at, workload.resources),
    }
}
