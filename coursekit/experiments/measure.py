"""`coursekit measure`: run the experiments behind the figures and keep their numbers.

A lecture's `experiments/__init__.py` names its figures and what measures them. The
function takes no required arguments and returns a dict of plain numbers, texts, lists
and dicts. If it has a parameter `quick`, `--quick` sets it.

The numbers go to `data/measured/ID.json` with their provenance. Notebook prose and the
claims ledger quote them from there, so no measured figure is ever typed by hand.
"""

import importlib
import inspect
import json
import math
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

import coursekit
from coursekit.course_folder import COURSE
from coursekit.experiments.depends import mark
from coursekit.files import write_atomic
from coursekit.sources.lectures import lectures


@cache
def experiments() -> dict[str, str]:
    """Id of a figure -> "module:function" that measures it, from all lectures."""
    found = {}
    for source in lectures():
        package = f"{source.package}.experiments"
        try:
            figures: dict[str, str] = importlib.import_module(package).FIGURES
        except ModuleNotFoundError as error:
            if error.name != package:
                raise
            continue  # a lecture without experiments
        for name, target in figures.items():
            module, _, function = target.partition(":")
            found[name] = f"{package}.{module}:{function or 'measure'}"
    return found


def folder(quick: bool = False) -> Path:
    """Where results go. Quick runs stay out of the committed folder."""
    return COURSE / ("build/measured" if quick else "data/measured")


def load_measured(name: str) -> dict[str, Any]:
    """The measured values of one experiment, e.g. "01.C".

    Raises FileNotFoundError, with the command to run, when it was never measured.
    """
    path = folder() / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"data/measured/{name}.json is missing. Run: coursekit measure {name}"
        )
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["values"]
    return values


def plain(value: Any, where: str = "value") -> Any:
    """A result as JSON takes it: arrays and tensors become lists.

    Raises ValueError for NaN, infinity and for what is not data, naming the place.
    """
    if isinstance(value, dict):
        return {str(key): plain(each, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, f"{where}.{i}") for i, each in enumerate(value)]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}: not a measurement")
        return float(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist(), where)
    raise ValueError(f"{where} is a {type(value).__name__}: return plain numbers")


def measure(name: str, target: str, quick: bool = False) -> dict[str, Any]:
    """Run one experiment: its id, values and provenance (no machine is named)."""
    module, _, function = target.partition(":")
    experiment = getattr(importlib.import_module(module), function)
    parameters = inspect.signature(experiment).parameters
    depends = mark(target.replace(":", "."))  # now: the files may change meanwhile
    start = time.perf_counter()
    result = experiment(**({"quick": quick} if "quick" in parameters else {}))
    seconds = time.perf_counter() - start
    provenance: dict[str, Any] = {
        "experiment": target,
        "depends": depends,
        "seconds": round(seconds, 1),
        "quick": quick and "quick" in parameters,
        **software(),
    }
    if "seeds" in parameters:
        provenance["seeds"] = list(parameters["seeds"].default)
    return {"id": name, "values": plain(result), "provenance": provenance}


def state(name: str, target: str) -> str:
    """Of an experiment's kept numbers: "measured"; "older", where its code or the
    weights it uses have changed since; "undated", where that was not written down yet;
    "-", where there are none.
    """
    try:
        kept = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        marked = kept["provenance"].get("depends")
    except (OSError, ValueError, KeyError):
        return "-"
    if marked is None:
        return "undated"
    return "measured" if marked == mark(target.replace(":", ".")) else "older"


def software() -> dict[str, Any]:
    """Versions and commit; `changed` when the package differs from that commit."""
    import torch

    versions = {
        "coursekit": coursekit.__version__,
        "torch": torch.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "threads": torch.get_num_threads(),
    }
    commit = _git("rev-parse", "--short=10", "HEAD")
    changed = bool(_git("status", "--porcelain", "--", "coursekit"))
    return versions | {"commit": commit or "unknown", "changed": changed}


def _git(*words: str) -> str:
    """What git answers about this checkout, or nothing where there is no git."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=Path(coursekit.__file__).parent.parent,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def write(record: dict[str, Any], target: Path) -> None:
    """Write a record in one step: a reader sees the old file or the new one."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"\[[^][{}\"]*\]", lambda row: " ".join(row[0].split()), text)
    write_atomic(target / f"{record['id']}.json", text + "\n")


def main(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Such as 01.C (default: all).")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small runs, written to build/measured.")
    ] = False,
    only_list: Annotated[
        bool,
        typer.Option(
            "--list", help="Only list them, and which are older than their code."
        ),
    ] = False,
) -> int:
    """Run the experiments behind the figures and keep their numbers."""
    unknown = [each for each in ids or () if each not in experiments()]
    if unknown:
        print(
            f"coursekit measure: no experiment {', '.join(unknown)}; "
            f"there are: {', '.join(experiments())}",
            file=sys.stderr,
        )
        return 2
    if only_list:
        for name, target in experiments().items():
            print(f"{name:<6} {state(name, target):<9} {target}")
        return 0
    failed = 0
    for name in ids or experiments():
        print(f"{name} ...", end=" ", flush=True)
        try:
            record = measure(name, experiments()[name], quick)
            write(record, folder(quick))
        except (
            ImportError,
            AttributeError,
            OSError,
            ValueError,
            RuntimeError,
        ) as error:
            failed += 1
            print("failed")
            print(f"coursekit measure: {name}: {error}", file=sys.stderr)
            continue
        shown = "build/measured" if quick else "data/measured"
        print(f"{record['provenance']['seconds']} s, {shown}/{name}.json")
    return 1 if failed else 0
