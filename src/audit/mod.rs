//! Rules over the finished plan: what only the whole can show. One file a rule or a family of rules.

mod applications;
mod contents;
mod needs;

use crate::diag::{Diagnostics, Rule};
use crate::plan::Plan;

/// An audit: its rules and the function that finds where they are broken.
pub type Audit = (&'static [&'static Rule], fn(&Plan, &mut Diagnostics));

/// The audits, in order.
pub static AUDITS: &[Audit] = &[
    (needs::RULES, needs::audit),
    (applications::RULES, applications::audit),
    (contents::RULES, contents::audit),
];

/// Finds what is wrong with the plan as a whole.
pub fn audit(plan: &Plan, diags: &mut Diagnostics) {
    for (_, audit) in AUDITS {
        audit(plan, diags);
    }
}

/// Every rule of the audits.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    AUDITS.iter().flat_map(|(rules, _)| rules.iter().copied())
}
