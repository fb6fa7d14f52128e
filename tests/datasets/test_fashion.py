"""Fashion-MNIST. Authorities: published SHA-256 values of the full files, the stated
selection rule applied to them, and the errors that a missing or broken file gives.
"""

import gzip
from pathlib import Path

import numpy as np
import pytest

from coursekit.datasets import fashion


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No full data set anywhere; an empty cache."""
    monkeypatch.setattr(fashion, "SYSTEM", tmp_path / "system")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    return tmp_path / "fashion-mnist"


@pytest.mark.parametrize(("split", "count"), [("train", 800), ("test", 200)])
def test_the_subset_is_balanced(split, count):
    images, labels = fashion.load(split)
    assert images.shape == (10 * count, 28, 28) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [count] * 10


def test_no_test_picture_is_a_train_picture():
    train, test = ({x.tobytes() for x in fashion.load(s)[0]} for s in ("train", "test"))
    assert not train & test


def test_the_subset_is_the_stated_part_of_the_full_set():
    try:
        images, labels = fashion.load("test", full=True)
    except fashion.DataError:
        pytest.skip("the full Fashion-MNIST is not installed")
    assert images.shape == (10_000, 28, 28)
    chosen = fashion.first_per_class(labels, 200)
    subset, its_labels = fashion.load("test")
    assert np.array_equal(images[chosen], subset)
    assert np.array_equal(labels[chosen], its_labels)


def test_the_first_of_each_class_in_file_order():
    labels = np.array([1, 0, 1, 0, 0, *range(2, 10)], dtype=np.uint8)
    assert fashion.first_per_class(labels, 2).tolist() == [0, 1, 2, 3, *range(5, 13)]


def test_absent_data_say_how_to_get_them(nowhere):
    with pytest.raises(fashion.DataError, match=r"apt install.*download=True") as error:
        fashion.load("train", full=True)
    assert "\n" not in str(error.value)


def test_other_bytes_than_the_published_ones_are_refused(nowhere):
    nowhere.mkdir()
    for content in (gzip.compress(b"something else"), b"no gzip at all"):
        (nowhere / "t10k-images-idx3-ubyte.gz").write_bytes(content)
        with pytest.raises(fashion.DataError, match="checksum"):
            fashion.load("test", full=True)


def test_a_download_that_fails_says_one_line(nowhere, monkeypatch):
    def offline(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(fashion.urllib.request, "urlopen", offline)
    with pytest.raises(fashion.DataError, match=r"no route.*full=False"):
        fashion.load("test", full=True, download=True)


@pytest.mark.parametrize("content", [b"", b"abc", None])
def test_a_damaged_subset_says_how_to_restore_it(tmp_path, monkeypatch, content):
    path = tmp_path / "subset"
    path.write_bytes(fashion.SUBSET.read_bytes()[:5000] if content is None else content)
    monkeypatch.setattr(fashion, "SUBSET", path)
    with pytest.raises(fashion.DataError, match="git checkout"):
        fashion.load("train")
    path.unlink()
    with pytest.raises(fashion.DataError, match="missing"):
        fashion.load("train")


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match='"train" or "test"'):
        fashion.load("valid")
