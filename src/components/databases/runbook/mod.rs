//! What people do when an alert of a database wakes them, with its own names and numbers.

use minijinja::context;

use super::model::Database;
use super::render::render;

/// The path of a database's runbook below the owned folder.
pub fn path(database: &Database, cluster: &str, environment: &str) -> String {
    format!("runbooks/{cluster}/database-{}-{environment}.md", database.name)
}

/// The runbook.
pub fn text(database: &Database, cluster: &str, environment: &str, namespace: &str) -> String {
    let failover = database.failover.ttl.as_secs() + database.failover.loop_wait.as_secs();
    let backup = database.backup.as_ref().map(|backup| {
        context! {
            store => backup.to.clone(),
            point => backup.computed_recovery_point(),
            time => backup.recovery_time.as_secs(),
            computed => backup.restore_seconds(database.storage.data),
            days => backup.keep.as_days(),
            drills => super::drill::namespace(namespace),
            passphrase => backup.encryption.to_string(),
        }
    });
    let values = context! {
        name => database.name.to_string(),
        team => database.team.to_string(),
        major => database.major.to_string(),
        members => database.members,
        scope => database.scope(),
        synchronous => database.durability.waits() && database.members > 1,
        lag => database.failover.lag.get(),
        ttl => database.failover.ttl.as_secs(),
        failover_seconds => failover,
        credentials => database.credentials.to_string(),
        pooler => database.pooler.is_some(),
        container => CONTAINER,
        cluster,
        environment,
        namespace,
        backup,
    };
    render("runbook.md", values)
}

/// The container of a member's pod in which PostgreSQL and Patroni are.
const CONTAINER: &str = "postgres";

#[cfg(test)]
mod tests {
    use crate::components::databases::monitoring::{Watched, WatchedBackup, WatchedDrill, groups};

    #[test]
    fn every_alert_has_its_section() {
        let text = include_str!("runbook.md");
        let watched = Watched {
            name: "orders-db".to_owned(),
            namespace: "shop-production".to_owned(),
            runbook: "runbook.md".to_owned(),
            members: 3,
            synchronous: 1,
            ttl: 30,
            lag: 1 << 24,
            slot_wal: 1 << 33,
            claims: vec!["data-orders-db".to_owned()],
            backup: Some(WatchedBackup {
                cronjob: "orders-db-backup".to_owned(),
                interval: 86400,
                archive_timeout: 60,
            }),
            drill: Some(WatchedDrill {
                cronjob: "orders-db-drill".to_owned(),
                namespace: "shop-production-drills".to_owned(),
                interval: 604_800,
                recovery_time: 7200,
            }),
        };
        let rules: Vec<_> = groups(&watched).into_iter().flat_map(|group| group.rules).collect();
        assert!(rules.len() > 25, "{}", rules.len());
        for rule in rules {
            let section = rule.annotations["runbook"].split_once('#').expect("a section").1;
            assert!(text.contains(&format!("\n## {section}\n")), "{}: {section}", rule.alert);
        }
    }
}
