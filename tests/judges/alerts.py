#!/usr/bin/env python3
"""Alerts and their routing, by Prometheus' and Alertmanager's own tools.

Every PrometheusRule passes `promtool check rules`, and a configuration with all of them `promtool check config`. Each
alert of the estate fires on a made series and stays quiet on a healthy one (`series/*.yaml`, `promtool test rules`);
one that has no series is a finding. Alertmanager's configuration passes `amtool check-config`, what is critical reaches
somebody, and the heartbeat reaches somebody else than `nobody`.
"""

import json, pathlib, re, subprocess, tempfile
import yaml
from common import HERE, ROOT, load, main

PROMTOOL, AMTOOL = ROOT / "bin" / "promtool", ROOT / "bin" / "amtool"
OURS = "estate"  # the PrometheusRule whose alerts must all have a series


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


def receiver(file, *labels):
    """Who is told of an alert with these labels; empty if that cannot be said."""
    done = subprocess.run([AMTOOL, "config", "routes", "test", f"--config.file={file}", *labels], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def rules(output):
    """(file, PrometheusRule) of the output, overlays' patches left out: they change no rules."""
    for file in sorted(output.rglob("*.yaml")):
        if "PrometheusRule" in (text := file.read_text()):
            yield from ((file, thing) for thing in load(text) if isinstance(thing, dict) and thing.get("kind") == "PrometheusRule")


def tests(alerts, series):
    """One test an alert and a side, and the alerts without a series."""
    made, missing, nodes = [], [], set()
    for alert in alerts:
        nodes.update(node for names in re.findall(r'node=~"([^"]*)"', alert["expr"]) for node in names.split("|"))
    for alert in alerts:
        severity = alert["labels"]["severity"]
        known = [one for one in series if one["alert"] == alert["alert"] and one.get("severity", severity) == severity]
        if not known:
            missing.append(f"{alert['alert']} ({severity}) has no series that it must fire on")
            continue
        labels = f'alertname="{alert["alert"]}",severity="{severity}"' + (f',host="{alert["labels"]["host"]}"' if "host" in alert["labels"] else "")
        for side, wanted in (("fires", [{"labels": "{}", "value": 1}]), ("quiet", [])):
            if side not in known[0]:
                continue
            inputs = {}
            for name, values in known[0][side].items():
                each = [name.replace("<each node>", node) for node in sorted(nodes)] if "<each node>" in name else [name]
                inputs.update(dict.fromkeys(each, str(values)))
            made.append((alert, {
                "name": f"{alert['alert']} {severity} {side}",
                "interval": known[0].get("interval", "1m"),
                "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
                "promql_expr_test": [{
                    "expr": f'count(ALERTS{{{labels},alertstate="firing"}}) # {side}',
                    "eval_time": known[0].get("at", "3h"),
                    "exp_samples": wanted,
                }],
            }))
    return made, missing


def routing(values, scratch):
    """[finding] of what the chart gives Alertmanager."""
    config = (load(values.read_text())[0].get("alertmanager") or {}).get("config")
    if not config:
        return [f"{values}: no configuration of Alertmanager"]
    file = scratch / "alertmanager.yaml"
    file.write_text(json.dumps(config))
    status, said = run(AMTOOL, "check-config", file)
    if status:
        return [f"{values}: {said}"]
    findings = []
    for labels in (["severity=critical"], ["severity=critical", "alertname=NodeDown"], ["severity=warning"], ["alertname=Watchdog", "severity=warning"]):
        told = receiver(file, *labels)
        if told in ("", "nobody"):
            findings.append(f"{values}: {' '.join(labels)} reaches {told or 'nobody'}")
    people, pulse = receiver(file, "severity=critical"), receiver(file, "alertname=Watchdog", "severity=warning")
    if people == pulse:
        findings.append(f"{values}: the heartbeat goes to {people}, who would be told every few minutes")
    return findings


def judge(output):
    series = [one for file in sorted((HERE / "series").glob("*.yaml")) for one in yaml.load(file.read_text(), yaml.BaseLoader)]
    findings, count, tested = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        files = []
        for number, (file, rule) in enumerate(rules(output)):
            where = f"{file.relative_to(output)}"
            groups = scratch / f"rules-{number}.yaml"
            groups.write_text(json.dumps({"groups": rule["spec"]["groups"]}))
            status, said = run(PROMTOOL, "check", "rules", groups)
            count += sum(len(group["rules"]) for group in rule["spec"]["groups"])
            if status:
                findings.append(f"{where}: {said}")
                continue
            files.append(groups.name)
            if rule["metadata"]["name"] != OURS:
                continue
            alerts = [one for group in rule["spec"]["groups"] for one in group["rules"] if "alert" in one]
            made, missing = tests(alerts, series)
            findings += [f"{where}: {one}" for one in missing]
            tested += len(made)
            for alert, one in made:
                # Each with its own rule alone: a hundred rules at every minute of weeks would take minutes.
                (scratch / "one.yaml").write_text(json.dumps({"groups": [{"name": "one", "rules": [alert]}]}))
                test = scratch / "test.yaml"
                test.write_text(json.dumps({"rule_files": ["one.yaml"], "evaluation_interval": one["interval"], "tests": [one]}))
                status, said = run(PROMTOOL, "test", "rules", test)
                if status:
                    findings.append(f"{where}: {one['name']}: {said}")
        config = scratch / "prometheus.yaml"
        config.write_text(json.dumps({"rule_files": files}))
        status, said = run(PROMTOOL, "check", "config", config)
        if status:
            findings.append(f"all rules together: {said}")
        for values in sorted(output.rglob("platform/kube-prometheus-stack/values.yaml")):
            findings += routing(values, scratch)
    return f"{count} rules, {tested} made series", count, findings


if __name__ == "__main__":
    main(judge)
