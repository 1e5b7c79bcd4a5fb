//! Whatever bytes an overlay has, laying it over a sound blueprint gives a plan or diagnostics.
#![no_main]

use camino::Utf8Path;
use groundplan::world::Memory;
use groundplan::{Input, compile, emit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let world = Memory::new("2026-11-24")
        .with("blueprint.yaml", include_bytes!("../../blueprints/acme.yaml"))
        .with("overlays/environments/production.yaml", bytes);
    let input = Input {
        world: &world,
        blueprint: Utf8Path::new("blueprint.yaml"),
        overlays: Some(Utf8Path::new("overlays")),
    };
    if let Ok(compilation) = compile(input)
        && let Some(plan) = &compilation.plan
    {
        emit::folders(plan);
    }
});
