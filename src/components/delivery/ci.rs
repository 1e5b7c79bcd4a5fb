//! The pipeline of the estate: check, keep the difference, publish from the protected branch.
//!
//! It is an artifact like every other file: the forge is told once where it lies, and a newer compiler brings a newer
//! pipeline.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::path::At;
use crate::plan::{Artifact, Origin, Stage};

/// The pipeline of GitLab, for what writes it without a blueprint.
pub const GITLAB: &str = include_str!("gitlab-ci.yml");

/// The pipeline of Jenkins.
const JENKINS: &str = include_str!("Jenkinsfile");

/// The branch whose commits are published, in Jenkins; GitLab knows which one is protected.
const BRANCH: &str = "main";

/// What runs the pipeline of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ci {
    /// GitLab CI/CD; its configuration file is set to `output/clusters/<name>/ci/.gitlab-ci.yml`.
    Gitlab,
    /// Jenkins, as a multibranch pipeline; its script path is `output/clusters/<name>/ci/Jenkinsfile`.
    Jenkins,
}

impl Ci {
    pub(super) fn artifact(self, cluster: &str, at: &At) -> Artifact {
        let (file, template) = match self {
            Self::Gitlab => (".gitlab-ci.yml", GITLAB),
            Self::Jenkins => ("Jenkinsfile", JENKINS),
        };
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::None);
        let text = match templates.render_str(template, context! { branch => BRANCH }) {
            // minijinja takes the last line break away.
            Ok(text) => format!("{text}\n"),
            Err(error) => crate::bug!("the template of {file}: {error}"),
        };
        Artifact {
            stage: Stage::Cluster(cluster.to_owned()),
            path: format!("clusters/{cluster}/ci/{file}"),
            text,
            what: "the pipeline of the estate".to_owned(),
            origin: Origin::lowered("delivery", [at.key("ci")]),
        }
    }
}
