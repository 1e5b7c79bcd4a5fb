//! The charts on the way to a newer Kubernetes: which move, to what, before the control planes or after them, and what
//! breaks by that.
//!
//! Before the control planes moves whatever is not tested with the next minor, to the newest version that is tested
//! with both; after them whatever has no such version. The version of a team's release is the blueprint's; that of a
//! part of the platform is the one of this compiler, and what runs is what the lock file says.

use std::collections::BTreeSet;

use super::{Certainty, Obstacle};
use crate::catalog::{Fit, changes, chart_version as version, compatibility, known, shipped};
use crate::k8s::tree::Tree;
use crate::k8s::version::{MinorVersion, SemVer};
use crate::path::At;
use crate::plan::{Plan, Release, Unit, UnitKind};

/// A chart that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The field of the blueprint that it comes from.
    pub at: At,
    /// The chart.
    pub chart: String,
    /// What runs.
    pub from: SemVer,
    /// What comes.
    pub to: SemVer,
    /// Whether the version is the compiler's own.
    pub platform: bool,
    /// What is otherwise then.
    pub breaks: Vec<Break>,
}

/// Something that a newer chart does otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The line of the blueprint that it touches.
    pub at: At,
    /// What it is.
    pub what: String,
    /// Who says so.
    pub source: String,
}

/// The charts of a cluster, at the versions that they have on the way.
pub struct Charts<'a> {
    plan: &'a Plan,
    cluster: &'a str,
    running: Vec<(&'a Unit, &'a Release, SemVer)>,
    /// What is in the way.
    pub obstacles: Vec<Obstacle>,
}

impl<'a> Charts<'a> {
    /// The charts as they run.
    pub fn of(plan: &'a Plan, cluster: &'a str) -> Self {
        let units = plan.units.values().filter(|unit| unit.id.stage.cluster() == Some(cluster));
        let running = units.filter_map(|unit| {
            let release = unit.release.as_ref()?;
            let lock = plan.previous.get(&format!("{} ({cluster})", release.chart));
            let runs = lock.filter(|_| unit.id.kind == UnitKind::Platform);
            // A lock may hold Argo CD's minor, where something else installs it.
            let version =
                runs.and_then(|text| version(text)).or_else(|| version(&release.version))?;
            Some((unit, release, version))
        });
        Self { plan, cluster, running: running.collect(), obstacles: Vec::new() }
    }

    /// The moves of a step, before the control planes and after them.
    pub fn step(&mut self, from: MinorVersion, to: MinorVersion) -> (Vec<Move>, Vec<Move>) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for at in 0..self.running.len() {
            let (unit, release, version) = self.running[at].clone();
            let fit = fits(release, &version, to);
            if fit == Fit::Supported {
                continue;
            }
            let newer = candidates(unit, release, &version);
            let good = |one: &SemVer, minor| fits(release, one, minor) == Fit::Supported;
            let both = newer.iter().rev().find(|one| good(one, from) && good(one, to));
            let only = newer.iter().rev().find(|one| good(one, to));
            if let Some(both) = both {
                before.push(self.go(at, both));
            } else if let Some(only) = only {
                self.obstacles.push(obstacle(release, &version, to, fit, Some((from, only))));
                after.push(self.go(at, only));
            } else {
                self.obstacles.push(obstacle(release, &version, to, fit, None));
            }
        }
        (before, after)
    }

    /// The moves to the newest versions that are tested with a minor.
    pub fn newest(&mut self, minor: MinorVersion) -> Vec<Move> {
        let mut moves = Vec::new();
        for at in 0..self.running.len() {
            let (unit, release, version) = self.running[at].clone();
            let newer = candidates(unit, release, &version);
            let best = newer.iter().rev().find(|one| fits(release, one, minor) == Fit::Supported);
            if let Some(best) = best {
                moves.push(self.go(at, best));
            }
        }
        moves
    }

    /// Moves one chart, and tells what breaks.
    fn go(&mut self, at: usize, to: &SemVer) -> Move {
        let (unit, release, from) = self.running[at].clone();
        self.running[at].2 = to.clone();
        let place = release.origin.at().clone();
        let platform = unit.id.kind == UnitKind::Platform;
        let mut breaks = Vec::new();
        if !platform {
            breaks.extend(keys(release, &from, to));
        }
        for change in changes::between(&release.chart, &from, to) {
            let touched = match change.keys {
                [] => Some(place.clone()),
                // The values of the platform are those of this compiler, which knows the change.
                _ if platform => None,
                keys => keys.iter().find_map(|key| written(&release.values, key, &place)),
            };
            if let Some(at) = touched {
                let source = format!("{} ({})", change.source, change.seen.date());
                breaks.push(Break { at, what: change.what.to_owned(), source });
            }
        }
        self.removals(release, &from, to);
        Move { at: place, chart: release.chart.clone(), from, to: to.clone(), platform, breaks }
    }

    /// Refuses to take away what objects of the estate are of.
    fn removals(&mut self, release: &Release, from: &SemVer, to: &SemVer) {
        let gone = removed(&release.chart, from, to);
        if gone.is_empty() {
            return;
        }
        let units = self.plan.units.values();
        let own = units.filter(|unit| unit.id.stage.cluster() == Some(self.cluster));
        for resource in own.flat_map(|unit| &unit.resources) {
            let tree = resource.as_tree();
            let text = |key: &str| tree.get(key).and_then(Tree::as_str).unwrap_or_default();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            if !gone.contains(&(api_version.to_owned(), kind.to_owned())) {
                continue;
            }
            let chart = &release.chart;
            self.obstacles.push(Obstacle {
                at: resource.origin.at().clone(),
                certainty: Certainty::Refused,
                what: format!("{chart} {to} serves no {kind} of {api_version}, and this is one"),
                help: format!("write it in a version that {chart} {to} serves, or take it away"),
            });
        }
    }
}

/// Whether a version of the chart is for a minor. What the index beside the blueprint demands is of the version that
/// the blueprint names.
fn fits(release: &Release, of: &SemVer, minor: MinorVersion) -> Fit {
    let named = version(&release.version).as_ref() == Some(of);
    let own = release.requires.as_deref().filter(|_| named);
    compatibility::chart_fits(&release.chart, &of.to_string(), own, minor)
}

/// The newer versions that the catalogue knows, in order; of a part of the platform the one of this compiler.
fn candidates(unit: &Unit, release: &Release, than: &SemVer) -> Vec<SemVer> {
    let mut found: Vec<SemVer> = if unit.id.kind == UnitKind::Platform {
        version(&release.version).into_iter().collect()
    } else {
        let same = known().filter(|(chart, _)| *chart == release.chart);
        same.filter_map(|(_, text)| version(text)).collect()
    };
    found.retain(|one| one > than);
    found.sort();
    found
}

fn obstacle(
    release: &Release,
    of: &SemVer,
    minor: MinorVersion,
    fit: Fit,
    only: Option<(MinorVersion, &SemVer)>,
) -> Obstacle {
    let chart = &release.chart;
    let (certainty, what) = match fit {
        Fit::Refused => {
            (Certainty::Refused, format!("{chart} {of} is not made for Kubernetes {minor}"))
        }
        Fit::Supported | Fit::Unknown => (
            Certainty::Unknown,
            format!("nobody says that {chart} {of} works with Kubernetes {minor}"),
        ),
    };
    let help = match (only, certainty) {
        (Some((from, only)), _) => format!(
            "no version is tested with {from} and {minor}: {only} comes after the control planes; --accept-unknown \
             takes the time between for fine"
        ),
        (None, Certainty::Refused) => {
            "take a newer one first: of what the platform installs, with a newer groundplan"
                .to_owned()
        }
        (None, Certainty::Unknown) => match compatibility::row(chart, &of.to_string()) {
            Some(row) => {
                format!("{}: {}; read it, then add --accept-unknown", row.source, row.words())
            }
            None => "read its project's release notes, then add --accept-unknown".to_owned(),
        },
    };
    Obstacle { at: release.origin.at().clone(), certainty, what, help }
}

/// The keys among the values that the new version does not read, and the old one did.
fn keys(release: &Release, from: &SemVer, to: &SemVer) -> Vec<Break> {
    let Some(new) = shipped(&release.chart, &to.to_string()) else { return Vec::new() };
    let old = shipped(&release.chart, &from.to_string());
    let before = old.map(|index| index.faults(&release.values)).unwrap_or_default();
    let faults = new.faults(&release.values).into_iter();
    let fresh = faults.filter(|fault| !before.iter().any(|known| known.path == fault.path));
    fresh
        .map(|fault| {
            let values = release.origin.at().key("values");
            let path = fault.path.join(".");
            Break {
                at: fault.path.iter().fold(values, |at, key| at.key(key)),
                what: format!("{} {to} does not read `{path}`", release.chart),
                source: "the keys of both versions".to_owned(),
            }
        })
        .collect()
}

/// The place of a key, if the values have it.
fn written(values: &Tree, key: &str, release: &At) -> Option<At> {
    let found = key.split('.').try_fold(values, |tree, key| tree.get(key));
    found?;
    Some(key.split('.').fold(release.key("values"), |at, key| at.key(key)))
}

/// What is served no more: by `apiVersion` and kind.
fn removed(chart: &str, from: &SemVer, to: &SemVer) -> BTreeSet<(String, String)> {
    let served = |of: &SemVer| -> BTreeSet<(String, String)> {
        let index = shipped(chart, &of.to_string());
        let definitions = index.map(|index| index.definitions).unwrap_or_default();
        let all = definitions.iter().flat_map(|one| {
            one.versions
                .iter()
                .map(|version| (format!("{}/{version}", one.group), one.kind.clone()))
        });
        all.collect()
    };
    let stays = served(to);
    let mut gone = served(from);
    if stays.is_empty() {
        // A chart that brings none any more has handed them to another one, which its notes tell.
        gone.clear();
    }
    gone.retain(|name| !stays.contains(name));
    let documented = changes::between(chart, from, to).flat_map(|change| change.removed);
    gone.extend(documented.map(|(version, kind)| ((*version).to_owned(), (*kind).to_owned())));
    gone
}
