"""The files of a class by their names: which are notebooks, which stand in for one."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from coursekit.grading.official import available
from coursekit.grading.platform_name import NOBODY, Whose

MOST_ENTRIES = 20_000
# Never looked into: what lies there belongs to a tool, or to the teacher.
SKIPPED = (
    *("__MACOSX", "__pycache__", "node_modules", "venv", ".venv", ".git"),
    *("site-packages", "Feedback Attachment(s)"),
)
_KINDS = {
    ".py": "a Python script",
    **dict.fromkeys((".md", ".qmd", ".rmd", ".txt", ".rtf"), "plain text"),
    **dict.fromkeys((".html", ".htm"), "a web page"),
    ".pdf": "a PDF document",
    **dict.fromkeys((".doc", ".docx", ".odt", ".pages"), "an office document"),
    **dict.fromkeys(
        (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"), "an archive"
    ),
    ".json": "no notebook",
}
_LOOSE = ("", "a Python script", "plain text", "no notebook")  # they lie everywhere


class NotRead(Exception):
    """A file that is not opened; the message is a sentence for its student."""


@dataclass(frozen=True)
class Entry:
    """A file by its name. read: its bytes, or NotRead.

    parts: folder names and the file's name, below what was collected; an empty folder
    has "" for a file's name. when: the date that an archive gives it. aside: it lies in
    a hidden folder, or where Jupyter keeps its checkpoints. whose: once it is told.
    """

    parts: tuple[str, ...]
    read: Callable[[], bytes]
    origin: str
    when: str = ""
    aside: bool = False
    whose: Whose = NOBODY

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def archive(self) -> bool:
        """Is it a zip archive, by its name?"""
        return self.name.lower().endswith(".zip")

    @property
    def notebook(self) -> bool:
        """Is it a notebook, by its name? Browsers add .txt or .json to it."""
        return ".ipynb" in self.name.lower()

    @property
    def kind(self) -> str:
        """What it is instead of a notebook, in words; "" for a helper file."""
        return _KINDS.get(os.path.splitext(self.name.lower())[1], "")

    @property
    def ours(self) -> bool:
        """Is it called like one of the course's notebooks?"""
        return any(each in self.name.lower() for each in available())

    @property
    def loose(self) -> bool:
        """Is it of a kind that lies beside notebooks without being meant as one?"""
        return self.kind in _LOOSE


def hidden(part: str) -> bool:
    """Is a folder or file of this name hidden?"""
    return part.startswith(".")


def unseen(part: str) -> bool:
    """Is nobody's work in a folder of this name, or is it a system's leftover?"""
    return part in SKIPPED or part.startswith("._")
