"""The pages that are no notebook: each is made from a file or a command that exists."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import NamedTuple

from drawn import Drawn
from notebook_page import local_links
from runs import ROOT

from coursekit.sources.report import Report
from coursekit.weave.claims import VERDICTS, Claim, Measured, all_claims
from coursekit.weave.project import Project

DOCS = {  # a page of the book <- the file that it is
    "glossary": "docs/glossary.md",
    "training": "docs/training.md",
    "edit": "docs/edit.md",
    "judge": "docs/judge.md",
    "provenance": "docs/provenance.md",
    "grading": "docs/grading.md",
    "grading-a-class": "docs/grading-a-class.md",
    "contributing": "CONTRIBUTING.md",
    "log": "docs/log.md",
    "changelog": "CHANGELOG.md",
    "data": "data/README.md",
}
SECTIONS = {  # a page of the book: its title, and the section of the README
    "learn": ("For learners", "If you want to learn"),
    "teach": ("For teachers", "If you teach"),
    "write": ("For authors", "If you write"),
    "inside": ("What is inside", "What is inside"),
}
HEADINGS = {  # of the gallery, and how its files begin
    "Bears, in 24 steps": "bears-",
    "The same in two steps: three students": "teddy-64-",
    "Emoji, by name; some names were never seen in training": "emoji-",
    "Clips": "clip-",
}
LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")
FENCE = re.compile(r"^`{3,}.*?^`{3,}", re.MULTILINE | re.DOTALL)


class Drawings(NamedTuple):
    """What the models made: on the front page, in the gallery, the slider, a text."""

    front: list[Drawn]
    gallery: list[Drawn]
    slider: Path
    written: Drawn


def write(source: Path, repository: str, drawings: Drawings) -> None:
    """Write all pages into the folder that Sphinx reads."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = {name: (ROOT / file).read_text("utf-8") for name, file in DOCS.items()}
    found = {
        name: linked(text, ROOT / DOCS[name], source, repository)
        for name, text in found.items()
    }
    for name, (title, origin) in SECTIONS.items():
        body = linked(section(readme, origin), ROOT / "README.md", source, repository)
        found[name] = f"# {title}\n{body}"
    found["gallery"] = gallery(drawings)
    found["claims"] = ledger()
    found["index"] = front(readme, drawings, source, repository)
    for name, text in found.items():
        (source / f"{name}.md").write_text(text, encoding="utf-8")


def open_links(file: str, repository: str) -> str:
    """Where a notebook can be opened: its learner's version, without our answers."""
    path = f"notebooks/{file}"
    places = {
        "Colab": f"https://colab.research.google.com/github/{repository}/blob/main/{path}",
        "JupyterLab on Binder": (
            f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{path}"
        ),
    }
    if not repository:
        places = {}
    own = f"http://localhost:8888/lab/tree/{path}"
    places["your JupyterLab, while `make lab` runs"] = own
    shown = " · ".join(f"[{name}]({place})" for name, place in places.items())
    return (
        f"Open it, without our answers, in {shown}. Here sliders are pictures; there "
        "they move, and your answers are checked."
    )


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    _, _, rest = text.partition(f"\n## {title}\n")
    if not rest:
        raise ValueError(f"the README has no section {title!r}")
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def linked(text: str, file: Path, source: Path, repository: str) -> str:
    """A file's text, whose links lead to pages of the book, else to the repository."""
    pages = {(ROOT / path).resolve(): name for name, path in DOCS.items()}

    def place(found: re.Match[str]) -> str:
        shown, target, fragment = found[1], found[2], found[3] or ""
        path = (file.parent / target).resolve()
        if path in pages:
            return f"{shown}({pages[path]}.md{fragment})"
        if shown.startswith("!"):
            kept = source / "images" / path.name
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(path.read_bytes())
            return f"{shown}(images/{path.name})"
        if path.suffix == ".ipynb":
            return f"{shown}({path.name}{fragment})"
        if not repository:
            return shown[1:-1]
        inside = path.relative_to(ROOT).as_posix()
        return f"{shown}(https://github.com/{repository}/blob/main/{inside}{fragment})"

    parts = re.split(f"({FENCE.pattern})", text, flags=FENCE.flags)
    return "".join(
        part if n % 2 else LINK.sub(place, part) for n, part in enumerate(parts)
    )


def ledger() -> str:
    """Every claim of the lectures: what is said, what we measured, the verdict."""
    project, report = Project.here(), Report()
    found = list(all_claims(project.sources(), Measured(project.measured), report))
    counts = [f"*{v}* {sum(c.verdict == v for c in found)}" for v in VERDICTS]
    lines = [
        "# What the lectures say, and what we measured",
        f"{len(found)} claims: {', '.join(counts)}. A row names the minute of lecture "
        "8, which goes through the whole course again, and links to the cell that "
        "shows what we measured. *In part*: some of what is said, or under conditions "
        "that the row names. *Not at this scale*: our small models show something "
        "else. `coursekit claims` prints the same table.",
    ]
    for notebook in dict.fromkeys(claim.notebook for claim in found):
        own = [claim for claim in found if claim.notebook == notebook]
        title = f"## [{notebook.replace('_', ' ')}]({notebook}.ipynb)"
        lines += [title, "\n".join(_table(own))]
    return "\n\n".join(lines) + "\n"


def _table(claims: list[Claim]) -> Iterator[str]:
    yield "| row | verdict | the lecture says | measured |"
    yield "|---|---|---|---|"
    for each in claims:
        words = (f"{each.row}, {each.time}", each.verdict, each.claim, each.measured)
        cells = [text.replace("|", "\\|").replace("\n", " ") for text in words]
        if each.see:
            link = f"[{cells[0]}]({each.notebook}.ipynb#cell-id={each.see[0]})"
            cells[0] = local_links(link)
        yield f"| {' | '.join(cells)} |"


def gallery(drawings: Drawings) -> str:
    """Pictures with the commands that made them."""
    parts = [
        "# What the models draw",
        "Every picture is the first that came: seed 0, nothing chosen. Under each "
        "stands the command that made it; the models are in the repository.",
    ]
    for title, start in HEADINGS.items():
        own = [each for each in drawings.gallery if each.file.name.startswith(start)]
        parts.append(f"## {title}")
        for each in own:
            parts += [_picture(each), _console(each)]
    return "\n\n".join(parts) + "\n"


def _console(each: Drawn) -> str:
    return f"```console\n$ {each.command}\n{each.said.strip()}\n```"


def front(readme: str, drawings: Drawings, source: Path, repository: str) -> str:
    """Shows before it explains."""
    start = (ROOT / "coursekit/lectures/l00_start/00_start_here.md").read_text("utf-8")
    course = section(start, "The map").split("```", 1)[0].strip()
    opening = re.search(r"^This is a workbook .*?(?=\n\n)", readme, re.M | re.S)
    assert opening is not None
    prompt, film, clip = drawings.front
    row = "| [00 start here](00_start_here.ipynb) |"
    course = course.replace("| 00 start here |", row)
    passes = drawings.written.said.splitlines()
    few = "\n".join([passes[0], *passes[1:-1:3], passes[-1]])
    words = {
        "title": readme.splitlines()[0],
        "opening": opening[0],
        "prompt": _picture(prompt),
        "prompt_console": _console(prompt),
        "film": _picture(film),
        "clip": _picture(clip),
        "clip_console": _console(clip),
        "written": _console(replace(drawings.written, said=few)),
        "slider": f"drawn/{drawings.slider.name}",
        "course": course,
        "start": linked(
            section(readme, "Start"), ROOT / "README.md", source, repository
        ),
        "notebooks": "\n".join(sorted(p.stem for p in source.glob("*.ipynb"))),
    }
    page = (Path(__file__).parent / "front.md").read_text(encoding="utf-8")
    return Template(page).substitute(words)


def _picture(each: Drawn) -> str:
    return f"![{each.alt}](drawn/{each.file.name})"
