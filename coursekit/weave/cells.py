"""Cells and the notebook file: the same bytes from the same cells, on any machine.

A `Cell` holds both versions of itself, learner's and solution. The file is what
`nbformat` itself would write (sorted keys, indent 1, newline at the end); a test
compares the two, so nothing here imports `nbformat`.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["learner", "solution"]
ROLES: tuple[Role, Role] = ("learner", "solution")


@dataclass
class Cell:
    """One cell of both notebooks.

    id: from a label, never from a position.  code: a code cell, else Markdown.
    prints: what the solution's cell prints when it is right; stored as its output, with
    an execution count, because nbval compares no cell without one.
    """

    id: str
    learner: str
    solution: str
    code: bool = False
    line: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    prints: str | None = None

    def source(self, role: Role) -> str:
        """The cell's text in one of the two notebooks."""
        return self.learner if role == "learner" else self.solution

    def as_json(self, role: Role) -> dict[str, Any]:
        """The cell in nbformat 4.5."""
        cell: dict[str, Any] = {
            "cell_type": "code" if self.code else "markdown",
            "id": self.id,
            "metadata": self.metadata,
            "source": self.source(role).splitlines(keepends=True),
        }
        if self.code:
            checked = role == "solution" and self.prints is not None
            cell["execution_count"] = 1 if checked else None
            cell["outputs"] = [_stream(self.prints)] if checked else []
        return cell


def _stream(text: str | None) -> dict[str, Any]:
    return {
        "name": "stdout",
        "output_type": "stream",
        "text": (text or "").splitlines(keepends=True),
    }


def notebook_bytes(cells: list[Cell], role: Role, about: dict[str, str]) -> bytes:
    """The notebook file. `about` goes to `metadata.coursekit`.

    `language_info.name` is there because ruff skips a notebook without it.
    """
    notebook = {
        "cells": [cell.as_json(role) for cell in cells],
        "metadata": {
            "coursekit": {**about, "role": role},
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(
        notebook,
        indent=1,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ": "),
    )
    return (text + "\n").encode("utf-8")
