//! The stages one by one, for an estate of 100 workloads in three environments: `cargo bench --bench stages`.

#[path = "generator.rs"]
mod generator;

use camino::Utf8Path;
use criterion::{Criterion, criterion_group, criterion_main};
use groundplan::world::Memory;
use groundplan::{Input, compile, emit};

fn stages(criterion: &mut Criterion) {
    let world = generator::estate(100)
        .into_iter()
        .fold(Memory::new("2026-11-24"), |world, (path, text)| world.with(path, text));
    let input = Input {
        world: &world,
        blueprint: Utf8Path::new("blueprint.yaml"),
        overlays: Some(Utf8Path::new("overlays")),
    };
    criterion.bench_function("compile to a plan", |bencher| bencher.iter(|| compile(input)));
    let plan = compile(input).ok().and_then(|compilation| compilation.plan).expect("a plan");
    criterion.bench_function("emit", |bencher| bencher.iter(|| emit::folders(&plan)));
}

criterion_group!(benches, stages);
criterion_main!(benches);
