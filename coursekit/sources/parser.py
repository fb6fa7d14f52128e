"""Reading a notebook source: Markdown text and fences, each with its line number.

A fence is Markdown's own, of backticks that start at the first column. Its info string
is `python label`, `{kind} arguments name=value`, or the name of a language that is only
shown (see `SHOWN`). Tildes and indented fences are ordinary Markdown, left alone.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from coursekit.sources.report import Report

KINDS = ("python", "weave", "exercise", "hint", "question", "claim", "ledger")
SHOWN = ("text", "console", "mermaid")  # fences that stay Markdown, never executed
OPTIONS: dict[str, tuple[str, ...]] = {
    "python": ("tags", "fold"),
    "weave": (),
    "exercise": ("minutes", "difficulty", "points"),
    "hint": (),
    "question": ("minutes", "difficulty", "points"),
    "claim": ("time", "verdict", "see"),
    "ledger": (),
}
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
    done = 0  # lines that are in a block already

    def close_text(end: int) -> None:
        joined = "\n".join(lines[done:end])
        if joined.strip():
            skipped = len(joined) - len(joined.lstrip("\n"))
            blocks.append(Text(done + skipped + 1, joined.strip("\n").rstrip()))

    for token in _markdown().parse("\n".join(lines)):
        if token.type != "fence" or not token.markup.startswith("`"):
            continue
        first, last = token.map or (0, 0)
        info = token.info.strip()
        if not lines[first].startswith("`") or info.split(" ")[0] in SHOWN:
            continue  # an indented fence, or one that is only shown
        if not _closed(lines[first:last], token.markup):
            report.add(
                path,
                first + 1,
                f"the fence '{lines[first].strip()}' is never closed. "
                f"Add a line with {token.markup}",
            )
            done = len(lines)
            break
        close_text(first)
        done = last
        fence = _fence(info, token.content, first + 1, path, report)
        if fence is not None:
            blocks.append(fence)
    close_text(len(lines))
    return blocks


def fences(source: str) -> Iterator[Fence]:
    """The fences of a source; what is wrong with it is for the weave to say."""
    for block in parse(source, "", Report()):
        if isinstance(block, Fence):
            yield block


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("zero").enable("fence")
    markdown.core.ruler.enableOnly(["normalize", "block"])  # nothing inside a line
    return markdown


def _closed(lines: list[str], ticks: str) -> bool:
    """Does the fence end with its own last line, before another one begins?"""
    *body, last = lines[1:] or [""]
    begun = any(re.match(ticks + r"`*\s*\{", line) for line in body)
    return not begun and len(last.rstrip()) >= len(ticks) and not last.strip("` ")


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
