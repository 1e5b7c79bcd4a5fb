//! The configuration files of Fluent Bit and Fluentd, from templates beside the code.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// A file of a template; every value in it is a checked name, a number or JSON of our own.
pub(super) fn render(template: &'static str, values: Value) -> String {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_auto_escape_callback(|_| AutoEscape::None);
    match templates.render_str(template, values) {
        // minijinja takes the last line break away.
        Ok(text) => format!("{text}\n"),
        Err(error) => crate::bug!("a template of logging: {error}"),
    }
}
