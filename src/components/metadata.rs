//! `metadata`: what the estate is called.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Resolving, Symbols};
use crate::k8s::name::Name;
use crate::k8s::version::SemVer;
use crate::path::At;
use crate::source::Scope;

/// What the estate is called.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetadataSpec {
    /// The name of the estate: part of labels and of the name of the root Application.
    pub name: Name,
    /// The version of the estate (semver): part of commit messages.
    pub version: SemVer,
}

/// What the estate is called.
#[derive(Debug)]
pub struct Metadata {
    /// The name.
    pub name: Name,
    /// The version.
    pub version: SemVer,
}

impl Component for Metadata {
    const ABOUT: About = About {
        section: "metadata",
        scope: Scope::Estate,
        required: true,
        named: false,
        summary: "what the estate is called",
        rules: &[],
        defaults: &[],
    };

    type Spec = MetadataSpec;

    fn declare(spec: &MetadataSpec, _: &At, symbols: &mut Symbols) {
        symbols.estate = spec.name.to_string();
    }

    fn resolve(spec: MetadataSpec, _: &At, _: &mut Resolving<'_>) -> Option<Self> {
        Some(Self { name: spec.name, version: spec.version })
    }
}
