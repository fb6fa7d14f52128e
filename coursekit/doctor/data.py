"""The doctor's look at the files: data, checkpoints and notebooks."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import coursekit
from coursekit.doctor.finding import Finding
from coursekit.sources.lectures import lectures
from coursekit.weights import DamagedWeights, read_weights

RESTORE = "git checkout -- data   (or download the course again)"
SUMS = "SHA256SUMS"
_MADE_HERE = ("checkpoints", "measured", "readers")  # checked by their cards, if at all
_NOT_DATA = {SUMS, "README.md"}


def embedded(root: Path) -> Iterator[Finding]:
    """The data sets in the repository: there, and byte for byte what they were."""
    wanted = read_checksums(root)
    absent = [name for name in wanted if not (root / "data" / name).is_file()]
    changed = [
        name
        for name, digest in wanted.items()
        if name not in absent and _sha256(root / "data" / name) != digest
    ]
    if not wanted:
        yield Finding("missing", "data", f"data/{SUMS} is not there", RESTORE)
    elif absent:
        text = f"{len(absent)} of {len(wanted)} files: {' '.join(absent)}"
        yield Finding("missing", "data", text, RESTORE)
    elif changed:
        text = f"not the files of this version: {' '.join(changed)}"
        yield Finding("missing", "data", text, RESTORE)
    else:
        yield Finding("ok", "data", f"{len(wanted)} embedded files, checksums agree")


def checkpoints(root: Path) -> Iterator[Finding]:
    """The trained models: complete files whose bytes agree with their cards."""
    cards = sorted((root / "data").glob("checkpoints/*/card.json"))
    readers = sorted((root / "data").glob("readers/*/card.json"))
    good = []
    for folder in (card.parent for card in cards + readers):
        problem = checkpoint_problem(folder)
        if problem:
            yield Finding("missing", "checkpoint", f"{folder.name}: {problem}", RESTORE)
        elif folder.parent.name == "checkpoints":
            good.append(folder.name)
    if good:
        yield Finding("ok", "checkpoints", " ".join(good))
    elif not cards:
        text = "none: notebooks that load a trained model cannot"
        yield Finding("missing", "checkpoints", text, RESTORE)


def checkpoint_problem(folder: Path) -> str:
    """What is wrong with a checkpoint's files, "" if nothing. Reads them as bytes."""
    try:
        read_weights(folder, json.loads((folder / "card.json").read_text("utf-8")))
    except DamagedWeights as error:
        return str(error)
    except OSError as error:
        return f"{Path(error.filename).name} cannot be read"
    except ValueError:
        return "card.json is not JSON"
    return ""


def notebooks(root: Path) -> Iterator[Finding]:
    """The woven notebooks: present, of the package's version, as their sources say."""
    folder = root / "notebooks"
    names = [source.name for source in lectures(root)]
    # What a teacher hands out has no solutions, and should not get any.
    parts = ["", "solutions"] if (folder / "solutions").is_dir() else [""]
    paths = [folder / part / f"{n}.ipynb" for part in parts for n in names]
    absent = [str(path.relative_to(root)) for path in paths if not path.is_file()]
    if absent:
        yield Finding("missing", "notebooks", " ".join(absent), "make weave")
        return
    older = {path.name for path in paths if _version(path) != coursekit.__version__}
    if older:
        text = f"of another version than the package: {' '.join(sorted(older))}"
        fix = "keep a copy of your work under another name, then: make weave"
        yield Finding("warning", "notebooks", text, fix)
        return
    differing = _not_as_woven(root)
    if differing:
        text = f"not what their sources give: {' '.join(differing)}"
        fix = "your own work in a notebook is fine; authors: make weave"
        yield Finding("warning", "notebooks", text, fix)
    else:
        yield Finding("ok", "notebooks", f"{' '.join(names)}, as woven")


def fashion_full(root: Path) -> Iterator[Finding]:
    """The full Fashion-MNIST, installed or downloaded; the notebooks do without."""
    from coursekit.datasets import fashion

    names = [f"{name}-ubyte.gz" for name in fashion.SHA256]
    for folder in (fashion.SYSTEM, fashion.cache_folder()):
        if all((folder / name).is_file() for name in names):
            yield Finding("ok", "fashion", f"all 70,000 pictures in {folder}")
            return
    text = "the embedded 10,000 pictures; the other 60,000 are not here"
    fix = 'fashion.load("train", full=True, download=True), in Python (30 MB)'
    yield Finding("optional", "fashion", text, fix)


def read_checksums(root: Path) -> dict[str, str]:
    """The embedded files, relative to data/, and their SHA-256."""
    try:
        lines = (root / "data" / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: digest for digest, name in (line.split(None, 1) for line in lines)}


def data_files(root: Path) -> list[str]:
    """Every embedded data file, relative to data/, sorted."""
    folder = root / "data"
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in found
        if path.parts[0] not in _MADE_HERE
        and path.name not in _NOT_DATA
        and not path.name.startswith(".")
    )


def write_checksums(root: Path) -> int:
    """Record the embedded files in data/SHA256SUMS; returns how many."""
    names = data_files(root)
    lines = [f"{_sha256(root / 'data' / name)}  {name}\n" for name in names]
    (root / "data" / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    return len(names)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(path: Path) -> str | None:
    """The package version a notebook was woven from, None if it does not say."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["coursekit"]
        return str(about["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _not_as_woven(root: Path) -> list[str]:
    """The notebooks that differ from what weaving gives; [] if it cannot be tried."""
    try:
        from coursekit.sources.report import Report
        from coursekit.weave import command as weave_command
        from coursekit.weave.project import Project
    except ImportError:  # torch is missing, which is reported elsewhere
        return []
    project = Project.here()
    if project.root != root:
        return []
    built = weave_command.build(project, project.sources(), Report())
    return [
        str(path.relative_to(root / "notebooks"))
        for path, content in built.items()
        if path.parent.is_dir() and weave_command.compare(path, content)
    ]
