"""Where the weave reads and writes: the folders of one checkout."""

from dataclasses import dataclass
from pathlib import Path

import coursekit
from coursekit.course_folder import COURSE
from coursekit.sources.lectures import Source, lectures
from coursekit.sources.modules import Package


@dataclass
class Project:
    """A checkout: package and notebooks below one root."""

    root: Path
    package: Package
    version: str = coursekit.__version__

    @classmethod
    def here(cls) -> "Project":
        """The course's folder, which this package runs from."""
        return cls(COURSE, Package(COURSE))

    @property
    def measured(self) -> Path:
        """Where `coursekit measure` leaves its figures."""
        return self.root / "data" / "measured"

    def target(self, name: str, role: str) -> Path:
        """The file of one notebook: learner's or solution."""
        folder = "notebooks/solutions" if role == "solution" else "notebooks"
        return self.root / folder / f"{name}.ipynb"

    def sources(self) -> list[Source]:
        """The notebook sources, where authors edit, in the order of the course."""
        return lectures(self.root)
