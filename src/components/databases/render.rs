//! Text of templates: configuration files, scripts and runbooks. A name that a template uses and nobody gives is a
//! bug, never an empty place.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// A template with its values filled in.
pub fn render(name: &'static str, template: &'static str, values: Value) -> String {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    // A line that holds a statement alone leaves nothing behind.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    let rendered = syntax.and_then(|syntax| {
        templates.set_syntax(syntax);
        templates.render_named_str(name, template, values)
    });
    match rendered {
        Ok(text) => text,
        Err(error) => crate::bug!("the template {name} is wrong: {error:#}"),
    }
}
