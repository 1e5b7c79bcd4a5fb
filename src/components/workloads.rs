//! (in work)
use crate::component::*;
/// x
pub struct Workloads;
impl Component for Workloads {
    const ABOUT: About = About {
        section: "workloads",
        scope: crate::source::Scope::Environment,
        required: false,
        named: true,
        summary: "",
        rules: &[],
        defaults: &[],
    };
    type Spec = std::collections::BTreeMap<String, String>;
    fn resolve(_: Self::Spec, _: &crate::path::At, _: &mut Resolving<'_>) -> Option<Self> {
        Some(Self)
    }
}
