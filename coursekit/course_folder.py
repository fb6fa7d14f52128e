"""Where the course lies: the folder with data/ and notebooks/.

With `pip install -e .` that is the folder around the package. A package installed
without -e has left it behind: then COURSEKIT_FOLDER names it, or it is the folder that
one works in. A released package brings the data along, inside itself.
"""

import os
from pathlib import Path

_SIGNS = (Path("data"), Path("coursekit", "lectures"))  # what this folder has


def find_course(package: Path, here: Path) -> Path:
    """The folder of the course for a package at `package` and a shell in `here`.

    Where there is none, the folder around the package, in which nothing will be found.
    """
    named = os.environ.get("COURSEKIT_FOLDER")
    places = [package.parent, *([Path(named)] if named else []), here, *here.parents]
    places.append(package)
    return next((each for each in places if _is_course(each)), places[0]).resolve()


def _is_course(folder: Path) -> bool:
    released = (folder / "data" / "SHA256SUMS").is_file() and folder.name == "coursekit"
    return released or all((folder / sign).is_dir() for sign in _SIGNS)


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # deleted while we were in it
        return Path("/")


COURSE = find_course(Path(__file__).resolve().parent, _here())


def missing() -> str:
    """One line when the folder was not found, else ""."""
    if _is_course(COURSE):
        return ""
    return (
        "coursekit is installed without the course's data and notebooks: work in the "
        "course's folder, name it in COURSEKIT_FOLDER, or run there: pip install -e ."
    )
