"""Fashion-MNIST (Xiao et al. 2017): 28x28 grey pictures of clothes in ten classes.

A balanced subset of 10,000 pictures travels with the course: the first 800 of each
class of the train part and the first 200 of each class of the test part, in the order
of the original files. The full set (60,000 + 10,000) is read from where it is
installed. Every byte is checked: SHA-256 of the *decompressed* files, because
distributors pack the same bytes differently.

`python -m coursekit.datasets.fashion` rebuilds the subset from the full set.
"""

import gzip
import hashlib
import io
import lzma
import os
import urllib.request
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coursekit.course_folder import COURSE

Images = NDArray[np.uint8]

CLASSES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
SUBSET = COURSE / "data" / "fashion" / "fashion_10k.npz.xz"
SUBSET_SHA256 = "f738bd33fe13ce020a5a9bd9e491c18f34ad7fda94f8ac8be211d31d51144e60"
PER_CLASS = {"train": 800, "test": 200}

SYSTEM = Path("/usr/share/datasets/fashion-mnist")  # Debian: dataset-fashion-mnist
URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
SHA256 = {
    "train-images-idx3": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    ),
    "t10k-images-idx3": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    ),
    "t10k-labels-idx1": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    ),
}
PREFIX = {"train": "train", "test": "t10k"}


class DataError(RuntimeError):
    """A data set is missing or damaged; the message says what to do."""


def load(
    split: str = "train", full: bool = False, download: bool = False
) -> tuple[Images, Images]:
    """Pictures (N, 28, 28) and labels (N,), both uint8; `CLASSES` names the labels.

    split: "train" or "test". full=False: the embedded 8,000 or 2,000. full=True: all
    60,000 or 10,000, from the installed package or the user's cache; download=True
    may fetch them (30 MB). Raises DataError with what to do when they are absent.
    """
    if split not in PREFIX:
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    return _load_full(split, download) if full else _load_subset(split)


def cache_folder() -> Path:
    """Where downloads go: $COURSEKIT_CACHE, else the user's cache folder."""
    if "COURSEKIT_CACHE" in os.environ:
        return Path(os.environ["COURSEKIT_CACHE"]) / "fashion-mnist"
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base or Path.home() / ".cache") / "coursekit" / "fashion-mnist"


def _load_subset(split: str) -> tuple[Images, Images]:
    try:
        packed = SUBSET.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{SUBSET} is missing: restore it with `git checkout -- data/fashion`"
        ) from None
    try:
        raw = lzma.decompress(packed)
    except (lzma.LZMAError, EOFError):
        raw = b""
    if hashlib.sha256(raw).hexdigest() != SUBSET_SHA256:
        raise DataError(
            f"{SUBSET} is damaged: restore it with `git checkout -- data/fashion`"
        )
    with np.load(io.BytesIO(raw)) as arrays:
        return arrays[f"{split}_images"], arrays[f"{split}_labels"]


def _load_full(split: str, download: bool) -> tuple[Images, Images]:
    images = _read(f"{PREFIX[split]}-images-idx3", download)
    labels = _read(f"{PREFIX[split]}-labels-idx1", download)
    # The IDX header takes 4 bytes, and 4 more for each axis.
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28)
    return pixels.copy(), np.frombuffer(labels, np.uint8, offset=8).copy()


def _read(name: str, download: bool) -> bytes:
    file = f"{name}-ubyte.gz"
    found = [p for p in (SYSTEM / file, cache_folder() / file) if p.exists()]
    if found:
        return _unpack(found[0].read_bytes(), name, f"{found[0]}: delete it and retry")
    if not download:
        raise DataError(
            "the full Fashion-MNIST is not here: `apt install dataset-fashion-mnist`, "
            "or load(..., download=True) with a network; full=False needs neither"
        )
    try:
        with urllib.request.urlopen(f"{URL}/{file}", timeout=60) as reply:
            packed: bytes = reply.read()
    except OSError as error:
        raise DataError(
            f"could not download {URL}/{file} ({error}): check the network, or use "
            "the embedded subset (full=False)"
        ) from None
    raw = _unpack(packed, name, f"{URL}/{file}: try again later")
    cache_folder().mkdir(parents=True, exist_ok=True)
    part = cache_folder() / f"{file}.part"
    part.write_bytes(packed)
    part.replace(cache_folder() / file)
    return raw


def _unpack(packed: bytes, name: str, advice: str) -> bytes:
    try:
        raw = gzip.decompress(packed)
    except (OSError, EOFError):
        raw = b""
    if hashlib.sha256(raw).hexdigest() != SHA256[name]:
        raise DataError(f"checksum mismatch, the data are damaged. {advice}")
    return raw


def first_per_class(labels: Images, count: int) -> NDArray[np.intp]:
    """Indices of the first `count` pictures of each class, in file order."""
    chosen = [np.flatnonzero(labels == c)[:count] for c in range(len(CLASSES))]
    return np.sort(np.concatenate(chosen))


def build_subset() -> bytes:
    """The bytes of the embedded subset before compression, from the full set."""
    arrays = {}
    for split, count in PER_CLASS.items():
        images, labels = load(split, full=True)
        chosen = first_per_class(labels, count)
        arrays[f"{split}_images"] = images[chosen]
        arrays[f"{split}_labels"] = labels[chosen]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


if __name__ == "__main__":
    rebuilt = build_subset()
    SUBSET.parent.mkdir(parents=True, exist_ok=True)
    SUBSET.write_bytes(lzma.compress(rebuilt, preset=9 | lzma.PRESET_EXTREME))
    print(f"{SUBSET}: SHA-256 {hashlib.sha256(rebuilt).hexdigest()} (decompressed)")
