//! A chart release: coordinates, an exact version, and the values it is rendered with.

use crate::k8s::tree::Tree;
use crate::plan::Origin;

/// Where a chart is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// A classic repository with an `index.yaml`.
    Repository {
        /// Its address: `https://charts.jetstack.io`.
        url: String,
    },
    /// An OCI registry.
    Oci {
        /// Registry and path without the chart's name and without a scheme: `quay.io/jetstack/charts`.
        registry: String,
        /// The manifest's digest, `sha256:…`, which wins over the version.
        digest: Option<String>,
    },
}

/// A field of rendered objects that a controller writes, so that a difference in it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredField {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Where in the object, as a jq path: `.webhooks[]?.clientConfig.caBundle`.
    pub jq_path: &'static str,
}

/// A chart with its values. A unit that has one is a multi-source Application: the chart, the values of this
/// repository, and the unit's own objects.
#[derive(Clone, Debug)]
pub struct Release {
    /// The Helm release's name.
    pub name: String,
    /// The chart's name.
    pub chart: String,
    /// Where it is kept.
    pub source: ChartSource,
    /// The exact version.
    pub version: String,
    /// Its values: no null, no secret, nothing random.
    pub values: Tree,
    /// The versions of Kubernetes that the chart lets itself be rendered for (`kubeVersion`), where an index beside the
    /// blueprint says so.
    pub requires: Option<String>,
    /// API versions that the chart asks for (`Capabilities.APIVersions`) beyond the built-in ones.
    pub api_versions: Vec<&'static str>,
    /// What named controllers write.
    pub ignored: Vec<IgnoredField>,
    /// Where it comes from.
    pub origin: Origin,
}
