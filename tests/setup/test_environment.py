"""Authority: pyproject.toml. Every other list of packages or commands agrees with it,
and every command that the pages mention exists."""

import os
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from support.process import ROOT, python

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {  # what conda-forge calls them
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
PAGES = ["README.md", "CONTRIBUTING.md", "data/README.md"]


def direct() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    names = PROJECT["dependencies"] + extras["lab"] + extras["dev"]
    return [Requirement(name) for name in names]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line for line in found), "exact versions only"
    return {canonicalize_name(n): v for n, v in (f.split("==") for f in found)}


def conda(spec: str) -> tuple[str, SpecifierSet]:
    name, rest = re.fullmatch(r"([a-z0-9-]+)(.*)", spec).groups()
    return name, SpecifierSet(re.sub(r"^=(?=\d)", "==", rest))


def test_conda_environment_says_what_pyproject_says():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    found = dict(conda(entry) for entry in listed if isinstance(entry, str))
    wanted = {CONDA_NAMES.get(r.name, r.name): r.specifier for r in direct()}
    wanted["python"] = SpecifierSet(PROJECT["requires-python"])
    assert pip == [["-e ."]]
    assert found.pop("pip") == found.pop("make") == SpecifierSet()
    assert found == wanted


def test_conda_reader_notices_a_difference():
    assert conda("nbval=0.11.*") == ("nbval", SpecifierSet("==0.11.*"))
    assert conda("numpy>=1.26") != conda("numpy>=1.25")


def test_every_direct_dependency_is_pinned_inside_its_range():
    for requirement in direct():
        version = pins()[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def test_no_package_index_is_written_down():
    for name in ("constraints.txt", "pyproject.toml", "environment.yml"):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|extra-index|file://", text), name


def makefile_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    rules = re.findall(r"^([a-z][a-z -]*):", text, flags=re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def test_a_missing_library_is_one_line(tmp_path):
    """A torch that does not import stands in for one that is not installed."""
    (tmp_path / "torch.py").write_text("raise ImportError('No module named torch')")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    train = ("-m", "coursekit", "train", "fashion-ddpm")
    run = python(*train, cwd=tmp_path, PYTHONPATH=path)
    assert run.returncode == 1
    assert run.stderr == (
        "coursekit train: No module named torch. "
        "`coursekit doctor` says what is missing and how to get it\n"
    )


@pytest.mark.parametrize("page", PAGES)
def test_commands_on_the_pages_exist(page):
    from coursekit.cli import COMMANDS

    text = (ROOT / page).read_text()
    found = re.findall(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    code = " ; ".join(block or span for block, span in found)
    for target in re.findall(r"\bmake ([a-z-]+)", code):
        assert target in makefile_targets(), f"{page}: make {target}"
    for command in re.findall(r"\bcoursekit ([a-z]+)\b", code):
        assert command in {*COMMANDS, "doctor"}, f"{page}: coursekit {command}"
    for command in re.findall(r"\brun\.py (?:--here )?([a-z]+)", code):
        usage = python("run.py", "help").stdout
        assert re.search(rf"^  {command} ", usage, re.MULTILINE), f"{page}: {command}"


@pytest.mark.parametrize("page", [*PAGES, "docs/glossary.md", "docs/log.md"])
def test_links_and_pictures_of_the_pages_are_there(page):
    text = (ROOT / page).read_text()
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    for link in links + re.findall(r'src="([^"]+)"', text):
        assert "://" in link or (ROOT / page).parent.joinpath(link).exists(), link


def test_make_and_run_py_know_the_same_commands():
    source = (ROOT / "run.py").read_text()
    usage = source[source.index("usage:") : source.index("`python run.py --here")]
    listed = set(re.findall(r"^  ([a-z-]+) ", usage, re.MULTILINE))
    assert makefile_targets() - {"help"} == listed


def test_contributing_stays_short():
    """Its worked example has a limit of its own (test_contributing.py)."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    prose = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(prose.splitlines()) < 90


def test_ci_calls_make_test_and_the_workflow_calls_ci():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, ".ci/run must be executable"
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    job = workflow["jobs"]["test"]
    assert job["steps"][-1]["run"] == ".ci/run"
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert oldest in job["strategy"]["matrix"]["python"]
    assert True in workflow, "the key `on` (YAML reads it as true)"
