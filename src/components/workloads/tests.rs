//! What workloads become, object by object.

use camino::Utf8Path;

use crate::k8s::kinds;
use crate::k8s::tree::Tree;
use crate::plan::{Body, Peer, Plan, Resource, Stage, Unit, UnitKind};
use crate::tree;
use crate::world::Memory;
use crate::{Input, compile};

const HEADER: &str = "\
apiVersion: groundplan.dev/v1alpha1
kind: Blueprint
metadata: {name: acme, version: 1.0.0}
repository: {url: \"https://git.example.org/estate.git\"}
clusters: {main: {}}
environments: {production: {cluster: main}}
teams: {shop: {owners: [\"group:shop\"]}, bank: {owners: [\"group:bank\"]}}
externals: {card-network: {cidrs: [203.0.113.0/28], ports: [443]}}
workloads:
";

fn plan_in(world: Memory, workloads: &str) -> Plan {
    let world = world.with("blueprint.yaml", format!("{HEADER}{workloads}"));
    let input = Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).expect("readable");
    let found: Vec<_> = compilation.diagnostics.iter().map(|one| &one.message).collect();
    compilation.plan.unwrap_or_else(|| panic!("{found:?}"))
}

fn plan(workloads: &str) -> Plan {
    plan_in(Memory::new("2026-11-24"), workloads)
}

/// One workload `web` of the team `shop` with these fields.
fn web(fields: &str) -> Plan {
    plan(&format!("  web: {{team: shop, image: \"example.org/web:1.0.0\", {fields}}}\n"))
}

fn unit<'p>(plan: &'p Plan, name: &str, base: bool) -> &'p Unit {
    let wanted = |unit: &&Unit| {
        unit.id.kind == UnitKind::Workload
            && unit.id.name == name
            && (unit.id.stage == Stage::Base) == base
    };
    plan.units.values().find(wanted).expect("the unit")
}

fn objects<'p>(plan: &'p Plan, kind: &str) -> Vec<&'p Resource> {
    unit(plan, "web", false).resources.iter().filter(|object| object.kind() == kind).collect()
}

fn object<'p>(plan: &'p Plan, kind: &str) -> &'p Tree {
    match objects(plan, kind)[..] {
        [one] => one.as_tree(),
        ref several => panic!("{} objects of the kind {kind}", several.len()),
    }
}

#[track_caller]
fn says(object: &Tree, pointer: &str, wanted: Tree) {
    assert_eq!(object.pointer(pointer), Some(&wanted), "{pointer}");
}

const POD: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";

#[test]
fn a_workload_that_says_nothing_gets_safe_defaults() {
    let plan = web("ports: {http: 8080}");
    let deployment = object(&plan, "Deployment");
    says(deployment, "/spec/replicas", tree!(2));
    says(deployment, &format!("{POD}/automountServiceAccountToken"), tree!(false));
    says(deployment, &format!("{POD}/enableServiceLinks"), tree!(false));
    says(
        deployment,
        &format!("{POD}/securityContext"),
        tree!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}),
    );
    says(
        deployment,
        &format!("{CONTAINER}/securityContext"),
        tree!({
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        }),
    );
    says(
        deployment,
        &format!("{CONTAINER}/resources"),
        tree!({"limits": {"memory": "128Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}}),
    );
    says(deployment, &format!("{CONTAINER}/volumeMounts/0/mountPath"), tree!("/tmp"));
    says(object(&plan, "ServiceAccount"), "/automountServiceAccountToken", tree!(false));
    says(object(&plan, "Service"), "/spec/ports/0/targetPort", tree!("http"));
    assert!(deployment.pointer(&format!("{CONTAINER}/readinessProbe")).is_none());
    assert_eq!(
        object(&plan, "PodDisruptionBudget").pointer("/spec/maxUnavailable"),
        Some(&tree!(1))
    );
}

#[test]
fn every_object_fits_its_kind() {
    let everything = "  web:
    team: shop
    image: example.org/web:1.0.0
    command: [/web]
    ports: {http: 8080, dns: 53/udp}
    expose: {host: shop.example.org, port: http}
    scale: {min: 2, max: 4, memory: 80%}
    health: {path: /healthz, port: http}
    metrics: {port: http}
    config: {A: b}
    secrets: {K: shop/web#k}
    files: {/etc/a b: {content: c}, /etc/k: {secret: shop/web#file}}
    volumes: {data: {size: 1Gi, mount: /data, access: ReadWriteMany}}
    security: {privileged: false, capabilities: [NET_BIND_SERVICE]}
  state:
    team: shop
    image: example.org/state:1.0.0
    stateful: true
    ports: {grpc: 9000}
    volumes: {data: {size: 1Gi, mount: /data}}
  job:
    team: shop
    image: example.org/job:1.0.0
    schedule: '15 2 * * *'
    volumes: {data: {size: 1Gi, mount: /data}}
";
    let plan = plan(everything);
    let mut checked = 0;
    for resource in plan.units.values().flat_map(|unit| &unit.resources) {
        let Some(check) = kinds::namespaced(resource.api_version(), resource.kind()) else {
            continue;
        };
        assert_eq!(
            check(resource.as_tree()),
            Ok(vec![]),
            "{} {}",
            resource.kind(),
            resource.name()
        );
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn replicas_are_nobodys_but_the_autoscalers() {
    let plan = web("scale: {min: 2, max: 6}");
    assert!(object(&plan, "Deployment").pointer("/spec/replicas").is_none());
    let autoscaler = object(&plan, "HorizontalPodAutoscaler");
    says(autoscaler, "/spec/minReplicas", tree!(2));
    says(autoscaler, "/spec/metrics/0/resource/target/averageUtilization", tree!(70));
    let fixed = web("scale: {min: 3, max: 3}");
    says(object(&fixed, "Deployment"), "/spec/replicas", tree!(3));
    assert!(objects(&fixed, "HorizontalPodAutoscaler").is_empty());
    says(object(&web("scale: {max: 1}"), "Deployment"), "/spec/replicas", tree!(1));
}

#[test]
fn other_configuration_is_another_config_map_and_so_another_pod() {
    let name = |fields: &str| {
        let plan = web(fields);
        let name = objects(&plan, "ConfigMap")[0].name().to_owned();
        says(
            object(&plan, "Deployment"),
            &format!("{CONTAINER}/envFrom/0/configMapRef/name"),
            tree!(name.clone()),
        );
        name
    };
    let one = name("config: {A: '1', B: '2'}");
    assert_eq!(one, name("config: {B: '2', A: '1'}"), "the order changes nothing");
    assert_ne!(one, name("config: {A: '1', B: '3'}"));
    assert_ne!(name("config: {A: bc}"), name("config: {Ab: c}"), "where a name ends matters");
}

#[test]
fn files_are_mounted_one_by_one() {
    let world = Memory::new("2026-11-24").with("files/logo.png", [0xff, 0xd8]);
    let plan = plan_in(
        world,
        "  web:
    team: shop
    image: example.org/web:1.0.0
    files:
      /etc/app/app.yaml: {content: 'a: 1'}
      /etc/logo.png: {file: files/logo.png}
      /etc/tls.key: {secret: shop/tls#key}
      /etc/a_b/c: {content: x}
      /etc/a/b_c: {content: y}
",
    );
    let config_map = object(&plan, "ConfigMap");
    says(config_map, "/binaryData", tree!({"etc_logo.png": "/9g="}));
    let data = config_map.get("data").and_then(Tree::as_map).expect("data");
    assert_eq!(data.len(), 3, "no two files have one key");
    let deployment = object(&plan, "Deployment");
    says(
        deployment,
        &format!("{CONTAINER}/volumeMounts/1"),
        tree!({
            "mountPath": "/etc/app/app.yaml", "name": "files", "readOnly": true,
            "subPath": "etc_app_app.yaml",
        }),
    );
    says(
        deployment,
        &format!("{CONTAINER}/volumeMounts/5"),
        tree!({
            "mountPath": "/etc/tls.key", "name": "secret-files", "readOnly": true,
            "subPath": "etc_tls.key",
        }),
    );
    let need = plan.facts.secrets.iter().find(|need| need.namespace == "shop-production");
    assert_eq!(need.expect("a need").entries[0].key, "etc_tls.key");
}

#[test]
fn the_base_has_no_namespace_and_states_no_flow() {
    let plan = web(
        "ports: {http: 8080}, expose: {host: shop.example.org}, connects: [external/card-network]",
    );
    let base = unit(&plan, "web", true);
    assert!(base.namespace.is_none() && base.project.is_none() && base.needs.is_empty());
    assert!(base.resources.iter().all(|object| object.namespace().is_none()));
    let production = unit(&plan, "web", false);
    assert!(
        production.resources.iter().all(|object| object.namespace() == Some("shop-production"))
    );
    assert!(plan.facts.flows.iter().all(|flow| flow.stage != Stage::Base));
    assert_eq!(plan.facts.requests.len(), 1);
    assert_eq!(plan.facts.exposures.len(), 2);
    let needs: Vec<&str> = production.needs.iter().map(|(id, _)| id.name.as_str()).collect();
    assert_eq!(needs, ["shop-production"]);
}

#[test]
fn connections_become_flows_on_the_named_ports_only() {
    let plan = plan(
        "  web:
    team: shop
    image: example.org/web:1.0.0
    connects: [{to: workload/ledger, ports: [grpc], ordered: true}]
  ledger:
    team: bank
    image: example.org/ledger:1.0.0
    ports: {grpc: 9000, admin: 9001}
    allows: [team/shop]
",
    );
    let [flow] = &plan.facts.flows[..] else { panic!("{:?}", plan.facts.flows) };
    assert_eq!(flow.sockets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["9000"]);
    let Peer::Pods { namespace, .. } = &flow.to else { panic!("{flow:?}") };
    assert_eq!(namespace, "bank-production");
    let needs = &unit(&plan, "web", false).needs;
    assert!(
        needs
            .iter()
            .any(|(id, at)| id.name == "ledger"
                && at.path.to_string() == "workloads.web.connects[0]")
    );
}

#[test]
fn a_stateful_set_keeps_what_it_claims() {
    let plan = web(
        "stateful: true, ports: {grpc: 9000}, scale: {min: 3}, volumes: {data: {size: 1Gi, mount: /data, class: fast}}",
    );
    let set = object(&plan, "StatefulSet");
    says(set, "/spec/serviceName", tree!("web-headless"));
    says(set, "/spec/volumeClaimTemplates/0/spec/storageClassName", tree!("fast"));
    says(
        set,
        "/spec/persistentVolumeClaimRetentionPolicy",
        tree!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    assert!(objects(&plan, "PersistentVolumeClaim").is_empty());
    assert!(unit(&plan, "web", false).stateful);
    let storage: Vec<u64> = plan.facts.requests.iter().map(|one| one.storage).collect();
    assert_eq!(storage, [3 << 30], "each copy claims for itself");
    let services = objects(&plan, "Service");
    assert_eq!(services.len(), 2);
    let role = |service: &Resource| {
        service.as_tree().pointer("/metadata/labels/groundplan.dev~1service").cloned()
    };
    assert_ne!(role(services[0]), role(services[1]), "a monitor selects one of them");
}

#[test]
fn a_volume_for_one_is_not_rolled() {
    let plan = web("scale: {max: 1}, volumes: {data: {size: 1Gi, mount: /data}}");
    let deployment = object(&plan, "Deployment");
    says(deployment, "/spec/strategy", tree!({"type": "Recreate"}));
    says(deployment, &format!("{POD}/securityContext/fsGroup"), tree!(65532));
    says(
        deployment,
        &format!("{POD}/volumes/0/persistentVolumeClaim/claimName"),
        tree!("web-data"),
    );
    assert_eq!(
        object(&plan, "PersistentVolumeClaim").pointer("/metadata/name"),
        Some(&tree!("web-data"))
    );
}

#[test]
fn a_schedule_makes_a_cron_job_that_serves_nobody() {
    let plan = web("schedule: '15 2 * * *'");
    let job = object(&plan, "CronJob");
    says(job, "/spec/timeZone", tree!("UTC"));
    says(job, "/spec/concurrencyPolicy", tree!("Forbid"));
    says(job, "/spec/jobTemplate/spec/template/spec/restartPolicy", tree!("Never"));
    assert!(objects(&plan, "Service").is_empty());
    assert!(plan.facts.replicas.is_empty());
}

#[test]
fn probes_look_as_often_and_as_long_as_they_are_told() {
    let plan =
        web("ports: {http: 8080}, health: {path: /up, period: 7s, failures: 2, startup: 1m}");
    let deployment = object(&plan, "Deployment");
    says(deployment, &format!("{CONTAINER}/startupProbe/failureThreshold"), tree!(9));
    says(deployment, &format!("{CONTAINER}/readinessProbe/failureThreshold"), tree!(2));
    says(deployment, &format!("{CONTAINER}/livenessProbe/failureThreshold"), tree!(4));
    says(deployment, &format!("{CONTAINER}/livenessProbe/httpGet/port"), tree!("http"));
}

#[test]
fn patches_change_the_objects_and_are_listed() {
    let plan = web("patches: [\
         {merge: {spec: {template: {spec: {containers: [{name: web, stdin: true}]}}}}}, \
         {json: [{op: add, path: /spec/minReadySeconds, value: 5}]}]");
    let deployment = object(&plan, "Deployment");
    says(deployment, &format!("{CONTAINER}/stdin"), tree!(true));
    says(deployment, &format!("{CONTAINER}/imagePullPolicy"), tree!("IfNotPresent"));
    says(deployment, "/spec/minReadySeconds", tree!(5));
    let origin = &objects(&plan, "Deployment")[0].origin;
    assert!(origin.from.iter().any(|at| at.path.to_string() == "workloads.web.patches[1]"));
    assert_eq!(plan.unproven.len(), 4, "two patches in two stages");
}

#[test]
fn manifests_get_the_namespace() {
    let world = Memory::new("2026-11-24").with(
        "extra.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: 'on'}\n",
    );
    let plan = plan_in(
        world,
        "  web: {team: shop, image: \"example.org/web:1.0.0\", manifests: [extra.yaml]}\n",
    );
    let [extra] = objects(&plan, "ConfigMap")[..] else { panic!("one ConfigMap") };
    assert_eq!(extra.namespace(), Some("shop-production"));
    assert_eq!(plan.unproven.len(), 2);
}

#[test]
fn sealed_secrets_are_passed_through_byte_for_byte() {
    let text = "# made by kubeseal\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n\
                metadata: {name: keys, namespace: shop-production}\nspec: {encryptedData: {api: AgBy}}\n";
    let world = Memory::new("2026-11-24").with("keys.yaml", text);
    let plan = plan_in(
        world,
        "  web:
    team: shop
    image: example.org/web:1.0.0
    secretFiles: [keys.yaml]
    secrets: {API: {secret: keys, key: api}}
",
    );
    let [sealed] = objects(&plan, "SealedSecret")[..] else { panic!("one SealedSecret") };
    let Body::Verbatim { file, bytes, .. } = sealed.body() else { panic!("{sealed:?}") };
    assert_eq!(file, "sealedsecret-keys.yaml");
    assert_eq!(bytes, text.as_bytes());
    assert!(plan.facts.secrets.is_empty(), "nothing is asked of the store");
    let base = unit(&plan, "web", true);
    assert!(base.resources.iter().all(|object| object.kind() != "SealedSecret"));
}

#[test]
fn more_rights_are_written_as_kubernetes_accepts_them() {
    let container = |fields: &str| {
        let header = HEADER.replace(
            "shop: {",
            "shop: {podSecurity: {level: privileged, reason: a test of rights}, ",
        );
        let world = Memory::new("2026-11-24").with(
            "blueprint.yaml",
            format!("{header}  web: {{team: shop, image: \"example.org/web:1.0.0\", security: {{{fields}}}}}\n"),
        );
        let input =
            Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
        let plan = compile(input).expect("readable").plan.expect("no errors");
        object(&plan, "Deployment").pointer(CONTAINER).cloned().expect("a container")
    };
    says(&container("privileged: true"), "/securityContext/allowPrivilegeEscalation", tree!(true));
    let admin = container("capabilities: [SYS_ADMIN]");
    says(&admin, "/securityContext/allowPrivilegeEscalation", tree!(true));
}
