"""Numbers in the prose of notebooks are quoted by name, or stand in what is run.

Authority: the text itself. A number beside a figure is a placeholder of a measured
value, a literal of the section's code, or part of its formulas; what else may be said,
a size or a paper's setting, is listed with its reason in spoken_numbers.md.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.process import ROOT

from coursekit.sources.lectures import lectures
from coursekit.sources.parser import Block, Text, parse
from coursekit.sources.report import Report

SOURCES = {source.name: source.path for source in lectures(ROOT)}
LISTED = Path(__file__).with_name("spoken_numbers.md")
QUOTED = re.compile(r"\{\d\d\w?\.\w+:[^{}]*\}")
MATHS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`\n]*`", re.DOTALL)
ELSEWHERE = re.compile(  # years of papers, targets of links, headings; test_minutes
    r"\([^()]*\b(?:19|20)\d\d\b[^()]*\)|\]\([^)]*\)|^#.*$|^\*\*Time:\*\*.*$",
    re.MULTILINE,
)
NUMBER = re.compile(r"(?<![\w.,/-])\d[\d,]*(?:\.\d+)?(?![\w/-]|\.\d)(\s?%)?")
LITERAL = re.compile(r"\d[\d_]*(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")
PLACES = "lecture notebook section question exercise figure page appendix table seed"
PLACE = re.compile(
    rf"(?i)\b(?:{'|'.join(PLACES.split())})s? (?:[\d.]+\w? (?:and|to|or) )?$"
)
SMALL = 10  # what is less and whole is mostly counted: three networks, 2 dimensions


def value(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))


def literals(text: str) -> set[float]:
    return {value(found) for found in LITERAL.findall(text)}


def sections(blocks: list[Block]) -> Iterator[list[Block]]:
    """Text and fences below each heading of the second level."""
    current: list[Block] = []
    for block in blocks:
        if not isinstance(block, Text):
            current.append(block)
            continue
        line = block.line
        for position, part in enumerate(re.split(r"(?m)^(?=## )", block.text)):
            if position:
                yield current
                current = []
            current.append(Text(line, part))
            line += part.count("\n")
    yield current


def spoken(text: str, known: set[float], headings: set[str]) -> Iterator[str]:
    """Numbers of a text that nobody knows, each with the words around it."""
    plain = text
    for hidden in (QUOTED, MATHS, ELSEWHERE):
        plain = hidden.sub(lambda found: "@" + " " * (len(found[0]) - 1), plain)
    for found in NUMBER.finditer(plain):
        percent = found[1] or ""
        figure = found[0].removesuffix(percent).rstrip(",")
        whole = "." not in figure and not percent
        number = value(figure)
        if (whole and (number < SMALL or 1900 < number < 2030)) or number in known:
            continue
        if percent and number / 100 in known:
            continue
        before = plain[max(0, found.start() - 40) : found.start()]
        if PLACE.search(before) or figure in headings:
            continue
        around = text[max(0, found.start() - 40) : found.end() + 30]
        yield f"{found[0]} in ...{' '.join(around.split())}..."


def unknown(source: str, allowed: list[str]) -> list[str]:
    """What a notebook's source says without a source."""
    for phrase in allowed:
        source = re.sub(r"\s+".join(map(re.escape, phrase.split())), "", source)
    blocks = parse(source, "notebook.md", Report())
    headings = set(re.findall(r"(?m)^#+ ([\d.]+) ", source))
    fences = [each for each in blocks if not isinstance(each, Text)]
    everything = literals("\n".join(e.body for e in fences if e.kind != "claim"))
    found: list[str] = []
    for section in sections(blocks):
        prose = "\n".join(each.text for each in section if isinstance(each, Text))
        code = [each for each in section if not isinstance(each, Text)]
        if not any(each.kind in ("python", "claim") for each in code):
            continue
        run = "\n".join(each.body for each in code if each.kind != "claim")
        known = literals(run) | literals(" ".join(MATHS.findall(prose)))
        found += spoken(prose, known, headings)
        for claim in code:
            if claim.kind == "claim":
                said, _, measured = claim.body.partition("\n")
                found += spoken(measured, known | everything | literals(said), headings)
    return found


def allowed() -> dict[str, list[str]]:
    """Phrases with numbers that a notebook may say, by its number."""
    found: dict[str, list[str]] = {}
    for line in LISTED.read_text("utf-8").splitlines():
        if line.startswith("- "):
            number, phrase = line[2:].split(": ", 1)
            found.setdefault(number, []).append(phrase)
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_a_number_in_prose_is_quoted_or_run(name):
    source = SOURCES[name].read_text("utf-8")
    phrases = allowed().get(name.partition("_")[0], [])
    plain = " ".join(source.split())
    assert [each for each in phrases if each not in plain] == [], "said no more"
    assert unknown(source, phrases) == [], f"quote it, or list it in {LISTED.name}"


FIGURE = """# 1 Title

## 1.1 Part

With 20 steps, see section 1.1 (Ho et al., 2020), $T = 30$ and {01.A:key:.2f}:

```python figure
draw(steps=20, share=0.25)
```

"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Above, 25 % stay after 20 of 30 steps.", []),
        ("The error is 0.123.", ["0.123"]),
        ("It stays at 17 %.", ["17 %"]),
        ("It takes 1,024 steps.", ["1,024"]),
        ("It takes 1,024 steps of Ho.", []),
    ],
)
def test_canary_a_number_from_nowhere_is_found(said, found):
    numbers = unknown(FIGURE + said, ["1,024 steps of Ho"])
    assert [each.split(" in ")[0] for each in numbers] == found
