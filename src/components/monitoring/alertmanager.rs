//! What Alertmanager is told: who is told of what. It holds no secret: receivers name files (`receivers`).

use super::receivers::{NOBODY, Receiver};
use super::{Monitoring, Route};
use crate::k8s::tree::Tree;
use crate::tree;

/// The alert that always fires, whose silence means that alerting is dead.
const WATCHDOG: &str = "alertname = \"Watchdog\"";

impl Monitoring {
    /// `alertmanager.config` of the chart, every key of its default included: Helm joins maps.
    pub(super) fn alertmanager(&self) -> Tree {
        let mut receivers = vec![tree!({"name": NOBODY})];
        receivers.extend(self.receivers.iter().map(Receiver::config));
        tree!({
            "global": {"resolve_timeout": "5m"},
            "route": (self.route.tree()),
            "inhibit_rules": [
                {
                    // The same thing is told once, at its worst.
                    "source_matchers": ["severity = \"critical\""],
                    "target_matchers": ["severity = \"warning\""],
                    "equal": ["alertname", "namespace", "instance", "persistentvolumeclaim", "name"],
                },
            ],
            "receivers": (receivers),
            "templates": ["/etc/alertmanager/config/*.tmpl"],
        })
    }
}

impl Route {
    fn tree(&self) -> Tree {
        let heartbeat = self.heartbeat.clone().unwrap_or_else(|| NOBODY.to_owned());
        tree!({
            "receiver": (self.warning.clone()),
            "group_by": ["alertname", "namespace", "severity"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "receiver": heartbeat,
                    "matchers": [WATCHDOG],
                    "group_wait": "0s",
                    "group_interval": "1m",
                    "repeat_interval": "5m",
                },
                {
                    "receiver": (self.critical.clone()),
                    "matchers": ["severity = \"critical\""],
                    "group_wait": "10s",
                    "repeat_interval": "1h",
                },
            ],
        })
    }
}
