"""Where published code does what a function of this course does.

data/reading/code_map.tsv has a repository, a commit, a file, lines, the idea in words
and our own function, module:name; every row was read at that commit.
"""

from typing import NamedTuple

from coursekit.course_folder import COURSE

FILE = COURSE / "data" / "reading" / "code_map.tsv"


class Line(NamedTuple):
    """One row."""

    lecture: str
    repository: str
    commit: str
    file: str
    lines: str
    idea: str
    own: str

    @property
    def address(self) -> str:
        """A link to the lines on GitHub, as they were at the commit."""
        first, last = self.lines.split("-")
        page = f"https://github.com/{self.repository}/blob/{self.commit}/{self.file}"
        return f"{page}#L{first}-L{last}"


def code_map() -> list[Line]:
    """All rows, by lecture."""
    _, *rows = FILE.read_text(encoding="utf-8").splitlines()
    return [Line(*row.split("\t")) for row in rows]
