"""From what an instructor has on disk to submissions: files, folders, zip archives.

Folders are searched in depth; hidden folders, checkpoints and caches are skipped. Links
are never followed, and pipes and devices are never opened. Whatever cannot be read is a
submission with a problem, so that no student is lost without a word.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from coursekit.grading import notebook_file, student_name
from coursekit.grading.intake_entries import (
    MOST_ENTRIES,
    Entry,
    NotRead,
    chosen,
    hidden,
)
from coursekit.grading.intake_zip import LARGEST_ARCHIVE, Budget
from coursekit.grading.intake_zip import entries as zip_entries
from coursekit.grading.notebook_json import LARGEST_FILE
from coursekit.grading.types import Submission

DEEPEST = 20
DEEPEST_ARCHIVE = 2  # a platform's download holds the students' own archives
_WAY = 3  # how many folders above a file may tell whose it is


def collect(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Submission]:
    """Every submission in files, folders and archives, one at a time.

    Within a notebook each student's name stands once: a second "alice" becomes
    "alice (2)". `student_name` has the rule for names.
    """
    taken: dict[str, set[str]] = {}
    for given in paths:
        for submission in _one(Path(given)):
            names = taken.setdefault(submission.notebook, set())
            name = student_name.unique(submission.student, names)
            names.add(student_name.fold(name))
            yield replace(submission, student=name)


def _one(path: Path) -> Iterator[Submission]:
    """What lies at one path of the command line."""
    way = tuple(path.parts[-_WAY - 1 :]) or (str(path),)
    try:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, ValueError):
        yield _refused(way, str(path), "There is no such file or folder.")
        return
    if not is_folder:
        entry = Entry(way, partial(_bytes, path))
        yield from _submissions([entry], str(path), (), Budget(), False)
        return
    try:
        found = list(_walk(path, ()))
    except NotRead as error:
        yield _refused(way, str(path), str(error))
        return
    picked = chosen(found)
    if not picked:
        yield _refused(way, str(path), "There is no notebook (.ipynb) in this folder.")
    yield from _submissions(picked, str(path), (), Budget(), True)


def _walk(folder: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
    """The files below a folder, links and special files as entries that say so."""
    if len(parts) > DEEPEST:
        raise NotRead(f"The folder is deeper than {DEEPEST} levels.")
    try:
        listed = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        raise NotRead(f"The folder cannot be opened: {error.strerror}.") from None
    if len(listed) > MOST_ENTRIES:
        raise NotRead(f"The folder has more than {MOST_ENTRIES} files.")
    for each in listed:
        here = (*parts, each.name)
        if hidden(here[-1:]):
            continue
        if not each.is_dir(follow_symlinks=False):
            yield Entry(here, partial(_bytes, Path(each.path)))
            continue
        try:
            yield from _walk(Path(each.path), here)
        except NotRead as error:
            yield Entry((*here, "?.ipynb"), partial(_refuse, str(error)))


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
            raise NotRead(
                "This is a link, and links are not followed. Hand in the file itself."
            )
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


def _submissions(
    entries: Iterable[Entry],
    origin: str,
    above: tuple[str, ...],
    budget: Budget,
    inside: bool,
    depth: int = 0,
) -> Iterator[Submission]:
    """Entries read one by one; archives within them are opened in their place.

    origin: what to show in front of an entry's name; above: names of archives around.
    """
    for entry in entries:
        parts = (*above, *entry.parts)
        shown = origin if not inside else _shown(origin, entry.parts, depth)
        try:
            data = entry.read()
            if not entry.archive:
                yield notebook_file.read(
                    data, _student(entry, parts, inside), _text(shown)
                )
                continue
            if depth >= DEEPEST_ARCHIVE:
                raise NotRead("An archive in an archive in an archive is not opened.")
            if len(data) > LARGEST_ARCHIVE:
                size = LARGEST_ARCHIVE // 2**20
                raise NotRead(f"The archive is larger than {size} MB. Unpack it first.")
            room = budget if depth else Budget()
            picked = chosen(list(zip_entries(data, room)))
            if not picked:
                raise NotRead("There is no notebook (.ipynb) in this archive.")
        except NotRead as error:
            name = _student(entry, parts, inside)
            yield Submission(name, _text(shown), problem=str(error))
            continue
        yield from _submissions(picked, shown, parts, room, True, depth + 1)


def _student(entry: Entry, parts: tuple[str, ...], inside: bool) -> str:
    """The student's name; a report.pdf alone in a folder is the folder's owner's."""
    if inside and len(parts) > 1 and not (entry.notebook or entry.archive):
        parts = parts[:-1]
    return student_name.of(parts, inside)


def _shown(origin: str, parts: tuple[str, ...], depth: int) -> str:
    name = "/".join(parts)
    return f"{origin}: {name}" if depth else os.path.join(origin, name)


def _refused(parts: tuple[str, ...], origin: str, problem: str) -> Submission:
    name = student_name.of(parts, inside=False)
    return Submission(name, _text(origin), problem=problem)


def _text(origin: str) -> str:
    """A path as text that can be written: file names need not be UTF-8."""
    return origin.encode("utf-8", "replace").decode("utf-8")[:1000]
