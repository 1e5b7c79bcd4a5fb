//! On which host a machine runs.
//!
//! What is decided for one machine depends on its pool's name, its number and the pool's hosts, on nothing else:
//! another machine and another pool move none. So the placement does not look at what is free; whether all of it
//! fits is proven afterwards.

use sha2::{Digest, Sha256};

/// A host with its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub host: String,
    /// Its zone.
    pub zone: String,
}

/// The hosts of a pool in the order in which its machines go to them: from zone to zone, and in each zone from host
/// to host. Pools begin at different ones, so that small pools do not all meet on the first host.
pub fn order(pool: &str, hosts: &[Candidate]) -> Vec<Candidate> {
    let mut zones: Vec<(&str, Vec<&Candidate>)> = Vec::new();
    for host in hosts {
        match zones.iter_mut().find(|(zone, _)| *zone == host.zone) {
            Some((_, members)) => members.push(host),
            None => zones.push((&host.zone, vec![host])),
        }
    }
    if zones.is_empty() {
        return Vec::new();
    }
    let seed = hash(pool.as_bytes());
    let begin = usize::from(seed[0]) % zones.len();
    zones.rotate_left(begin);
    for (_, members) in &mut zones {
        let begin = usize::from(seed[1]) % members.len();
        members.rotate_left(begin);
    }
    // As many rounds as bring every host's turn and end with the last zone: then it begins anew.
    let rounds = zones.iter().map(|(_, members)| members.len()).fold(1, least_common_multiple);
    let round =
        |round: usize| zones.iter().map(move |(_, members)| members[round % members.len()].clone());
    (0..rounds).flat_map(round).collect()
}

/// Bounded: an estate has few zones of few hosts; past the bound the rounds are merely less even.
fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x * b).min(4096)
}

/// The first bytes of a digest.
pub fn hash(bytes: &[u8]) -> [u8; 8] {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn hosts(zones: &[usize]) -> Vec<Candidate> {
        let host = |zone: usize, number: usize| Candidate {
            host: format!("hv-{zone}-{number}"),
            zone: format!("zone-{zone}"),
        };
        zones
            .iter()
            .enumerate()
            .flat_map(|(zone, count)| (0..*count).map(move |number| host(zone, number)))
            .collect()
    }

    fn placed(pool: &str, hosts: &[Candidate], machines: usize) -> Vec<Candidate> {
        order(pool, hosts).iter().cycle().take(machines).cloned().collect()
    }

    #[test]
    fn three_machines_are_in_three_zones_and_on_three_hosts() {
        for zones in [&[1, 1, 1][..], &[2, 2, 2], &[3], &[1, 2, 3]] {
            let places = placed("control-plane", &hosts(zones), 3);
            let mut names: Vec<_> = places.iter().map(|place| &place.host).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), 3, "{zones:?}");
        }
    }

    proptest! {
        #[test]
        fn zones_and_the_hosts_in_them_differ_by_one_at_most(
            zones in proptest::collection::vec(1..5_usize, 1..5),
            machines in 1..60_usize,
            pool in "[a-z]{1,8}",
        ) {
            let hosts = hosts(&zones);
            let mut by_zone: BTreeMap<&str, usize> = BTreeMap::new();
            let mut by_host: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            let places = placed(&pool, &hosts, machines);
            for place in &places {
                *by_zone.entry(&place.zone).or_default() += 1;
                *by_host.entry((&place.zone, &place.host)).or_default() += 1;
            }
            let zone = |host: &Candidate| by_zone.get(host.zone.as_str()).copied().unwrap_or(0);
            let counts: Vec<usize> = hosts.iter().map(zone).collect();
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            for host in &hosts {
                let of = |other: &&Candidate| other.zone == host.zone;
                let count = |other: &Candidate| {
                    by_host.get(&(other.zone.as_str(), other.host.as_str())).copied().unwrap_or(0)
                };
                let mates: Vec<usize> = hosts.iter().filter(of).map(count).collect();
                prop_assert!(mates.iter().max().unwrap() - mates.iter().min().unwrap() <= 1);
            }
        }

        #[test]
        fn one_more_machine_moves_none(
            zones in proptest::collection::vec(1..5_usize, 1..5),
            machines in 1..60_usize,
            pool in "[a-z]{1,8}",
        ) {
            let hosts = hosts(&zones);
            let more = placed(&pool, &hosts, machines + 1);
            prop_assert_eq!(&more[..machines], &placed(&pool, &hosts, machines)[..]);
        }
    }
}
