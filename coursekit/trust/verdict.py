"""What a manifest is worth to whoever looks at a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coursekit.trust.manifest import (
    Claim,
    ManifestError,
    manifest_of,
    picture_hash,
    unseal,
)
from coursekit.trust.png_chunks import PngError


@dataclass(frozen=True)
class Verdict:
    """One of four states, and why, in one line.

    none: no manifest; broken: one that does not fit, or a damaged file; unknown:
    intact, but nobody vouched for the key; trusted: intact, by `signer`. signer: the
    name of a trusted key, or the first 16 hex digits of another. claim: what was
    signed, in the last two states only.
    """

    state: Literal["none", "broken", "unknown", "trusted"]
    why: str
    signer: str = ""
    claim: Claim | None = None


def judge(data: bytes, trusted: Mapping[bytes, str], latest: str) -> Verdict:
    """The verdict on a PNG file.

    trusted: public key (32 bytes) -> a name; latest: the latest moment at which a claim
    may have been made, as `now` writes it. A PngError or ManifestError on the
    way, a `picture_hash` that is not the claim's sha256, a claim of the future: broken,
    and `why` says which. Who signed is known by the key alone, never by what it says.
    """
    try:
        found = manifest_of(data)
        if found is None:
            return Verdict("none", "it carries no manifest of ours, which says nothing")
        key, claim = unseal(found)
        if claim["sha256"] != picture_hash(data):
            raise ManifestError("the file is not the one that was signed")
        if claim["created"] > latest:
            raise ManifestError("its claim says that it was made in the future")
    except (PngError, ManifestError) as error:
        return Verdict("broken", str(error))
    if key in trusted:
        return Verdict("trusted", "unchanged since it was signed", trusted[key], claim)
    why = "unchanged since, but you trust no such key, and anybody can make one"
    return Verdict("unknown", why, key.hex()[:16], claim)
