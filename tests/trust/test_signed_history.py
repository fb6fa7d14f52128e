"""Chunks, canonical JSON, keys, and a history of three pictures.

Authorities: Pillow, which opens what is signed; random JSON values (one form each); the
vectors of RFC 8032; the file system's own permissions.
"""

import io
import json
import os
import random
import stat
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from signed_files import ME, OTHER, PUBLIC, png, signed

from coursekit.trust.canonical import LARGEST, NotCanonical, canonical, read_canonical
from coursekit.trust.keys import KeyFileError, new_key, signing_key, trusted_keys
from coursekit.trust.manifest import (
    ManifestError,
    digest,
    history,
    manifest_of,
    now,
    picture_hash,
    seal,
)
from coursekit.trust.png_chunks import chunk, parse, walk

RANDOM = random.Random(0)


def value(depth: int = 3) -> Any:
    """A random JSON value with whole numbers, and letters of all kinds."""
    letters = 'a"\\/\x00\x1f\x7fé\u2028😀'
    text = "".join(RANDOM.choices(letters, k=RANDOM.randrange(4)))
    leaves = [None, True, False, 0, 1, -LARGEST, RANDOM.randrange(LARGEST), text]
    kind = RANDOM.randrange(4) if depth else 0
    if kind < 2:
        return RANDOM.choice(leaves)
    inner = [value(depth - 1) for _ in range(RANDOM.randrange(4))]
    return inner if kind == 2 else {text + str(n): v for n, v in enumerate(inner)}


def test_each_value_has_one_text_and_each_text_one_value():
    values = [value() for _ in range(500)]
    for one in values:
        data = canonical(one)
        assert read_canonical(data) == one and json.loads(data) == one
        other = RANDOM.choice(values)
        same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
        assert (canonical(other) == data) is same


def test_the_order_in_which_a_dict_was_filled_is_forgotten():
    assert canonical({"ö": 1, "a": [True, None]}) == '{"a":[true,null],"ö":1}'.encode()
    assert canonical({"b": {"y": "/", "x": '"'}, "a": 0}) == (
        b'{"a":0,"b":{"x":"\\"","y":"/"}}'
    )


NOT = [1.0, float("nan"), float("-inf"), b"x", (1, 2), {1: 2}, {"a": (1,)}, "\ud800"]
NOT += [LARGEST + 1, -LARGEST - 1, {"a": {1: 2, "b": 3}}, {None: 1}, object(), {1, 2}]
NOT += [[float("nan")], {"a": 10**5000}]


@pytest.mark.parametrize("n", range(len(NOT)))
def test_what_has_no_form_is_refused(n):
    with pytest.raises(NotCanonical):
        canonical(NOT[n])


def test_lists_without_end_are_refused():
    endless: list[object] = []
    endless.append(endless)
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    for value in (endless, deep):
        with pytest.raises(NotCanonical):
            canonical(value)


def test_the_walk_covers_every_byte_once_and_builds_the_file_again():
    data = png(texts=3)
    found = walk(data)
    assert [c.start for c in found[1:]] == [c.end for c in found[:-1]]
    assert (found[0].start, found[-1].end) == (8, len(data))
    assert data == data[:8] + b"".join(chunk(c.name, c.data) for c in found)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        texts = [c.data.split(b"\0")[0].decode() for c in found if c.name == b"iTXt"]
        assert texts == list(picture.text)


def test_whoever_opens_a_signed_file_sees_the_same_picture():
    plain = png(4, texts=1)
    with Image.open(io.BytesIO(plain)) as a, Image.open(io.BytesIO(signed(plain))) as b:
        assert (np.asarray(a) == np.asarray(b)).all() and a.info == b.info
    assert picture_hash(plain) == picture_hash(signed(plain))
    assert parse(signed(plain))[1].name == b"ckMF"


def test_the_signature_is_that_of_rfc_8032():
    """Section 7.1, TEST 1: the key, and its signature of nothing."""
    secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    manifest = seal({}, key)
    assert manifest[4:36].hex() == public and manifest[100:] == b"{}"
    assert manifest[36:100] == key.sign(b"CKM1{}")
    assert (
        key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5")
    )


def drawn(title: str, *parents: bytes, key: Ed25519PrivateKey = ME) -> bytes:
    """The manifest of a picture that was made from others."""
    made = [
        {"title": "old", "relationship": "parentOf", "manifest": digest(each)}
        for each in parents
    ]
    return manifest_of(signed(None, key, title=title, ingredients=made)) or b""


def test_a_history_goes_back_to_all_first_pictures():
    a, b = drawn("a"), drawn("b", key=OTHER)
    c = drawn("c", a)
    d = drawn("d", c, b, a)
    told = history(d, [c, a, b, drawn("x")])
    assert [claim["title"] for _, claim in told] == ["d", "c", "b", "a"]
    assert [key == PUBLIC for key, _ in told] == [True, True, False, True]
    assert [claim["title"] for _, claim in history(a, [])] == ["a"]
    with pytest.raises(ManifestError, match="missing"):
        history(d, [c, b])
    with pytest.raises(ManifestError, match="missing"):
        history(c, [drawn("a", key=OTHER)])  # the same words, and another's name
    bad = a[:-1]
    with pytest.raises(ManifestError, match="signature"):
        history(drawn("e", bad), [bad])


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "me.pem"
    public = new_key(path)
    assert public == tmp_path / "me.pub"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = signing_key(path)
    assert trusted_keys([public]) == {key.public_key().public_bytes_raw(): "me"}
    assert trusted_keys([tmp_path]) == trusted_keys([public])
    assert trusted_keys([]) == {}
    before = path.read_bytes()
    (tmp_path / "link.pem").symlink_to(tmp_path / "nowhere")
    for taken in (path, public, tmp_path / "me.key", tmp_path / "link.pem"):
        with pytest.raises(KeyFileError):
            new_key(taken)
    assert path.read_bytes() == before and not (tmp_path / "nowhere").exists()


def test_a_file_that_holds_no_key_of_ours_is_named(tmp_path):
    other = generate_private_key(SECP256R1())
    files = {
        "p256.pem": other.private_bytes(
            pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
        ),
        "locked.pem": ME.private_bytes(
            pem.Encoding.PEM,
            pem.PrivateFormat.PKCS8,
            pem.BestAvailableEncryption(b"word"),
        ),
        "p256.pub": other.public_key().public_bytes(
            pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo
        ),
        "empty.pem": b"",
        "words.pub": b"me",
        "large.pub": b"-" * 20_000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name in (*files, "nowhere.pem"):
        with pytest.raises(KeyFileError, match=name):
            signing_key(tmp_path / name)
        with pytest.raises(KeyFileError, match=name):
            trusted_keys([tmp_path / name])
    with pytest.raises(KeyFileError, match="secret"):
        signing_key(tmp_path)


def test_moments_are_ordered_as_text():
    assert now() <= now(1) < now(90_000) and len(now()) == 20
