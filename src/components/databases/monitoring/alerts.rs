//! What wakes somebody up, with the numbers of this database.

use std::collections::BTreeMap;

use crate::k8s::crd::prometheus::{AlertRule, RuleGroup};

/// What the alerts of one database in one environment are made of.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The database's name: Patroni's scope and the StatefulSet's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Where people read what to do.
    pub runbook: String,
    /// Members.
    pub members: u32,
    /// How many standbys must confirm each commit; 0 where none need to.
    pub synchronous: u32,
    /// Seconds after which a silent leader is replaced.
    pub ttl: u64,
    /// Bytes that a standby may be behind.
    pub lag: u64,
    /// Bytes of WAL that a slot may hold back.
    pub slot_wal: u64,
    /// The claims' names before the member's number: `data-orders`.
    pub claims: Vec<String>,
    /// WAL archiving and backups, unless there are none.
    pub backup: Option<WatchedBackup>,
    /// The restore drill, unless there is none.
    pub drill: Option<WatchedDrill>,
}

/// What the alerts on backups are made of.
#[derive(Clone, Debug)]
pub struct WatchedBackup {
    /// The CronJob.
    pub cronjob: String,
    /// Seconds from one run to the next.
    pub interval: u64,
    /// Seconds after which WAL is archived even where little was written.
    pub archive_timeout: u64,
}

/// What the alerts on the drill are made of.
#[derive(Clone, Debug)]
pub struct WatchedDrill {
    /// The CronJob.
    pub cronjob: String,
    /// The namespace it runs in.
    pub namespace: String,
    /// Seconds from one run to the next.
    pub interval: u64,
    /// Seconds in which the database must be restored.
    pub recovery_time: u64,
}

const CRITICAL: &str = "critical";
const WARNING: &str = "warning";

/// The alerts of one database.
pub fn groups(watched: &Watched) -> Vec<RuleGroup> {
    let group = |part: &str, rules: Vec<AlertRule>| RuleGroup {
        name: format!("database-{}-{part}", watched.name),
        rules,
    };
    let mut groups = vec![
        group("leader", watched.leader()),
        group("replication", watched.replication()),
        group("server", watched.server()),
    ];
    let mut recovery = Vec::new();
    if let Some(backup) = &watched.backup {
        recovery.extend(watched.backups(backup));
    }
    if let Some(drill) = &watched.drill {
        recovery.extend(watched.drills(drill));
    }
    if !recovery.is_empty() {
        groups.push(group("recovery", recovery));
    }
    groups
}

impl Watched {
    /// Series of Patroni: it labels them with its scope, the monitor with the namespace.
    pub(super) fn patroni(&self, metric: &str) -> String {
        format!("{metric}{{namespace=\"{}\",scope=\"{}\"}}", self.namespace, self.name)
    }

    /// Series of the exporter beside each member.
    pub(super) fn exporter(&self, metric: &str) -> String {
        format!("{metric}{{namespace=\"{}\",pod=~\"{}-[0-9]+\"}}", self.namespace, self.name)
    }

    fn alert(
        &self,
        (name, severity): (&str, &str),
        hold: &str,
        expr: String,
        (summary, section): (String, &str),
    ) -> AlertRule {
        let labels = [
            ("severity", severity.to_owned()),
            ("database", self.name.clone()),
            ("namespace", self.namespace.clone()),
        ];
        let annotations =
            [("summary", summary), ("runbook", format!("{}#{section}", self.runbook))];
        let owned = |(key, value): (&str, String)| (key.to_owned(), value);
        AlertRule {
            alert: name.to_owned(),
            expr,
            hold: (hold != "0s").then(|| hold.to_owned()),
            labels: labels.into_iter().map(owned).collect(),
            annotations: annotations.into_iter().map(owned).collect::<BTreeMap<_, _>>(),
        }
    }

    fn leader(&self) -> Vec<AlertRule> {
        let Self { name, members, ttl, .. } = self;
        let primary = self.patroni("patroni_primary");
        let stale = 2 * ttl;
        let mut rules = vec![
            self.alert(
                ("DatabaseNoLeader", CRITICAL),
                "1m",
                format!(
                    "absent({primary} == 1) and absent({} == 1)",
                    self.patroni("patroni_standby_leader")
                ),
                (format!("{name} has no leader: nothing can be written"), "no-leader"),
            ),
            self.alert(
                ("DatabaseTwoLeaders", CRITICAL),
                "30s",
                format!("sum({primary}) > 1"),
                (format!("two members of {name} believe that they lead it"), "two-leaders"),
            ),
            self.alert(
                ("DatabaseMemberMissing", WARNING),
                "5m",
                format!(
                    "(count({} == 1) or vector(0)) < {members}",
                    self.patroni("patroni_postgres_running")
                ),
                (format!("{name} runs with fewer than its {members} members"), "member-missing"),
            ),
            self.alert(
                ("DatabaseLeaderElectionStale", WARNING),
                "1m",
                format!("time() - {} > {stale}", self.patroni("patroni_dcs_last_seen")),
                (
                    format!("a member of {name} has not reached the API server for {stale} s"),
                    "no-leader",
                ),
            ),
            self.alert(
                ("DatabasePaused", WARNING),
                "1h",
                format!("max({}) == 1", self.patroni("patroni_is_paused")),
                (format!("{name} has been paused for an hour: nothing fails over"), "paused"),
            ),
            self.alert(
                ("DatabasePendingRestart", WARNING),
                "1h",
                format!("max({}) == 1", self.patroni("patroni_pending_restart")),
                (format!("a setting of {name} waits for a restart"), "pending-restart"),
            ),
        ];
        if *members > 1 {
            rules.push(self.alert(
                ("DatabaseFailsafe", WARNING),
                "1m",
                format!("max({}) == 1", self.patroni("patroni_failsafe_mode_is_active")),
                (
                    format!("{name} runs without the API server, on the word of all its members"),
                    "no-leader",
                ),
            ));
        }
        rules
    }

    fn replication(&self) -> Vec<AlertRule> {
        let Self { name, members, synchronous, lag, slot_wal, .. } = self;
        let mut rules = Vec::new();
        if *members > 1 {
            let streaming = self.patroni("patroni_postgres_streaming");
            let replica = self.patroni("patroni_replica");
            let timeline = self.patroni("patroni_postgres_timeline");
            rules.extend([
                self.alert(
                    ("DatabaseReplicationBroken", CRITICAL),
                    "5m",
                    format!("{replica} == 1 and on (name) {streaming} == 0"),
                    (format!("a standby of {name} does not stream"), "replication-broken"),
                ),
                self.alert(
                    ("DatabaseReplicationLag", WARNING),
                    "5m",
                    format!(
                        "max({}) - on () group_right () ({} > 0) > {lag}",
                        self.patroni("patroni_xlog_location"),
                        self.patroni("patroni_xlog_replayed_location"),
                    ),
                    (
                        format!("a standby of {name} is more than {lag} bytes behind"),
                        "replication-broken",
                    ),
                ),
                self.alert(
                    ("DatabaseTimelineSplit", CRITICAL),
                    "10m",
                    format!("max({timeline} > 0) != min({timeline} > 0)"),
                    (format!("members of {name} are on different timelines"), "replication-broken"),
                ),
            ]);
        }
        if *synchronous > 0 {
            rules.push(self.alert(
                ("DatabaseSynchronousStandbyMissing", CRITICAL),
                "2m",
                format!(
                    "sum({}) + sum({}) < {synchronous}",
                    self.patroni("patroni_sync_standby"),
                    self.patroni("patroni_quorum_standby")
                ),
                (
                    format!("{name} has fewer than {synchronous} synchronous standbys"),
                    "lost-majority",
                ),
            ));
        }
        let held = slot_wal / 10 * 7;
        rules.push(self.alert(
            ("DatabaseSlotHoldsWal", WARNING),
            "5m",
            format!("{} > {held}", self.exporter("pg_replication_slots_pg_wal_lsn_diff")),
            (
                format!("a slot of {name} holds back more than 70% of the WAL it may"),
                "replication-broken",
            ),
        ));
        rules
    }

    fn server(&self) -> Vec<AlertRule> {
        let name = &self.name;
        let mut rules = vec![self.alert(
            ("DatabaseExporterDown", WARNING),
            "5m",
            format!("min({0}) == 0 or absent({0})", self.exporter("pg_up")),
            (format!("the exporter of a member of {name} cannot log in"), "member-missing"),
        )];
        for (metric, id, alert) in [
            (
                "pg_database_wraparound_age_datfrozenxid_seconds",
                "transactions",
                "DatabaseWraparound",
            ),
            (
                "pg_database_wraparound_age_datminmxid_seconds",
                "multixacts",
                "DatabaseMultixactWraparound",
            ),
        ] {
            // Despite its name the metric counts ids, of which there are 2^31 before the server stops.
            for (severity, limit, share) in
                [(WARNING, "5e8", "a quarter"), (CRITICAL, "1.2e9", "over half")]
            {
                rules.push(self.alert(
                    (alert, severity),
                    "10m",
                    format!("max({}) > {limit}", self.exporter(metric)),
                    (
                        format!("{name} has used {share} of its {id} since the last freeze"),
                        "wraparound",
                    ),
                ));
            }
        }
        let backends = self.exporter("pg_stat_database_numbackends");
        let most = self.exporter("pg_settings_max_connections");
        rules.push(self.alert(
            ("DatabaseConnections", WARNING),
            "5m",
            format!("sum by (pod) ({backends}) / on (pod) max by (pod) ({most}) > 0.8"),
            (format!("a member of {name} uses more than 80% of its connections"), "connections"),
        ));
        rules.push(self.alert(
            ("DatabaseLongTransaction", WARNING),
            "5m",
            format!(
                "max({}) > 3600",
                self.exporter("pg_long_running_transactions_oldest_timestamp_seconds")
            ),
            (
                format!("a transaction of {name} is open for an hour and holds back vacuum"),
                "connections",
            ),
        ));
        rules.extend(self.disks());
        rules
    }

    /// Series of the kubelet on the volumes of the members.
    pub(super) fn volume(&self, metric: &str) -> String {
        let claims = self.claims.join("|");
        format!(
            "{metric}{{namespace=\"{}\",persistentvolumeclaim=~\"({claims})-[0-9]+\"}}",
            self.namespace
        )
    }

    /// The CronJobs that are watched, each with its namespace.
    pub(super) fn cronjobs(&self) -> impl Iterator<Item = (&str, &str)> {
        let backup = self.backup.iter().map(|it| (self.namespace.as_str(), it.cronjob.as_str()));
        backup.chain(self.drill.iter().map(|it| (it.namespace.as_str(), it.cronjob.as_str())))
    }

    fn disks(&self) -> [AlertRule; 2] {
        let available = self.volume("kubelet_volume_stats_available_bytes");
        let capacity = self.volume("kubelet_volume_stats_capacity_bytes");
        let name = &self.name;
        [
            self.alert(
                ("DatabaseDiskFilling", WARNING),
                "5m",
                format!("{available} / {capacity} < 0.15"),
                (format!("a volume of {name} has less than 15% left"), "disk-full"),
            ),
            self.alert(
                ("DatabaseDiskFullSoon", CRITICAL),
                "15m",
                format!(
                    "{available} / {capacity} < 0.4 and predict_linear({available}[6h], 4 * 3600) < 0"
                ),
                (format!("a volume of {name} is full within four hours at this rate"), "disk-full"),
            ),
        ]
    }

    fn backups(&self, backup: &WatchedBackup) -> Vec<AlertRule> {
        let name = &self.name;
        let failed = self.exporter("pg_stat_archiver_failed_count");
        let age = self.exporter("pg_stat_archiver_last_archive_age");
        let leader = self.patroni("patroni_primary");
        let location = self.patroni("patroni_xlog_location");
        let late = 5 * backup.archive_timeout;
        vec![
            self.alert(
                ("DatabaseArchiveFailing", CRITICAL),
                "10m",
                format!("increase({failed}[10m]) > 0"),
                (
                    format!("{name} cannot archive its WAL: it piles up, and no restore reaches now"),
                    "archive-failing",
                ),
            ),
            self.alert(
                ("DatabaseArchiveStale", CRITICAL),
                "5m",
                format!(
                    "{age} > {late} and on (pod) {leader} == 1 and on (pod) delta({location}[10m]) > 0"
                ),
                (
                    format!("{name} is written to, and nothing was archived for {late} s"),
                    "archive-failing",
                ),
            ),
            self.alert(
                ("DatabaseBackupTooOld", CRITICAL),
                "0s",
                too_old(&self.namespace, &backup.cronjob, backup.interval),
                (format!("the last good backup of {name} is too old"), "backup-failed"),
            ),
            self.alert(
                ("DatabaseBackupFailed", WARNING),
                "0s",
                failed_jobs(&self.namespace, &backup.cronjob),
                (format!("a backup of {name} failed"), "backup-failed"),
            ),
        ]
    }

    fn drills(&self, drill: &WatchedDrill) -> Vec<AlertRule> {
        let name = &self.name;
        let jobs =
            format!("{{namespace=\"{}\",job_name=~\"{}-[0-9]+\"}}", drill.namespace, drill.cronjob);
        let time = drill.recovery_time;
        vec![
            self.alert(
                ("DatabaseDrillTooOld", CRITICAL),
                "0s",
                too_old(&drill.namespace, &drill.cronjob, drill.interval),
                (format!("{name} was not proven to restore for too long"), "drill-failed"),
            ),
            self.alert(
                ("DatabaseDrillFailed", CRITICAL),
                "0s",
                failed_jobs(&drill.namespace, &drill.cronjob),
                (format!("a restore of {name} was tried and failed"), "drill-failed"),
            ),
            self.alert(
                ("DatabaseRestoreTooSlow", WARNING),
                "0s",
                format!(
                    "max(kube_job_status_completion_time{jobs} - on (job_name) kube_job_status_start_time{jobs}) > {time}"
                ),
                (
                    format!("restoring {name} took longer than the {time} s it may take"),
                    "drill-failed",
                ),
            ),
        ]
    }
}

/// The CronJob has not succeeded for a quarter longer than its interval, or never since it was made.
fn too_old(namespace: &str, cronjob: &str, interval: u64) -> String {
    let of = format!("{{namespace=\"{namespace}\",cronjob=\"{cronjob}\"}}");
    let most = interval / 4 * 5;
    format!(
        "time() - kube_cronjob_status_last_successful_time{of} > {most} or (time() - kube_cronjob_created{of} > \
         {most} unless on (cronjob) kube_cronjob_status_last_successful_time{of})"
    )
}

/// A Job of the CronJob failed, and is still there to be read.
fn failed_jobs(namespace: &str, cronjob: &str) -> String {
    format!(
        "kube_job_failed{{namespace=\"{namespace}\",job_name=~\"{cronjob}-[0-9]+\",condition=\"true\"}} > 0"
    )
}
