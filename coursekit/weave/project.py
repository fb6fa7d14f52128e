"""Where the weave reads and writes: the folders of one checkout."""

from dataclasses import dataclass
from pathlib import Path

import coursekit
from coursekit.sources.lectures import ROOT, Source, lectures
from coursekit.weave import registry as weave_registry
from coursekit.weave.modules import Package
from coursekit.weave.registry import Registry


@dataclass
class Project:
    """A checkout: package and notebooks below one root.

    registry: the exercises by id, or None where there is no registry to ask.
    complaint: why the registry could not be read, if it could not.
    """

    root: Path
    package: Package
    registry: Registry | None
    version: str = coursekit.__version__
    complaint: str = ""

    @classmethod
    def here(cls) -> "Project":
        """The checkout that this package runs from."""
        try:
            return cls(ROOT, Package(ROOT), weave_registry.load())
        except (ImportError, SyntaxError, ValueError) as error:
            complaint = f"the registry of exercises does not load: {error}. Fix it"
            return cls(ROOT, Package(ROOT), None, complaint=complaint)

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
