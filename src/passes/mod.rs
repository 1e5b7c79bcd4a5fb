//! What crosses components, derived from stated facts. A pass never names a component and cannot fail.

pub mod applications;

use crate::plan::Plan;

/// A pass: its name, which is part of origins, and what it does.
pub type Pass = (&'static str, fn(&mut Plan));

/// The passes in order: objects first, then what speaks about all objects of a unit, then what speaks about units.
pub static PASSES: &[Pass] = &[(applications::NAME, applications::derive)];

/// Derives everything that follows from the facts.
pub fn derive(plan: &mut Plan) {
    for (_, pass) in PASSES {
        pass(plan);
    }
}
