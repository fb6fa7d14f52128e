"""Which of the files in a folder or an archive are submissions.

Notebooks and archives are. A file of another kind is one only when it stands where a
notebook should: loose among the submissions, or alone in a student's folder. Then the
student must hear that it is not a notebook.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coursekit.grading.official import available

MOST_ENTRIES = 20_000
SKIPPED = ("__MACOSX", "__pycache__", "node_modules", "venv")
_WRONG = {
    *(".html", ".htm", ".pdf", ".doc", ".docx", ".odt", ".rtf", ".pages"),
    *(".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"),
}
_PERHAPS = {".py", ".txt", ".json"}


class NotRead(Exception):
    """A file that is not opened; the message is a sentence for its student."""


@dataclass(frozen=True)
class Entry:
    """A file by its name. read: its bytes, or NotRead.

    parts: folder names and the file's name, below what was collected.
    """

    parts: tuple[str, ...]
    read: Callable[[], bytes]

    @property
    def archive(self) -> bool:
        """Is it a zip archive, by its name?"""
        return self.parts[-1].lower().endswith(".zip")

    @property
    def notebook(self) -> bool:
        """Is it a notebook, by its name? Browsers add .txt or .json to it."""
        return ".ipynb" in self.parts[-1].lower()


def hidden(parts: Sequence[str]) -> bool:
    """Does a file lie where no submission lies: hidden folders, checkpoints, caches?"""
    return any(part.startswith(".") or part in SKIPPED for part in parts)


def chosen(entries: Sequence[Entry]) -> list[Entry]:
    """The submissions among the files, in the order of their names."""
    found = [entry for entry in entries if entry.notebook or entry.archive]
    served = {entry.parts[0] for entry in found if len(entry.parts) > 1}
    for entry in sorted(entries, key=_order):
        if entry.notebook or entry.archive or not _wrong(entry):
            continue
        if len(entry.parts) == 1:
            found.append(entry)
        elif entry.parts[0] not in served:
            served.add(entry.parts[0])
            found.append(entry)
    return sorted(found, key=_order)


def _wrong(entry: Entry) -> bool:
    name = entry.parts[-1].lower()
    suffix = re.search(r"\.\w+$", name)
    if suffix is None:
        return False
    if suffix[0] in _PERHAPS:  # notes and scripts lie everywhere
        return any(each in name for each in available())
    return suffix[0] in _WRONG


def _order(entry: Entry) -> tuple[str, ...]:
    return entry.parts
