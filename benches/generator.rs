//! Makes estates of N workloads in three environments, as text: what teams run, with everything a workload can ask
//! for in the proportions one meets.

use std::fmt::Write;

/// The blueprint and its overlays, by path.
pub fn estate(workloads: usize) -> Vec<(String, String)> {
    let mut blueprint = String::from(
        "apiVersion: groundplan.dev/v1alpha1\nkind: Blueprint\nmetadata: {name: large, version: 1.0.0}\n\
         repository: {url: \"https://git.example.org/platform/estate.git\"}\nclusters: {main: {}}\n\
         environments:\n  development: {cluster: main}\n  staging: {cluster: main}\n  production: {cluster: main}\n\
         externals:\n  payments: {cidrs: [203.0.113.0/28], ports: [443]}\nteams:\n",
    );
    for team in 0..workloads.div_ceil(20) {
        let _ = writeln!(
            blueprint,
            "  team-{team}: {{owners: [\"group:team-{team}-leads\"], developers: [\"group:team-{team}\"], \
             quota: {{cpu: 400, memory: 800Gi, storage: 2Ti}}}}"
        );
    }
    blueprint.push_str("workloads:\n");
    for number in 0..workloads {
        workload(&mut blueprint, number);
    }
    let mut files = vec![("blueprint.yaml".to_owned(), blueprint)];
    for environment in ["development", "staging", "production"] {
        files.push((
            format!("overlays/environments/{environment}.yaml"),
            overlay(environment, workloads),
        ));
    }
    files
}

fn workload(text: &mut String, number: usize) {
    let team = number / 20;
    let _ = write!(
        text,
        "  app-{number}:\n    team: team-{team}\n    image: registry.example.org/team-{team}/app-{number}:1.{number}.0\n    \
         ports: {{http: 8080, metrics: 9090}}\n    health: {{path: /healthz, port: http}}\n    \
         metrics: {{port: metrics}}\n    config: {{LOG_LEVEL: info, SHARD: \"{number}\"}}\n    \
         secrets: {{API_KEY: team-{team}/app-{number}#key}}\n    resources: {{cpu: 100m, memory: 128Mi}}\n    \
         scale: {{min: 2, max: 6, cpu: 70%}}\n"
    );
    let before = number.checked_sub(1).filter(|_| !number.is_multiple_of(20));
    match before {
        Some(before) => {
            let _ = writeln!(text, "    connects: [workload/app-{before}, external/payments]");
        }
        None => text.push_str("    connects: [external/payments]\n"),
    }
    if number.is_multiple_of(4) {
        let _ = writeln!(text, "    expose: {{host: app-{number}.example.org, port: http}}");
    }
}

fn overlay(environment: &str, workloads: usize) -> String {
    let mut text = format!(
        "apiVersion: groundplan.dev/v1alpha1\nkind: Overlay\nenvironment: {environment}\nworkloads:\n"
    );
    for number in 0..workloads {
        let host = if number.is_multiple_of(4) {
            format!(", expose: {{host: app-{number}.{environment}.example.org}}")
        } else {
            String::new()
        };
        let _ = match environment {
            "development" => writeln!(
                text,
                "  app-{number}: {{scale: {{min: 1, max: 1}}, config: {{LOG_LEVEL: debug}}{host}}}"
            ),
            "staging" if host.is_empty() => continue,
            "staging" => writeln!(text, "  app-{number}: {{{}}}", &host[2..]),
            _ => writeln!(text, "  app-{number}: {{scale: {{min: 4, max: 12}}{host}}}"),
        };
    }
    text
}
