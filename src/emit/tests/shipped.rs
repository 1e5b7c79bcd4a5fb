//! The shipped blueprints: every overlay builds to what the compiler says that environment is.

use camino::Utf8Path;

use super::build::holds;
use crate::Input;
use crate::emit::folders;
use crate::world::Disk;

fn check(blueprint: &str, overlays: Option<&str>) {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let (blueprint, overlays) = (root.join(blueprint), overlays.map(|path| root.join(path)));
    let overlays = overlays.as_deref();
    let input = Input { world: &Disk, blueprint: &blueprint, overlays };
    let compilation = crate::compile(input).expect("files that are there");
    let Some(plan) = compilation.plan else {
        let found = compilation.diagnostics.iter().map(|found| (found.rule.name, &found.message));
        panic!("{blueprint}: {:#?}", found.collect::<Vec<_>>());
    };
    assert!(!folders(&plan).is_empty());
    holds(&plan).unwrap_or_else(|why| panic!("{blueprint}: {why}"));
}

#[test]
fn the_smallest_blueprint_builds() {
    check("blueprints/smallest.yaml", None);
}

#[test]
fn the_blueprint_with_everything_builds() {
    check("blueprints/acme.yaml", Some("overlays"));
}
