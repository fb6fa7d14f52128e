"""Where the weave reads and writes: the folders of one checkout."""

from dataclasses import dataclass
from pathlib import Path

import coursekit
from coursekit.workbook import weave_registry
from coursekit.workbook.weave_modules import Package
from coursekit.workbook.weave_registry import Registry


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
        root = Path(coursekit.__file__).resolve().parents[1]
        try:
            return cls(root, Package(root), weave_registry.load())
        except (ImportError, SyntaxError, ValueError) as error:
            complaint = f"the registry of exercises does not load: {error}. Fix it"
            return cls(root, Package(root), None, complaint=complaint)

    @property
    def source(self) -> Path:
        """Where authors edit notebooks."""
        return self.root / "notebooks" / "source"

    @property
    def measured(self) -> Path:
        """Where `coursekit measure` leaves its figures."""
        return self.root / "data" / "measured"

    def target(self, name: str, role: str) -> Path:
        """The file of one notebook: learner's or solution."""
        folder = "notebooks/solutions" if role == "solution" else "notebooks"
        return self.root / folder / f"{name}.ipynb"

    def sources(self) -> list[Path]:
        """The notebook sources, sorted by name."""
        return sorted(self.source.glob("*.md"))
