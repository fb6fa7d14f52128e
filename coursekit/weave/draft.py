"""A notebook in the making: its cells so far, its labels, its names, its exercises."""

from dataclasses import dataclass, field

from coursekit.sources.lectures import Source
from coursekit.sources.report import Report
from coursekit.weave.cell_text import shorten
from coursekit.weave.cells import ROLES, Cell, Role
from coursekit.weave.claims import Claim
from coursekit.weave.names import Names
from coursekit.weave.project import Project


@dataclass
class Draft:
    """What the weave knows about one notebook while it walks through its source.

    labels: cell id -> line.  exercises: id -> line.  hints: id -> how many so far.
    symbols: id of a code exercise -> what it asks for.
    woven: origin of a symbol -> the cell that shows it.  later: origins of exercises
    still to come.  anchor: id of the cell that headless text comes after.
    headings: the open headings as (level, slug), outermost first.
    """

    source: Source
    project: Project
    report: Report
    names: dict[Role, Names]
    cells: list[Cell] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    exercises: dict[str, int] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    woven: dict[str, str] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    anchor: str = "setup"

    @classmethod
    def start(cls, source: Source, project: Project, report: Report) -> "Draft":
        """An empty draft that knows the names its set-up cell makes."""
        names = {role: Names(project.package) for role in ROLES}
        for each in names.values():
            each.define("notebook", "coursekit.notebook", "setup")
            for name in ("check", "check_answer", "hint", "reveal"):
                each.define(name, f"coursekit.checks.cells.{name}", "setup")
        return cls(source, project, report, names)

    @property
    def name(self) -> str:
        """The notebook's name, such as `01_diffusion`."""
        return self.source.name

    @property
    def number(self) -> str:
        """The notebook's number, which its exercises begin with: `01`, `06a`."""
        return self.name.partition("_")[0]

    @property
    def shown(self) -> str:
        """The source's path, as messages and the banner give it."""
        return self.source.shown

    def problem(self, line: int, text: str) -> None:
        """Note an author error in this source."""
        self.report.add(self.shown, line, text)

    def add(self, cell: Cell, line: int) -> None:
        """Append a cell; its id must be new."""
        cell.id = shorten(cell.id)
        if cell.id in self.labels:
            self.problem(
                line,
                f"the cell id '{cell.id}' is taken (line {self.labels[cell.id]}). "
                "Give one of the two another label or heading",
            )
            return
        self.labels[cell.id] = line
        self.cells.append(cell)

    def claim_name(self, role: Role, name: str, line: int) -> None:
        """A symbol that is shown or asked for must be the first to make its name."""
        maker = self.names[role].makers.get(name)
        if maker is not None:
            self.problem(
                line,
                f"the cell '{maker}' already makes '{name}'. If that is your import, "
                f"remove it; if the weave imported it, move this fence above '{maker}'",
            )

    def markdown(self, cell_id: str, text: str, line: int, **metadata: object) -> None:
        """Append a Markdown cell that is the same in both notebooks."""
        about = {"coursekit": metadata} if metadata else {}
        self.add(Cell(cell_id, text, text, metadata=about), line)
