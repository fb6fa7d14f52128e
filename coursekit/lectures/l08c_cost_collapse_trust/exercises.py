"""How the exercises of notebook 8c are tried: fresh inputs, and a look."""

import json
import math
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    draws,
    generator,
    number,
    pair,
    refusal,
    slopes,
    vectors,
)
from coursekit.models.cheap_attention import Heard
from coursekit.theory.collapse import FEEDS
from coursekit.theory.inverse_problems import measure, sampled_rows
from coursekit.trust import manifest
from coursekit.trust.canonical import LARGEST, NotCanonical, canonical
from coursekit.trust.false_alarms import Threshold
from coursekit.trust.manifest import ManifestError, SignatureError
from coursekit.trust.png_chunks import SIGNATURE, Chunk, PngError, chunk
from coursekit.trust.verdict import Verdict

PROBES = Tries()
tried = PROBES.tried


def _rounded(seed: int) -> Inputs:
    """Numbers, some halves between two levels, or a row and a column of zeros; bits."""
    drawn, rng = vectors(seed, x=(3, 5, 7)), generator(seed + 1)
    if seed % 3 == 0:
        drawn["x"][0, :, :3] = rng.permutation([8, 4, -4])
    if seed % 3 == 2:
        drawn["x"][1, 2] = drawn["x"][:, :, 3] = 0
    bits = int(rng.integers(3, 9)) if seed % 3 else 2
    return drawn | {"bits": bits, "dim": -1 if seed % 3 == 0 else -2}


@tried("08c.1", _rounded, cases=("of two bits", "along the rows", "zeros"))
def on_levels(fn: Function, i: Any) -> Results:
    array(small := fn(1e-9 * i.x, i.bits))
    return {
        "the rounded numbers": fn(i.x, i.bits, i.dim),
        "the numbers along the last axis": fn(i.x, i.bits),
        "small numbers, times 1e9": 1e9 * small,
    }


def _attending(seed: int) -> Inputs:
    """Queries, keys that share a part, values; and a mask with no empty row."""
    lead, rng = ((2,), (2, 3), ())[seed % 3], generator(seed)
    drawn = vectors(seed, q=(*lead, 5, 6), k=(*lead, 7, 6), v=(*lead, 7, 4))
    drawn["k"] += 3 * rng.standard_normal(6)
    mask = rng.random((5, 7)) < 0.6
    mask[:, int(rng.integers(7))] = True
    return drawn | {"bits": int(rng.integers(3, 7)), "mask": mask, "kind": seed % 3}


@tried("08c.3", _attending, cases=("as they are", "centred", "with a mask"))
def few_bits(fn: Function, i: Any) -> Results:
    mask = i.mask if i.kind == 2 else None
    return {
        "what is heard": fn(i.q, i.k, i.v, i.bits, i.kind == 1, mask),
        "what is heard with mask and centre": fn(i.q, i.k, i.v, i.bits, True, i.mask),
    }


def _both(found: Any) -> dict[str, Tensor]:
    """What is heard, how loud, and whether both have their names."""
    out, lse = pair(found)
    named = count(isinstance(found, Heard))
    return {"what is heard": out, "the log-sum-exp": lse, "a Heard": named}


@tried("08c.5", _attending, cases=("as they are", "centred", "one head, centred"))
def heard(fn: Function, i: Any) -> Results:
    loud = i.k + 40000 * i.q.mean(dim=-2, keepdim=True)
    return {
        **_both(fn(i.q, i.k, i.v, i.kind > 0)),
        "the log-sum-exp of loud keys": _both(fn(i.q, loud, i.v))["the log-sum-exp"],
    }


def _parts(seed: int) -> Inputs:
    """Three parts, or four whose sums are too large for a number, or too small."""
    rng, lead = generator(~seed), ((3, 2), (4,))[seed % 2]
    drawn = vectors(seed, out=(*lead, 5, 4), lse=(*lead, 5))
    far = rng.uniform(900, 1000, 5) * rng.permutation([1, -1, 1, -1, 1])
    drawn["lse"] += far if seed % 2 else rng.uniform(-2, 2)
    drawn["lse"][0] -= 800 * (seed % 2)
    return drawn


@tried("08c.6", _parts, cases=("usual logits", "large logits"))
def joined(fn: Function, i: Any) -> Results:
    parts = [Heard(*each) for each in zip(i.out, i.lse, strict=True)]
    return _both(fn(parts))


def _letters(words: Any) -> Tensor:
    """Words as numbers. Raises BadResult for anything else."""
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        raise BadResult(f"it must return a list of words, not {type(words).__name__}")
    text = " ".join(f"<{word}>" for word in words).ljust(80)[:80]
    return torch.tensor([float(ord(c)) for c in text], dtype=torch.float64)


DISGUISES = (
    ("{} s0me $wee7s 8y", "a 4pp13 @nd {}", "50 {}\t0n  1ce"),
    ("The {} in GRÉÉN", "ｂｌｕｅ {}, żółw", "a {}, ЅСhооl αnd Οakѕ"),
    (
        "b a l -- l o o n {}",
        "(b.e.a-r) {} of_t k. e. y.",
        "sweeeet {} ooo k in my s\u200bky",
    ),
)
THINGS = "Bear kettle umbrella Balloon Coffee lantern Bottle meadow Valley".split()


def _disguised(seed: int) -> Inputs:
    things = generator(seed).choice(len(THINGS), 3, replace=False)
    return {"kind": seed % len(DISGUISES), "things": things}


@tried("08c.44", _disguised, cases=("digits", "other letters", "spaces and signs"))
def plain_words(fn: Function, i: Any) -> Results:
    found = {}
    names = ("one", "another", "a third")
    for name, form, n in zip(names, DISGUISES[i.kind], i.things, strict=True):
        found[f"words of {name} prompt"] = _letters(fn(form.format(THINGS[n])))
    return found


def _pools(seed: int) -> Inputs:
    """Old, drawn and fresh examples, and a share that is not near half an example."""
    rest = ((3,), (2, 3, 4))[seed % 2]
    rows = vectors(seed, pool=(11, *rest), drawn=(8, *rest), fresh=(8, *rest))
    off = (-0.3, 0.3)[seed % 2]  # so that cutting off differs, and rounding up
    share = (int(generator(seed + 1).integers(1, 8)) + off) / 8
    return rows | {"share": share}


@tried("08c.8", _pools, cases=("points", "pictures"))
def feed(fn: Function, i: Any) -> Results:
    given = (i.pool, i.drawn, i.fresh)
    return {
        "the pool when data are replaced": fn("replace", *given),
        "the pool when data accumulate": fn("accumulate", *given),
        "the pool with fresh data": fn("fresh", *given, i.share),
        "the pool with the usual share": fn("fresh", *given),
        "the pool with no fresh row": fn("fresh", *given, i.share / 20),
        "another way is refused": refusal(lambda: fn("forget", *given)),
    }


def _families(seed: int) -> Inputs:
    noise = generator(seed).standard_normal((5, 2, 6, 4))
    share = float(generator(seed + 1).choice([1 / 6, 1 / 3, 2 / 3]))
    return {"kind": seed % 3, "noise": noise, "share": share}


@tried("08c.9", _families, cases=("replaced", "accumulated", "with fresh data"))
def generations(fn: Function, i: Any) -> Results:
    how = FEEDS[i.kind]
    return {
        "the variances": fn(how, i.noise, i.share),
        "the variances, unbiased": fn(how, i.noise, i.share, True),
        "the variances of one family": fn(how, i.noise[..., 0]),
    }


def _sizes(seed: int) -> Inputs:
    rng, (low, high) = generator(seed), ((3, 10), (40, 200))[seed % 2]
    n, count = int(rng.integers(low, high)), int(rng.integers(2, 9))
    n += n % 2 if low == 3 else 0  # so that half of n - 1 is no whole number
    return {
        "n": n,
        "count": count,
        "share": float(rng.uniform(0.05, 0.6)),
        "weight": float(rng.uniform(0.05, 0.3)),
    }


@tried("08c.11", _sizes, cases=("few points", "many points"))
def variance_after(fn: Function, i: Any) -> Results:
    found: dict[str, Any] = {}
    for unbiased, name in ((False, ""), (True, ", unbiased")):
        both = fn(i.n, i.count, unbiased)
        if not isinstance(both, tuple) or len(both) != 2:
            raise BadResult("it must return two numbers, the mean and the typical one")
        found[f"the mean{name}"] = number(both[0])
        found[f"the typical value{name}"] = number(both[1])
    return found


def _or_nothing(call: Callable[[], Any]) -> Tensor:
    """A number; -1 where it is divided by 0, so that the other results still count."""
    try:
        return number(call())
    except ZeroDivisionError:
        return count(-1)


@tried("08c.13", _sizes, cases=("few points", "many points"))
def settled_variance(fn: Function, i: Any) -> Results:
    return {
        "where it settles": number(fn(i.n, i.share)),
        "where it settles with more real points": number(fn(i.n, i.share + 0.2)),
        "where it settles with few real points": number(fn(i.n, i.share / 10)),
        "without real points": _or_nothing(lambda: fn(i.n, 0.0)),
    }


@tried("08c.15", _sizes, cases=("few examples", "many examples"))
def chance_lost(fn: Function, i: Any) -> Results:
    n = min(i.n, 20)
    return {
        "the chance after one generation": number(fn(i.weight / 3, n, 1)),
        "the chance after several": number(fn(i.weight / 3, n, i.count)),
        "the chance of one that is not rare": number(fn(2 * i.weight, n, i.count + 1)),
        "the chance of a kind that is not there": number(fn(0.0, n, i.count)),
    }


# --- a history that is signed ---

STATES = ("none", "broken", "unknown", "trusted")
WORDS = ("bear", "Bär", "ours", "медведь", "\uff42", "\U0001f43b", 'a "b"', "a/b")


def _told(value: Any, kind: type = bytes) -> Tensor:
    """The bytes, or the letters, that a learner returns."""
    data: Any = value.encode() if isinstance(value, str) else value
    if not isinstance(value, kind):
        raise BadResult(f"it must return {kind.__name__}, not {type(value).__name__}")
    return torch.tensor([*data], dtype=torch.int64)


def _signing(seed: int) -> Inputs:
    rng = generator(seed)
    return {"secret": rng.integers(0, 256, 64), "draw": int(rng.integers(1, 10**9))}


class _Files:
    """A file and two keys of one try."""

    def __init__(self, i: Any) -> None:
        self.rng, secret = np.random.default_rng(i.draw), bytes(i.secret.tolist())
        self.me, self.other = (
            Ed25519PrivateKey.from_private_bytes(secret[n : n + 32]) for n in (0, 32)
        )
        text = chunk(b"tEXt", b"note\0ckMF " + self.rng.bytes(int(i.draw % 9) + 3))
        pieces = [chunk(b"IHDR", self.rng.bytes(13)), text, chunk(b"IEND", b"")]
        pieces[2:2] = [chunk(b"IDAT", self.rng.bytes(n)) for n in (5, i.draw % 40)]
        pieces.insert(2, chunk(b"ckMf", self.rng.bytes(4)))  # it only sounds alike
        self.pieces, self.plain = pieces, SIGNATURE + b"".join(pieces)

    def holding(self, sealed: bytes) -> bytes:
        """The file with a manifest in its place."""
        head, *rest = self.pieces
        return SIGNATURE + head + chunk(manifest.NAME, sealed) + b"".join(rest)


class _Signed(_Files):
    """Claims, too. It needs `picture_hash`, which earlier exercises must not hold."""

    def claim(self, *parents: bytes, **changes: Any) -> dict[str, Any]:
        made = [
            {
                "title": "x",
                "relationship": ("componentOf", "parentOf")[n > 0],
                "manifest": manifest.digest(each),
            }
            for n, each in enumerate(parents)
        ]
        when, act = f"20{self.rng.integers(10, 99)}-05-05T05:05:05Z", "c2pa.created"
        return {
            "title": f"{self.rng.choice(WORDS)} {self.rng.integers(10**6)}",
            "format": "image/png",
            "tool": {"name": "ours", "version": str(self.rng.integers(99))},
            "created": when,
            "actions": [{"action": act, "digitalSourceType": manifest.DRAWN}],
            "ingredients": made,
            "sha256": manifest.picture_hash(self.plain),
        } | changes

    def signing(self, text: bytes) -> bytes:
        """A manifest with any text as its claim."""
        public, signed = (
            self.me.public_key().public_bytes_raw(),
            manifest.VERSION + text,
        )
        return manifest.VERSION + public + self.me.sign(signed) + text


@tried("08c.17", _signing, cases=("a value", "another value"))
def try_canonical(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.draw)
    keys = [f"{word}{n}" for n, word in enumerate(rng.permutation(WORDS).tolist())]
    leaves: list[Any] = [
        None,
        True,
        False,
        LARGEST,
        int(rng.integers(-999, 999)),
        "e\u0301\n\x1f\x7f\\",
    ]
    value = dict(
        zip(keys, [*leaves, leaves[::-1], {"b": [-LARGEST], "a": {}}], strict=True)
    )
    bad = {
        "a real number": 1.0,
        "NaN": json.loads("NaN"),
        "bytes": b"x",
        "a tuple": (1, 2),
        "a key that is a number": {1: "x"},
        "infinity": math.inf,
        "a number that is too large": LARGEST + 1,
        "a number too far below 0": -LARGEST - 1,
        "half a surrogate pair": "\ud83d",
    }
    return {
        "the bytes": _told(fn(value)),
        "the bytes of a list": _told(fn([*keys, value])),
        **{n: refusal(partial(fn, {"k": [v]}), NotCanonical) for n, v in bad.items()},
    }


@tried("08c.18", _signing, cases=("a file", "another file"))
def try_walk(fn: Function, i: Any) -> Results:
    files, found = _Files(i), fn(_Files(i).plain)
    if not isinstance(found, list) or not all(isinstance(c, Chunk) for c in found):
        raise BadResult("it must return a list of Chunk")
    plain, last = files.plain, files.pieces[-1]
    turned = b"".join([SIGNATURE, *files.pieces[::-1], chunk(b"next", b"")])
    zero = b"tEXt" + files.rng.bytes(5)
    zero += (zlib.crc32(zero) ^ 0x6DD90A9D).to_bytes(4, "little")  # so its CRC is 0
    bad = {
        "nothing": b"",
        "another signature": b"\x88" + plain[1:] + chunk(b"tEXt", SIGNATURE),
        "another line end in the signature": plain[:7] + b"\r" + plain[8:],
        "cut in its last chunk": plain[:-1],
        "a byte behind the last chunk": plain + b"\0",
        "a length beyond the file": plain[:8] + b"\xff" * 4 + plain[12:],
        "a wrong CRC": plain[:-1] + bytes([plain[-1] ^ 1]),
        "a name with another case": plain.replace(b"tEXt", b"tEXT"),
        "a name with a digit": plain + chunk(b"ID4T", b""),
        "a name with a sign": plain + chunk(b"ID_T", b""),
        "a name with an accent": plain + chunk(b"ID\xc3\xaa", b""),
        "a CRC that is cut off": plain + b"\0\0\0\x09" + zero,
        "a changed byte of data": plain.replace(b"note", b"nota"),
    }
    return {
        "the names": _told(b"".join(c.name for c in found)),
        "the data": _told(b"|".join(c.data for c in found)),
        "the places": torch.tensor([[c.start, c.end] for c in found]),
        "chunks of a file that ends early": count(len(fn(plain[: -len(last)]))),
        "chunks in another order": count(len(fn(turned))),
        **{
            f"PngError for {n}": refusal(partial(fn, v), PngError)
            for n, v in bad.items()
        },
    }


@tried("08c.19", _signing, cases=("a file", "another file"))
def try_picture_hash(fn: Function, i: Any) -> Results:
    files = _Files(i)
    longer = files.holding(files.rng.bytes(300))
    twice = longer[:-12] + chunk(manifest.NAME, b"x") + longer[-12:]
    copy = chunk(manifest.NAME, b"y")
    files.pieces[1] = chunk(b"tEXt", files.rng.bytes(9) + copy)
    if not isinstance(found := fn(files.plain), str) or len(found) != 64:
        raise BadResult("it must return 64 hex digits, as text (str)")
    return {
        "without a manifest": _told(found, str),
        "with one": _told(fn(longer), str),
        "with two": _told(fn(twice), str),
        "of a text that holds a copy": _told(fn(files.holding(b"y")), str),
        "PngError for a byte more": refusal(lambda: fn(longer + b"x"), PngError),
        "PngError for a chunk more": refusal(lambda: fn(longer + copy), PngError),
    }


def _errors(call: Callable[[], Any]) -> Tensor:
    """Which error: 2 of the signature, 1 of the manifest, less for others and none."""
    signature = refusal(call, SignatureError)
    return 2 * signature if signature == 1 else refusal(call, ManifestError)


@tried("08c.22", _signing, cases=("a manifest", "another manifest"))
def try_unseal(fn: Function, i: Any) -> Results:
    files = _Signed(i)
    good, claim = manifest.seal(files.claim(), files.me), files.claim()
    text, fewer = canonical(claim), {k: v for k, v in claim.items() if k != "format"}
    found = fn(good)
    if not isinstance(found, tuple) or len(found) != 2:
        raise BadResult("it must return the key and the claim")
    bad = {
        "a changed claim": good.replace(b"ours", b"ourz"),
        "the key of another": files.signing(text)[:4] + bytes(31) + b"\x07" + good[36:],
        "nobody signed, and no JSON": files.signing(text)[: manifest.HEAD] + b"{",
        "a key that is cut off": good[:30],
        "spaces that were signed": files.signing(text.replace(b",", b", ")),
        "a field too many, signed": files.signing(canonical(files.claim(x="y"))),
        "a field too few, signed": files.signing(canonical(fewer)),
        "a field twice, signed": files.signing(text[:-1] + b',"title":"x"}'),
        "a title of two lines, signed": files.signing(
            canonical(claim | {"title": "x\ny"})
        ),
        "a list, signed": files.signing(b"[]"),
        "a space behind, signed": files.signing(text + b" "),
        "another version": b"CKM9" + good[4:],
        "spaces up to the most": good.ljust(manifest.MOST),
        "one space more": good.ljust(manifest.MOST + 1),
        "100,000 spaces more": good + b" " * manifest.MOST,
    }
    return {
        "the key": _told(found[0]),
        "the claim": _told(canonical(found[1])),
        **{name: _errors(partial(fn, each)) for name, each in bad.items()},
    }


@tried("08c.23", _signing, cases=("a file", "another file"))
def try_judge(fn: Function, i: Any) -> Results:
    files, found, why = _Signed(i), dict[str, Tensor](), set()
    latest, me, other = "2050-05-05T05:05:05Z", files.me, files.other
    claim, late = (files.claim(created=f"{latest[:-2]}{n}Z") for n in (5, 6))
    named = files.claim(title="signed by Ann", created="2049-01-01T00:00:00Z")
    moved = {
        "title": (sha := claim["sha256"]),
        "sha256": sha[:-1] + "10"[sha[-1] > "0"],
    }

    def sealed(said: manifest.Claim, key: Ed25519PrivateKey = me) -> bytes:
        return files.holding(manifest.seal(said, key))

    good, mine = sealed(claim), manifest.seal(claim, me)
    again, plain = chunk(manifest.NAME, mine), files.plain
    broken = {
        "of another picture": sealed(claim | moved),
        "of the future": sealed(late),
        "with a byte more": good + b"x",
        "with another year": files.holding(mine.replace(b"2050", b"2049")),
        "with a changed claim": files.holding(files.signing(b"{}")),
    }
    tries = broken | {
        "no manifest": plain,
        "no manifest, a byte more": plain + b"x",
        "with an empty manifest": files.holding(b""),
        "of a friend": good,
        "of a stranger": sealed(named, other),
        "of a stranger with another title": sealed(claim, other),
        "of a stranger, for another picture": sealed(claim | moved, other),
        "of a stranger, of the future": sealed(late, other),
        "with a text more": good[:-12] + chunk(b"tEXt", b"a\0b") + good[-12:],
        "with two manifests": good[:-12] + again + good[-12:],
        "with one that was moved": plain[:-12] + again + plain[-12:],
    }
    keys = [each.public_key().public_bytes_raw() for each in (me, other)]
    trusted = {keys[0]: "Ann", keys[1][:16] + bytes(16): "Bob"}
    for name, data in tries.items():
        verdict = fn(data, trusted, latest)
        if not isinstance(verdict, Verdict) or verdict.state not in STATES:
            raise BadResult("it must return a Verdict with one of its four states")
        if not isinstance(verdict.claim, dict | None):
            raise BadResult("the claim must be what unseal returns, or None")
        found[f"state {name}"] = count(STATES.index(verdict.state))
        found[f"signer {name}"] = _told(verdict.signer, str)
        found[f"claim {name}"] = _told(canonical(verdict.claim))
        why |= {verdict.why} if name in broken else set()
    return found | {"reasons of five broken files": count(len(why))}


@tried("08c.26", _signing, cases=("a family", "another family"))
def try_history(fn: Function, i: Any) -> Results:
    files = _Signed(i)

    def made(*parents: bytes) -> bytes:
        return manifest.seal(files.claim(*parents), files.me)

    old, new = made(oldest := made()), manifest.seal(files.claim(), files.other)
    middle = made(old)
    last, bad = made(middle, new, old), new.replace(b"ours", b"ourz")
    told = fn(last, (new, made(), b"of nobody", oldest, old, middle))
    if not isinstance(told, list) or not all(len(each) == 2 for each in told):
        raise BadResult("it must return a list of pairs")
    return {
        "the claims": _told(b"\n".join(canonical(claim) for _, claim in told)),
        "the keys": _told(b"".join(key for key, _ in told)),
        "of a first picture": count(len(fn(oldest, []))),
        "a parent is missing": _errors(lambda: fn(last, [new, old, oldest])),
        "a grandparent is missing": _errors(lambda: fn(made(middle), [middle])),
        "a parent's signature is broken": _errors(lambda: fn(made(bad), [bad])),
    }


def _kept_bytes(value: Any) -> Tensor:
    """Bytes that the learner returns, as numbers. Raises BadResult for others."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
        kind = getattr(value, "dtype", type(value).__name__)
        raise BadResult(f"it returns {kind}, not an array of bytes (np.uint8)")
    return torch.from_numpy(value.astype(np.int64))


def _payload(seed: int) -> Inputs:
    rng = generator(seed)
    height, width = (6, 5) if seed % 2 else (4, 4)
    drawn = rng.integers(0, 256, (height, width, 3))
    return {"pixels": drawn.astype(np.uint8), "bits": rng.random(6 + seed % 2) < 0.5}


@tried("08c.28", _payload, cases=("copies that fit", "a copy that is cut off"))
def write_bits(fn: Function, i: Any) -> Results:
    pixels, bits = i.pixels.numpy(), i.bits.numpy()
    return {
        "the picture": _kept_bytes(fn(pixels, bits)),
        "a white picture": _kept_bytes(fn(np.full_like(pixels, 255), bits)),
    }


def _worn(seed: int) -> Inputs:
    """96 values, 14 copies of 5 bits and 13 of 2: most of them agree, or half do."""
    rng = generator(seed)
    votes = np.tile((rng.random(7) < 0.5) | (np.arange(7) == 5), (14, 1))
    for place in range(7):
        tie = seed % 2 == 1 and place < 3
        votes[rng.permutation(14 - (place > 4))[: 6 + tie], place] ^= True
        votes[:, place] ^= tie & (votes[13, place] ^ (place == 2))  # the last says no
    drawn = rng.integers(0, 128, 96) * 2 + votes.ravel()[:96]
    return {"pixels": drawn.reshape(4, 8, 3).astype(np.uint8)}


@tried("08c.29", _worn, cases=("most copies agree", "some bits are a tie"))
def read_bits(fn: Function, i: Any) -> Results:
    pixels, told = i.pixels.numpy(), dict[str, Tensor]()
    large = np.tile(pixels, (20, 1, 1))
    large[..., 1] |= 1
    for name, picture, n in (("", pixels, 7), (" of a large picture", large, 3)):
        found = fn(picture, n)
        if not isinstance(found, np.ndarray) or found.shape != (n,):
            kind = getattr(found, "shape", type(found).__name__)
            raise BadResult(
                f"it must return an array (n,), one bit a place, not {kind}"
            )
        told[f"the bits{name}"] = torch.from_numpy(found.astype(np.float64))
    return told


def _threshold(found: Any, unit: float = 1.0, more: str = "") -> dict[str, Tensor]:
    """What a Threshold says, rates in some unit. Raises BadResult for another type."""
    if not isinstance(found, Threshold):
        raise BadResult(f"it must return a Threshold, not {type(found).__name__}")
    names = ("true rate", "lower bound", "upper bound")
    rates = zip(names, found[1:], strict=True)
    told = {f"threshold{more}": number(found.value)}
    return told | {f"{name}{more}": number(v) / unit for name, v in rates}


def _coins(seed: int) -> Inputs:
    rng = generator(seed)
    bits = int(rng.integers(6, 60))
    rate = 0.5**bits if seed % 2 else float(rng.uniform(0.02, 0.2))
    return {"bits": bits, "rate": rate}


@tried("08c.30", _coins, cases=("a rate between two", "all bits, just often enough"))
def threshold_of_bits(fn: Function, i: Any) -> Results:
    too_rare = refusal(lambda: fn(i.bits, 0.4 * 0.5**i.bits))
    return {
        **_threshold(fn(i.bits, i.rate), i.rate),
        "ValueError where it is too rare": too_rare,
    }


def _clean_scores(seed: int) -> Inputs:
    """Forty scores; whole numbers, many of them equal, or all equal at the top."""
    rng = generator(seed)
    scores = rng.normal(10, 3, 40)
    if seed % 3:
        scores = scores.round()
    if seed % 3 == 2:
        scores = np.minimum(scores, 11)
    return {"scores": scores, "rate": (4 + 4 * int(rng.integers(0, 2))) / 40}


KINDS = ("all differ", "some are equal", "the largest is there too often")


@tried("08c.32", _clean_scores, cases=KINDS)
def threshold_at(fn: Function, i: Any) -> Results:
    scores = i.scores.tolist()
    given, places = list(scores), (*scores, math.nextafter(max(scores), math.inf))
    found = fn(given, i.rate)
    return {
        **_threshold(found),
        "scores at the threshold or above": count(sum(s >= found[0] for s in scores)),
        "it is a score or the next float": count(found.value in places),
        "the scores stay in their order": count(given == scores),
        **_threshold(fn(list(scores), 0.98 / 40), more=" where N rate is below 1"),
        "ValueError without scores": refusal(lambda: fn([], i.rate)),
    }


def _to_mark(seed: int) -> Inputs:
    rng = generator(seed)
    shape = ((4, 3, 2, 5), (2, 3, 4, 6))[seed % 2]
    x = rng.uniform(-1, 1, shape) * (0.4 if seed % 2 else 1)
    raw = rng.normal(0, 2, shape)
    return {"x": x, "raw": raw, "scale": rng.uniform(0.1, 0.6, shape[0])}


@tried("08c.33", _to_mark, cases=("near black and white", "far from both"))
def bounded(fn: Function, i: Any) -> Results:
    raw = i.raw.clone().requires_grad_(True)
    found = fn(i.x, raw, i.scale)
    array(found)
    return {"the pictures": found, **slopes(found.sin(), raw=raw)}


@tried("08c.34", draws("x"), cases=("rows", "pictures"))
def straight_through(fn: Function, i: Any) -> Results:
    x = i.x.clone().requires_grad_(True)
    changed = (2 * i.x).round().requires_grad_(True)
    found = fn(x, changed)
    array(found)
    return {
        "forward": found,
        **slopes(found.sin(), x=x, changed=changed),
        "x stays as it is": count(torch.equal(x, i.x)),
    }


def _heard(seed: int) -> Inputs:
    rng = generator(seed)
    shape = (5, 8 - seed % 2)
    logits = rng.normal(0, 1, shape) * (0.3 if seed % 2 else 4)
    logits[:, 1] = 0  # which says 0
    drawn = {"logits": logits, "bits": rng.random(shape) < 0.5}
    return {name: value.astype(np.float32) for name, value in drawn.items()}


@tried("08c.35", _heard, cases=("a decoder that is sure", "one that is not"))
def bit_accuracy(fn: Function, i: Any) -> Results:
    return {"the shares": fn(i.logits, i.bits)}


# --- rings and scans ---


def _real(value: Any, name: str) -> Any:
    """A real tensor that the learner returns. Raises BadResult for a complex one."""
    if isinstance(value, Tensor) and value.is_complex():
        raise BadResult(
            f"{name} must be real: take the real part of the transform back"
        )
    return value


def _rings(seed: int) -> Inputs:
    """Values of as many rings as a plane can have, and its size."""
    rings = int(generator(seed).integers(3, 7))
    return vectors(seed, values=(2, rings)) | {"size": 2 * rings + seed % 2}


@tried("08c.36", _rings, cases=("an even size", "an odd size"))
def ring_key(fn: Function, i: Any) -> Results:
    return {
        "the key": _real(fn(i.values, i.size), "the key"),
        "the key of one channel": _real(fn(i.values[0], i.size), "the key"),
    }


def _noise(seed: int) -> Inputs:
    channels = np.array(([1, 3], [3, 0])[seed % 2])
    rings = int(generator(seed).integers(3, 5))
    drawn = vectors(seed, noise=(3, 5, 10, 10), values=(2, rings))
    return drawn | {"channels": channels}


@tried("08c.38", _noise, cases=("channels in order", "channels in another order"))
def marked(fn: Function, i: Any) -> Results:
    noise, channels = i.noise.clone(), tuple(i.channels.tolist())
    found, silent = fn(noise, i.values, channels), i.values.clone()
    silent[:, 1] = 0
    return {
        "the marked noise": _real(found, "noise"),
        "the noise that was given stays": number(float(torch.equal(noise, i.noise))),
        "the marked noise of larger values": fn(i.noise, 3 * i.values, list(channels)),
        "the marked noise with a ring of zeros": fn(i.noise, silent, channels),
    }


@tried("08c.40", _noise, cases=("channels in order", "channels in another order"))
def ring_distance(fn: Function, i: Any) -> Results:
    channels, silent = i.channels.tolist(), i.values.clone()
    silent[:, 1] = 0
    return {
        "distances": _real(fn(i.noise, i.values, channels), "a distance"),
        "distances of louder noise": fn(2 * i.noise, i.values, tuple(channels)),
        "distances from a key with zeros": fn(i.noise, silent, channels),
    }


def _scan(seed: int) -> Inputs:
    """Rows in pairs for even seeds, any rows for odd ones."""
    rng = generator(seed)
    rows = sampled_rows(8, 1, 1, int(rng.integers(10**6))).numpy()
    if seed % 2:
        rows = rng.permutation(8) < 3
    shape = (3, 2, int(rows.sum()), 6)
    drawn = vectors(seed, x0=(3, 2, 8, 6), re=shape, im=shape)
    return drawn | {"rows": rows, "weight": float(rng.uniform(0.2, 0.8))}


@tried("08c.47", _scan, cases=("rows in pairs", "any rows"))
def adjoint(fn: Function, i: Any) -> Results:
    y = torch.complex(i.re, i.im)
    return {
        "the picture": _real(fn(y, i.rows), "a picture"),
        "the zero-filled picture": _real(fn(measure(i.x0, i.rows), i.rows), "it"),
    }


@tried("08c.49", _scan, cases=("rows in pairs", "any rows"))
def consistent(fn: Function, i: Any) -> Results:
    y = torch.complex(i.re, i.im)
    each = torch.tensor([i.weight, 0.5, 1.0], dtype=i.x0.dtype)[:, None, None, None]
    return {
        "the moved guess": _real(fn(i.x0, y, i.rows, i.weight), "a guess"),
        "moved all the way": fn(i.x0, y, i.rows),
        "one measurement for all": fn(i.x0, y[:1], i.rows, each),
    }
