#!/usr/bin/env python3
"""promtool on the alerts of every database: they parse, each fires on a made series, and all are quiet on a healthy one."""

import pathlib
import re
import subprocess
import tempfile

import yaml
from common import ROOT, main, objects

MINUTES = 90  # longer than any alert has to hold; the look back of six hours takes what there is

class Database:
    """What the expressions themselves say of the database: the judge knows nothing else."""

    def __init__(self, rule):
        self.rules = [r for g in rule["spec"]["groups"] for r in g["rules"]]
        text = "\n".join(r["expr"] for r in self.rules)
        self.namespace, self.scope = re.search(r'patroni_primary\{namespace="([^"]+)",scope="([^"]+)"\}', text).groups()
        self.members = int(re.search(r"vector\(0\)\) < (\d+)", text)[1])
        claims = re.search(r'persistentvolumeclaim=~"\(([^)]*)\)', text)
        self.claims = claims[1].split("|")
        self.cronjobs = sorted(set(re.findall(r'namespace="([^"]+)",cronjob="([^"]+)"', text)))

    def member(self, i, **more):
        return {"namespace": self.namespace, "pod": f"{self.scope}-{i}", **more}

    def healthy(self):
        """Series by metric: a list of (labels, values)."""
        n, series = self.members, {}

        def put(metric, value, labels):
            series.setdefault(metric, []).append((labels, value))

        for i in range(n):
            leader = i == 0
            patroni = self.member(i, scope=self.scope, name=f"{self.scope}-{i}")
            for metric, value in {
                "patroni_primary": int(leader),
                "patroni_replica": int(not leader),
                "patroni_standby_leader": 0,
                "patroni_postgres_running": 1,
                "patroni_dcs_last_seen": "0+60",
                "patroni_is_paused": 0,
                "patroni_pending_restart": 0,
                "patroni_failsafe_mode_is_active": 0,
                "patroni_postgres_streaming": int(not leader),
                "patroni_xlog_location": "1000000+1000" if leader else 0,
                "patroni_xlog_replayed_location": 0 if leader else "1000000+1000",
                "patroni_postgres_timeline": 3,
                "patroni_sync_standby": int(not leader),
                "patroni_quorum_standby": 0,
            }.items():
                put(metric, value, patroni)
            member = self.member(i)
            put("pg_up", 1, member)
            put("pg_replication_slots_pg_wal_lsn_diff", 100, {**member, "slot_name": "other"})
            put("pg_database_wraparound_age_datfrozenxid_seconds", 1000000, {**member, "datname": "postgres"})
            put("pg_database_wraparound_age_datminmxid_seconds", 1000000, {**member, "datname": "postgres"})
            put("pg_stat_database_numbackends", 5, {**member, "datname": "postgres"})
            put("pg_settings_max_connections", 100, member)
            put("pg_long_running_transactions_oldest_timestamp_seconds", 10, member)
            put("pg_stat_archiver_failed_count", 7, member)
            # A standby archived last when it led: its age grows for ever, and is no fault.
            put("pg_stat_archiver_last_archive_age", 30 if leader else 9000000, member)
            for claim in self.claims:
                volume = {"namespace": self.namespace, "persistentvolumeclaim": f"{claim}-{i}"}
                put("kubelet_volume_stats_available_bytes", 80, volume)
                put("kubelet_volume_stats_capacity_bytes", 100, volume)
        for namespace, cronjob in self.cronjobs:
            of = {"namespace": namespace, "cronjob": cronjob}
            job = {"namespace": namespace, "job_name": f"{cronjob}-29000000"}
            put("kube_cronjob_created", -1000000000, of)
            put("kube_cronjob_status_last_successful_time", "0+60", of)
            put("kube_job_failed", 0, {**job, "condition": "true"})
            put("kube_job_status_start_time", 0, job)
            put("kube_job_status_completion_time", 10, job)
        return series

    def sick(self, rule):
        """The healthy series with the one fault that this alert is there for."""
        series, expr, last = self.healthy(), rule["expr"], self.members - 1

        def all_of(metric, value, where=lambda labels: True):
            series[metric] = [(labels, value if where(labels) else old) for labels, old in series[metric]]

        def pod(i):
            return lambda labels: labels["pod"] == f"{self.scope}-{i}"

        def of_cronjob(labels):
            name = re.search(r'(?:cronjob="|job_name=~")([a-z0-9-]+?)(?:"|-\[)', expr)[1]
            return labels.get("cronjob", labels.get("job_name", "").rsplit("-", 1)[0]) == name

        match rule["alert"]:
            case "DatabaseNoLeader":
                all_of("patroni_primary", 0)
            case "DatabaseTwoLeaders":
                extra = ({**self.member(9), "scope": self.scope, "name": f"{self.scope}-9"}, 1)
                series["patroni_primary"].append(extra)
            case "DatabaseMemberMissing":
                all_of("patroni_postgres_running", 0, pod(last))
            case "DatabaseLeaderElectionStale":
                all_of("patroni_dcs_last_seen", -10000, pod(last))
            case "DatabasePaused":
                all_of("patroni_is_paused", 1)
            case "DatabasePendingRestart":
                all_of("patroni_pending_restart", 1, pod(last))
            case "DatabaseFailsafe":
                all_of("patroni_failsafe_mode_is_active", 1, pod(0))
            case "DatabaseReplicationBroken":
                all_of("patroni_postgres_streaming", 0, pod(last))
            case "DatabaseReplicationLag":
                all_of("patroni_xlog_location", "1000000+900000000000", pod(0))
            case "DatabaseTimelineSplit":
                all_of("patroni_postgres_timeline", 2, pod(last))
            case "DatabaseSynchronousStandbyMissing":
                all_of("patroni_sync_standby", 0)
            case "DatabaseSlotHoldsWal":
                all_of("pg_replication_slots_pg_wal_lsn_diff", 9 * 10**15, pod(0))
            case "DatabaseExporterDown":
                all_of("pg_up", 0, pod(last))
            case "DatabaseWraparound" | "DatabaseMultixactWraparound":
                metric = re.search(r"max\((\w+)", expr)[1]
                all_of(metric, 600000000 if "5e8" in expr else 1300000000, pod(0))
            case "DatabaseConnections":
                all_of("pg_stat_database_numbackends", 90, pod(last))
            case "DatabaseLongTransaction":
                all_of("pg_long_running_transactions_oldest_timestamp_seconds", 4000, pod(0))
            case "DatabaseDiskFilling":
                all_of("kubelet_volume_stats_available_bytes", 10)
            case "DatabaseDiskFullSoon":
                all_of("kubelet_volume_stats_available_bytes", "45-0.16")
            case "DatabaseArchiveFailing":
                all_of("pg_stat_archiver_failed_count", "0+1", pod(0))
            case "DatabaseArchiveStale":
                all_of("pg_stat_archiver_last_archive_age", 8000000, pod(0))
            case "DatabaseBackupTooOld" | "DatabaseDrillTooOld":
                all_of("kube_cronjob_status_last_successful_time", -1000000000, of_cronjob)
            case "DatabaseBackupFailed" | "DatabaseDrillFailed":
                all_of("kube_job_failed", 1, of_cronjob)
            case "DatabaseRestoreTooSlow":
                all_of("kube_job_status_completion_time", 1000000000, of_cronjob)
            case other:
                raise SystemExit(f"no sick series is known for the alert {other}: write one")
        return series

    def never_succeeded(self, metric="kube_cronjob_status_last_successful_time"):
        return {name: rows for name, rows in self.healthy().items() if name != metric}


def written(series):
    rows = []
    for metric, entries in series.items():
        for labels, value in entries:
            text = ",".join(f'{key}="{label}"' for key, label in sorted(labels.items()))
            value = str(value)
            values = f"{value}x{MINUTES}" if re.search(r"\d[+-]", value) else f"{value}+0x{MINUTES}"
            rows.append({"series": f"{metric}{{{text}}}", "values": values})
    return rows


def firing(rule):
    return f'ALERTS{{alertname="{rule["alert"]}",severity="{rule["labels"]["severity"]}",alertstate="firing"}}'


def tests(database):
    def test(name, series, samples):
        return {
            "name": name,
            "interval": "1m",
            "input_series": written(series),
            "promql_expr_test": [
                {"expr": expr, "eval_time": f"{MINUTES}m", "exp_samples": [{"labels": "{}", "value": value}]}
                for expr, value in samples
            ],
        }

    yield test("healthy", database.healthy(), [('count(ALERTS{alertstate="firing"}) or vector(0)', 0)])
    for rule in database.rules:
        fires = f"count({firing(rule)}) > bool 0 or vector(0)"
        yield test(rule["alert"], database.sick(rule), [(fires, 1)])
        if rule["alert"].endswith("TooOld"):
            yield test(rule["alert"] + " never succeeded", database.never_succeeded(), [(fires, 1)])


def promtool(*arguments):
    done = subprocess.run([ROOT / "bin" / "promtool", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def judge_rule(rule, folder):
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(rule["spec"]))
    code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", file)
    if code:
        return said.splitlines()
    cases = {"rule_files": [str(file)], "evaluation_interval": "1m", "tests": list(tests(Database(rule)))}
    (folder / "tests.yaml").write_text(yaml.safe_dump(cases))
    code, said = promtool("test", "rules", folder / "tests.yaml")
    return said.splitlines() if code else []


def judge(output):
    findings, alerts, judged = [], 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for where, thing in objects(output):
            rules = [rule for group in (thing.get("spec") or {}).get("groups", []) for rule in group["rules"]] if thing["kind"] == "PrometheusRule" else []
            if any(rule.get("alert") == "DatabaseNoLeader" for rule in rules):
                judged, alerts = judged + 1, alerts + len(rules)
                findings += [f"{where}: {line}" for line in judge_rule(thing, pathlib.Path(scratch)) if line.strip()]
    return f"{alerts} alerts of {judged} databases, each fires and each is quiet", judged, findings


if __name__ == "__main__":
    main(judge)
