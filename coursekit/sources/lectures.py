"""Where the lectures are: a folder `coursekit/lectures/lNN_...` for each notebook.

The folder of notebook "03_flow_matching" is the one that holds 03_flow_matching.md.

Machinery finds a lecture here, by its files, and never imports one by name.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # what this package is in
PACKAGE = "coursekit.lectures"


@dataclass(frozen=True)
class Source:
    """The source of one notebook."""

    path: Path

    @property
    def name(self) -> str:
        """The notebook's name, such as "03_flow_matching"."""
        return self.path.stem

    @property
    def shown(self) -> str:
        """The path below the root of the checkout, for messages and the banner."""
        return f"coursekit/lectures/{self.path.parent.name}/{self.path.name}"

    @property
    def package(self) -> str:
        """The dotted name of the lecture's folder."""
        return f"{PACKAGE}.{self.path.parent.name}"

    def text(self) -> str:
        """The source as it stands in the file."""
        return self.path.read_text(encoding="utf-8")


def lectures(root: Path = ROOT) -> list[Source]:
    """The sources of all notebooks of a checkout, in the order of the course."""
    paths = (root / "coursekit" / "lectures").glob("l*/[0-9]*.md")
    return sorted(map(Source, paths), key=lambda source: source.name)
