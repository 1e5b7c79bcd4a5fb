//! What must exist in a cluster before Argo CD does, and in which order.
//!
//! Pods need a network and Argo CD is pods, so Argo CD cannot install the network. What is here is applied once by
//! hand, by the same values and under the same names as Argo CD will, which then takes it over without a change.

use super::unit::{UnitId, UnitKind};

/// A step of the bootstrap, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BootstrapStep {
    /// Definitions of custom resources, which what follows makes objects of.
    Definitions,
    /// The container network: from here on nodes are ready.
    Network,
    /// Whoever initialises nodes from outside: from here on pods are scheduled.
    CloudController,
    /// Whoever approves the certificates that kubelets serve with: from here on logs and metrics work.
    Certificates,
    /// Argo CD.
    Delivery,
}

/// The unit that approves certificates of kubelets.
pub const APPROVER: &str = "kubelet-csr-approver";

/// The units of each step, by name. A name that is not planned is skipped.
const UNITS: &[(&str, BootstrapStep)] = &[
    ("gateway-crds", BootstrapStep::Definitions),
    ("prometheus-operator-crds", BootstrapStep::Definitions),
    ("calico-crds", BootstrapStep::Definitions),
    ("cni", BootstrapStep::Network),
    ("cloud-controller-manager", BootstrapStep::CloudController),
    (APPROVER, BootstrapStep::Certificates),
    ("argo-cd", BootstrapStep::Delivery),
    ("argocd", BootstrapStep::Delivery),
];

impl BootstrapStep {
    /// The step that a unit belongs to, if it must be there before Argo CD.
    pub fn of(unit: &UnitId) -> Option<Self> {
        if unit.kind != UnitKind::Platform {
            return None;
        }
        UNITS.iter().find(|(name, _)| *name == unit.name).map(|(_, step)| *step)
    }

    /// What the step brings, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::Definitions => "definitions of custom resources",
            Self::Network => "the container network",
            Self::CloudController => "the cloud controller manager",
            Self::Certificates => "approval of serving certificates",
            Self::Delivery => "Argo CD",
        }
    }
}
