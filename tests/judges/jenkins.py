#!/usr/bin/env python3
"""Jenkinsfiles, without a Jenkins: Groovy's grammar, and the model of declarative pipelines.

No package has Jenkins' own validator. tree-sitter reads the Groovy, and every place that it could not read is a finding.
Then the model of "Pipeline Syntax, Declarative Pipeline" (jenkins.io/doc/book/pipeline/syntax): which sections there are
where, which must be there, which conditions `post` and `when` know, which options and steps a plain Jenkins with the
plugins of the handbook has; and that every name a stage has is one only.
"""

import tree_sitter, tree_sitter_groovy
from common import main

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))

SECTIONS = {  # what may stand where, and whether more than once
    "pipeline": {"agent", "environment", "options", "parameters", "post", "stages", "tools", "triggers", "libraries"},
    "stage": {"agent", "environment", "options", "input", "tools", "when", "post", "steps", "stages", "parallel", "matrix", "failFast"},
}
BODIES = ("steps", "stages", "parallel", "matrix")  # of which a stage has exactly one
POST = {"always", "changed", "fixed", "regression", "aborted", "failure", "success", "unstable", "unsuccessful", "cleanup"}
WHEN = {"branch", "buildingTag", "changelog", "changeset", "changeRequest", "environment", "equals", "expression", "tag", "not", "allOf",
        "anyOf", "triggeredBy", "beforeAgent", "beforeInput", "beforeOptions"}
AGENTS = {"any", "none", "docker", "dockerfile", "kubernetes", "label", "node"}
OPTIONS = {"buildDiscarder", "checkoutToSubdirectory", "disableConcurrentBuilds", "disableResume", "newContainerPerStage", "overrideIndexTriggers",
           "parallelsAlwaysFailFast", "preserveStashes", "quietPeriod", "retry", "skipDefaultCheckout", "skipStagesAfterUnstable", "timeout",
           "timestamps"}
STEPS = {"archiveArtifacts", "bat", "build", "catchError", "checkout", "cleanWs", "deleteDir", "dir", "echo", "error", "fileExists", "git", "input",
         "isUnix", "junit", "lock", "mail", "node", "powershell", "pwsh", "readFile", "recordIssues", "retry", "script", "sh", "sleep", "stash",
         "timeout", "timestamps", "unstable", "unstash", "warnError", "withCredentials", "withEnv", "writeFile", "ws"}


class Call:
    """A directive or a step: a word, what is given to it, what is in its braces."""

    def __init__(self, node):
        self.line = node.start_point[0] + 1
        self.name, self.given, self.block, self.known = "", None, None, True
        if node.type == "expression_statement":
            node = node.named_children[0]
        if node.type in ("method_invocation", "juxt_function_call"):
            for child in node.named_children:
                if child.type == "identifier" and not self.name:
                    self.name = child.text.decode()
                elif child.type == "argument_list":
                    self.given = child
                elif child.type == "closure":
                    self.block = child
        elif node.type == "local_variable_declaration" and len(node.text.split()) == 2:
            # `agent any` looks like a type and a name.
            self.name, word = node.text.decode().split()
            self.given = word
        else:
            self.known, self.name = False, node.text.decode()[:40]

    def inside(self):
        return [Call(node) for node in self.block.named_children if "comment" not in node.type] if self.block else []

    def text(self):
        return (self.given if isinstance(self.given, str) else self.given.text.decode() if self.given else "").strip("()'\" ")


class Judge:
    def __init__(self, file):
        self.file, self.findings, self.stages = file, [], 0

    def say(self, line, what):
        self.findings.append(f"{self.file}:{line}: {what}")

    def unread(self, node):
        if node.is_error or node.is_missing:
            self.say(node.start_point[0] + 1, f"no Groovy: {node.text.decode()[:40]!r}" if node.is_error else f"no Groovy: `{node.type}` is missing")
        else:
            for child in node.children:
                self.unread(child)

    def among(self, calls, known, where):
        """The directives by name; what is unknown or there twice is said."""
        found = {}
        for call in calls:
            if not call.known or call.name not in known:
                self.say(call.line, f"{where} knows no `{call.name}`")
            elif call.name in found:
                self.say(call.line, f"{where} has `{call.name}` twice")
            else:
                found[call.name] = call
        return found

    def pipeline(self, root):
        calls = [Call(node) for node in root.named_children if "comment" not in node.type and node.text.strip()]
        if [call.name for call in calls] != ["pipeline"]:
            self.say(1, "a declarative pipeline is one block `pipeline` and nothing else")
            return
        found = self.among(calls[0].inside(), SECTIONS["pipeline"], "pipeline")
        for needed in ("agent", "stages"):
            if needed not in found:
                self.say(calls[0].line, f"pipeline has no `{needed}`")
        self.common(found)
        if "stages" in found:
            self.stage_list(found["stages"], set())

    def common(self, found):
        if "agent" in found:
            agent = found["agent"]
            if agent.block:
                self.among(agent.inside(), AGENTS - {"any", "none"}, "agent")
            elif agent.text() not in ("any", "none"):
                self.say(agent.line, f"agent knows no `{agent.text()}`")
        if "options" in found:
            self.among(found["options"].inside(), OPTIONS, "options")
        if "post" in found:
            conditions = self.among(found["post"].inside(), POST, "post")
            if not conditions:
                self.say(found["post"].line, "post has no condition")
            for condition in conditions.values():
                self.steps(condition)
        if "when" in found:
            self.when(found["when"])

    def when(self, block):
        inside = block.inside()
        if not inside:
            self.say(block.line, f"{block.name} is empty")
        for call in inside:
            if not call.known or call.name not in WHEN:
                self.say(call.line, f"{block.name} knows no `{call.name}`")
            elif call.name in ("not", "allOf", "anyOf"):
                self.when(call)

    def stage_list(self, block, names):
        stages = block.inside()
        if not stages:
            self.say(block.line, f"{block.name} is empty")
        for stage in stages:
            if stage.name != "stage" or not stage.known:
                self.say(stage.line, f"{block.name} knows no `{stage.name}`")
                continue
            self.stages += 1
            name = stage.text()
            if not name or name in names:
                self.say(stage.line, f"two stages are called `{name}`" if name else "a stage has no name")
            names.add(name)
            found = self.among(stage.inside(), SECTIONS["stage"], "stage")
            self.common(found)
            bodies = [body for body in BODIES if body in found]
            if len(bodies) != 1:
                self.say(stage.line, f"the stage `{name}` has {' and '.join(bodies) or 'none'} of {', '.join(BODIES)}")
            if "steps" in found:
                self.steps(found["steps"])
            for nested in ("stages", "parallel"):
                if nested in found:
                    self.stage_list(found[nested], names)

    def steps(self, block):
        inside = block.inside()
        if not inside:
            self.say(block.line, f"{block.name} has no step")
        for step in inside:
            if not step.known or step.name not in STEPS:
                self.say(step.line, f"there is no step `{step.name}`")
            elif step.name in ("sh", "bat", "echo", "error", "junit") and not step.text():
                self.say(step.line, f"`{step.name}` is given nothing")
            elif step.name != "script" and step.block:
                self.steps(step)


def judge(output):
    files, stages, findings = 0, 0, []
    for file in sorted(output.rglob("Jenkinsfile")):
        files += 1
        one = Judge(file.relative_to(output))
        root = PARSER.parse(file.read_bytes()).root_node
        one.unread(root)
        if not one.findings:
            one.pipeline(root)
        stages += one.stages
        findings += one.findings
    return f"{files} Jenkinsfiles with {stages} stages", stages, findings


if __name__ == "__main__":
    main(judge)
