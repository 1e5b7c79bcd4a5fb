//! What a component is: one section of the blueprint and four functions.
//!
//! Components never import each other. They meet in [`Symbols`]: each declares the names it offers, and binds
//! the names it uses. A reference that is bound exists.

pub mod connects;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diag::{Diagnostics, Rule, one_of};
use crate::k8s::name::Name;
use crate::k8s::pod_security::Level;
use crate::k8s::reference::Reference;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::nodes::{NodeRole, Segment};
pub use crate::plan::{BackupPlace, namespace};
use crate::plan::{Peer, Plan, Stage, UnitKind};
use crate::source::Scope;
use crate::world::World;

/// A name is used that nobody declares.
pub static DANGLING: Rule = Rule::error(
    "reference/dangling",
    "a name is used that does not exist",
    "What refers to nothing would be left out, or refused by the cluster when it is applied.",
    "workloads: {web: {team: paymets, image: …}}",
);

/// A section that must be written.
pub static MISSING_SECTION: Rule = Rule::error(
    "source/missing-section",
    "a section that every blueprint needs is missing",
    "Without it there is nothing to compile to.",
    "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\nmetadata: {name: acme, version: 1.0.0}",
);

/// What a component says of itself.
#[derive(Debug)]
pub struct About {
    /// The section's key at the top of the blueprint.
    pub section: &'static str,
    /// Who may change it.
    pub scope: Scope,
    /// Whether a blueprint without it is refused.
    pub required: bool,
    /// Whether it is a mapping of named things.
    pub named: bool,
    /// One sentence for the reference.
    pub summary: &'static str,
    /// Its rules.
    pub rules: &'static [&'static Rule],
    /// Its defaults, each with its reason.
    pub defaults: &'static [&'static Default],
}

/// A default: written once, with the reason beside it; resolving, `explain`, the schema and the reference all
/// read it from here.
#[derive(Debug)]
pub struct Default {
    /// The field, with `*` for any name: `workloads.*.resources.memory`.
    pub field: &'static str,
    /// The value as a blueprint would write it.
    pub value: &'static str,
    /// Why.
    pub why: &'static str,
}

impl Default {
    /// A default.
    pub const fn new(field: &'static str, value: &'static str, why: &'static str) -> Self {
        Self { field, value, why }
    }

    /// The value as a type. A test reads every default, so a wrong one does not ship.
    pub fn get<T: std::str::FromStr<Err: fmt::Display>>(&self) -> T {
        match self.value.parse() {
            Ok(value) => value,
            Err(error) => crate::bug!("the default of {} is wrong: {error}", self.field),
        }
    }
}

/// One section of the blueprint and what it becomes.
pub trait Component: Sized + Send + Sync {
    /// What it says of itself.
    const ABOUT: About;

    /// The section as written.
    type Spec: DeserializeOwned + JsonSchema;

    /// Names this section offers to others.
    fn declare(_: &Self::Spec, _: &At, _: &mut Symbols) {}

    /// Fills defaults and binds references; `None` once a diagnostic says why.
    fn resolve(spec: Self::Spec, at: &At, cx: &mut Resolving<'_>) -> Option<Self>;

    /// Rules that need the resolved section.
    fn check(&self, _: &At, _: &Symbols, _: &mut Diagnostics) {}

    /// What must exist in a stage. Cannot fail: everything doubtful was refused above.
    fn lower(&self, _: &At, _: &Situation<'_>, _: &mut Plan) {}
}

/// What resolving may use.
pub struct Resolving<'a> {
    /// The names of all sections.
    pub symbols: &'a Symbols,
    /// Where to report.
    pub diags: &'a mut Diagnostics,
    /// Files that the blueprint names.
    pub files: Files<'a>,
}

impl Resolving<'_> {
    /// Binds whom something that can be connected to consents to, as written at `at`; what opens no connections is
    /// reported by `no_client`.
    pub fn bind_consent(&mut self, allows: &[Reference], at: &At, no_client: &'static Rule) {
        for (index, who) in allows.iter().enumerate() {
            let place = at.index(index);
            match who.kind() {
                "workload" | "release" => {
                    self.symbols.endpoints.bind(&who.to_string(), &place, self.diags);
                }
                "team" => {
                    self.symbols.teams.bind(who.name().as_str(), &place, self.diags);
                }
                kind => {
                    self.diags
                        .report(no_client, place, format!("a {kind} opens no connections"))
                        .help("write `workload/<name>`, `release/<name>` or `team/<name>`");
                }
            }
        }
    }
}

/// Files that the blueprint names, by paths relative to it.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// The world they are in.
    pub world: &'a dyn World,
    /// The folder the paths are relative to.
    pub folder: &'a camino::Utf8Path,
}

impl Files<'_> {
    /// The bytes of a file below the blueprint's folder.
    ///
    /// # Errors
    /// A sentence for the user: the path leaves the folder, or what the system says.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = camino::Utf8Path::new(path);
        let below = |part: camino::Utf8Component<'_>| {
            matches!(part, camino::Utf8Component::Normal(_) | camino::Utf8Component::CurDir)
        };
        if path.as_str().is_empty() || !path.components().all(below) {
            return Err(format!("`{path}` is not a path below the blueprint's folder"));
        }
        self.world
            .read(&self.folder.join(path))
            .map_err(|error| format!("cannot read `{path}`: {error}"))
    }
}

/// In which stage something is lowered, and what was decided for all of it.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The names of all sections in this stage.
    pub symbols: &'a Symbols,
    /// What the base has, to be shared; `None` for the base itself.
    pub base: Option<&'a Plan>,
}

impl Situation<'_> {
    /// The namespace of a team in this stage.
    pub fn namespace(&self, team: &Name) -> String {
        namespace(team.as_str(), self.stage.environment())
    }
}

/// The names of one kind, each with what others may know of it.
#[derive(Clone, Debug)]
pub struct Names<T> {
    kind: &'static str,
    names: BTreeMap<String, (At, T)>,
}

impl<T> Names<T> {
    /// No names yet.
    pub fn new(kind: &'static str) -> Self {
        Self { kind, names: BTreeMap::new() }
    }

    /// Offers a name.
    pub fn declare(&mut self, name: impl Into<String>, at: At, about: T) {
        self.names.insert(name.into(), (at, about));
    }

    /// What is known of a name; `None` if nobody declared it.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.names.get(name).map(|(_, about)| about)
    }

    /// Where a name was declared.
    pub fn at(&self, name: &str) -> Option<&At> {
        self.names.get(name).map(|(at, _)| at)
    }

    /// Binds a name that is used at `at`, or reports that it does not exist.
    pub fn bind(&self, name: &str, at: &At, diags: &mut Diagnostics) -> Option<&T> {
        let found = self.get(name);
        if found.is_none() {
            diags
                .report(&DANGLING, at, format!("there is no {} `{name}`", self.kind))
                .help(one_of(name, self.names.keys().map(String::as_str)));
        }
        found
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &At, &T)> {
        self.names.iter().map(|(name, (at, about))| (name.as_str(), at, about))
    }
}

/// What others may know of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The cluster it is on.
    pub cluster: String,
    /// Whether changes need a person's consent.
    pub protected: bool,
}

/// What others may know of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The level of Pod Security its namespace enforces.
    pub pod_security: Level,
}

/// What others may know of a pool of machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What its machines are for.
    pub role: NodeRole,
    /// How many machines it has at least.
    pub machines: u32,
    /// How many it may grow to by itself, if it may.
    pub most: Option<u32>,
    /// The segments its machines are attached to; the first one has the node's address.
    pub segments: Vec<String>,
    /// Over how many hosts, each of which may fail, they are spread.
    pub hosts: u32,
    /// Over how many zones they are spread.
    pub zones: u32,
    /// Milli-CPU that pods of one machine can have.
    pub cpu: u64,
    /// Bytes of memory that pods of one machine can have.
    pub memory: u64,
    /// The labels that select its nodes.
    pub labels: BTreeMap<String, String>,
    /// The value of its `dedicated` taint: only pods that tolerate it run there.
    pub dedicated: Option<String>,
}

/// What others may know of a network of machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentOf {
    /// The network itself.
    pub segment: Segment,
    /// Addresses in it that no machine may have, from the first to the last, each with what has it and the field.
    pub taken: Vec<((IpAddr, IpAddr), &'static str, At)>,
}

/// What others may know of a storage class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageClass {
    /// Its provisioner.
    pub provisioner: String,
    /// Access modes that its volumes can have: `ReadWriteOnce`.
    pub access: Vec<String>,
    /// Whether snapshots can be taken.
    pub snapshots: bool,
    /// Whether a volume can be used from one machine or zone only.
    pub bound: bool,
    /// Whether it is the default one.
    pub default: bool,
}

/// What others may know of a store of backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupStore {
    /// Where it is.
    pub place: BackupPlace,
    /// The endpoint's addresses, for policies; empty where its name is all that is known.
    pub cidrs: Vec<ipnet::IpNet>,
    /// Bytes a second that can be read from it, if stated.
    pub bandwidth: Option<u64>,
}

/// What others may know of a database: how its clients log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseAccess {
    /// The team whose namespace it is in.
    pub team: String,
    /// The Service that clients connect to.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// The roles that log in, by name.
    pub users: BTreeMap<String, DatabaseUser>,
}

/// A role that logs in to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUser {
    /// The database it uses.
    pub database: String,
    /// Whether it may only read.
    pub read_only: bool,
    /// Where its password is kept.
    pub password: crate::k8s::secret::SecretRef,
}

/// What can be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What owns it.
    pub of: EndpointOf,
    /// Its ports by name; a number without a name is its own name.
    pub ports: BTreeMap<String, Socket>,
    /// The port that only Prometheus is for: a connection that names no ports does not get it.
    pub metrics: Option<String>,
    /// Whom of other teams it consents to, as written: `workload/web`, `team/storefront`.
    pub allows: Vec<String>,
}

/// What an endpoint is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointOf {
    /// Pods of a team.
    Pods {
        /// The team.
        team: String,
        /// The unit that must be there first.
        unit: (UnitKind, String),
        /// The labels that select the pods.
        labels: BTreeMap<String, String>,
    },
    /// Addresses outside the cluster.
    Addresses(Vec<ipnet::IpNet>),
}

impl Endpoint {
    /// The endpoint as an end of a flow in a stage.
    pub fn peer(&self, situation: &Situation<'_>) -> Peer {
        match &self.of {
            EndpointOf::Pods { team, labels, .. } => Peer::Pods {
                namespace: namespace(team, situation.stage.environment()),
                labels: labels.clone(),
            },
            EndpointOf::Addresses(addresses) => Peer::Addresses(addresses.clone()),
        }
    }
}

/// Every name that sections offer each other, in one document.
#[derive(Clone, Debug)]
pub struct Symbols {
    /// The estate's name, for labels.
    pub estate: String,
    /// Clusters.
    pub clusters: Names<()>,
    /// Environments.
    pub environments: Names<Environment>,
    /// Teams.
    pub teams: Names<Team>,
    /// What can be connected to: `workload/web`, `external/card-network`.
    pub endpoints: Names<Endpoint>,
    /// Databases: their endpoints are `database/<name>`.
    pub databases: Names<DatabaseAccess>,
    /// Pools of machines.
    pub pools: Names<Pool>,
    /// Networks of machines.
    pub segments: Names<SegmentOf>,
    /// Storage classes.
    pub storage_classes: Names<StorageClass>,
    /// Stores of backups.
    pub backup_stores: Names<BackupStore>,
    /// Issuers of certificates.
    pub issuers: Names<()>,
    /// The level of Pod Security of namespaces whose team says nothing.
    pub pod_security: Level,
    /// The environment of this document, if it is one's.
    pub environment: Option<Arc<str>>,
}

impl Symbols {
    /// No names yet.
    pub fn new(environment: Option<Arc<str>>) -> Self {
        Self {
            estate: String::new(),
            clusters: Names::new("cluster"),
            environments: Names::new("environment"),
            teams: Names::new("team"),
            endpoints: Names::new("endpoint"),
            databases: Names::new("database"),
            pools: Names::new("pool"),
            segments: Names::new("segment"),
            storage_classes: Names::new("storage class"),
            backup_stores: Names::new("backup store"),
            issuers: Names::new("issuer"),
            pod_security: Level::Restricted,
            environment,
        }
    }

    /// Whether this document is of a protected environment.
    pub fn is_protected(&self) -> bool {
        let environment = self.environment.as_deref().and_then(|name| self.environments.get(name));
        environment.is_some_and(|environment| environment.protected)
    }
}
