//! `connects`: who talks to whom, with the consent of the other side. One for all sections whose pods open connections;
//! each has rules of its own, so that what is wrong is found under its name.

use super::{Endpoint, EndpointOf, Resolving, Situation};
use crate::diag::{Rule, one_of};
use crate::k8s::name::Name;
use crate::k8s::reference::{PortReference, Reference};
use crate::k8s::socket::Socket;
use crate::path::At;
use crate::plan::{Flow, Peer, UnitId};

/// What can be wrong with a connection.
#[derive(Debug)]
pub struct ConnectRules {
    /// The other side has no ports.
    pub no_ports: &'static Rule,
    /// The other side has no such port.
    pub port_unknown: &'static Rule,
    /// The other side is this one, whose copies do not talk to each other.
    pub itself: &'static Rule,
    /// The other side is another team's, and does not allow it.
    pub no_consent: &'static Rule,
    /// The other side cannot be waited for.
    pub ordered: &'static Rule,
}

/// Who opens connections.
pub struct Client<'a> {
    /// The word for it in references: `workload`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a Name,
    /// Whose it is.
    pub team: &'a Name,
    /// Whether its copies talk to each other.
    pub clusters: bool,
    /// Whether it waits for what it connects to, where nothing is said.
    pub waits: bool,
    /// Its rules.
    pub rules: &'static ConnectRules,
}

/// A connection as written.
pub struct Wish<'a> {
    /// Where it stands in the list.
    pub index: usize,
    /// What to.
    pub to: &'a Reference,
    /// Which ports; `None` where it is written short.
    pub ports: Option<&'a [PortReference]>,
    /// Whether it waits.
    pub ordered: Option<bool>,
}

/// A connection, bound.
#[derive(Debug)]
pub struct Connect {
    /// Where it stands in `connects`.
    pub index: usize,
    /// The other side.
    pub endpoint: Endpoint,
    /// Where that answers; not empty.
    pub sockets: Vec<Socket>,
    /// Whether the other side must be healthy first.
    pub ordered: bool,
}

impl Connect {
    /// The unit that must be healthy first, if any.
    pub fn awaited(&self, id: &UnitId) -> Option<UnitId> {
        let EndpointOf::Pods { unit: (kind, name), .. } = &self.endpoint.of else { return None };
        let unit = || UnitId { kind: *kind, name: name.clone(), stage: id.stage.clone() };
        self.ordered.then(unit)
    }

    /// The flow that it is, stated by a component at a field.
    pub fn flow(
        &self,
        from: Peer,
        situation: &Situation<'_>,
        component: &'static str,
        at: At,
    ) -> Flow {
        Flow {
            stage: situation.stage.clone(),
            from,
            to: self.endpoint.peer(situation),
            sockets: self.sockets.clone(),
            component,
            at,
        }
    }
}

impl Resolving<'_> {
    /// Binds a connection of the list at `list`; `None` once a diagnostic says why.
    pub fn bind_connect(
        &mut self,
        client: &Client<'_>,
        wish: &Wish<'_>,
        list: &At,
    ) -> Option<Connect> {
        let place = list.index(wish.index);
        let target = wish.to.to_string();
        let at_target = if wish.ports.is_some() { place.key("to") } else { place.clone() };
        let endpoint = self.symbols.endpoints.bind(&target, &at_target, self.diags)?.clone();
        let own = format!("{}/{}", client.kind, client.name);
        let itself = target == own;
        if itself && !client.clusters {
            self.diags
                .report(
                    client.rules.itself,
                    &at_target,
                    format!("`{target}` is this {}", client.kind),
                )
                .help("leave it out; copies that talk to each other are `stateful: true`");
        }
        let waitable = !itself && matches!(endpoint.of, EndpointOf::Pods { .. });
        if wish.ordered == Some(true) && !waitable {
            self.diags
                .report(
                    client.rules.ordered,
                    place.key("ordered"),
                    format!("`{target}` cannot be waited for"),
                )
                .help("leave `ordered` out");
        }
        self.consent(client, &own, &endpoint, &target, &at_target);
        let sockets = self.sockets(client, wish, &endpoint, &place, &at_target)?;
        let ordered = waitable && wish.ordered.unwrap_or(client.waits);
        Some(Connect { index: wish.index, endpoint, sockets, ordered })
    }

    fn consent(
        &mut self,
        client: &Client<'_>,
        own: &str,
        endpoint: &Endpoint,
        target: &str,
        at: &At,
    ) {
        let EndpointOf::Pods { team, .. } = &endpoint.of else { return };
        let as_team = format!("team/{}", client.team);
        let consents = endpoint.allows.iter().any(|it| *it == own || *it == as_team);
        // A team that does not exist is told by itself.
        let is_known = self.symbols.teams.get(client.team.as_str()).is_some();
        if *team == client.team.as_str() || consents || !is_known {
            return;
        }
        let message = format!("`{target}` is of the team `{team}` and does not allow `{own}`");
        let report = self.diags.report(client.rules.no_consent, at, message);
        if let Some(declared) = self.symbols.endpoints.at(target) {
            report.related(declared.key("allows"), "consent is given here");
        }
        report.help(format!("its owners write `allows: [{own}]`"));
    }

    /// The ports that are named, or all but that of the metrics.
    fn sockets(
        &mut self,
        client: &Client<'_>,
        wish: &Wish<'_>,
        endpoint: &Endpoint,
        place: &At,
        at_target: &At,
    ) -> Option<Vec<Socket>> {
        let target = wish.to.to_string();
        let declared = self.symbols.endpoints.at(&target);
        let ports = wish.ports.unwrap_or_default();
        let mut sockets: Vec<Socket> = Vec::new();
        for (position, port) in ports.iter().enumerate() {
            match endpoint.ports.get(port.as_str()) {
                Some(socket) => sockets.push(*socket),
                None => {
                    let report = self.diags.report(
                        client.rules.port_unknown,
                        place.key("ports").index(position),
                        format!("`{target}` has no port `{port}`"),
                    );
                    if let Some(declared) = declared {
                        report.related(declared.key("ports"), "its ports");
                    }
                    report.help(one_of(port.as_str(), endpoint.ports.keys().map(String::as_str)));
                    return None;
                }
            }
        }
        if ports.is_empty() {
            let offered =
                endpoint.ports.iter().filter(|(name, _)| endpoint.metrics.as_ref() != Some(name));
            sockets = offered.map(|(_, socket)| *socket).collect();
        }
        sockets.sort();
        sockets.dedup();
        if sockets.is_empty() {
            let report = self.diags.report(
                client.rules.no_ports,
                at_target,
                format!("`{target}` has no ports to connect to"),
            );
            if let Some(declared) = declared {
                report.related(declared.key("ports"), "none are declared");
            }
            report.help("declare them there: `ports: {http: 8080}`");
            return None;
        }
        Some(sockets)
    }
}
