"""`coursekit measure`: records, provenance and messages, on a toy experiment.

Authority: the JSON file, read back with the standard library alone.
"""

import json
import pkgutil
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from coursekit import cli
from coursekit.experiments import measure

Output = pytest.CaptureFixture[str]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with experiments, registered as 99.*, that writes below tmp_path."""
    module = types.ModuleType("toy_experiments")

    def good(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> dict[str, Any]:
        count = 2 if quick else 5
        by = {"a": np.float32(1)}
        return {"n": count, "rows": np.arange(count) / 2, "t": torch.ones(2), "by": by}

    def crash() -> dict[str, Any]:
        raise RuntimeError("no checkpoint called teddy")

    nan = {"by": {"worst": [1.0, float("nan")]}}
    vars(module).update(
        good=good, plain=lambda: {"x": 1.0}, infinite=lambda: nan, crash=crash
    )
    monkeypatch.setitem(sys.modules, "toy_experiments", module)
    names = {"99.A": "good", "99.B": "plain", "99.C": "infinite", "99.D": "crash"}
    registered = {key: f"toy_experiments:{name}" for key, name in names.items()}
    monkeypatch.setattr(measure, "experiments", lambda: registered)

    def folder(quick: bool = False) -> Path:
        return tmp_path / ("build" if quick else "data") / "measured"

    monkeypatch.setattr(measure, "folder", folder)


@pytest.mark.usefixtures("toy")
def test_record(tmp_path, capsys):
    assert cli.run(["measure", "99.A"]) == 0
    path = tmp_path / "data" / "measured" / "99.A.json"
    record = json.loads(path.read_text())
    assert record["id"] == "99.A"
    assert record["values"] == {
        "n": 5, "rows": [0.0, 0.5, 1.0, 1.5, 2.0], "t": [1.0, 1.0], "by": {"a": 1.0},
    }  # fmt: skip
    about = record["provenance"]
    assert about["experiment"] == "toy_experiments:good"
    assert about["seeds"] == [0, 1, 2] and about["quick"] is False
    assert about["torch"] == torch.__version__ and about["seconds"] >= 0
    assert set(about) == {
        "experiment", "seconds", "quick", "seeds", "coursekit", "torch", "python",
        "threads", "commit", "changed", "depends",
    }  # fmt: skip
    assert [each.name for each in path.parent.iterdir()] == ["99.A.json"]
    assert measure.load_measured("99.A") == record["values"]
    assert "99.A" in capsys.readouterr().out


@pytest.mark.usefixtures("toy")
def test_quick_runs_leave_the_committed_figures_alone(tmp_path):
    assert cli.run(["measure", "99.A", "99.B", "--quick"]) == 0
    assert not (tmp_path / "data").exists()
    quick = json.loads((tmp_path / "build" / "measured" / "99.A.json").read_text())
    assert quick["values"]["n"] == 2 and quick["provenance"]["quick"] is True


@pytest.mark.usefixtures("toy")
def test_bad_results_keep_the_old_file(tmp_path, capsys):
    old = tmp_path / "data" / "measured" / "99.C.json"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    assert cli.run(["measure", "99.C", "99.D", "99.B"]) == 1
    err = capsys.readouterr().err
    assert "coursekit measure: 99.C: value.by.worst.1 is nan: not a measurement" in err
    assert "coursekit measure: 99.D: no checkpoint called teddy" in err
    assert old.read_text() == "old"
    assert (old.parent / "99.B.json").is_file()  # the others are still measured


@pytest.mark.usefixtures("toy")
def test_what_is_not_there_is_said_and_a_list_runs_nothing(capsys):
    assert cli.run(["measure", "99.Z"]) == 2
    assert "no experiment 99.Z; there are: 99.A, 99.B" in capsys.readouterr().err
    assert cli.run(["measure", "--list"]) == 0
    assert "99.D   -         toy_experiments:crash" in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match=r"Run: coursekit measure 99\.A"):
        measure.load_measured("99.A")


def test_what_is_not_data_is_refused():
    with pytest.raises(ValueError, match=r"value\.f is a function: return plain"):
        measure.plain({"f": lambda: None})


def test_every_registered_experiment_exists():
    for target in measure.experiments().values():
        assert callable(pkgutil.resolve_name(target)), target


def test_committed_measurements_are_full_runs_of_registered_experiments():
    for path in measure.folder().glob("*.json"):
        record = json.loads(path.read_text())
        assert record["id"] == path.stem and path.stem in measure.experiments()
        assert record["provenance"]["quick"] is False
        assert "/" not in json.dumps(record["provenance"])  # no path of any machine


@pytest.mark.usefixtures("toy")
def test_the_list_tells_what_is_older_than_its_code(monkeypatch, capsys):
    def listed():
        assert cli.run(["measure", "--list"]) == 0
        return capsys.readouterr().out.splitlines()[0].split()[1]

    assert listed() == "-"
    assert cli.run(["measure", "99.A"]) == 0
    capsys.readouterr()
    assert listed() == "measured"
    monkeypatch.setattr(measure, "mark", lambda origin: "other")
    assert listed() == "older"
    path = measure.folder() / "99.A.json"
    record = json.loads(path.read_text())
    del record["provenance"]["depends"]
    path.write_text(json.dumps(record))
    assert listed() == "undated"
