"""Reading a notebook source: Markdown text and fences, each with its line number.

A fence starts at the first column with three or more backticks and ends with a line of
at least as many. Its info string is `python label`, `{kind} arguments name=value`, or
the name of a language that is only shown (see `SHOWN`). Tildes and indented fences are
ordinary Markdown and are left alone.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.sources.report import Report

KINDS = ("python", "weave", "exercise", "hint", "paper", "claim", "ledger")
SHOWN = ("text", "console", "mermaid")  # fences that stay Markdown, never executed
OPTIONS: dict[str, tuple[str, ...]] = {
    "python": ("tags", "fold"),
    "weave": (),
    "exercise": ("minutes", "difficulty", "points"),
    "hint": (),
    "paper": ("minutes", "difficulty", "points"),
    "claim": ("time", "verdict", "see"),
    "ledger": (),
}
_OPEN = re.compile(r"^(`{3,})([^`]*)$")
_KIND = re.compile(r"^\{(\w+)\}\s*(.*)$", re.DOTALL)
_OPTION = re.compile(r"^([a-z]+)=(.*)$", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")


@dataclass(frozen=True)
class Text:
    """A run of Markdown that starts at `line`."""

    line: int
    text: str


@dataclass(frozen=True)
class Fence:
    """A fence the weave acts on; `args` and `options` come from its info string."""

    line: int
    kind: str
    args: tuple[str, ...]
    options: dict[str, str]
    body: str


Block = Text | Fence


def parse(source: str, path: str, report: Report) -> list[Block]:
    """Split a notebook source into text and fences, in order.

    Args: the source; its path, for messages; the report that collects problems.
    """
    blocks: list[Block] = []
    lines = source.replace("\r\n", "\n").split("\n")
    text: list[str] = []
    start = number = 0

    def close_text() -> None:
        joined = "\n".join(text)
        if joined.strip():
            skipped = len(joined) - len(joined.lstrip("\n"))
            blocks.append(Text(start + skipped + 1, joined.strip("\n").rstrip()))
        text.clear()

    while number < len(lines):
        opened = _OPEN.match(lines[number])
        if opened is None:
            if not text:
                start = number
            text.append(lines[number])
            number += 1
            continue
        ticks, info = opened[1], opened[2].strip()
        end = _closing(lines, number + 1, len(ticks))
        if end is None:
            report.add(
                path,
                number + 1,
                f"the fence '{lines[number].strip()}' is never closed. "
                f"Add a line with {ticks}",
            )
            break
        if info.split(" ")[0] in SHOWN:
            if not text:
                start = number
            text.extend(lines[number : end + 1])
        else:
            close_text()
            body = "\n".join(lines[number + 1 : end])
            fence = _fence(info, body, number + 1, path, report)
            if fence is not None:
                blocks.append(fence)
        number = end + 1
    close_text()
    return blocks


def _closing(lines: list[str], start: int, ticks: int) -> int | None:
    for number in range(start, len(lines)):
        line = lines[number].rstrip()
        if len(line) >= ticks and not line.strip("`"):
            return number
        opened = _OPEN.match(line)
        if opened and len(opened[1]) >= ticks and opened[2].startswith("{"):
            return None  # a new fence begins: this one was forgotten
    return None


def _fence(info: str, body: str, line: int, path: str, report: Report) -> Fence | None:
    """Read an info string; a bad one is reported and dropped."""
    braces = _KIND.match(info)
    kind, rest = (braces[1], braces[2]) if braces else (info.partition(" ")[::2])
    if kind not in KINDS or (kind == "python") == bool(braces):
        shown = f"'{info}'" if info else "(none)"
        report.add(
            path,
            line,
            f"unknown fence kind {shown}. Use python LABEL, one of "
            + ", ".join(f"{{{name}}}" for name in KINDS[1:])
            + f", or {', '.join(SHOWN)} for text that is only shown",
        )
        return None
    try:
        words = shlex.split(rest)
    except ValueError:
        report.add(path, line, f"a quote is not closed in '{info}'. Close it")
        return None
    args: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        option = _OPTION.match(word)
        if option is None:
            args.append(word)
        elif option[1] in OPTIONS[kind]:
            options[option[1]] = option[2]
        else:
            known = ", ".join(OPTIONS[kind]) or "none"
            report.add(
                path,
                line,
                f"{{{kind}}} knows no option '{option[1]}'. It has: {known}",
            )
    return Fence(line, kind, tuple(args), options, body.strip("\n"))


def sections(text: Text) -> Iterator[tuple[int, str | None, Text]]:
    """Split text at its headings: (level, heading or None, the part).

    A part without a heading has level 0. Code that is only shown is not searched.
    """
    level, heading, line, part = 0, None, text.line, list[str]()
    fence: str | None = None
    for offset, row in enumerate(text.text.split("\n")):
        mark = row.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = mark if fence is None else (None if fence == mark else fence)
        found = _HEADING.match(row) if fence is None else None
        if found:
            if any(each.strip() for each in part):
                yield level, heading, Text(line, "\n".join(part).strip("\n"))
            level, heading = len(found[1]), found[2]
            line, part = text.line + offset, []
        part.append(row)
    yield level, heading, Text(line, "\n".join(part).strip("\n"))
