"""Forged and tampered files are refused, each with its reason.

Authorities: the rules of PNG, of RFC 8032 (5.1.7: S below L) and of our own page of the
format; and faults that readers of C2PA had: ranges that the file declares, bytes behind
the end, signed bytes that are not the shown ones.
"""

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from signed_files import (
    LATEST,
    ME,
    OTHER,
    PUBLIC,
    TRUSTED,
    parts,
    png,
    signed,
    whole_claim,
    with_claim,
    with_manifest,
)

from coursekit.trust.canonical import canonical
from coursekit.trust.manifest import VERSION, manifest_of, sign_file
from coursekit.trust.png_chunks import PngError, chunk, parse
from coursekit.trust.verdict import Verdict, judge

GROUP = 2**252 + 27742317777372353535851937790883648493  # L of RFC 8032, 5.1
FILE = signed(png(texts=2))
MANIFEST = manifest_of(FILE) or b""
CLAIM = canonical(whole_claim())


def verdict(data: bytes) -> Verdict:
    return judge(data, TRUSTED, LATEST)


def test_the_file_that_is_forged_below_is_trusted_as_it_is():
    found = verdict(FILE)
    assert (found.state, found.signer) == ("trusted", "me")
    assert verdict(with_claim(CLAIM)).state == "trusted"
    assert verdict(png(texts=2)).state == "none"


def moved(place: int) -> bytes:
    head, ihdr, manifest, *rest = parts(FILE)
    rest.insert(place, manifest)
    return b"".join([head, ihdr, *rest])


def between(position: int, *pieces: bytes) -> bytes:
    found = parts(FILE)
    found[position:position] = pieces
    return b"".join(found)


def malleable() -> bytes:
    s = int.from_bytes(MANIFEST[68:100], "little") + GROUP
    return MANIFEST[:68] + s.to_bytes(32, "little") + MANIFEST[100:]


def renamed(old: bytes, new: bytes) -> bytes:
    pieces = [c._replace(name=new) if c.name == old else c for c in parse(FILE)]
    return FILE[:8] + b"".join(chunk(c.name, c.data) for c in pieces)


def raw_json(**changes: object) -> bytes:
    return with_claim(json.dumps(whole_claim(**changes), sort_keys=True).encode())


def text(old: bytes, new: bytes) -> bytes:
    assert old in CLAIM
    return with_claim(CLAIM.replace(old, new, 1))


def claimed(**changes: object) -> bytes:
    return with_claim(canonical(whole_claim(**changes)))


def fewer(name: str) -> bytes:
    return with_claim(canonical({k: v for k, v in whole_claim().items() if k != name}))


TITLE = b'"title":"bear.png"'
TEXT = chunk(b"tEXt", b"Comment\0hello")
FORGED: dict[str, tuple[Callable[[], bytes], str]] = {
    # the file around the manifest
    "bytes after the end": (lambda: FILE + b"x", "behind the end"),
    "a chunk after the end": (lambda: FILE + TEXT, "only IEND"),
    "a second picture after the end": (lambda: FILE + png(3), ""),
    "a second end": (lambda: between(-1, chunk(b"IEND", b"")), "only IEND"),
    "no end": (lambda: b"".join(parts(FILE)[:-1]), "only IEND"),
    "an end with data": (
        lambda: b"".join([*parts(FILE)[:-1], chunk(b"IEND", b"x")]),
        "only IEND",
    ),
    "cut in the middle": (lambda: FILE[: len(FILE) // 2], "behind the end"),
    "two heads": (lambda: between(3, parts(FILE)[1]), "IHDR"),
    "a chunk before the head": (lambda: between(1, TEXT), "IHDR"),
    "a text added": (lambda: between(3, TEXT), "not the one that was signed"),
    "a text left out": (
        lambda: b"".join(p for n, p in enumerate(parts(FILE)) if n != 3),
        "not the one that was signed",
    ),
    "texts exchanged": (
        lambda: b"".join(parts(FILE)[n] for n in (0, 1, 2, 4, 3, 5, 6)),
        "not the one that was signed",
    ),
    "a text renamed": (lambda: renamed(b"iTXt", b"zTXt"), "not the one that was"),
    "a text with a strange name": (lambda: renamed(b"iTXt", b"i\0Xt"), "no name"),
    "a text between the pixels": (
        lambda: between(-1, TEXT, chunk(b"IDAT", b"")),
        "not in a row",
    ),
    "no pixels": (lambda: renamed(b"IDAT", b"idAT"), "missing"),
    "other pixels": (
        lambda: with_manifest(MANIFEST, png(7, 2)),
        "not the one that was",
    ),
    "a wrong CRC": (
        lambda: FILE.replace(parts(FILE)[3], parts(FILE)[3][:-1] + b"\0"),
        "CRC",
    ),
    "a length of 4 GB": (lambda: FILE[:8] + b"\xff" * 4 + FILE[12:], "behind the end"),
    "a length of 2 GB": (lambda: FILE[:8] + b"\x7f" + FILE[9:], "behind the end"),
    # the manifest's place
    "another picture's manifest": (
        lambda: with_manifest(manifest_of(signed(png(5))) or b""),
        "not the one that",
    ),
    "two manifests": (lambda: between(3, parts(FILE)[2]), "two manifests"),
    "two manifests, one of a stranger": (
        lambda: between(3, parts(signed(png(), OTHER))[2]),
        "two manifests",
    ),
    "a manifest behind the texts": (lambda: moved(2), "moved"),
    "a manifest behind the pixels": (lambda: moved(3), "moved"),
    "a manifest widened by spaces": (
        lambda: with_manifest(MANIFEST + b" "),
        "signature",
    ),
    "a manifest filled with zeros": (
        lambda: with_manifest(MANIFEST + bytes(999)),
        "signature",
    ),
    "a manifest filled up to the limit": (
        lambda: with_manifest(MANIFEST + bytes(200_000)),
        "kind",
    ),
    "a manifest shrunk by a byte": (lambda: with_manifest(MANIFEST[:-1]), "signature"),
    "a manifest of nothing": (lambda: with_manifest(b""), "kind"),
    "a manifest of its head alone": (
        lambda: with_manifest(MANIFEST[:100]),
        "signature",
    ),
    "another version": (lambda: with_manifest(b"CKM2" + MANIFEST[4:]), "kind"),
    "another version, rightly signed": (
        lambda: with_manifest(b"CKM2" + PUBLIC + ME.sign(b"CKM2" + CLAIM) + CLAIM),
        "kind",
    ),
    # signature and key
    "the signature of another key": (
        lambda: with_manifest(VERSION + PUBLIC + OTHER.sign(VERSION + CLAIM) + CLAIM),
        "signature",
    ),
    "a signature without the version": (
        lambda: with_manifest(VERSION + PUBLIC + ME.sign(CLAIM) + CLAIM),
        "signature",
    ),
    "no signature": (lambda: with_manifest(VERSION + PUBLIC + CLAIM), "signature"),
    "a signature of zeros": (
        lambda: with_manifest(VERSION + PUBLIC + bytes(64) + CLAIM),
        "signature",
    ),
    "a signature too long": (
        lambda: with_manifest(MANIFEST[:100] + b"\0" + MANIFEST[100:]),
        "signature",
    ),
    "a signature with S + L": (lambda: with_manifest(malleable()), "signature"),
    "the key exchanged": (
        lambda: with_manifest(
            VERSION + OTHER.public_key().public_bytes_raw() + MANIFEST[36:]
        ),
        "signature",
    ),
    "no point of the curve as the key": (
        lambda: with_manifest(VERSION + b"\xff" * 32 + MANIFEST[36:]),
        "signature",
    ),
    # the claim, rightly signed by somebody who is trusted
    "equal keys": (lambda: text(TITLE, TITLE + b',"title":"cat.png"'), "one form"),
    "spaces": (lambda: raw_json(), "one form"),
    "keys in another order": (
        lambda: with_claim(json.dumps(whole_claim(), separators=(",", ":")).encode()),
        "one form",
    ),
    "an escape without need": (
        lambda: text(b"bear.png", b"\\u0062ear.png"),
        "one form",
    ),
    "a title that is NaN": (lambda: text(b'"bear.png"', b"NaN"), "canonical"),
    "a real number": (lambda: text(b'"bear.png"', b"1.0"), "canonical"),
    "a huge number": (lambda: text(b'"bear.png"', b"9" * 30), "canonical"),
    "a number of 5,000 digits": (lambda: text(b'"bear.png"', b"9" * 5000), "JSON"),
    "a number as title": (lambda: claimed(title=1), "a field"),
    "not UTF-8": (lambda: text(b"bear", b"b\xe4r"), "UTF-8"),
    "half of a pair of surrogates": (lambda: text(b"bear", b"\\ud800"), "canonical"),
    "a byte order mark": (lambda: with_claim(b"\xef\xbb\xbf" + CLAIM), "UTF-8"),
    "something behind the JSON": (lambda: with_claim(CLAIM + b"{}"), "JSON"),
    "lists in lists without end": (lambda: with_claim(b"[" * 90_000), "JSON"),
    "no JSON": (lambda: with_claim(b"bear"), "JSON"),
    "a list": (lambda: with_claim(b"[]"), "a field"),
    "a field too many": (lambda: claimed(exclusions=[[0, 8]]), "a field"),
    "a name for the signer": (lambda: claimed(signer="me"), "a field"),
    "no hash": (lambda: fewer("sha256"), "a field"),
    "no ingredients": (lambda: fewer("ingredients"), "a field"),
    "a hash in capitals": (
        lambda: claimed(sha256=str(whole_claim()["sha256"]).upper()),
        "a field",
    ),
    "a title that clears the screen": (
        lambda: claimed(title="\x1b[2Jtrusted"),
        "a field",
    ),
    "a title that runs backwards": (lambda: claimed(title="gnp\u202ebear"), "a field"),
    "a title without end": (lambda: claimed(title="x" * 201), "a field"),
    "another format": (lambda: claimed(format="image/jpeg"), "a field"),
    "a month 0 of no calendar": (lambda: claimed(created="2026-11-30"), "a field"),
    "a claim of the future": (
        lambda: claimed(created="2030-01-01T00:00:01Z"),
        "future",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_broken_and_says_why(name):
    forge, why = FORGED[name]
    data = forge()
    assert data != FILE
    found = verdict(data)
    assert found.state == "broken" and why in found.why, found
    assert found.claim is None and not found.signer and "\n" not in found.why


def test_there_are_many_kinds():
    assert len(FORGED) >= 30


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80, 0xFF])
def test_every_byte_of_a_signed_file_counts(flip):
    """0x20 changes the case of a letter in a chunk's name."""
    for place in range(len(FILE)):
        data = bytearray(FILE)
        data[place] ^= flip
        assert verdict(bytes(data)).state == "broken", place


@pytest.mark.parametrize("flip", [0x01, 0x20])
def test_every_byte_counts_where_the_forger_mends_the_crc(flip):
    """Names and data of all chunks, each CRC made anew. A manifest whose chunk has
    another name is gone: that can always be done, and says nothing of the picture."""
    chunks = parse(FILE)
    for n, each in enumerate(chunks):
        whole = each.name + each.data
        for place in range(len(whole)):
            data = bytearray(whole)
            data[place] ^= flip
            mended = chunk(bytes(data[:4]), bytes(data[4:]))
            found = verdict(FILE[: each.start] + mended + FILE[each.end :])
            gone = n == 1 and place < 4 and bytes(data[:4]).isalpha()
            assert found.state == ("none" if gone else "broken"), (n, place)


def test_a_stranger_who_signs_anew_is_a_stranger():
    """He may claim what he likes: the key alone says who he is."""
    found = verdict(signed(png(), OTHER, title="signed by me, trusted"))
    assert found.state == "unknown" and found.signer != "me"
    assert verdict(with_claim(CLAIM, OTHER)).state == "unknown"
    assert judge(FILE, {}, LATEST).state == "unknown"


def test_a_key_of_another_kind_signs_nothing():
    with pytest.raises((AttributeError, TypeError)):
        signed(png(), generate_private_key(SECP256R1()))


@pytest.mark.parametrize("texts", [0, 1, 5])
def test_texts_between_make_no_difference_to_the_verdict(texts):
    whole = signed(png(2, texts))
    assert verdict(whole).state == "trusted"
    for n in range(1, texts + 1):
        found = parts(whole)
        del found[2 + n]
        assert verdict(b"".join(found)).state == "broken"


def test_a_picture_is_signed_again_in_place_of_the_old_manifest():
    again = sign_file(FILE, {k: v for k, v in whole_claim().items()
                             if k not in ("format", "sha256")}, OTHER)  # fmt: skip
    assert verdict(again).state == "unknown" and len(parts(again)) == len(parts(FILE))


def test_what_cannot_be_read_again_is_never_signed():
    with pytest.raises(ValueError, match="a field"):
        signed(png(), title="two\nlines")
    with pytest.raises(PngError):
        signed(png() + b"x")
