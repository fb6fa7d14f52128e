"""The workflow templates: valid, without rights, and without a way in for a student.

Authorities: a subset of the published JSON schema of GitHub workflows (the keys that
the templates use, nothing else allowed), GitHub's advice on hardening (no untrusted
text inside a script, a read-only token that is not kept, no event that runs foreign
code with rights), bash, and our commands' own --help. Each rule has a planted error.
"""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from coursekit import cli

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))

# A subset of the published schema: no key but those that are named.
SCHEMA = yaml.safe_load("""
$defs: {closed: &closed {type: object, additionalProperties: false}}
<<: *closed
required: [name, "on", permissions, jobs]
properties:
  name: &text {type: string, minLength: 1}
  "on":
    <<: *closed
    properties:
      push:
        <<: *closed
        properties: {paths: {type: array, items: *text, minItems: 1}}
      workflow_dispatch: {type: ["null", object]}
  permissions: {const: {contents: read}}
  concurrency:
    <<: *closed
    required: [group]
    properties: {group: *text, cancel-in-progress: {type: boolean}}
  env: &values
    type: object
    additionalProperties: {type: [string, number, boolean]}
    minProperties: 1
  jobs:
    type: object
    propertyNames: {pattern: "^[_a-zA-Z][a-zA-Z0-9_-]*$"}
    minProperties: 1
    additionalProperties:
      <<: *closed
      required: [runs-on, steps, timeout-minutes]
      properties:
        runs-on: *text
        timeout-minutes: {type: number}
        needs: *text
        strategy:
          <<: *closed
          required: [matrix]
          properties:
            matrix: {type: object, additionalProperties: {type: array}}
            fail-fast: {type: boolean}
        steps:
          type: array
          minItems: 1
          items:
            <<: *closed
            oneOf: [{required: [uses]}, {required: [run]}]
            properties: {name: *text, uses: *text, run: *text, env: *values,
                         with: *values, working-directory: *text}
""")


class Loader(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a word, and a key stands once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"a key stands twice among {keys}")
        return super().construct_mapping(node, deep)


ON_OFF_YES_NO: dict[str, Any] = {letter: [] for letter in "oOyYnN"}
Loader.yaml_implicit_resolvers = yaml.SafeLoader.yaml_implicit_resolvers | ON_OFF_YES_NO


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), Loader)  # a SafeLoader
    return found


def complaints(workflow: dict[str, Any]) -> list[str]:
    """What is wrong with a workflow, a sentence for each thing."""
    errors = jsonschema.Draft7Validator(SCHEMA).iter_errors(workflow)
    if found := [error.message for error in errors]:
        return found
    for name, job in workflow["jobs"].items():
        if job.get("needs", name) not in workflow["jobs"]:
            found.append(f"{name} needs a job that is not there")
        for step in job["steps"]:
            found += _step(step, set(job.get("strategy", {}).get("matrix", ())))
    return found


def _step(step: dict[str, Any], matrix: set[str]) -> list[str]:
    found = []
    if "uses" in step:
        if not re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]):
            found.append(f"{step['uses']} is not one of GitHub's, at a version")
        kept = step.get("with", {}).get("persist-credentials", True)
        if "checkout" in step["uses"] and kept:
            found.append("the checkout keeps the token on the disk")
    else:
        if "${{" in step["run"]:
            found.append("an expression inside a script: pass it through env")
        done = subprocess.run(
            ["bash", "-n"], input=step["run"], text=True, capture_output=True
        )
        found += done.stderr.splitlines()
    for text in (*step.get("with", {}).values(), *step.get("env", {}).values()):
        for inner in re.findall(r"\$\{\{ (.*?) \}\}|\$\{\{", str(text)):
            place, _, name = inner.partition(".")
            ours = {"matrix": name in matrix, "vars": re.fullmatch("[A-Z_]+", name)}
            if not ours.get(place):
                found.append(f"{inner} is not ours to use")
    return found


def scripts(workflow: dict[str, Any]) -> list[str]:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


def commands(text: str) -> list[list[str]]:
    """Every call of coursekit in a script or a page: subcommand, then options."""
    joined = text.replace("\\\n", " ")
    lines = re.findall(r"(?:^|[ \t`])coursekit ([a-z]+\b[^\n`#|;]*)", joined, re.M)
    return [[word for word in shlex.split(line) if word != "["] for line in lines]


def documented() -> list[list[str]]:
    """The calls in the templates and in the code blocks of the grading page."""
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    texts = re.findall(r"^```(?:bash|yaml)?\n(.*?)^```", page, re.M | re.S)
    texts += [script for path in FILES for script in scripts(load(path))]
    return [call for text in texts for call in commands(text)]


def unknown_options(call: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert cli.run([call[0], "--help"]) == 0
    said = capsys.readouterr().out
    options = [word.partition("=")[0] for word in call if word.startswith("-")]
    return [each for each in options if not re.search(rf"{each}\b", said)]


def test_both_templates_are_here():
    assert [path.name for path in FILES] == ["feedback.yml", "grade.yml"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_valid_and_without_rights(path):
    assert complaints(load(path)) == []


def test_as_many_parts_as_the_scripts_say():
    workflow = load(FOLDER / "grade.yml")
    parts = workflow["jobs"]["part"]["strategy"]["matrix"]["part"]
    assert parts == list(range(1, workflow["env"]["PARTS"] + 1))
    (script,) = (text for text in scripts(workflow) if "--shard" in text)
    assert '--shard "$PART/$PARTS"' in script


def test_parts_arrive_where_they_are_merged():
    jobs = load(FOLDER / "grade.yml")["jobs"]
    up, down = (
        next(s["with"] for s in jobs[job]["steps"] if what in s.get("uses", ""))
        for job, what in (("part", "upload"), ("merge", "download"))
    )
    assert up["name"].startswith("part-") and down["pattern"] == "part-*"
    assert jobs["merge"]["needs"] == "part"


def test_merging_needs_what_its_job_installs():
    """Of what the package depends on, the second job has what it names to pip."""
    text = (FOLDER / "grade.yml").read_text()
    (installed,) = re.findall(r"pip install --quiet ([a-z0-9 ]+) -c constraints", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[^\w-]", name)[0] for name in project["dependencies"]}
    assert set(installed.split()) < needed
    modules = " ".join(needed - {*installed.split()})
    absent = modules.replace("-py", "").replace("-", "_").split()
    code = f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
    code += "import coursekit.cli, coursekit.grading.merge"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("call", documented(), ids=" ".join)
def test_documented_commands_exist(call, capsys):
    assert call[0] in cli.COMMANDS, "one line in coursekit/cli.py is missing"
    assert unknown_options(call, capsys) == []


def test_canary_an_unknown_option_is_seen(capsys):
    (call,) = commands("coursekit check --run --rum x.ipynb")
    assert unknown_options(call, capsys) == ["--rum"]


FIRST, SCRIPT = "jobs.feedback.steps.0", "jobs.feedback.steps.3"
CANARIES: dict[str, tuple[str, Any]] = {
    "another key": ("jobs.feedback.setps", []),
    "no limit of time": ("jobs.feedback.timeout-minutes", None),
    "a right to write": ("permissions.contents", "write"),
    "an event with rights": ("on.pull_request_target", {}),
    "a step with both": (f"{FIRST}.run", "true"),
    "a job that is missing": ("jobs.feedback.needs", "nothing"),
    "somebody's action": (f"{FIRST}.uses", "x/y@v1"),
    "an action without a version": (f"{FIRST}.uses", "actions/checkout@main"),
    "a token that stays": (f"{FIRST}.with.persist-credentials", True),
    "an expression in a script": (f"{SCRIPT}.run", "echo ${{ github.head_ref }}"),
    "a script that is none": (f"{SCRIPT}.run", "if true; x"),
    "a secret": (f"{SCRIPT}.env", {"KEY": "${{ secrets.KEY }}"}),
    "a matrix that is none": (f"{SCRIPT}.env", {"PART": "${{ matrix.part }}"}),
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(("where", "value"), CANARIES.values(), ids=list(CANARIES))
def test_canary_each_rule_sees_its_error(where, value):
    workflow = load(FOLDER / "feedback.yml")
    *path, last = (int(key) if key.isdigit() else key for key in where.split("."))
    place: Any = workflow
    for key in path:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert complaints(workflow)


def test_canary_a_key_that_stands_twice(tmp_path):
    path = tmp_path / "twice.yml"
    path.write_text("jobs:\n  a: 1\n  a: 2\n")
    with pytest.raises(yaml.YAMLError, match="twice"):
        load(path)
