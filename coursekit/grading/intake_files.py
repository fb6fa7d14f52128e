"""The files of a class by name, from what lies on disk and in archives.

Links are never followed, and pipes and devices are never opened. What cannot be looked
into is listed as a notebook that cannot be read.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from coursekit.grading.intake_entries import (
    MOST_ENTRIES,
    Entry,
    NotRead,
    hidden,
    unseen,
)
from coursekit.grading.intake_zip import LARGEST_ARCHIVE, Budget
from coursekit.grading.intake_zip import entries as zip_entries
from coursekit.grading.notebook_json import LARGEST_FILE

DEEPEST = 20
DEEPEST_ARCHIVE = 2  # a platform's download holds the students' own archives
_UNKNOWN = "?.ipynb"  # a notebook may be behind it


def listed(given: Sequence[Path]) -> tuple[list[Entry], tuple[str, ...]]:
    """All files by name, below the folders that all have in common, and those."""
    whole = [Path(os.path.abspath(path)) for path in given]
    try:
        top = Path(os.path.commonpath([path.parent for path in whole])).parts
    except ValueError:  # on several drives
        top = ()
    found: dict[tuple[str, ...], Entry] = {}
    for path, full in zip(given, whole, strict=True):
        parts, budget = full.parts[len(top) :] or full.parts, Budget()
        inside = (e for each in _walk(path, parts) for e in _unpacked(each, budget))
        found |= {e.parts: e for e in sorted(inside, key=lambda each: each.parts)}
    filled = {way[:n] for way in found if way[-1] for n in range(1, len(way))}
    shown = [e for way, e in found.items() if way[-1] or way[:-1] not in filled]
    if len(given) != 1:
        return shown, top[-1:]
    if any(len(entry.parts) > 1 for entry in shown):  # a folder, or an archive
        return [replace(e, parts=e.parts[1:]) for e in shown], whole[0].parts[-1:]
    # One file, which is looked at whatever it is called; its folders tell whose it is.
    only = shown[0]
    parts = only.parts if only.notebook else (*only.parts, _UNKNOWN)
    return [replace(only, parts=parts)], top[-3:]


def _walk(
    path: Path, parts: tuple[str, ...], depth: int = 0, aside: bool = False
) -> Iterator[Entry]:
    """A file, or those below a folder; what cannot be opened is one that says so."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            yield Entry(parts, partial(_bytes, path), str(path), "", aside)
            return
        if depth > DEEPEST:
            raise NotRead(f"The folder is deeper than {DEEPEST} levels.")
        names = sorted(os.listdir(path))
        if len(names) > MOST_ENTRIES:
            raise NotRead(f"The folder has more than {MOST_ENTRIES} files.")
    except (NotRead, OSError, ValueError) as error:
        said = getattr(error, "strerror", None)
        said = f"It cannot be opened: {said}." if said else str(error)
        if not aside:
            yield Entry((*parts, _UNKNOWN), partial(_refuse, said), str(path))
        return
    yield Entry((*parts, ""), partial(_refuse, ""), str(path), "", aside)
    for name in names:
        if not unseen(name):
            away = aside or hidden(name)
            yield from _walk(path / name, (*parts, name), depth + 1, away)


def _unpacked(entry: Entry, budget: Budget, depth: int = 0) -> Iterator[Entry]:
    """The entry, or what is in it where it is an archive: a folder like others."""
    if not entry.archive or entry.aside:
        yield entry
        return
    try:
        if depth >= DEEPEST_ARCHIVE:
            raise NotRead("An archive in an archive in an archive is not opened.")
        inside = list(zip_entries(entry, budget))
    except NotRead as error:
        parts, refuse = (*entry.parts, _UNKNOWN), partial(_refuse, str(error))
        yield replace(entry, parts=parts, read=refuse)
        return
    yield replace(entry, parts=(*entry.parts, ""))
    for each in inside:
        yield from _unpacked(each, budget, depth + 1)


def _refuse(reason: str) -> bytes:
    raise NotRead(reason)


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file. NotRead for links, pipes, devices and the like."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)  # not every system has every flag
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise NotRead("This is a link, which is not followed. Hand in the file.")
        if not stat.S_ISREG(mode):
            raise NotRead("This is not a plain file, so it is not opened.")
        handle = os.open(path, flags)
    except OSError as error:
        raise NotRead(f"The file cannot be opened: {error.strerror}.") from None
    limit = LARGEST_ARCHIVE if path.suffix.lower() == ".zip" else LARGEST_FILE
    with os.fdopen(handle, "rb") as stream:
        # Looked at again, since a file can be exchanged between the two calls.
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise NotRead("This is not a plain file, so it is not opened.")
        try:
            return stream.read(limit + 1)
        except OSError as error:
            raise NotRead(f"The file cannot be read: {error.strerror}.") from None
