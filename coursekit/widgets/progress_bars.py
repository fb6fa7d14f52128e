"""The progress view of the start page: one bar for each notebook."""

import contextlib
import io
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as w

from coursekit.plots import theme as plot_theme
from coursekit.plots.draw import Area, Mark, Text, box, to_png
from coursekit.plots.images import Picture
from coursekit.widgets.still import WithStill, one_line

STATES = (
    ("solved", "green", 1.0),
    ("revealed", "blue", 0.55),
    ("failed", "red", 0.8),
    ("todo", "grid", 0.3),
)


def rows(summary: Mapping[str, Any]) -> list[tuple[str, list[int], str]]:
    """Name, counts in the order of STATES and a line of text, for each notebook.

    summary: as `coursekit.checks.progress.summary` returns it. The total comes last
    when there is more than one notebook.
    """
    tallies = list(summary["notebooks"])
    named = [(f"notebook {t['notebook']}", t) for t in tallies]
    if len(tallies) > 1:
        named.append(("all", summary["total"]))
    return [(name, [t[s] for s, _, _ in STATES], _line(t)) for name, t in named]


def _line(tally: Mapping[str, Any]) -> str:
    count = sum(tally[state] for state, _, _ in STATES)
    text = f"{tally['solved']} of {count} solved, {tally['points']} of "
    text += f"{tally['points_total']} points"
    left = tally["minutes_left"]
    if left >= 60:
        return f"{text}, about {left // 60} h {left % 60:02d} min to go"
    return f"{text}, about {left} min to go" if left else f"{text}, done"


def html(summary: Mapping[str, Any]) -> str:
    """The bars for an HTML widget."""
    out = []
    for name, counts, line in rows(summary):
        parts = "".join(
            f'<div title="{n} {state}" style="flex:{n} 0 0;opacity:{opacity};'
            f'background:{plot_theme.colour(tone)}"></div>'
            for n, (state, tone, opacity) in zip(counts, STATES, strict=True)
            if n
        )
        out.append(
            f'<div style="min-width:6em;font-weight:600">{escape(name)}</div>'
            '<div style="display:flex;gap:2px;height:14px;border-radius:7px;'
            f'overflow:hidden;width:min(340px,40vw)">{parts}</div>'
            f"<div>{escape(line)}</div>"
        )
    legend = " &nbsp; ".join(
        f'<span style="color:{plot_theme.colour(tone)};opacity:{max(opacity, 0.6)}">'
        f"■</span> {state}"
        for state, tone, opacity in STATES
    )
    return (
        '<div style="display:grid;grid-template-columns:auto auto 1fr;gap:8px 14px;'
        f'align-items:center;font-size:13px;line-height:1.3">{"".join(out)}</div>'
        f'<div style="margin-top:8px;font-size:12px;opacity:.8">{legend}</div>'
    )


def still(summary: Mapping[str, Any]) -> Picture:
    """The bars as a picture."""
    marks: list[Mark] = []
    table = rows(summary)
    for i, (name, counts, line) in enumerate(table):
        y, x, scale = 26.0 * i, 110.0, 240 / max(sum(counts), 1)
        marks.append(Text(0, y + 16, name, size=12, bold=True))
        for n, (_, tone, opacity) in zip(counts, STATES, strict=True):
            if n:
                end = x + n * scale
                marks.append(Area(box(x, y + 5, end - 1, y + 18), tone, opacity))
                x = end
        marks.append(Text(364, y + 16, line, size=11))
    return to_png(marks, 740, 26 * max(len(table), 1))


class ProgressView(WithStill, w.VBox):  # type: ignore[misc]
    """Bars and a button that reads the record again."""

    def __init__(self) -> None:
        """Read the record once."""
        self.bars = w.HTML()
        button = w.Button(description="refresh", icon="refresh")
        button.on_click(lambda _: self.refresh())
        self.summary: Mapping[str, Any] | None = None
        super().__init__([self.bars, button])
        self.refresh()

    def refresh(self) -> None:
        """Read the record again; what goes wrong is one line, never an exception."""
        from coursekit.checks import progress

        complaint = io.StringIO()
        try:
            with contextlib.redirect_stderr(complaint):
                self.summary = progress.summary()
            extra = escape(complaint.getvalue().strip())
            note = f'<div style="opacity:.8">{extra}</div>' if extra else ""
            self.bars.value = html(self.summary) + note
        except Exception as error:
            self.bars.value = f"Progress is not available: {escape(one_line(error))}"

    def __repr__(self) -> str:
        """Short and the same on every run, whatever was solved."""
        return "progress_view()"

    def picture(self) -> Picture | None:
        """The bars, if the record could be read."""
        return still(self.summary) if self.summary else None
