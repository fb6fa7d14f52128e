"""Author errors of the weave: collected with file and line, reported together.

An author who made three mistakes wants to read about three mistakes, so nothing here
raises at the first one. Every message says what is wrong and what to do.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake of an author: where it is, what it is and what to do."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        """`path:line: text`, which editors can follow."""
        return f"{self.path}:{self.line}: {self.text}"


@dataclass
class Report:
    """The problems found so far; the same one said twice counts once."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, line: int, text: str) -> None:
        """Note a problem at `path:line`."""
        problem = Problem(path, line, text)
        if problem not in self.problems:
            self.problems.append(problem)

    def __bool__(self) -> bool:
        """True if there are problems."""
        return bool(self.problems)

    def __str__(self) -> str:
        """One line for each problem, in the order of the files."""
        return "\n".join(str(problem) for problem in sorted(self.problems))
