//! `groundplan init`: a small working blueprint and everything around it.

use anyhow::bail;
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use minijinja::{Environment, UndefinedBehavior, context};

use super::Exit;
use super::output::Output;
use crate::components::delivery::ci;
use crate::k8s::name::Name;
use crate::k8s::url::RepositoryUrl;
use crate::reference::{Kind, schema};

/// Arguments of `groundplan init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes blueprint.yaml, overlays/, groundplan.schema.json (for editors), .pre-commit-config.yaml and .gitlab-ci.yml.
Refuses to overwrite any of them.")]
pub(super) struct InitArgs {
    /// The folder to write into
    #[arg(default_value = ".")]
    folder: Utf8PathBuf,
    /// The name of the estate
    #[arg(long, default_value = "estate")]
    name: Name,
    /// The repository that Argo CD will read
    #[arg(long, default_value = "https://git.example.org/platform/estate.git")]
    url: RepositoryUrl,
}

const TEMPLATES: &[(&str, &str)] = &[
    ("blueprint.yaml", include_str!("blueprint.yaml")),
    ("overlays/environments/development.yaml", include_str!("development.yaml")),
    ("overlays/environments/production.yaml", include_str!("production.yaml")),
    (".pre-commit-config.yaml", include_str!("pre-commit.yaml")),
    (".gitlab-ci.yml", ci::GITLAB),
];

pub(super) fn run(args: &InitArgs, output: &Output) -> anyhow::Result<Exit> {
    let files = files(args)?;
    let taken: Vec<&Utf8Path> =
        files.iter().map(|(path, _)| path.as_path()).filter(|path| path.exists()).collect();
    if !taken.is_empty() {
        let taken: Vec<&str> = taken.iter().map(|path| path.as_str()).collect();
        bail!("already there, and not overwritten: {}", taken.join(", "));
    }
    for (path, text) in files {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::write(&path, text)?;
        output.note(&format!("wrote {path}"));
    }
    output.note("next: `groundplan compile`, and look into output/");
    Ok(Exit::Fine)
}

fn files(args: &InitArgs) -> anyhow::Result<Vec<(Utf8PathBuf, String)>> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    // Names and URLs are checked types: nothing in them needs escaping in YAML.
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let values = context! { name => args.name.to_string(), url => args.url.to_string() };
    let mut files = Vec::new();
    for (path, template) in TEMPLATES {
        let text = templates.render_named_str(path, template, &values)?;
        // minijinja takes the last line break away.
        files.push((args.folder.join(path), format!("{text}\n")));
    }
    for (path, kind) in [
        ("groundplan.schema.json", Kind::Blueprint),
        ("groundplan.overlay.schema.json", Kind::Overlay),
    ] {
        files.push((args.folder.join(path), format!("{:#}\n", schema(kind))));
    }
    Ok(files)
}
