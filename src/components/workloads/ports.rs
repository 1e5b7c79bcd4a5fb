//! Ports, and what is said of them by name: `expose`, `health`, `metrics`.

use super::defaults as default;
use super::model::{Expose, Health, Metrics, Probe};
use super::spec::WorkloadSpec;
use crate::diag::{Diagnostics, Rule, one_of};
use crate::field;
use crate::k8s::port::PortName;
use crate::k8s::socket::{Protocol, Socket};
use crate::path::At;

/// A port that the workload does not have.
pub static PORT_UNKNOWN: Rule = Rule::error(
    "workloads/port-unknown",
    "a port is named that is not declared",
    "A Service, probe or monitor for a port that nobody listens on never works, and nothing says so.",
    "workloads: {web: {ports: {http: 8080}, metrics: {port: metrics}}}",
);

/// Which of several ports?
pub static PORT_AMBIGUOUS: Rule = Rule::error(
    "workloads/port-ambiguous",
    "there are several ports, or none, and none is named",
    "Guessing would send the traffic of users to a port for metrics.",
    "workloads: {web: {ports: {http: 8080, admin: 8081}, expose: {host: shop.acme.example}}}",
);

/// HTTP over UDP.
pub static PORT_NOT_TCP: Rule = Rule::error(
    "workloads/port-not-tcp",
    "a port of UDP is used where TCP is needed",
    "HTTP routes, probes and scrapes speak TCP.",
    "workloads: {dns: {ports: {dns: 53/udp}, health: {port: dns}}}",
);

/// A port with the name of one that is used here, of TCP.
fn tcp(
    spec: &WorkloadSpec,
    port: &PortName,
    place: At,
    at: &At,
    diags: &mut Diagnostics,
) -> Option<Socket> {
    let Some(socket) = spec.ports.get(port) else {
        let help = match spec.ports.is_empty() {
            true => format!("declare it: `ports: {{{port}: 8080}}`"),
            false => one_of(port.as_str(), spec.ports.keys().map(PortName::as_str)),
        };
        diags
            .report(&PORT_UNKNOWN, place, format!("there is no port `{port}` here"))
            .related(field!(at, spec.ports), "the ports")
            .help(help);
        return None;
    };
    if socket.protocol != Protocol::Tcp {
        diags
            .report(&PORT_NOT_TCP, place, format!("`{port}` is {socket}"))
            .related(field!(at, spec.ports).key(port), "declared here")
            .help("name a port of TCP");
        return None;
    }
    Some(*socket)
}

/// The port that is named, or the only one there is.
fn named_or_only<'a>(
    spec: &'a WorkloadSpec,
    written: Option<&'a PortName>,
    owner: &At,
    at: &At,
    diags: &mut Diagnostics,
) -> Option<(&'a PortName, Socket)> {
    let place = owner.key("port");
    if let Some(port) = written {
        return tcp(spec, port, place, at, diags).map(|socket| (port, socket));
    }
    if let [port] = spec.ports.keys().collect::<Vec<_>>()[..] {
        return tcp(spec, port, owner.clone(), at, diags).map(|socket| (port, socket));
    }
    let several = !spec.ports.is_empty();
    let report = diags.report(
        &PORT_AMBIGUOUS,
        owner.clone(),
        if several { "several ports, and none is named" } else { "there is no port" },
    );
    if several {
        let names: Vec<String> = spec.ports.keys().map(|port| format!("`{port}`")).collect();
        report
            .related(field!(at, spec.ports), "the ports")
            .help(format!("write `port:` with one of {}", names.join(", ")));
    } else {
        report.help("declare it: `ports: {http: 8080}`");
    }
    None
}

pub fn expose(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> Option<Expose> {
    let expose = spec.expose.as_ref()?;
    let owner = field!(at, spec.expose);
    let (_, port) = named_or_only(spec, expose.port.as_ref(), &owner, at, diags)?;
    Some(Expose {
        host: expose.host.to_string(),
        path: expose.path.clone().unwrap_or_else(|| default::EXPOSE_PATH.get()),
        port,
    })
}

/// Nothing to look at, or two things.
pub static HEALTH_KIND: Rule = Rule::error(
    "workloads/health-kind",
    "health is seen by nothing, or by two things",
    "A probe is one of httpGet, tcpSocket and exec (core/v1, Probe).",
    "workloads: {web: {health: {period: 5s}}}",
);

/// No time at all.
pub static NO_TIME: Rule = Rule::error(
    "workloads/no-time",
    "a time that must be at least a second is shorter",
    "Kubernetes counts these in whole seconds and refuses 0.",
    "workloads: {web: {health: {path: /healthz, period: 0s}}}",
);

pub fn health(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> Option<Health> {
    let health = spec.health.as_ref()?;
    let owner = field!(at, spec.health);
    let page = health.path.is_some() || health.port.is_some();
    let command = !health.command.is_empty();
    if page == command {
        let message = if page {
            "a command and a port are both named"
        } else {
            "nothing says how health is seen"
        };
        diags
            .report(&HEALTH_KIND, owner, message)
            .help("write one of `path: /healthz`, `port: <port>` and `command: [...]`");
        return None;
    }
    for (key, time) in
        [("period", health.period), ("timeout", health.timeout), ("startup", health.startup)]
    {
        if time.is_some_and(|time| time.as_millis() < 1000) {
            diags
                .report(&NO_TIME, owner.key(key), "this is less than a second")
                .help("write at least `1s`");
        }
    }
    if health.failures.is_some_and(|count| count.get() == 0) {
        diags
            .report(&NO_TIME, field!(owner, health.failures), "no failure at all is too few")
            .help("write at least 1");
    }
    let probe = if page {
        let (port, _) = named_or_only(spec, health.port.as_ref(), &owner, at, diags)?;
        match &health.path {
            Some(path) => Probe::Http { path: path.clone(), port: port.clone() },
            None => Probe::Tcp(port.clone()),
        }
    } else {
        Probe::Command(health.command.clone())
    };
    Some(Health {
        probe,
        period: health.period.unwrap_or_else(|| default::PERIOD.get()),
        timeout: health.timeout.unwrap_or_else(|| default::TIMEOUT.get()),
        failures: health.failures.unwrap_or_else(|| default::FAILURES.get()).get(),
        startup: health.startup.unwrap_or_else(|| default::STARTUP.get()),
    })
}

pub fn metrics(spec: &WorkloadSpec, at: &At, diags: &mut Diagnostics) -> Option<Metrics> {
    let metrics = spec.metrics.as_ref()?;
    let owner = field!(at, spec.metrics);
    let interval = metrics.interval.unwrap_or_else(|| default::METRICS_INTERVAL.get());
    if interval.as_millis() < 1000 {
        diags
            .report(&NO_TIME, field!(owner, metrics.interval), "this is less than a second")
            .help("write at least `1s`");
    }
    Some(Metrics {
        socket: tcp(spec, &metrics.port, field!(owner, metrics.port), at, diags)?,
        port: metrics.port.clone(),
        path: metrics.path.clone().unwrap_or_else(|| default::METRICS_PATH.get()),
        interval,
    })
}

/// One socket, two names.
pub static PORT_TWICE: Rule = Rule::error(
    "workloads/port-twice",
    "two ports have the same number",
    "A container port and a Service port are known by number and protocol; kustomize merges the two into one.",
    "workloads: {web: {ports: {http: 8080, metrics: 8080}}}",
);

pub fn distinct(ports: &indexmap::IndexMap<PortName, Socket>, at: &At, diags: &mut Diagnostics) {
    let at = at.key("ports");
    for (position, (name, socket)) in ports.iter().enumerate() {
        let twin = ports.iter().take(position).find(|(_, other)| *other == socket);
        if let Some((first, _)) = twin {
            diags
                .report(&PORT_TWICE, at.key(name), format!("`{first}` is {socket} already"))
                .related(at.key(first), "first here")
                .help(format!("use `{first}` for both, or another number"));
        }
    }
}
