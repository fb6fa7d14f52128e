"""Texts that are installed. Authorities: what the files hold, the promise that no
document is on both sides, and pieces written by hand."""

import ast
import sysconfig
from pathlib import Path

import pytest

from coursekit.datasets import library_text
from coursekit.datasets.byte_pairs import learn
from coursekit.datasets.library_text import (
    Corpus,
    byte_pairs,
    code,
    english,
    learn_vocabulary,
)


@pytest.fixture(scope="module")
def library() -> Corpus:
    return code()


def test_code_is_the_library_as_it_lies_there(library):
    folder = Path(sysconfig.get_path("stdlib"))
    assert len(library.documents) > 300
    for name in ("argparse.py", "json/decoder.py"):
        assert library.documents[name] == (folder / name).read_text("utf-8")
    ast.parse(library.documents["heapq.py"])
    assert list(library.documents) == sorted(library.documents)
    words = {part for name in library.documents for part in name.split("/")}
    assert not words & {"test", "tests", "site-packages", "idlelib", "encodings"}
    assert not any(name.startswith("_sysconfig") for name in library.documents)


def test_a_document_is_on_one_side(library):
    train, held_out = library.split(False), library.split(True)
    assert sorted(train + held_out) == sorted(library.documents.values())
    assert 0.06 < len(held_out) / len(library.documents) < 0.17  # 1 in 9, by chance
    # A checksum of the name alone decides: another text changes nothing else.
    other = {**library.documents, "abc.py": "pass\n", "new.py": "pass\n"}
    assert {*held_out} - {library.documents["abc.py"]} <= {
        *Corpus("code", "", other).split(True)
    }


def test_the_description_tells_the_bytes_apart():
    one = Corpus("toy", "two files", {"a.py": "x", "b.py": "yz"})
    other = Corpus("toy", "two files", {"a.py": "xy", "b.py": "z"})
    assert one.sha256 != other.sha256
    sizes = [sum(map(len, one.split(held_out))) for held_out in (False, True)]
    assert sum(sizes) == 3
    assert f"{sizes[0]} + {sizes[1]} characters" in one.description
    assert one.sha256 in one.description


def test_paragraphs_are_prose():
    text = (
        "A first sentence of some length,\n   cut over two lines of a docstring.\n\n"
        ">>> bear(2.5, 1.25)  # no prose, however long the line of it may become.\n\n"
        "Too short.\n\n"
        "Parameters\n----------\nwidth : float The width of the bear that is shown."
    )
    assert list(library_text._paragraphs(text)) == [
        "A first sentence of some length, cut over two lines of a docstring."
    ]


@pytest.mark.long
def test_english_has_each_paragraph_once():
    texts = english()
    lines = [line for text in texts.documents.values() for line in text.splitlines()]
    assert len(lines) == len(set(lines)) > 5000
    assert {name.split("/")[0] for name in texts.documents} == {
        "numpy",
        "python",
        "scipy",
    }
    assert "numpy" in texts.source


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(library_text.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no source"):
        code.__wrapped__()


@pytest.mark.parametrize("name", ["code", "english"])
def test_the_vocabularies_that_travel(name):
    """A thousand merges, small, with the name of what they were learnt from."""
    pairs = byte_pairs(name)
    assert len(pairs.merges) == 1000
    assert (library_text.FOLDER / f"{name}-pairs.json").stat().st_size < 20_000
    assert "SHA-256" in pairs.source
    text = "The bear's book, naïve 🧸:\n    return self.bear\n"
    assert pairs.decode(pairs.encode(text)) == text


def test_a_vocabulary_is_learnt_from_the_training_part():
    corpus = Corpus("toy", "toys", {f"{i}": f"word{i} " * 9 for i in range(30)})
    texts = corpus.split(held_out=False)
    pairs = learn_vocabulary(corpus, 50)
    assert pairs.merges == learn(texts, 50).merges != learn(["x"], 50).merges
    assert pairs.source == corpus.description
