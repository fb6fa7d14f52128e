"""A small table of numbers: HTML in the notebook, aligned text everywhere else."""

from collections.abc import Mapping
from html import escape
from typing import Any


class Table:
    """Rows of named values; numbers are shown with three significant digits."""

    def __init__(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """rows: row name -> column name -> value; all rows have the same columns."""
        self.columns = list(next(iter(rows.values()), {}))
        self.rows = {
            name: [_text(values[column]) for column in self.columns]
            for name, values in rows.items()
        }

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + "</tr>"
            for name, cells in self.rows.items()
        )
        head = f"<thead><tr><td></td>{head}</tr></thead>"
        return f"<table>{head}<tbody>{body}</tbody></table>"

    def __repr__(self) -> str:
        """Aligned text, for a terminal and for nbval."""
        lines = [["", *self.columns]]
        lines += [[name, *cells] for name, cells in self.rows.items()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join(
            "  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True))
            for line in lines
        )


def table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Show named rows of named values (numbers, one-element tensors or texts)."""
    return Table(rows)


def missing(what: str, command: str, then: str = "") -> Table:
    """What stands where something was not measured or trained yet: what to run."""
    steps = {"first run": command, "then run": then} if then else {"run": command}
    return Table({what: steps})


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    # Of a tensor that has a gradient, `float` would complain.
    return f"{float(value.item() if hasattr(value, 'item') else value):.3g}"
