//! What must go with what: balancers and their machines, proxies and container networks, segments and addresses.

use super::Cluster;
use crate::audit::view::View;
use crate::catalog::Fit;
use crate::catalog::parts::CLUSTER_API;
use crate::diag::{Diagnostics, Place, Rule};
use crate::plan::nodes::{
    ApiBalancer, Cni, Encapsulation, EtcdTopology, GatewayKind, LoadBalancerKind, NodeRole,
    ServiceProxy,
};

/// Machines without an API to join.
pub static NO_API: Rule = Rule::error(
    "network/api-missing",
    "there are machines and no address of the API",
    "Every machine joins through it, and every certificate names it; it cannot be changed without making all of \
     them anew (kubeadm, controlPlaneEndpoint).",
    "machines: {pools: {control-plane: {role: control-plane, count: 3}}}  # and no `network.api`",
);

/// Holders of the address that are not in its segment.
pub static API_UNSHARED: Rule = Rule::error(
    "network/api-unshared",
    "a machine that must hold the API's address is not attached to its segment",
    "kube-vip and keepalived answer with ARP, which no router passes on: when that machine takes the address, \
     nobody reaches it.",
    "network: {api: {address: 10.20.10.5}}\nmachines: {pools: {control-plane: {role: control-plane, segments: [workers]}}}",
);

/// A port that is taken.
pub static API_PORT: Rule = Rule::error(
    "network/api-port",
    "the API cannot have that port at that address",
    "HAProxy cannot bind 6443 where an API server has it on all addresses, and kube-vip only moves an address: the \
     port behind it is the API server's own.",
    "network: {api: {address: 10.20.10.5, balancer: haproxy, port: 6443}}",
);

/// Machines for a balancer that nobody chose.
pub static BALANCER_MACHINES: Rule = Rule::error(
    "network/balancer-machines",
    "there are machines for load balancers, and nothing runs on them",
    "Only HAProxy uses machines of the role `load-balancer`.",
    "network: {api: {balancer: kube-vip}}\nmachines: {pools: {balancers: {role: load-balancer, count: 2}}}",
);

/// etcd and its machines do not go together.
pub static ETCD_MACHINES: Rule = Rule::error(
    "kubernetes/etcd-machines",
    "etcd is external and has no machines, or has machines and is not external",
    "Control planes would wait for members that are nowhere; or machines would stand idle.",
    "kubernetes: {etcd: {topology: external}}  # and no pool of the role `etcd`",
);

/// Nobody makes Services work.
pub static PROXY: Rule = Rule::error(
    "kubernetes/proxy-pairing",
    "what replaces kube-proxy is not there, or what needs it replaced is",
    "Without kube-proxy and without a CNI that replaces it no Service has an address that answers, the API's own \
     among them. Cilium's gateway and its announcements work only where it replaces kube-proxy.",
    "network: {cni: {kind: flannel}}\nkubernetes: {proxy: none}",
);

/// Addresses of Services in a segment where no worker is.
pub static L2_UNREACHABLE: Rule = Rule::error(
    "network/load-balancer-unreachable",
    "no worker is attached to the segment of the Services' addresses",
    "Addresses are announced with ARP from a node in their segment; without one nobody answers.",
    "network: {loadBalancer: {kind: metallb, pool: 10.20.40.100-10.20.40.200}}  # and no pool in that segment",
);

/// Pods across a router that does not know the way.
pub static UNROUTED: Rule = Rule::error(
    "network/pods-unrouted",
    "nodes are in different segments and packets of pods are sent as they are",
    "The router between the segments knows nothing of the pods' range and drops them; pods of one segment reach \
     each other, which makes it look like chance.",
    "network: {cni: {encapsulation: none}}\nmachines: {pools: {control-plane: {segments: [a]}, general: {segments: [b]}}}",
);

/// A Cluster API that says nothing of this version.
pub static CLUSTER_API_UNTESTED: Rule = Rule::warning(
    "autoscaling/untested-version",
    "Cluster API does not say that it works for this minor of Kubernetes",
    "A machine that it makes may not join, and that shows only under load (cluster-api.sigs.k8s.io, versions).",
    "kubernetes: {version: \"1.37\"}\nautoscaling: {nodes: {provider: cluster-api, infrastructure: proxmox}}",
);

pub fn audit(cluster: &Cluster<'_>, view: &View<'_>, diags: &mut Diagnostics) {
    api(cluster, diags);
    etcd(cluster, diags);
    proxy(cluster, diags);
    segments(cluster, diags);
    let autoscaling = view.plan.facts.node_autoscaling.get(cluster.name);
    let version = &cluster.kubernetes.version;
    if let Some(autoscaling) = autoscaling
        && CLUSTER_API.fits(version.series()) != Fit::Supported
    {
        diags
            .report(
                &CLUSTER_API_UNTESTED,
                autoscaling.at.field("nodes"),
                format!("Cluster API {} says nothing of Kubernetes {version}", CLUSTER_API.version),
            )
            .related(cluster.kubernetes.at.field("version"), "the version")
            .help("choose a minor that it names, or waive this with a reason");
    }
}

fn api(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let network = cluster.network;
    let balancers = cluster.pools(NodeRole::LoadBalancer).next();
    let Some(api) = &network.api else {
        diags
            .report(&NO_API, Place::Key(network.at.clone()), "the machines have no API to join")
            .related(cluster.machines.at.field("pools"), "the machines")
            .help("write `api: {address: 10.20.10.5, host: api.main.acme.internal}`");
        return;
    };
    if let Some(pool) = balancers
        && api.balancer != ApiBalancer::HaProxy
    {
        diags
            .report(
                &BALANCER_MACHINES,
                Place::Key(pool.at.clone()),
                format!("nothing runs on the machines of `{}`", pool.name),
            )
            .related(api.at.field("balancer"), "who holds the API's address")
            .help("write `balancer: haproxy`, or remove the pool");
    }
    let shared = balancers.is_none();
    let wrong_port = match api.balancer {
        ApiBalancer::HaProxy => shared && api.port == 6443,
        ApiBalancer::KubeVip => api.port != 6443,
        ApiBalancer::External => false,
    };
    if wrong_port {
        let message = format!("port {} is not free for the API's address", api.port);
        let help = match api.balancer {
            ApiBalancer::HaProxy => {
                "write another port, such as 8443, or machines of the role `load-balancer`"
            }
            _ => "leave `port` out: it is 6443",
        };
        diags.report(&API_PORT, api.at.field("port"), message).help(help);
    }
    let home = network.segments.values().find(|segment| segment.cidr.contains(&api.address));
    let (Some(home), Some(role)) = (home, cluster.api_role()) else { return };
    let away = cluster
        .with_role(role)
        .into_iter()
        .find(|machine| !machine.nics.iter().any(|nic| nic.segment == home.name));
    if let Some(machine) = away {
        diags
            .report(
                &API_UNSHARED,
                machine.at.field("segments"),
                format!("`{}` is not in `{}`, where {} is", machine.name, home.name, api.address),
            )
            .related(api.at.field("address"), "the API's address")
            .help(format!(
                "attach the pool to `{}`, or choose an address of its segments",
                home.name
            ));
    }
}

fn etcd(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let at = cluster.kubernetes.at.field("etcd").field("topology");
    let pool = cluster.pools(NodeRole::Etcd).next();
    match (cluster.kubernetes.etcd, pool) {
        (EtcdTopology::External, None) => {
            diags
                .report(&ETCD_MACHINES, at, "etcd is external, and no pool has the role `etcd`")
                .related(cluster.machines.at.field("pools"), "the pools")
                .help("write a pool `etcd: {role: etcd, count: 3, …}`, or `topology: stacked`");
        }
        (EtcdTopology::Stacked, Some(pool)) => {
            diags
                .report(
                    &ETCD_MACHINES,
                    Place::Key(pool.at.clone()),
                    format!("etcd runs on the control planes, not on `{}`", pool.name),
                )
                .related(at, "where etcd runs")
                .help("write `topology: external`, or remove the pool");
        }
        _ => {}
    }
}

fn proxy(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let (network, at) = (cluster.network, cluster.kubernetes.at.field("proxy"));
    let replaced = cluster.kubernetes.proxy == ServiceProxy::Cni;
    let gateway = network.gateway.as_ref().filter(|gateway| gateway.kind == GatewayKind::Cilium);
    let message = if replaced && network.cni != Cni::Cilium {
        "kube-proxy is left out, and only Cilium is set up to replace it"
    } else if gateway.is_some() && (!replaced || network.cni != Cni::Cilium) {
        "Cilium's gateway works only where Cilium replaces kube-proxy"
    } else if network.load_balancer == LoadBalancerKind::Cilium && !replaced {
        "Cilium announces addresses only where it replaces kube-proxy"
    } else {
        return;
    };
    let help = match network.cni {
        Cni::Cilium => "write `proxy: none`",
        Cni::Calico | Cni::Flannel => "write `proxy: nftables`, or `cni: {kind: cilium}`",
    };
    diags
        .report(&PROXY, at, message)
        .related(network.at.field("cni").field("kind"), "the container network")
        .help(help);
}

fn segments(cluster: &Cluster<'_>, diags: &mut Diagnostics) {
    let network = cluster.network;
    if let (LoadBalancerKind::MetalLbL2, Some((first, _))) =
        (network.load_balancer, network.load_balancer_pool)
        && let Some(home) = network.segments.values().find(|segment| segment.cidr.contains(&first))
    {
        let fixed = cluster
            .with_role(NodeRole::Worker)
            .into_iter()
            .any(|machine| machine.nics.iter().any(|nic| nic.segment == home.name));
        let growing =
            cluster.machines.autoscaled.iter().any(|pool| pool.segments.contains(&home.name));
        if !fixed && !growing {
            diags
                .report(
                    &L2_UNREACHABLE,
                    network.at.field("loadBalancer").field("pool"),
                    format!("no worker is attached to `{}`", home.name),
                )
                .related(cluster.machines.at.field("pools"), "the pools")
                .help(format!("attach a pool of workers to `{}`", home.name));
        }
    }
    if network.encapsulation != Encapsulation::None {
        return;
    }
    let fixed = cluster.nodes().filter_map(|machine| {
        Some((machine.nics.first()?.segment.as_str(), machine.name.as_str(), &machine.at))
    });
    let growing =
        cluster.machines.autoscaled.iter().filter_map(|pool| {
            Some((pool.segments.first()?.as_str(), pool.name.as_str(), &pool.at))
        });
    let mut nodes = fixed.chain(growing);
    let Some((segment, name, at)) = nodes.next() else { return };
    if let Some((other, node, place)) = nodes.find(|(other, ..)| *other != segment) {
        diags
            .report(
                &UNROUTED,
                network.at.field("cni").field("encapsulation"),
                format!("`{name}` has its address in `{segment}`, `{node}` in `{other}`"),
            )
            .related(at.field("segments"), format!("`{segment}` first"))
            .related(place.field("segments"), format!("`{other}` first"))
            .help("write `encapsulation: vxlan`, or give all nodes one first segment");
    }
}
