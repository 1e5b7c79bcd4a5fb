//! `repository`: what Argo CD reads.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::component::{About, Component, Default, Resolving, Situation};
use crate::diag::Rule;
use crate::field;
use crate::k8s::url::RepositoryUrl;
use crate::path::At;
use crate::plan::{self, Layout, Plan};
use crate::source::Scope;

/// Both a branch and a branch per environment.
pub static TWO_LAYOUTS: Rule = Rule::error(
    "repository/two-layouts",
    "both `branch` and `branches` are written",
    "Either one branch holds a folder per environment, or every environment has a branch of its own; Argo CD \
     can read only one of them.",
    "repository: {url: https://…, branch: main, branches: per-environment}",
);

/// A path or branch that git or Argo CD would refuse.
pub static UNUSABLE: Rule = Rule::error(
    "repository/unusable-name",
    "a path or branch is not one that git and Argo CD can use",
    "git check-ref-format(1) refuses the branch, or the path would leave the repository.",
    "repository: {url: https://…, path: ../estate}",
);

static PATH: Default = Default::new(
    "repository.path",
    "output",
    "keeps what is generated apart from what people write",
);
static BRANCH: Default =
    Default::new("repository.branch", "main", "the branch that new repositories have (git init)");

/// One branch per environment.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Branches {
    /// Each environment has a branch `environments/<name>` with its final objects.
    PerEnvironment,
}

/// What Argo CD reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositorySpec {
    /// The address of the repository, without credentials.
    pub url: RepositoryUrl,
    /// The folder that groundplan owns in it; `.` for the whole repository.
    #[serde(default)]
    pub path: Option<String>,
    /// The branch that holds all environments, each in a folder of its own.
    #[serde(default)]
    pub branch: Option<String>,
    /// `per-environment` for a branch per environment in place of `branch`.
    #[serde(default)]
    pub branches: Option<Branches>,
}

/// What Argo CD reads.
#[derive(Debug)]
pub struct Repository {
    fact: plan::Repository,
}

impl Repository {
    /// Where the output lives.
    pub fn fact(&self) -> &plan::Repository {
        &self.fact
    }
}

impl Component for Repository {
    const ABOUT: About = About {
        section: "repository",
        scope: Scope::Estate,
        required: true,
        named: false,
        summary: "what Argo CD reads",
        rules: &[&TWO_LAYOUTS, &UNUSABLE],
        defaults: &[&PATH, &BRANCH],
    };

    type Spec = RepositorySpec;

    fn resolve(spec: RepositorySpec, at: &At, cx: &mut Resolving<'_>) -> Option<Self> {
        if spec.branch.is_some() && spec.branches.is_some() {
            cx.diags
                .report(&TWO_LAYOUTS, field!(at, spec.branches), "`branches` excludes `branch`")
                .related(field!(at, spec.branch), "the single branch")
                .help("remove one of them");
            return None;
        }
        let path = spec.path.clone().unwrap_or_else(|| PATH.get());
        let branch = spec.branch.clone().unwrap_or_else(|| BRANCH.get());
        let layout = if spec.branches.is_some() { Layout::Branches } else { Layout::Folders };
        let path = if path == "." { String::new() } else { path };
        if !path.is_empty() && crate::emit::bundle::RepoPath::new(path.as_str()).is_err() {
            cx.diags
                .report(
                    &UNUSABLE,
                    field!(at, spec.path),
                    format!("`{path}` is not a path in a repository"),
                )
                .help("write a relative path such as `output`, with `/` between folders");
            return None;
        }
        if !is_branch(&branch) {
            cx.diags
                .report(
                    &UNUSABLE,
                    field!(at, spec.branch),
                    format!("`{branch}` is not a branch name"),
                )
                .help("write a name such as `main`; see git check-ref-format");
            return None;
        }
        let url = spec.url.to_string();
        Some(Self { fact: plan::Repository { url, path, layout, branch, at: at.clone() } })
    }

    fn lower(&self, _: &At, _: &Situation<'_>, plan: &mut Plan) {
        plan.facts.repository = Some(self.fact.clone());
    }
}

/// The rules of git check-ref-format(1) for a branch.
fn is_branch(name: &str) -> bool {
    let bad = |c: char| c.is_control() || c == ' ' || "~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    name.split('/').all(part)
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name != "@"
}

#[cfg(test)]
mod tests {
    use super::is_branch;

    #[test]
    fn branches_are_what_git_takes() {
        for good in ["main", "environments/production", "a.b", "x-y_z"] {
            assert!(is_branch(good), "{good}");
        }
        for bad in ["", "-x", "a..b", "a b", "a/", "/a", "a.lock", "a/.b", "@", "a@{b", "a:b", "a."]
        {
            assert!(!is_branch(bad), "{bad}");
        }
    }
}
