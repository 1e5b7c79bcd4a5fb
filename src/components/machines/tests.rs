//! That what was placed and addressed stays, whatever is added.

use std::collections::BTreeMap;

use camino::Utf8Path;
use proptest::prelude::*;

use crate::plan::nodes::{Machine, Machines};
use crate::world::Memory;
use crate::{Input, compile};

const HEAD: &str = "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\nmetadata: {name: case, version: 1.0.0}\n\
    repository: {url: \"https://git.example.org/estate.git\"}\nclusters: {main: {}}\n\
    environments: {production: {cluster: main}}\nteams: {shop: {owners: [\"group:shop\"]}}\n\
    network:\n  segments:\n    nodes: {cidr: 10.20.0.0/16, gateway: 10.20.0.1}\n    storage: {cidr: 10.21.0.0/16}\n  \
    api: {address: 10.20.0.20}\n  ntp: [10.20.0.2, 10.20.0.3]\n";

/// The machines of an estate with these hosts by zone, and these pools by name and count.
fn machines(zones: &[usize], pools: &[(String, u32)]) -> Machines {
    let mut text = format!("{HEAD}machines:\n  hosts:\n");
    for (zone, hosts) in zones.iter().enumerate() {
        for host in 0..*hosts {
            text.push_str(&format!(
                "    hv-{zone}-{host}: {{zone: z{zone}, cpu: 4000, memory: 8Ti, disk: 80Ti}}\n"
            ));
        }
    }
    text.push_str(
        "  pools:\n    control-plane: {role: control-plane, count: 3, cpu: 16, memory: 64Gi, disk: 60Gi, \
         segments: [nodes], survives: nothing}\n",
    );
    for (name, count) in pools {
        text.push_str(&format!(
            "    {name}: {{role: worker, count: {count}, cpu: 4, memory: 8Gi, disk: 60Gi, segments: [nodes, \
             storage]}}\n"
        ));
    }
    let world = Memory::new("2026-11-24").with("blueprint.yaml", text);
    let input = Input { world: &world, blueprint: Utf8Path::new("blueprint.yaml"), overlays: None };
    let compilation = compile(input).unwrap();
    let found: Vec<_> = compilation.diagnostics.iter().map(|found| &found.message).collect();
    let plan = compilation.plan.unwrap_or_else(|| panic!("{found:?}"));
    plan.facts.machines["main"].clone()
}

/// Where a machine is and how it is reached.
fn places(machines: &Machines) -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let place = |machine: &Machine| {
        let nics = machine.nics.iter().map(|nic| (nic.mac.clone(), nic.address.to_string()));
        (machine.name.clone(), (machine.host.clone(), nics.collect()))
    };
    machines.machines.iter().map(place).collect()
}

fn pools() -> impl Strategy<Value = Vec<(String, u32)>> {
    proptest::collection::btree_map("[a-d][a-z]{0,6}", 1..20_u32, 1..5)
        .prop_map(|pools| pools.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn another_machine_and_another_pool_move_none(
        zones in proptest::collection::vec(1..4_usize, 1..4),
        pools in pools(),
        grown in any::<prop::sample::Index>(),
        new in 1..20_u32,
    ) {
        let before = places(&machines(&zones, &pools));
        let mut more = pools.clone();
        let index = grown.index(more.len());
        more[index].1 += 1;
        // A name that no pool before it has: the strategy's begin with `a` to `d`.
        more.push(("new".to_owned(), new));
        let after = places(&machines(&zones, &more));
        prop_assert_eq!(after.len(), before.len() + 1 + new as usize);
        for (name, place) in &before {
            prop_assert_eq!(after.get(name), Some(place), "{}", name);
        }
    }

    #[test]
    fn addresses_and_cards_are_unique_and_the_apis_is_nobodys(
        zones in proptest::collection::vec(1..4_usize, 1..4),
        pools in pools(),
    ) {
        let machines = machines(&zones, &pools);
        let nics = || machines.machines.iter().flat_map(|machine| &machine.nics);
        let addresses: std::collections::BTreeSet<_> = nics().map(|nic| nic.address).collect();
        let macs: std::collections::BTreeSet<_> = nics().map(|nic| &nic.mac).collect();
        prop_assert_eq!(addresses.len(), nics().count());
        prop_assert_eq!(macs.len(), nics().count());
        prop_assert!(nics().all(|nic| nic.mac.starts_with("02:")));
        prop_assert!(nics().all(|nic| nic.address.addr().to_string() != "10.20.0.20"));
    }
}
