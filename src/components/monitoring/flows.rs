//! Who talks to whom: Prometheus to everything that is scraped, the others among themselves and to people.

use std::collections::BTreeMap;

use super::Monitoring;
use super::values::ControlPlane;
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::nodes::NodeRole;
use crate::plan::nodes::needs::{NodeNeed, NodePort, Opener, Transport};
use crate::plan::{API_SERVER, Flow, Network, Peer, Stage, platform};

impl Monitoring {
    /// Ports of the namespace `monitoring`.
    pub(super) fn network(&self, scraped: ControlPlane) -> Network {
        let tcp = |ports: &[u16]| ports.iter().map(|port| Socket::tcp(*port)).collect::<Vec<_>>();
        // The API server, the kubelets and node-exporter.
        let mut reaches = tcp(&[API_SERVER.port, 10250, 9100]);
        if scraped.components {
            reaches.extend(tcp(&[10257, 10259]));
        }
        if scraped.etcd || scraped.external_etcd {
            reaches.push(Socket::tcp(2381));
        }
        if scraped.proxy {
            reaches.push(Socket::tcp(10249));
        }
        reaches.extend(self.receivers.iter().map(|receiver| Socket::tcp(receiver.port())));
        if self.grafana.as_ref().is_some_and(|grafana| grafana.sso.is_some()) {
            reaches.push(Socket::tcp(443));
        }
        reaches.sort();
        reaches.dedup();
        let mut among = tcp(&[8080, 8081, 9090, 9093, 9094, 10250]);
        among.push(Socket::udp(9094));
        if self.grafana.is_some() {
            among.push(Socket::tcp(3000));
        }
        Network { answers: tcp(&[10250]), reaches, among }
    }
}

/// Prometheus scrapes CoreDNS, which is a pod but of nobody's namespace.
pub(super) fn dns(stage: &Stage, component: &'static str, at: &At) -> Flow {
    let pods = platform::DNS;
    let labels = BTreeMap::from([(pods.label.0.to_owned(), pods.label.1.to_owned())]);
    Flow {
        stage: stage.clone(),
        from: Peer::platform(platform::MONITORING),
        to: Peer::Pods { namespace: pods.namespace.to_owned(), labels },
        sockets: vec![Socket::tcp(9153)],
        component,
        at: at.clone(),
    }
}

/// What Prometheus connects to on the machines themselves, so that their firewalls let it.
pub(super) fn machines(cluster: &str, scraped: ControlPlane, at: &At) -> Vec<NodeNeed> {
    use NodeRole::{ControlPlane, Etcd, Worker};
    let open = |roles: &[NodeRole], ports: &[(u16, &str)]| NodeNeed {
        cluster: cluster.to_owned(),
        roles: roles.to_vec(),
        packages: Vec::new(),
        modules: Vec::new(),
        files: Vec::new(),
        ports: ports
            .iter()
            .map(|(port, what)| NodePort {
                transport: Transport::Tcp,
                first: *port,
                last: *port,
                from: Opener::Pods,
                what: format!("{what}, for Prometheus"),
            })
            .collect(),
        at: at.clone(),
    };
    let mut needs = vec![open(
        &[ControlPlane, Worker],
        &[(9100, "metrics of the machine"), (10250, "metrics of the kubelet")],
    )];
    if scraped.components {
        let ports =
            [(10257, "metrics of the controller manager"), (10259, "metrics of the scheduler")];
        needs.push(open(&[ControlPlane], &ports));
    }
    if scraped.proxy {
        needs.push(open(&[ControlPlane, Worker], &[(10249, "metrics of kube-proxy")]));
    }
    if scraped.etcd {
        needs.push(open(&[ControlPlane], &[(2381, "metrics of etcd")]));
    }
    if scraped.external_etcd {
        needs.push(open(&[Etcd], &[(2381, "metrics of etcd")]));
    }
    needs
}
