//! Which metrics an exporter serves, by its pinned version.
//!
//! One file an exporter in `metrics/`: a header (`# exporter:`, `# version:`, `# source:`), one name a line, all
//! three of a histogram. `# with:` names another file whose metrics it serves too. `# others:` lists prefixes of
//! which the file does not hold every name; a name with such a prefix that is not in it is unchecked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What an exporter serves.
#[derive(Debug, Default)]
pub struct Exporter {
    /// Its name.
    pub name: &'static str,
    /// The version that was read.
    pub version: &'static str,
    /// Where the names were read.
    pub source: &'static str,
    with: &'static str,
    others: Vec<&'static str>,
    metrics: BTreeSet<&'static str>,
}

/// What is known of a metric of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Served {
    /// It is not one of its metrics.
    No,
    /// The name fits, but the catalogue does not hold all names like it.
    Perhaps,
    /// It is one.
    Yes,
}

impl Exporter {
    /// Whether it serves a metric.
    pub fn serves(&self, metric: &str) -> Served {
        let with = exporter(self.with).map_or(Served::No, |with| with.serves(metric));
        let own = if self.metrics.contains(metric) {
            Served::Yes
        } else if self.others.iter().any(|prefix| metric.starts_with(prefix)) {
            Served::Perhaps
        } else {
            Served::No
        };
        own.max(with)
    }

    /// All metrics that are known of it.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().copied()
    }

    fn read(text: &'static str) -> Self {
        let mut exporter = Self::default();
        for line in text.lines() {
            match line.strip_prefix("# ").map(|header| header.split_once(':')) {
                Some(Some(("exporter", name))) => exporter.name = name.trim(),
                Some(Some(("version", version))) => exporter.version = version.trim(),
                Some(Some(("source", source))) => exporter.source = source.trim(),
                Some(Some(("with", with))) => exporter.with = with.trim(),
                Some(Some(("others", others))) => {
                    exporter.others = others.split_whitespace().collect();
                }
                Some(_) => {}
                None => {
                    exporter.metrics.insert(line.trim());
                }
            }
        }
        exporter
    }
}

macro_rules! exporters {
    ($($file:literal)+) => {
        const FILES: &[&str] = &[$(include_str!(concat!("metrics/", $file, ".txt"))),+];
    };
}

exporters! {
    "alertmanager" "apiserver" "argo-cd" "cadvisor" "cert-manager" "cilium" "controller-manager" "coredns"
    "elastic-operator" "etcd" "etcd-snapshots" "fluent-bit" "fluentd" "go" "grafana" "kube-proxy" "kube-state-metrics" "kubelet"
    "longhorn" "node-exporter" "patroni" "postgres-exporter" "prometheus" "prometheus-operator" "scheduler"
    "velero"
}

static EXPORTERS: LazyLock<BTreeMap<&'static str, Exporter>> = LazyLock::new(|| {
    FILES.iter().map(|text| Exporter::read(text)).map(|read| (read.name, read)).collect()
});

/// An exporter by its name; `None` if the catalogue does not have it.
pub fn exporter(name: &str) -> Option<&'static Exporter> {
    EXPORTERS.get(name)
}

/// All exporters of the catalogue, by name.
pub fn exporters() -> impl Iterator<Item = &'static Exporter> {
    EXPORTERS.values()
}

/// Whether a metric is there without any exporter: Prometheus makes it of every scrape, or of its alerts.
pub fn is_built_in(metric: &str) -> bool {
    matches!(
        metric,
        "up" | "ALERTS"
            | "ALERTS_FOR_STATE"
            | "scrape_duration_seconds"
            | "scrape_samples_scraped"
            | "scrape_samples_post_metric_relabeling"
            | "scrape_series_added"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_header_and_names_in_order() {
        for text in FILES {
            let read = Exporter::read(text);
            let context = read.name;
            assert!(!read.name.is_empty() && !read.version.is_empty(), "{context}");
            assert!(!read.source.is_empty() && !read.metrics.is_empty(), "{context}");
            assert!(read.with.is_empty() || exporter(read.with).is_some(), "{context}");
            let names: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(names.is_sorted_by(|a, b| a < b), "{context}: not in order, or twice");
            for name in names {
                let fine =
                    name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'));
                assert!(fine && !name.is_empty(), "{context}: `{name}`");
            }
        }
        assert_eq!(exporters().count(), FILES.len());
    }

    #[test]
    fn served_is_own_or_shared_or_perhaps() {
        let kubelet = exporter("kubelet").expect("in the catalogue");
        assert_eq!(kubelet.serves("kubelet_volume_stats_available_bytes"), Served::Yes);
        assert_eq!(kubelet.serves("go_goroutines"), Served::Yes);
        assert_eq!(kubelet.serves("kubelet_of_tomorrow"), Served::Perhaps);
        assert_eq!(kubelet.serves("node_load1"), Served::No);
    }
}
