//! Text of templates: configuration files, scripts and runbooks. A name that a template uses and nobody gives is a
//! bug, never an empty place.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

/// All templates, by the name of the file that comes of one.
const TEMPLATES: [(&str, &str); 5] = [
    ("pgbackrest.conf", include_str!("backup/pgbackrest.conf")),
    ("pgbouncer.ini", include_str!("templates/pgbouncer.ini")),
    ("recover.sh", include_str!("recover.sh")),
    ("runbook.md", include_str!("runbook/runbook.md")),
    ("statements.sql", include_str!("templates/statements.sql")),
];

/// The same, parsed once: each is filled in for every database of every environment.
static PARSED: LazyLock<Environment<'static>> = LazyLock::new(|| match parsed() {
    Ok(templates) => templates,
    Err(error) => crate::bug!("a template does not parse: {error:#}"),
});

/// A template with its values filled in.
pub fn render(name: &str, values: Value) -> String {
    match PARSED.get_template(name).and_then(|template| template.render(values)) {
        Ok(text) => text,
        Err(error) => crate::bug!("the template {name} is wrong: {error:#}"),
    }
}

fn parsed() -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    // A line that holds a statement alone leaves nothing behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    templates.set_syntax(syntax);
    for (name, template) in TEMPLATES {
        templates.add_template(name, template)?;
    }
    Ok(templates)
}
