"""Files that are either complete or not there, whatever happens while they are written.

Written under another name, flushed to the disk, then renamed: a reader sees the old
file or the new one, never a part.
"""

import errno
import os
import tempfile
from pathlib import Path


class OutOfSpace(OSError):
    """The disk is full; the message says so in one line."""


def write_atomic(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Write `content` to `path` so that a crash leaves the old file or the new one.

    Text is written as UTF-8. mode: the file's permissions, where the system has them.
    Raises OutOfSpace when the disk (or a quota, or a file-size limit) is full; what was
    there before is untouched and the unfinished file is removed.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name that nobody can guess, so that no planted link is followed.
    handle, name = tempfile.mkstemp(".part", f"{path.name}.", path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        os.replace(part, path)
        _flush_folder(path.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutOfSpace(
                f"the disk is full ({os.strerror(errno.ENOSPC)}): free "
                f"{len(data) / 1e6:.1f} MB or more for {path}"
            ) from None
        raise


def try_folder(folder: Path) -> None:
    """Make a folder and write into it, before the work whose results go there.

    Raises OSError with the name of what is in the way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".try-"):
        pass


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system lets one open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
