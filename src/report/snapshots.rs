//! What every format prints of the sample.

use insta::assert_snapshot;

use super::Format;
use super::sample::sample;

fn print(format: Format) -> String {
    sample().report().render(format, false)
}

/// Only the finding about a field in two files, and one with a fix.
fn few(format: Format) -> String {
    let sample = sample();
    let few = sample
        .found
        .iter()
        .filter(|found| found.rule.name == "workloads/scale-min-above-max" || found.fix.is_some());
    let mut report = sample.report_of(few.cloned());
    report.rules.clear();
    report.learn_rules();
    report.render(format, false)
}

#[test]
fn human() {
    assert_snapshot!(print(Format::Human), @r##"
    error[workloads/unknown-field]: unknown field `replcias`
     --> ./blueprint.yaml:3:5
      |
    3 |     replcias: 2
      |     ^^^^^^^^
      |
    help: did you mean `replicas`?
      |
    3 -     replcias: 2
    3 +     replicas: 2
      |

    warning[workloads/single-replica]: one replica
     --> ./blueprint.yaml:4:12
      |
    4 |     scale: { min: 1, max: 2 }
      |            ^^^^^
      |
      = note: in environments development and production

    error[secrets/plaintext-secret]: a password in plain text
     --> ./blueprint.yaml:8:15
      |
    8 |     password: ********
      |               ^^^^^^^^

    error[secrets/plaintext-secret]: a password in plain text
     --> ./blueprint.yaml:9:13
      |
    9 |     note: { password: ********, nmae: x }
      |             ^^^^^^^^^^^^^^^^^^

    error[workloads/unknown-field]: unknown field `nmae`
     --> ./blueprint.yaml:9:34
      |
    9 |     note: { password: ********, nmae: x }
      |                                 ^^^^

    error[blueprint/empty-file]: the file is empty
    --> overlays/clusters/a b.yaml
     = note: it was named by: clusters.a

    error[workloads/scale-min-above-max]: min is 3, max is 2
     --> overlays/environments/production.yaml:4:12
      |
    4 |       min: 3
      |            ^
      |
     ::: ./blueprint.yaml:4:27
      |
    4 |     scale: { min: 1, max: 2 }
      |                           --- max is set here
    5 |     env:    "größe"
      |             ------- and this is "<large>"
      |
      = note: in environment production
      = help: raise max or lower min

    warning[clusters/unused-pool]: the pool `spare` has no use
     |
     = note: at clusters.main.pools.spare
     = note: in cluster c3

    6 errors, 2 warnings
    "##);
}

#[test]
fn short() {
    assert_snapshot!(print(Format::Short), @r##"
    ./blueprint.yaml:3:5: error[workloads/unknown-field]: unknown field `replcias`
    ./blueprint.yaml:4:12: warning[workloads/single-replica]: one replica
    ./blueprint.yaml:8:15: error[secrets/plaintext-secret]: a password in plain text
    ./blueprint.yaml:9:13: error[secrets/plaintext-secret]: a password in plain text
    ./blueprint.yaml:9:34: error[workloads/unknown-field]: unknown field `nmae`
    overlays/clusters/a b.yaml: error[blueprint/empty-file]: the file is empty
    overlays/environments/production.yaml:4:12: error[workloads/scale-min-above-max]: min is 3, max is 2
    clusters.main.pools.spare: warning[clusters/unused-pool]: the pool `spare` has no use
    "##);
}

#[test]
fn json() {
    assert_snapshot!(few(Format::Json), @r##"
    {"schema":1,"rule":"workloads/unknown-field","severity":"error","message":"unknown field `replcias`","file":"blueprint.yaml","line":3,"column":5,"endLine":3,"endColumn":13,"path":"workloads.wäb.replcias","documents":["","environment development","environment production"],"related":[],"help":"did you mean `replicas`?","fix":"replicas"}
    {"schema":1,"rule":"workloads/scale-min-above-max","severity":"error","message":"min is 3, max is 2","file":"overlays/environments/production.yaml","line":4,"column":12,"endLine":4,"endColumn":13,"path":"workloads.wäb.scale.min","documents":["environment production"],"related":[{"message":"max is set here","file":"blueprint.yaml","line":4,"column":27,"endLine":4,"endColumn":30,"path":"workloads.wäb.scale.max"},{"message":"and this is \"<large>\"","file":"blueprint.yaml","line":5,"column":7,"endLine":5,"endColumn":14,"path":"workloads.wäb.env"}],"help":"raise max or lower min","fix":null}
    "##);
}

#[test]
fn gitlab() {
    assert_snapshot!(few(Format::Gitlab), @r##"
    [
      {
        "description": "unknown field `replcias` (did you mean `replicas`?)",
        "check_name": "workloads/unknown-field",
        "fingerprint": "40ed76f0d665d85f302094db82b3c314479fb919f0cba1ac2868bc933d2c8fb8",
        "severity": "critical",
        "location": {
          "path": "blueprint.yaml",
          "lines": {
            "begin": 3,
            "end": 3
          }
        }
      },
      {
        "description": "min is 3, max is 2 (raise max or lower min)",
        "check_name": "workloads/scale-min-above-max",
        "fingerprint": "4bd9b0c5a27a3268e0c297a73c7b37b71fe0ceaeda47ce1c23c681d70ed91466",
        "severity": "critical",
        "location": {
          "path": "overlays/environments/production.yaml",
          "lines": {
            "begin": 4,
            "end": 4
          }
        }
      }
    ]
    "##);
}

#[test]
fn junit() {
    assert_snapshot!(print(Format::Junit), @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="groundplan" tests="6" failures="4" errors="0">
      <testsuite name="blueprint" tests="1" failures="1" errors="0">
        <testcase classname="blueprint" name="empty-file" file="overlays/clusters/a b.yaml">
          <failure message="A file holds nothing.">overlays/clusters/a b.yaml: the file is empty</failure>
        </testcase>
      </testsuite>
      <testsuite name="clusters" tests="1" failures="0" errors="0">
        <testcase classname="clusters" name="unused-pool">
          <system-out>clusters.main.pools.spare: the pool `spare` has no use</system-out>
        </testcase>
      </testsuite>
      <testsuite name="secrets" tests="1" failures="1" errors="0">
        <testcase classname="secrets" name="plaintext-secret" file="blueprint.yaml">
          <failure message="A credential is written into the blueprint.">./blueprint.yaml:8:15: a password in plain text
    ./blueprint.yaml:9:13: a password in plain text</failure>
        </testcase>
      </testsuite>
      <testsuite name="workloads" tests="3" failures="2" errors="0">
        <testcase classname="workloads" name="scale-min-above-max" file="overlays/environments/production.yaml">
          <failure message="The least number of replicas is above the greatest.">overlays/environments/production.yaml:4:12: min is 3, max is 2 (raise max or lower min)</failure>
        </testcase>
        <testcase classname="workloads" name="single-replica" file="blueprint.yaml">
          <system-out>./blueprint.yaml:4:12: one replica</system-out>
        </testcase>
        <testcase classname="workloads" name="unknown-field" file="blueprint.yaml">
          <failure message="A field has a name that does not exist.">./blueprint.yaml:3:5: unknown field `replcias` (did you mean `replicas`?)
    ./blueprint.yaml:9:34: unknown field `nmae`</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "##);
}

#[test]
fn sarif() {
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = few(Format::Sarif).replace(&version, "\"version\": \"(this)\"");
    let log: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let run = &log["runs"][0];
    let results = run["results"].as_array().into_iter().flatten();
    let lines: Vec<String> =
        std::iter::once(&run["tool"]).chain(results).map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"), @r##"
    {"driver":{"name":"groundplan","version":"(this)","rules":[{"id":"workloads/unknown-field","shortDescription":{"text":"A field has a name that does not exist."},"fullDescription":{"text":"It would be ignored, and production would run with the default instead."},"defaultConfiguration":{"level":"error"}},{"id":"workloads/scale-min-above-max","shortDescription":{"text":"The least number of replicas is above the greatest."},"fullDescription":{"text":"The autoscaler refuses it and the workload does not start."},"defaultConfiguration":{"level":"error"}}]}}
    {"ruleId":"workloads/unknown-field","ruleIndex":0,"level":"error","message":{"text":"unknown field `replcias` (did you mean `replicas`?)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"blueprint.yaml"},"region":{"startLine":3,"startColumn":5,"endLine":3,"endColumn":13}},"logicalLocations":[{"fullyQualifiedName":"workloads.wäb.replcias"}]}],"partialFingerprints":{"groundplan/v1":"40ed76f0d665d85f302094db82b3c314479fb919f0cba1ac2868bc933d2c8fb8"},"fixes":[{"description":{"text":"did you mean `replicas`?"},"artifactChanges":[{"artifactLocation":{"uri":"blueprint.yaml"},"replacements":[{"deletedRegion":{"startLine":3,"startColumn":5,"endLine":3,"endColumn":13},"insertedContent":{"text":"replicas"}}]}]}]}
    {"ruleId":"workloads/scale-min-above-max","ruleIndex":1,"level":"error","message":{"text":"min is 3, max is 2 (raise max or lower min)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"overlays/environments/production.yaml"},"region":{"startLine":4,"startColumn":12,"endLine":4,"endColumn":13}},"logicalLocations":[{"fullyQualifiedName":"workloads.wäb.scale.min"}]}],"relatedLocations":[{"id":1,"physicalLocation":{"artifactLocation":{"uri":"blueprint.yaml"},"region":{"startLine":4,"startColumn":27,"endLine":4,"endColumn":30}},"logicalLocations":[{"fullyQualifiedName":"workloads.wäb.scale.max"}],"message":{"text":"max is set here"}},{"id":2,"physicalLocation":{"artifactLocation":{"uri":"blueprint.yaml"},"region":{"startLine":5,"startColumn":7,"endLine":5,"endColumn":14}},"logicalLocations":[{"fullyQualifiedName":"workloads.wäb.env"}],"message":{"text":"and this is \"<large>\""}}],"partialFingerprints":{"groundplan/v1":"4bd9b0c5a27a3268e0c297a73c7b37b71fe0ceaeda47ce1c23c681d70ed91466"}}
    "##);
}
