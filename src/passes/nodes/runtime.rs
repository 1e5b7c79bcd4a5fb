//! What runs containers: containerd, or Docker Engine behind cri-dockerd.

use minijinja::context;

use super::cluster::Cluster;
use super::files::{File, OPEN};
use super::texts::Texts;
use crate::plan::nodes::ContainerRuntime;

/// The configuration of the runtime, and of the tool that asks it.
pub(super) fn files(cluster: &Cluster<'_>, texts: &Texts) -> Vec<File> {
    let plain = |path: &str, name: &str, values| File::new(path, OPEN, texts.render(name, values));
    let sandbox = cluster.sandbox_image();
    let socket = cluster.runtime_socket();
    let mut files = vec![
        plain("/etc/crictl.yaml", "crictl.yaml", context! { socket }),
        // Docker Engine runs on containerd too.
        plain("/etc/containerd/config.toml", "containerd.toml", context! { sandbox => &sandbox }),
    ];
    match cluster.kubernetes.runtime {
        ContainerRuntime::Containerd => {
            for mirror in &cluster.settings.mirrors {
                let upstream = match &*mirror.registry {
                    "docker.io" => "registry-1.docker.io",
                    registry => registry,
                };
                // Every other registry has no one address to fall back to: containerd asks the one of the image.
                let fallback = mirror.fallback && mirror.registry != "_default";
                files.push(plain(
                    &format!("/etc/containerd/certs.d/{}/hosts.toml", mirror.registry),
                    "hosts.toml",
                    context! { url => mirror.url.clone(), upstream, fallback },
                ));
            }
        }
        ContainerRuntime::Docker => {
            // The engine knows mirrors of Docker Hub only.
            let mirrors: Vec<String> = cluster
                .settings
                .mirrors
                .iter()
                .filter(|mirror| mirror.registry == "docker.io")
                .map(|mirror| mirror.url.clone())
                .collect();
            files.push(plain("/etc/docker/daemon.json", "docker.json", context! { mirrors }));
            files.push(plain(
                "/etc/systemd/system/cri-docker.service.d/10-groundplan.conf",
                "cri-docker.conf",
                context! { sandbox },
            ));
        }
    }
    files
}
