//! The configuration files and scripts that are no YAML, as templates beside this file.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// The templates, parsed once.
pub(super) struct Texts(Environment<'static>);

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// Every template by name.
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("templates/", $name)))),*];
    };
}

templates! {
    "certificates-renew.service",
    "certificates-renew.sh",
    "certificates-renew.timer",
    "chrony.conf",
    "containerd.toml",
    "cri-docker.conf",
    "crictl.yaml",
    "docker.json",
    "etcd-snapshot.service",
    "etcd-snapshot.sh",
    "etcd-snapshot.timer",
    "etcd-store.automount",
    "etcd-store.conf",
    "etcd-store.mount",
    "etcd-store.sh",
    "haproxy.cfg",
    "host-firewall.service",
    "hostfw.nft",
    "hosts.toml",
    "keepalived.conf",
    "kubelet-etcd-disk.conf",
    "kubelet-etcd.conf",
    "logind.conf",
    "node-bootstrap.service",
    "node-bootstrap.sh",
    "node-packages.service",
    "node-packages.sh",
    "node-system.sh",
    "node-upgrade.sh",
    "packages.sources",
    "preferences",
    "sshd.conf",
    "sysctl.conf",
    "unattended.conf",
}

impl Texts {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        for (name, text) in TEMPLATES {
            if let Err(fault) = environment.add_template(name, text) {
                crate::bug!("the template {name} does not parse: {fault}");
            }
        }
        Self(environment)
    }

    /// The text of a template.
    ///
    /// # Panics
    /// When `values` lacks what the template names: a fault of ours, which every test of the output finds.
    pub(super) fn render(&self, name: &str, values: minijinja::Value) -> String {
        let rendered = self.0.get_template(name).and_then(|template| template.render(values));
        match rendered {
            // minijinja takes the last line break away.
            Ok(text) => text + "\n",
            Err(fault) => crate::bug!("the template {name}: {fault:#}"),
        }
    }
}
