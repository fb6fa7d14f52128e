"""A solved notebook as a page: what the learner sees first, and our answer folded away.

The cells are those of the run. What a browser alone cannot show is left out: widgets
show their still, checks their line.
"""

import base64
import io
import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

Cell = dict[str, Any]
WIDGET = "application/vnd.jupyter.widget-view+json"
LINK = re.compile(r"\[([^\]]*)\]\((\w+)\.ipynb#cell-id=([\w-]+)\)")
LONG = 12  # lines of code that are folded where there is something to see
OURS = "Our version"
OWN = ("doctor", "progress")  # cells that tell of the machine they ran on


def page(
    run: Path, learner: Path, links: str, targets: Iterable[str], shown: Path
) -> str:
    """The notebook that the book is made of, as JSON.

    run: the solved one with outputs; learner: the one that is handed out; links: a line
    of Markdown under the title; targets: ids of cells that other pages point to;
    shown: the folder for its pictures.
    """
    notebook = json.loads(run.read_bytes())
    stubs = {c["id"]: c for c in json.loads(learner.read_bytes())["cells"]}
    cells: list[Cell] = []
    wanted, heading = set(targets), ""
    shown.mkdir(parents=True, exist_ok=True)
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if found := re.findall(r"^#+ (.+)$", text, re.MULTILINE):
            heading = found[-1] if cell["cell_type"] == "markdown" else heading
        if cell["id"] in wanted:
            cells.append(_markdown(f'<span id="cell-{cell["id"]}"></span>'))
        if cell["id"] == "banner":
            continue
        if cell["cell_type"] == "markdown":
            cell["source"] = local_links(text)
            cells.append(cell)
        else:
            if cell["id"] in OWN:
                cell["outputs"] = []
            for n, output in enumerate(cell["outputs"]):
                _show(output, heading, shown / f"{cell['id']}-{n}.webp")
                if "check_answer(" in text and "text" in output:  # not the answer
                    output["text"] = "".join(output["text"]).partition(":")[0] + "\n"
            cells += _code(cell, stubs.get(cell["id"], cell))
        if text.startswith("# ") and links:
            cells.append(_markdown(links))
            links = ""
    for n, cell in enumerate(cells):
        cells[n] = cell | {"id": f"book-{n}"}
        if cell["cell_type"] == "code":  # counts that nobody can compare
            cells[n]["execution_count"] = None
    notebook["cells"] = cells
    notebook["metadata"] = {
        "kernelspec": {"name": "python3", "display_name": "Python"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    return json.dumps(notebook, indent=1)


def local_links(text: str) -> str:
    """Links to a cell of a notebook, as links to its place in the book."""
    return LINK.sub(r'<a href="\2.html#cell-\3">\1</a>', text)


def linked(texts: Iterable[str]) -> dict[str, set[str]]:
    """Notebook -> ids of its cells that these texts point to."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for _, name, cell in LINK.findall(text):
            found.setdefault(name, set()).add(cell)
    return found


def _code(cell: Cell, stub: Cell) -> Iterator[Cell]:
    """The cells of the page for one code cell."""
    about = cell["metadata"].get("coursekit", {})
    seen = any(
        {"image/png", "text/html"} & set(o.get("data", ())) for o in cell["outputs"]
    )
    if about.get("kind") == "exercise":
        # The task, then our answer: who wants to think first, can.
        yield cell | {"source": stub["source"], "outputs": []}
        yield _folded(cell, OURS)
    elif about.get("kind") == "setup":
        yield _folded(cell, "Is everything here?")
    elif cell["id"] == "imports":
        yield _folded(cell, "What is imported")
    elif seen and ("".join(cell["source"]).count("\n") >= LONG or _plays(cell)):
        yield _folded(cell, "The code behind this")
    else:
        yield cell


def _plays(cell: Cell) -> bool:
    """Is it a widget, whose call says little?"""
    return "".join(cell["source"]).startswith("widgets.")


def _folded(cell: Cell, said: str) -> Cell:
    tags = [*cell["metadata"].get("tags", []), "hide-input"]
    prompts = {"code_prompt_show": said, "code_prompt_hide": said}
    return cell | {"metadata": cell["metadata"] | {"tags": tags, "mystnb": prompts}}


def _show(output: dict[str, Any], heading: str, place: Path) -> None:
    """Give a picture words and a file of its own; leave out what needs a kernel."""
    data = output.get("data", {})
    data.pop(WIDGET, None)
    if "text/html" in data:  # the same as text, which every screen can show
        data.pop("image/png", None)
    if "image/png" not in data:
        return
    about = output["metadata"].get("image/png", {})
    words = about.get("alt") or f"A figure: {_plain(heading)}"
    png = base64.b64decode("".join(data["image/png"]))
    with Image.open(io.BytesIO(png)) as image:
        width = about.get("width", image.width)
        height = about.get("height", image.height)
        image.save(place, lossless=True)
    size = f'width="{width}" height="{height}"'
    source = f"_static/{place.parent.parent.name}/{place.parent.name}/{place.name}"
    look = f'class="shown dark-light" loading="lazy" {size} style="--width:{width}px"'
    # As a link, since a row of panels is small on a phone.
    html = f'<a href="{source}"><img {look} alt="{escape(words)}" src="{source}"></a>'
    output |= {"data": {"text/html": html}, "metadata": {}}


def _plain(text: str) -> str:
    """Without the marks of Markdown and of formulas."""
    return re.sub(r"[*`$_\\]", "", text)


def _markdown(text: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": text}
