"""The book's pages. Authority: what the sources say, and the files that are written."""

import base64
import io
import json
import re

import links
import notebook_page
import pages
import pytest
import runs
from PIL import Image

from coursekit.widgets import predict

ROOT = runs.ROOT
PNG = io.BytesIO()
Image.new("RGBA", (4, 2), "red").save(PNG, "png")
STILL = {
    "output_type": "execute_result",
    "data": {
        notebook_page.WIDGET: {"model_id": "a"},
        "image/png": base64.b64encode(PNG.getvalue()).decode(),
        "text/plain": "live(t)",
    },
    "metadata": {"image/png": {"width": 8, "height": 4, "alt": "<two> red points"}},
}


def cell(kind, name, source, outputs=(), about=None):
    metadata = {"coursekit": about} if about else {}
    found = {"cell_type": kind, "id": name, "metadata": metadata, "source": source}
    return found | ({"outputs": list(outputs)} if kind == "code" else {})


ABOUT = {"kind": "exercise", "id": "01.1"}
TEXT = "# A title\n\nSee [there](02_b.ipynb#cell-id=figure-a)."
SOLVED = [
    cell("markdown", "text-a", TEXT),
    cell("code", "ex-1", "def f(x):\n    return 2 * x", about=ABOUT),
    cell("markdown", "text-b", "## Look at $x$"),
    cell("code", "figure-a", "widgets.look()", [STILL]),
]
STUB = cell("code", "ex-1", "def f(x):\n    raise NotImplementedError")


@pytest.fixture
def made(tmp_path):
    for name, cells in (("run", SOLVED), ("learner", [STUB])):
        text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})
        (tmp_path / f"{name}.ipynb").write_text(text)
    text = notebook_page.page(
        tmp_path / "run.ipynb",
        tmp_path / "learner.ipynb",
        "Open it.",
        {"figure-a"},
        tmp_path / "shown" / "01_a",
    )
    return json.loads(text)["cells"], tmp_path / "shown" / "01_a"


def test_the_task_comes_first_and_our_answer_is_folded(made):
    task, ours = (c for c in made[0] if c["source"].startswith("def f"))
    assert task["source"] == STUB["source"] and "tags" not in task["metadata"]
    assert ours["metadata"]["tags"] == ["hide-input"]
    assert ours["metadata"]["mystnb"]["code_prompt_show"] == notebook_page.OURS


def test_a_still_becomes_a_file_with_words(made):
    cells, folder = made
    (shown,) = next(c for c in cells if c["source"] == "widgets.look()")["outputs"]
    (html,) = shown["data"].values()
    assert 'alt="&lt;two&gt; red points"' in html
    assert 'width="8" height="4"' in html
    with Image.open(folder / "figure-a-0.webp") as image:
        assert image.size == (4, 2)


def test_a_question_is_shown_as_text(tmp_path):
    """As the widget gives it, next to its picture."""
    data, _ = predict("00.x", "How <many>?", ["one", "two"])._repr_mimebundle_()
    output = {"data": data, "metadata": {}}
    notebook_page._show(output, "", tmp_path / "x.webp")
    html = "<p><strong>How &lt;many&gt;?</strong></p><ul><li>one</li><li>two</li></ul>"
    assert output["data"]["text/html"] == html
    assert output["data"].keys() == {"text/plain", "text/html"}


def test_links_to_cells_and_the_places_that_they_lead_to(made):
    texts = [c["source"] for c in made[0]]
    assert '<a href="02_b.html#cell-figure-a">there</a>' in texts[0]
    assert texts.index("Open it.") == 1
    at = texts.index('<span id="cell-figure-a"></span>')
    assert texts[at + 1] == "widgets.look()"


def test_a_file_s_links_lead_into_the_book_or_to_the_repository(tmp_path):
    text = (
        "[a](docs/glossary.md) [b](notebooks/01_diffusion.ipynb) [c](run.py#x) "
        "![d](docs/images/ring.webp) [e](https://example.org/x.md)\n"
        "```\n[f](docs/glossary.md)\n```\n"
    )
    assert pages.linked(text, ROOT / "README.md", tmp_path, "me/mine") == (
        "[a](glossary.md) [b](01_diffusion.ipynb) "
        "[c](https://github.com/me/mine/blob/main/run.py#x) "
        "![d](images/ring.webp) [e](https://example.org/x.md)\n"
        "```\n[f](docs/glossary.md)\n```\n"
    )
    assert (tmp_path / "images" / "ring.webp").is_file()


def test_the_ledger_has_every_claim_once():
    rows = re.findall(r"^\| (?:<a [^>]*>)?(R[\d.]+),", pages.ledger(), re.M)
    assert len(rows) == len(set(rows)) == 158


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="b.html">2</a><a href="#no">3</a>'
        '<a href="gone.html">4</a><img src="gone.png"><a href="https://x.org/">5</a>'
    )
    (tmp_path / "b.html").write_text('<a href="a.html#here">1</a><a href="a.html#q">2')
    assert links.dead(tmp_path) == [
        "a.html: #no has no such place",
        "a.html: gone.html is not there",
        "a.html: gone.png is not there",
        "b.html: a.html#q has no such place",
    ]


def test_a_run_is_kept_only_while_its_notebook_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    notebook = tmp_path / "01_a.ipynb"
    notebook.write_text(json.dumps({"cells": SOLVED, "metadata": {}}))
    assert runs.kept(notebook) is None
    found = {"cells": SOLVED, "metadata": {runs.SAID: runs.fingerprint(notebook)}}
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "01_a.ipynb").write_text(json.dumps(found))
    assert runs.kept(notebook) == tmp_path / "runs" / "01_a.ipynb"
    notebook.write_text(json.dumps({"cells": SOLVED[:1], "metadata": {}}))
    assert runs.kept(notebook) is None
