//! Text of templates: configuration files, scripts and runbooks. A name that a template uses and nobody gives is a
//! bug, never an empty place.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// A template with its values filled in.
pub fn render(name: &'static str, template: &'static str, values: impl Serialize) -> String {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    templates.set_trim_blocks(true);
    templates.set_lstrip_blocks(true);
    templates.set_keep_trailing_newline(true);
    match templates.render_named_str(name, template, values) {
        Ok(text) => text,
        Err(error) => crate::bug!("the template {name} is wrong: {error:#}"),
    }
}
