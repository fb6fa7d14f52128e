"""Code and English that every learner has: what is installed with Python and SciPy.

`code` is the standard library of the running Python. `english` is the prose of the
language reference and of the docstrings of Python, NumPy and SciPy. Nothing is
downloaded. Two learners may have other versions and so other texts. A corpus therefore
has a version and a SHA-256, and the figures of a training belong to them.

Whole documents are held out, chosen by a checksum of their name.
"""

import ast
import hashlib
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from platform import python_version
from zlib import crc32

from coursekit.course_folder import COURSE
from coursekit.datasets.byte_pairs import BytePairs, learn

FOLDER = COURSE / "data" / "text"
# Tests, other people's packages, and an editor that is not everywhere installed; then
# tables that a program has written, and codecs, which are copies of each other.
_NOT_CODE = {"test", "tests", "idle_test", "site-packages", "dist-packages"}
_NOT_CODE |= {"idlelib", "turtledemo", "__pycache__", "__phello__", "ensurepip"}
_NOT_CODE |= {"encodings", "pydoc_data", "entities.py", "stringprep.py", "_casefix.py"}
_NOT_CODE |= {"_compat_pickle.py"}
_BY_BUILD = ("_sysconfig", "config-", "lib-dynload")  # differ from machine to machine
_PACKAGES = ("numpy", "scipy")  # their docstrings are long, their licences free
_PROSE = 0.9  # of a paragraph's characters, the letters and spaces it has at least


@dataclass(frozen=True)
class Corpus:
    """Documents by name, sorted, and what they are."""

    name: str
    source: str
    documents: dict[str, str]

    def split(self, held_out: bool) -> list[str]:
        """The texts of one part; a document is held out for its name alone, 1 in 9."""
        return [
            text
            for name, text in self.documents.items()
            if (crc32(name.encode()) % 9 == 0) == held_out
        ]

    @property
    def sha256(self) -> str:
        """Of all names and texts, 64 hexadecimal digits."""
        total = hashlib.sha256()
        for name, text in self.documents.items():
            total.update(f"{name}\0{text}\0".encode())
        return total.hexdigest()

    @property
    def description(self) -> str:
        """One line for a card: what, which version, how much, which bytes."""
        parts = [self.split(held_out) for held_out in (False, True)]
        files = " + ".join(str(len(part)) for part in parts)
        size = " + ".join(f"{sum(map(len, part)):,}" for part in parts)
        return (
            f"{self.source}: {files} documents, {size} characters (training + held "
            f"out), SHA-256 {self.sha256}"
        )


@lru_cache(maxsize=1)
def code() -> Corpus:
    """The standard library of the running Python, one document a file.

    Raises FileNotFoundError where Python has no source files.
    """
    folder = _stdlib()
    texts = {name: path.read_text("utf-8") for name, path in _files(folder)}
    if not texts:
        raise FileNotFoundError(f"no source of the standard library in {folder}")
    return Corpus("code", f"the standard library of Python {python_version()}", texts)


@lru_cache(maxsize=1)
def english() -> Corpus:
    """Paragraphs of prose, each once; a document is a topic, or a file's docstrings."""
    found = {f"python/{name}": _paragraphs(text) for name, text in _topics().items()}
    for package, folder in (("python", _stdlib()), *map(_installed, _PACKAGES)):
        for name, path in _files(folder):
            prose = (_paragraphs(text) for text in _docstrings(path))
            found[f"{package}/{name}"] = chain.from_iterable(prose)
    seen: set[str] = set()  # no paragraph that is held out is also in the training part
    texts: dict[str, str] = {}
    for name in sorted(found):
        new = [p for p in dict.fromkeys(found[name]) if p not in seen]
        seen.update(new)
        if new:
            texts[name] = "\n".join(new) + "\n"
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    source = f"prose in the documentation of Python {python_version()}, {versions}"
    return Corpus("english", source, texts)


@lru_cache(maxsize=2)
def byte_pairs(name: str) -> BytePairs:
    """The vocabulary that travels with the course, for "code" or "english".

    It belongs to the trained models: the same ids, whatever Python the learner has.
    """
    return BytePairs.load(FOLDER / f"{name}-pairs.json")


def learn_vocabulary(corpus: Corpus, merges: int = 1000) -> BytePairs:
    """Byte pairs of the training part of a corpus; `source` says of which."""
    return learn(corpus.split(held_out=False), merges, corpus.description)


def _stdlib() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _installed(package: str) -> tuple[str, Path]:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return package, Path(spec.origin).parent


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    for name in sorted(paths):  # by name, not by path: on every system in this order
        if not _NOT_CODE & {*name.split("/")} and not name.startswith(_BY_BUILD):
            yield name, paths[name]


def _topics() -> dict[str, str]:
    """The chapters of the language reference that `help` knows, read, not run."""
    path = _stdlib() / "pydoc_data" / "topics.py"
    for line in ast.parse(path.read_text("utf-8")).body:
        if isinstance(line, ast.Assign):
            return dict(ast.literal_eval(line.value))
    raise ValueError(f"no topics in {path}")


def _docstrings(path: Path) -> Iterator[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    holders = (*kinds, ast.stmt, ast.ExceptHandler, ast.match_case)
    level: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while level:  # as ast.walk does, but into no expression: none has a docstring
        for node in level:
            if isinstance(node, kinds):
                yield ast.get_docstring(node) or ""
        inner = chain.from_iterable(map(ast.iter_child_nodes, level))
        level = [node for node in inner if isinstance(node, holders)]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of full sentences, each as one line; tables and code are left out."""
    for part in re.split(r"\n\s*\n", text):
        line = " ".join(part.split())
        prose = sum(c.isalpha() or c == " " for c in line) >= _PROSE * len(line)
        prose = prose and "---" not in line and " : " not in line
        if len(line) >= 60 and prose and line[0].isupper() and line[-1] in ".:":
            yield line
