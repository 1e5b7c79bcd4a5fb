//! What files are called when two want the same name, or a name says too much.

use super::build::holds;
use super::{at, environment, in_namespace, named, put, verbatim, workload};
use crate::emit::bundle::RepoPath;
use crate::emit::folders;
use crate::plan::{Layout, Origin, Plan, Repository, Resource};
use crate::tree;

/// The YAML files of an environment's only workload.
fn names(objects: impl IntoIterator<Item = Resource>) -> Vec<String> {
    let mut plan = Plan::default();
    let unit = plan.unit(workload("web", environment("live")), &at("workloads.web"));
    objects.into_iter().for_each(|object| unit.add(object));
    holds(&plan).expect("equal");
    let folder = RepoPath::of("workloads/web/overlays/live");
    let bundle = folders(&plan);
    let names = bundle.below(&folder).map(|(path, _)| path.file_name().to_owned());
    names.filter(|name| !["README.md", "kustomization.yaml"].contains(&&**name)).collect()
}

fn object(api_version: &'static str, name: &'static str, namespace: Option<&str>) -> Resource {
    let object = named(api_version, "Service", name);
    let object = match namespace {
        Some(namespace) => in_namespace(object, namespace),
        None => object,
    };
    Resource::tree(object, Origin::lowered("workloads", [at("workloads.web")]))
}

#[test]
fn no_two_objects_share_a_file() {
    let group = "serving.knative.dev/v1";
    assert_eq!(
        names([object("v1", "web", None), object(group, "web", None), object("v1", "b", None)]),
        ["service-b.yaml", "service-web.yaml", "service.serving.knative.dev-web.yaml"]
    );
    assert_eq!(
        names([object("v1", "web", Some("a")), object("v1", "web", Some("b"))]),
        ["service-web_a.yaml", "service-web_b.yaml"]
    );
    // Names that differ only in what a file name cannot say.
    assert_eq!(
        names([object("v1", "a:b", None), object("v1", "a-b", None), object("v1", "A-b", None)]),
        [
            "service-a-b-7e73ffe343.yaml",
            "service-a-b-8867e926c8.yaml",
            "service-a-b-ab7caf6146.yaml"
        ]
    );
}

#[test]
fn files_that_are_passed_through_keep_their_names_where_they_can() {
    let secret = |name: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n");
    assert_eq!(
        names([object("v1", "web", None), verbatim("service-web.yaml", &secret("a"))]),
        ["service-web-fa3865d600.yaml", "service-web.yaml"]
    );
    assert_eq!(
        names([
            verbatim("s.yaml", &secret("a")),
            verbatim("s.yaml", &secret("b")),
            verbatim("kustomization.yaml", &secret("c")),
            verbatim("x/y.yaml", &secret("d")),
            verbatim("MyChart.yaml", &secret("e")),
        ]),
        ["secret-a.yaml", "secret-b.yaml", "secret-c.yaml", "secret-d.yaml", "secret-e.yaml"]
    );
}

#[test]
fn long_names_end_in_a_hash() {
    let mut plan = Plan::default();
    plan.facts.repository = Some(Repository {
        url: "https://git.example/estate.git".into(),
        path: "p".repeat(40),
        layout: Layout::Folders,
        branch: "main".into(),
        at: at("repository"),
    });
    let name = "w".repeat(63);
    let long = |stage: &str| format!("{stage}{}", "x".repeat(100));
    let object = |name: String| tree!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name } });
    put(&mut plan, &name, environment("live"), [object(long("a")), object(long("b"))]);
    holds(&plan).expect("equal");
    for (path, _) in folders(&plan).iter() {
        assert!(path.as_str().len() + 41 <= 200, "{path}");
    }
}
