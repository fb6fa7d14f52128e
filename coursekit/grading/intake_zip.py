"""Archives, opened in memory. Names in them are text, never paths.

Nothing is written to disk, so a name such as ../../x harms nothing. Sizes are counted
while unpacking, since what an archive says about itself may be a lie.
"""

import io
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from coursekit.grading.intake_entries import (
    MOST_ENTRIES,
    Entry,
    NotRead,
    hidden,
    unseen,
)
from coursekit.grading.notebook_json import LARGEST_FILE
from coursekit.grading.platform_name import minutes

LARGEST_ARCHIVE = 300 * 2**20
MOST_OPEN = 2 * LARGEST_ARCHIVE
MOST_UNPACKED = 4000 * 2**20  # one member at a time is in memory
_CHUNK = 1 << 20
_DAMAGED = (
    "The archive is damaged. Pack it again, as a plain zip, and hand it in again."
)


@dataclass
class Budget:
    """How much all the archives within one archive may still unpack."""

    left: int = field(default_factory=lambda: MOST_UNPACKED)
    files: int = 10 * MOST_ENTRIES

    def spend(self, size: int, files: int = 0) -> None:
        """Count unpacked bytes and listed files. NotRead when it is too much."""
        self.left -= size
        self.files -= files
        if self.left < 0:
            raise NotRead(
                f"The archive unpacks to more than {MOST_UNPACKED // 2**20} MB; the "
                "rest is not read."
            )
        if self.files < 0:
            raise NotRead("The archives in this archive have too many files.")


def entries(outer: Entry, budget: Budget) -> Iterator[Entry]:
    """The files of an archive by name. NotRead when it cannot be read."""
    for member in _opened(outer.read).infolist():
        parts = _parts(member)
        if not parts or any(map(unseen, parts)):
            continue
        budget.spend(0, 1)
        read = partial(_read, outer.read, member, budget)
        stamp = "{}-{:02}-{:02} {:02}:{:02}".format(*member.date_time)
        when = outer.when or minutes(stamp)
        origin = f"{outer.origin}: {'/'.join(parts)}"
        aside = any(map(hidden, parts))
        if member.is_dir():
            parts = (*parts, "")
        yield Entry((*outer.parts, *parts), read, origin, when, aside)


_open: dict[Callable[[], bytes], tuple[zipfile.ZipFile, int]] = {}


def _opened(read: Callable[[], bytes]) -> zipfile.ZipFile:
    """An archive by what reads it; those used last stay open, as memory allows."""
    if read in _open:
        return _open[read][0]
    data = read()
    if len(data) > LARGEST_ARCHIVE:
        size = LARGEST_ARCHIVE // 2**20
        raise NotRead(f"The archive is larger than {size} MB. Unpack it first.")
    if data.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise NotRead(f"The archive has more than {MOST_ENTRIES} files.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:  # zipfile raises a dozen kinds for what is damaged
        raise NotRead(_DAMAGED) from None
    size = len(data) + 1000 * len(archive.infolist())
    while _open and size + sum(each for _, each in _open.values()) > MOST_OPEN:
        del _open[next(iter(_open))]
    _open[read] = archive, size
    return archive


def forget() -> None:
    """Let go of the archives that were opened last."""
    _open.clear()


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """A member's name as plain parts, without drives, roots and steps upwards."""
    name = member.filename
    if not member.flag_bits & 0x800:  # the archive does not say that names are UTF-8
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    parts = re.split(r"[/\\]+", name[:1000])
    return tuple(p for p in parts if p.strip(". ") and not re.fullmatch(r"\w:", p))


def _read(outer: Callable[[], bytes], member: zipfile.ZipInfo, budget: Budget) -> bytes:
    """One member, unpacked. NotRead for whatever is not a plain file of decent size."""
    if stat.S_ISLNK(member.external_attr >> 16):
        raise NotRead("This is a link to another file. Hand in the notebook itself.")
    if member.flag_bits & 0x1:
        raise NotRead("The archive has a password. Pack it again without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotRead(
            "The archive is packed in an unusual way. Pack it as a plain zip."
        )
    name = member.filename.lower()
    limit = LARGEST_FILE if not name.endswith(".zip") else LARGEST_ARCHIVE
    found = bytearray()
    try:
        with _opened(outer).open(member) as stream:
            while chunk := stream.read(_CHUNK):
                budget.spend(len(chunk))
                found += chunk
                if len(found) > limit:
                    break  # the reader sees that it is too long
    except NotRead:
        raise
    except Exception:
        raise NotRead(_DAMAGED) from None
    return bytes(found)
