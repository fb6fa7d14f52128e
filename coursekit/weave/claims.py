"""Claims of the lectures: what was said, what was measured, and the verdict.

A claim is a fence in a notebook source. Its measured text has placeholders such as
`{01.B:gap_min:.3f}`, filled from `data/measured/01.B.json`, so that no figure is typed
by hand. The notebook's ledger and `coursekit claims` are made from the same rows.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from coursekit.sources.lectures import Source
from coursekit.sources.parser import Fence, parse
from coursekit.sources.report import Report

VERDICTS = ("holds", "in part", "not at this scale")
_PLACEHOLDER = re.compile(r"\{(\d\d[a-z]?\.\w+)(?::([^{}:]*))?(?::([^{}]*))?\}")
_MISSING = object()


@dataclass(frozen=True)
class Claim:
    """One row of the ledger; `see` holds labels of cells of the same notebook."""

    row: str
    time: str
    claim: str
    measured: str
    verdict: str
    see: tuple[str, ...]
    notebook: str
    line: int


class Measured:
    """The measured values below one folder; every file is read once."""

    def __init__(self, folder: Path) -> None:
        """folder: usually `data/measured`."""
        self.folder = folder
        self._seen: dict[str, dict[str, Any] | str] = {}

    def values(self, name: str) -> dict[str, Any] | str:
        """The values of one experiment, or a sentence that says why there are none."""
        if name not in self._seen:
            self._seen[name] = self._read(name)
        return self._seen[name]

    def _read(self, name: str) -> dict[str, Any] | str:
        path = self.folder / f"{name}.json"
        shown = f"data/measured/{path.name}"
        if not path.is_file():
            return f"{shown} does not exist. Run: coursekit measure {name}"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))["values"]
        except (ValueError, KeyError, TypeError):
            return f"{shown} is not a measurement. Run: coursekit measure {name}"
        return values if isinstance(values, dict) else f"{shown} has no named values"


def fill(text: str, measured: Measured) -> tuple[str, list[str]]:
    """Replace the placeholders of a text; also what went wrong, one sentence each.

    `{01.B:key:.3f}` takes `key` from the values of 01.B; `key` may go deeper with dots
    (`ddim.20`), where a number indexes a list. Braces of LaTeX are left alone.
    """
    problems: list[str] = []

    def replace(found: re.Match[str]) -> str:
        name, key, form = found[1], found[2], found[3] or ""
        if not key:
            problems.append(f"{found[0]} names no value. Write {{{name}:VALUE:.3f}}")
            return found[0]
        values = measured.values(name)
        if isinstance(values, str):
            if values not in problems:  # one missing file is one problem
                problems.append(values)
            return found[0]
        value = _dig(values, key)
        if value is _MISSING:
            known = _nearest(key, values)
            problems.append(f"{found[0]}: no value '{key}' in {name}. It has: {known}")
            return found[0]
        try:
            return format(value, form)
        except (TypeError, ValueError):
            problems.append(f"{found[0]}: '{form}' does not format {value!r}")
            return found[0]

    return _PLACEHOLDER.sub(replace, text), problems


def _nearest(key: str, values: dict[str, Any], most: int = 8) -> str:
    """The names an author may have meant: all if few, else those that are like it."""
    names = sorted(values)
    if len(names) > most:
        like = get_close_matches(key, names, most, 0.5) or names[:most]
        return f"{', '.join(like)} and {len(names) - len(like)} more"
    return ", ".join(names)


def _dig(values: Any, key: str) -> Any:
    """Follow a dotted key; a key that itself has dots wins."""
    if isinstance(values, dict) and key in values:
        return values[key]
    head, _, rest = key.partition(".")
    if isinstance(values, dict) and head in values:
        inner = values[head]
    elif isinstance(values, list) and re.fullmatch(r"-?\d+", head):
        inner = values[int(head)] if -len(values) <= int(head) < len(values) else None
    else:
        return _MISSING
    if inner is None:
        return _MISSING
    return _dig(inner, rest) if rest else inner


def read_claim(
    fence: Fence, path: str, notebook: str, measured: Measured, report: Report
) -> Claim | None:
    """A `{claim}` fence as a row; mistakes go to the report."""
    if len(fence.args) != 1:
        report.add(
            path,
            fence.line,
            "a claim needs its row of the inventory. "
            'Write {claim} R1.6 time="4:10" verdict=holds see=LABEL',
        )
        return None
    row, options = fence.args[0], fence.options
    for name in ("time", "verdict", "see"):
        if not options.get(name):
            report.add(path, fence.line, f"claim {row} has no {name}=. Add it")
    verdict = options.get("verdict", VERDICTS[0])
    if verdict not in VERDICTS:
        report.add(
            path,
            fence.line,
            f"claim {row} has the verdict '{verdict}'. Use one of: "
            + ", ".join(f'"{each}"' if " " in each else each for each in VERDICTS),
        )
    said, _, rest = fence.body.partition("\n")
    if not said.strip() or not rest.strip():
        report.add(
            path,
            fence.line,
            f"claim {row} needs two parts: what the lecture says (line 1) and what was "
            "measured (below)",
        )
    text, problems = fill(" ".join(rest.split()), measured)
    for problem in problems:
        report.add(path, fence.line, f"claim {row}: {problem}")
    see = tuple(each.strip() for each in options.get("see", "").split(",") if each)
    time = options.get("time", "")
    return Claim(row, time, said.strip(), text, verdict, see, notebook, fence.line)


def ledger(claims: list[Claim]) -> str:
    """The claims of one notebook as a Markdown table."""
    lines = [
        "| | the lecture says | at | measured here | verdict | cell |",
        "|---|---|---|---|---|---|",
    ]
    for each in claims:
        links = ", ".join(
            f"[{label}]({each.notebook}.ipynb#cell-id={label})" for label in each.see
        )
        row = [each.row, each.claim, each.time, each.measured, f"**{each.verdict}**"]
        lines.append("| " + " | ".join([*map(_in_table, row), links]) + " |")
    return "\n".join(lines)


def _in_table(text: str) -> str:
    """Text that keeps its bars inside a table: `\\vert` in formulas, else escaped."""
    parts = re.split(r"(\$[^$]*\$)", text)
    bars = [r"\vert " if part.startswith("$") else r"\|" for part in parts]
    return "".join(p.replace("|", bar) for p, bar in zip(parts, bars, strict=True))


def all_claims(
    sources: Iterable[Source], measured: Measured, report: Report
) -> Iterator[Claim]:
    """Every claim of these notebooks, in order."""
    for source in sources:
        shown = source.shown
        for block in parse(source.text(), shown, report):
            if isinstance(block, Fence) and block.kind == "claim":
                claim = read_claim(block, shown, source.name, measured, report)
                if claim is not None:
                    yield claim
