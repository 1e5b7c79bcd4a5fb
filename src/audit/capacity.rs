//! What the workloads of a namespace ask for, against its quota.

use std::collections::BTreeMap;

use super::view::View;
use crate::diag::{Diagnostics, Rule};
use crate::k8s::quantity::{Bytes, Cpu};
use crate::plan::{Requests, Stage, Tenancy};

/// Even the fewest copies do not fit.
pub static QUOTA_TOO_SMALL: Rule = Rule::error(
    "capacity/quota-too-small",
    "the workloads of a namespace ask for more than its quota, even at their fewest copies",
    "Kubernetes refuses the pods that come last; which ones those are is chance \
     (kubernetes.io/docs/concepts/policy/resource-quotas).",
    "teams: {shop: {quota: {cpu: 1, memory: 1Gi}}}\nworkloads: {web: {team: shop, image: …, \
     resources: {cpu: 2}}}",
);

/// The most copies do not fit.
pub static QUOTA_TOO_SMALL_AT_PEAK: Rule = Rule::warning(
    "capacity/quota-too-small-at-peak",
    "the workloads of a namespace ask for more than its quota at their most copies",
    "Under load Kubernetes refuses copies that an autoscaler asks for, just when they are needed \
     (kubernetes.io/docs/concepts/policy/resource-quotas).",
    "teams: {shop: {quota: {cpu: 1, memory: 8Gi}}}\nworkloads: {web: {team: shop, image: …, \
     resources: {cpu: 500m}, scale: {min: 1, max: 4}}}",
);

/// The rules.
pub static RULES: &[&Rule] = &[&QUOTA_TOO_SMALL, &QUOTA_TOO_SMALL_AT_PEAK];

/// One resource that a quota limits.
struct Limit {
    field: &'static str,
    quota: u64,
    /// What one workload asks for at that number of copies. Sums are wider than 64 bits, so they cannot overflow.
    asks: fn(&Requests, u32) -> u128,
    show: fn(u64) -> String,
}

/// Finds quotas that are too small.
pub fn audit(view: &View<'_>, diags: &mut Diagnostics) {
    let mut asked: BTreeMap<(&Stage, &str), Vec<&Requests>> = BTreeMap::new();
    for requests in &view.plan.facts.requests {
        asked.entry((&requests.stage, &requests.namespace)).or_default().push(requests);
    }
    for tenancy in view.plan.facts.tenancies.values() {
        if let Some(asked) = asked.get(&(&tenancy.stage, tenancy.namespace.as_str())) {
            for limit in limits(tenancy) {
                judge(tenancy, &limit, asked, diags);
            }
        }
    }
}

fn limits(tenancy: &Tenancy) -> Vec<Limit> {
    let Some((cpu, memory, storage)) = tenancy.quota else { return Vec::new() };
    let bytes: fn(u64) -> String = |bytes| Bytes::new(bytes).to_string();
    let mut limits = vec![
        Limit {
            field: "cpu",
            quota: cpu,
            asks: |requests, copies| u128::from(requests.cpu) * u128::from(copies),
            show: |millicores| Cpu::from_millicores(millicores).to_string(),
        },
        Limit {
            field: "memory",
            quota: memory,
            asks: |requests, copies| u128::from(requests.memory) * u128::from(copies),
            show: bytes,
        },
    ];
    limits.extend(storage.map(|quota| Limit {
        field: "storage",
        quota,
        asks: |requests, _| u128::from(requests.storage),
        show: bytes,
    }));
    limits
}

fn judge(tenancy: &Tenancy, limit: &Limit, asked: &[&Requests], diags: &mut Diagnostics) {
    let fewest: fn(&Requests) -> u32 = |requests| requests.least;
    let most: fn(&Requests) -> u32 = |requests| requests.most;
    for (rule, copies, when) in [
        (&QUOTA_TOO_SMALL, fewest, "at the fewest copies"),
        (&QUOTA_TOO_SMALL_AT_PEAK, most, "at the most copies"),
    ] {
        let of = |requests: &Requests| (limit.asks)(requests, copies(requests));
        let sum: u128 = asked.iter().map(|requests| of(requests)).sum();
        if sum <= u128::from(limit.quota) {
            continue;
        }
        let show = |amount: u128| (limit.show)(u64::try_from(amount).unwrap_or(u64::MAX));
        let Limit { field, quota, .. } = limit;
        let at = tenancy.at.key("quota").key(field);
        let message = format!(
            "the quota of `{}` is {} {field}, its workloads ask for {} {when}",
            tenancy.namespace,
            show(u128::from(*quota)),
            show(sum),
        );
        let diagnostic = diags.report(rule, at, message);
        let mut largest: Vec<_> = asked.iter().filter(|one| of(one) > 0).collect();
        largest.sort_by_key(|one| (std::cmp::Reverse(of(one)), &one.at));
        for one in largest.into_iter().take(3) {
            let count = copies(one);
            let label = match count {
                0 | 1 => format!("asks for {} of {field}", show(of(one))),
                _ => format!("asks for {} of {field} in {count} copies", show(of(one))),
            };
            diagnostic.related(&one.at, label);
        }
        let missing = show(sum - u128::from(*quota));
        diagnostic.help(format!("give the team {missing} more, or let its workloads ask for less"));
        // What does not fit at the fewest copies does not fit at the most either.
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Estate, at, found, production, rules_found};
    use crate::plan::Plan;

    fn asks(name: &str, cpu: u64, memory: u64, storage: u64, copies: (u32, u32)) -> Requests {
        Requests {
            stage: production(),
            namespace: "shop-production".to_owned(),
            cpu,
            memory,
            storage,
            least: copies.0,
            most: copies.1,
            at: at("workloads").key(name),
        }
    }

    fn plan(quota: Option<(u64, u64, Option<u64>)>, requests: Vec<Requests>) -> Plan {
        let estate = Estate::new();
        let estate = match quota {
            Some((cpu, memory, storage)) => estate.quota(cpu, memory, storage),
            None => estate,
        };
        let mut plan = estate.plan();
        plan.facts.requests = requests;
        plan
    }

    #[test]
    fn what_fits_exactly_is_silent_and_so_is_a_namespace_without_quota() {
        let requests = vec![asks("web", 500, 1 << 30, 1 << 30, (2, 4))];
        let quota = Some((2000, 4 << 30, Some(1 << 30)));
        assert_eq!(rules_found(audit, &plan(quota, requests.clone())), [""; 0]);
        assert_eq!(rules_found(audit, &plan(None, requests)), [""; 0]);
    }

    #[test]
    fn the_sum_the_quota_and_the_largest_are_shown() {
        let requests = ["a", "b", "c", "d"]
            .into_iter()
            .zip([100, 400, 300, 200])
            .map(|(name, cpu)| asks(name, cpu, 0, 0, (2, 2)))
            .collect();
        let found = found(audit, &plan(Some((1500, 0, None)), requests));
        let one = found.iter().next().unwrap();
        assert_eq!(one.rule, &QUOTA_TOO_SMALL);
        assert_eq!(
            one.message,
            "the quota of `shop-production` is 1500m cpu, its workloads ask for 2 at the fewest copies"
        );
        let labels: Vec<_> = one.related.iter().map(|(_, label)| label.as_str()).collect();
        let wanted =
            ["800m", "600m", "400m"].map(|sum| format!("asks for {sum} of cpu in 2 copies"));
        assert_eq!(labels, wanted);
        assert_eq!(one.place, at("teams.shop.quota.cpu").into());
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn the_peak_is_a_warning_and_numbers_beyond_64_bits_are_no_accident() {
        let peak = plan(Some((1000, 0, None)), vec![asks("web", 500, 0, 0, (2, 3))]);
        assert_eq!(rules_found(audit, &peak), [QUOTA_TOO_SMALL_AT_PEAK.name]);
        let huge = asks("web", u64::MAX, u64::MAX, u64::MAX, (u32::MAX, u32::MAX));
        let overflow = plan(Some((1000, 1000, Some(1000))), vec![huge.clone(), huge]);
        assert_eq!(rules_found(audit, &overflow), [QUOTA_TOO_SMALL.name; 3]);
    }
}
