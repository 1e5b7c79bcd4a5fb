//! `releases`: a team's own Helm charts, with values that are checked against the keys that the chart reads.

mod spec;
mod traffic;

use indexmap::IndexMap;

use crate::catalog::{self, FaultKind, Index};
use crate::component::{About, Component, Endpoint, EndpointOf, Resolving, Situation, Symbols};
use crate::diag::{Place, Rule};
use crate::k8s::name::Name;
use crate::k8s::secret::{credential_shape, looks_like_credential};
use crate::k8s::tree::Tree;
use crate::path::At;
use crate::plan::{ChartSource, Origin, Plan, Release, Stage, UnitId, UnitKind};
use crate::source::Scope;
pub use spec::ReleaseSpec;

const COMPONENT: &str = "releases";

/// A key that changes nothing.
pub static UNKNOWN_KEY: Rule = Rule::error(
    "releases/unknown-key",
    "a value has a key that this version of the chart does not read",
    "Helm accepts any key: what the chart does not read changes nothing, and nobody is told.",
    "releases: {shop: {team: storefront, chart: podinfo, version: 6.9.0, repository: …, values: {replicas: 2}}}",
);

/// A key that the chart documents and does not read.
pub static DEAD_KEY: Rule = Rule::error(
    "releases/dead-key",
    "a value has a key that the chart documents and reads nowhere",
    "It stands in the chart's own values, so it looks right; no template uses it.",
    "releases: {disks: {team: ops, chart: longhorn, version: 1.12.1, values: {longhornUI: {podDisruptionBudget: {enabled: true}}}}}",
);

/// A chart that nobody knows.
pub static UNCHECKED: Rule = Rule::warning(
    "releases/unchecked",
    "the values of a release are not checked: nobody knows which keys its chart reads",
    "A key with a typing error changes nothing, and nobody is told.",
    "releases: {shop: {team: storefront, chart: shop, version: 1.0.0, repository: https://charts.acme.example}}",
);

/// An index that cannot be read.
pub static INDEX: Rule = Rule::error(
    "releases/index",
    "the index of a chart's keys cannot be read, or is of another chart",
    "Checking against the wrong keys is worse than not checking.",
    "releases: {shop: {chart: shop, version: 1.0.0}}  # and a `catalog/shop-1.0.0.yaml` of version 1.1.0",
);

/// Nothing where something is meant.
pub static NULL: Rule = Rule::error(
    "releases/null",
    "a value is null",
    "Whether null removes a chart's default or is passed on depends on the version of Helm (helm#32530), so the \
     cluster would change with the next Argo CD.",
    "releases: {shop: {chart: shop, values: {image: {tag: }}}}",
);

/// A secret among values.
pub static CREDENTIAL: Rule = Rule::error(
    "releases/credential",
    "a value looks like a credential",
    "Whoever can read the repository, its clones and its backups has it for ever; it must be replaced as soon as it \
     was pushed.",
    "releases: {shop: {chart: shop, values: {database: {password: …}}}}",
);

/// A digest without a registry.
pub static DIGEST: Rule = Rule::error(
    "releases/digest",
    "a digest is given for a chart that is not in an OCI registry",
    "Argo CD does not look at the digests of a classic repository: what was published anew would come unseen.",
    "releases: {shop: {chart: shop, repository: https://charts.acme.example, digest: \"sha256:…\"}}",
);

/// The charts of teams, by name.
#[derive(Debug)]
pub struct Releases {
    list: IndexMap<Name, (ReleaseSpec, traffic::Traffic)>,
    /// The versions of Kubernetes that their charts let themselves be rendered for.
    requires: IndexMap<Name, String>,
}

impl Component for Releases {
    const ABOUT: About = About {
        section: "releases",
        scope: Scope::Environment,
        required: false,
        named: true,
        summary: "the teams' own Helm charts, with checked values",
        rules: &[
            &UNKNOWN_KEY,
            &DEAD_KEY,
            &UNCHECKED,
            &INDEX,
            &NULL,
            &CREDENTIAL,
            &DIGEST,
            &traffic::PORT,
            &traffic::CONNECT_NO_PORTS,
            &traffic::CONNECT_PORT_UNKNOWN,
            &traffic::CONNECT_SELF_ORDERED,
            &traffic::NO_CONSENT,
            &traffic::ALLOWS_NO_CLIENT,
        ],
        defaults: &[&traffic::ORDERED, &traffic::EXPOSE_PATH],
    };

    type Spec = IndexMap<Name, ReleaseSpec>;

    fn declare(spec: &Self::Spec, at: &At, symbols: &mut Symbols) {
        for (name, release) in spec {
            let ports = release.ports.iter().map(|(port, socket)| (port.to_string(), *socket));
            let endpoint = Endpoint {
                of: EndpointOf::Pods {
                    team: release.team.to_string(),
                    unit: (UnitKind::Release, name.to_string()),
                    labels: traffic::selector(name, release),
                },
                ports: ports.collect(),
                metrics: release.metrics.as_ref().map(ToString::to_string),
                allows: release.allows.iter().map(ToString::to_string).collect(),
            };
            symbols.endpoints.declare(format!("release/{name}"), at.key(name), endpoint);
        }
    }

    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        let mut list = IndexMap::new();
        let mut requires = IndexMap::new();
        for (name, release) in spec {
            let at = at.key(&name);
            cx.symbols.teams.bind(release.team.as_str(), &at.key("team"), cx.diags);
            if release.digest.is_some() && release.repository.registry().is_none() {
                cx.diags
                    .report(&DIGEST, at.key("digest"), "this repository knows no digests")
                    .related(at.key("repository"), "the repository")
                    .help("take the chart from an OCI registry, or leave `digest` out");
            }
            let traffic = traffic::resolve(&name, &release, &at, cx);
            let values = release.values();
            nulls(&values, &at.key("values"), cx);
            credentials("", &values, &at.key("values"), cx);
            if let Some(index) = index(&release, &at, cx) {
                keys(&index, &values, &at.key("values"), cx);
                requires.extend(index.kubernetes.map(|range| (name.clone(), range.to_string())));
            }
            list.insert(name, (release, traffic));
        }
        Some(Self { list, requires })
    }

    fn lower(&self, at: &At, situation: &Situation<'_>, plan: &mut Plan) {
        if !matches!(situation.stage, Stage::Environment { .. }) {
            return;
        }
        for (name, (release, traffic)) in &self.list {
            let at = at.key(name);
            let namespace = situation.namespace(&release.team);
            let id = UnitId {
                kind: UnitKind::Release,
                name: name.to_string(),
                stage: situation.stage.clone(),
            };
            traffic::state((name, release), traffic, &id, &at, situation, plan);
            let unit = plan.unit(id, &at);
            unit.project = Some(namespace.clone());
            unit.namespace = Some(namespace);
            unit.release = Some(Release {
                name: name.to_string(),
                chart: release.chart.to_string(),
                source: release.source(),
                version: release.version.to_string(),
                values: release.values(),
                requires: self.requires.get(name).cloned(),
                api_versions: Vec::new(),
                ignored: Vec::new(),
                origin: Origin::lowered(COMPONENT, [at]),
            });
        }
    }
}

impl ReleaseSpec {
    fn values(&self) -> Tree {
        Tree::of(&self.values)
    }

    fn source(&self) -> ChartSource {
        match self.repository.registry() {
            Some(registry) => ChartSource::Oci {
                registry: registry.to_owned(),
                digest: self.digest.as_ref().map(ToString::to_string),
            },
            None => ChartSource::Repository { url: self.repository.to_string() },
        }
    }
}

/// The index of a release's chart: the user's own beside the blueprint, or one that is shipped.
fn index(release: &ReleaseSpec, at: &At, cx: &mut Resolving<'_>) -> Option<Index> {
    let (chart, version) = (release.chart.to_string(), release.version.to_string());
    // Some charts spell their versions with a `v`, and so does the file that is made of them.
    for spelled in [version.clone(), format!("v{version}")] {
        let file = format!("catalog/{chart}-{spelled}.yaml");
        let Ok(bytes) = cx.files.read(&file) else { continue };
        let read = String::from_utf8_lossy(&bytes).parse::<Index>();
        let message = match read {
            Ok(index) if index.chart == chart && index.version == spelled => return Some(index),
            Ok(index) => format!("`{file}` is of {} {}", index.chart, index.version),
            Err(error) => format!("`{file}`: {error}"),
        };
        cx.diags
            .report(&INDEX, at.key("version"), message)
            .help("make it anew with `groundplan catalog add`");
        return None;
    }
    let shipped = catalog::shipped(&chart, &version);
    if shipped.is_none() {
        let versions: Vec<&str> = catalog::known()
            .filter(|(known, _)| *known == chart)
            .map(|(_, version)| version)
            .collect();
        let also = match versions.as_slice() {
            [] => String::new(),
            known => format!(", or take the version {}", known.join(" or ")),
        };
        cx.diags
            .report(
                &UNCHECKED,
                at.key("chart"),
                format!("the keys of {chart} {version} are unknown"),
            )
            .help(format!(
                "run `groundplan catalog add {chart}-{version}.tgz` beside the blueprint{also}"
            ));
    }
    shipped
}

fn keys(index: &Index, values: &Tree, at: &At, cx: &mut Resolving<'_>) {
    for fault in index.faults(values) {
        let place = fault.path.iter().fold(at.clone(), |at, key| at.key(key));
        let path = fault.path.join(".");
        let chart = format!("{} {}", index.chart, index.version);
        match fault.what {
            FaultKind::Unknown(nearest) => {
                let help = match nearest {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => "leave it out".to_owned(),
                };
                cx.diags
                    .report(
                        &UNKNOWN_KEY,
                        Place::Key(place),
                        format!("{chart} does not read `{path}`"),
                    )
                    .help(help);
            }
            FaultKind::Dead => {
                cx.diags
                    .report(
                        &DEAD_KEY,
                        Place::Key(place),
                        format!("no template of {chart} reads `{path}`"),
                    )
                    .help("leave it out");
            }
        }
    }
}

fn nulls(values: &Tree, at: &At, cx: &mut Resolving<'_>) {
    match values {
        Tree::Null => {
            cx.diags
                .report(&NULL, at, "there is no value")
                .help("write the value that is meant, or leave the key out");
        }
        Tree::Map(map) => map.iter().for_each(|(key, value)| nulls(value, &at.key(key), cx)),
        Tree::Seq(items) => {
            for (index, value) in items.iter().enumerate() {
                nulls(value, &at.index(index), cx);
            }
        }
        _ => {}
    }
}

/// Keys whose values are secrets, not the names of some.
const SECRET_KEYS: [&str; 6] =
    ["password", "passphrase", "token", "apikey", "secretkey", "secretaccesskey"];

fn credentials(key: &str, value: &Tree, at: &At, cx: &mut Resolving<'_>) {
    match value {
        Tree::Map(map) => {
            for (key, value) in map.iter() {
                credentials(key, value, &at.key(key), cx);
            }
        }
        Tree::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                credentials(key, item, &at.index(index), cx);
            }
        }
        Tree::Str(text) => {
            let spelled = key.to_ascii_lowercase();
            let named = SECRET_KEYS.iter().any(|end| spelled.ends_with(end));
            let kind =
                if named { looks_like_credential(key, text) } else { credential_shape(text) };
            if let Some(kind) = kind {
                cx.diags
                    .report(&CREDENTIAL, at, format!("this looks like {kind}"))
                    .sensitive()
                    .help("keep it in the secret store, and give the chart the name of a Secret");
            }
        }
        _ => {}
    }
}
