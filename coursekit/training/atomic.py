"""Files that are either complete or not there, whatever happens while they are written.

Written under another name, flushed to the disk, then renamed: a reader sees the old
file or the new one, never a part.
"""

import errno
import os
from pathlib import Path


class OutOfSpace(RuntimeError):
    """The disk is full; the message says so in one line."""


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a crash leaves the old file or the new one.

    Raises OutOfSpace when the disk (or a quota, or a file-size limit) is full; what was
    there before is untouched and the unfinished file is removed.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _flush_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutOfSpace(
                f"the disk is full ({os.strerror(error.errno)}): free "
                f"{len(content) / 1e6:.1f} MB or more for {path}"
            ) from None
        raise


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system lets one open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
