//! An estate of 500 machines and nothing else: `cargo bench --bench machines`. The figure that must hold: under a second.

use std::fmt::Write;

use camino::Utf8Path;
use criterion::{Criterion, criterion_group, criterion_main};
use groundplan::world::Memory;
use groundplan::{Input, compile, emit};

/// A blueprint of that many workers, in pools of a hundred, on hosts of three zones.
fn blueprint(workers: usize) -> String {
    let mut text = String::from(
        "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\nmetadata: {name: large, version: 1.0.0}\n\
         repository: {url: \"https://git.example.org/platform/estate.git\"}\nclusters: {main: {}}\n\
         environments: {production: {cluster: main, protected: true}}\nteams: {web: {owners: [\"group:web\"]}}\n\
         network:\n  segments:\n    nodes: {cidr: 10.20.0.0/20, gateway: 10.20.0.1}\n    storage: {cidr: 10.21.0.0/20}\n  \
         pods: 10.128.0.0/14\n  api: {address: 10.20.0.5}\n  ntp: [10.20.0.2, 10.20.0.3, 10.20.0.4]\n\
         machines:\n  access: {administrators: {ops: {sshKeys: [\"ssh-ed25519 \
         AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExam ops\"]}}}\n  hosts:\n",
    );
    for host in 0..30 {
        let _ = writeln!(
            text,
            "    hv-{host}: {{zone: z{}, cpu: 256, memory: 2Ti, disk: 40Ti}}",
            host % 3
        );
    }
    text.push_str(
        "  pools:\n    control-plane: {role: control-plane, count: 5, cpu: 16, memory: 64Gi, disk: 100Gi, etcdDisk: \
         100Gi, segments: [nodes]}\n",
    );
    for pool in 0..workers.div_ceil(100) {
        let count = (workers - pool * 100).min(100);
        let ranges = |net: u32| format!("10.{net}.{0}.0-10.{net}.{0}.200", pool + 1);
        let _ = writeln!(
            text,
            "    workers-{pool}: {{role: worker, count: {count}, cpu: 8, memory: 32Gi, disk: 200Gi, segments: \
             [nodes, storage], addresses: {{nodes: {}, storage: {}}}}}",
            ranges(20),
            ranges(21)
        );
    }
    text
}

fn machines(criterion: &mut Criterion) {
    let world = Memory::new("2026-11-24").with("blueprint.yaml", blueprint(495));
    let input = Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
    let plan = compile(input).ok().and_then(|compilation| compilation.plan).expect("a plan");
    assert_eq!(plan.facts.machines["main"].machines.len(), 500);
    criterion.bench_function("500 machines to files", |bencher| {
        bencher.iter(|| {
            let plan =
                compile(input).ok().and_then(|compilation| compilation.plan).expect("a plan");
            emit::folders(&plan)
        });
    });
}

criterion_group!(benches, machines);
criterion_main!(benches);
