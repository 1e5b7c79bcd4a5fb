//! Whatever bytes a blueprint has, it gives a plan or diagnostics, and every diagnostic can be shown.
#![no_main]

use camino::Utf8Path;
use groundplan::report::{Format, Report};
use groundplan::world::Memory;
use groundplan::{Input, compile, emit, rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let world = Memory::new("2026-11-24").with("blueprint.yaml", bytes);
    let input = Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
    let Ok(compilation) = compile(input) else { return };
    let found = compilation.diagnostics.clone();
    let report = Report::new(found, &compilation.loaded.sources, &compilation, &rules(), None);
    for format in [Format::Human, Format::Short, Format::Json, Format::Gitlab, Format::Junit, Format::Sarif] {
        report.render(format, false);
    }
    assert_eq!(compilation.plan.is_none(), report.errors() > 0);
    if let Some(plan) = &compilation.plan {
        emit::folders(plan);
        emit::rendered(plan);
    }
});
