"""`coursekit provenance bear.png --trust friends/`

Says what a picture carries with it: a signed history, whole or broken, and from whom;
hidden marks. Without a manifest nothing follows; a sound one says who signed, not what
is true.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from coursekit.trust.manifest import Claim

MOST = 200_000_000  # bytes of a file
TRUST_HELP = "A public key, or a folder of them: NAME.pub. Nobody else is trusted."
FROM_HELP = "Pictures that it was made from: their manifests tell the history."
KEY_HELP = "Make a key instead: secret.pem for --sign, and secret.pub to give away."


def main(
    picture: Annotated[Path | None, typer.Argument(help="A picture's file.")] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help=TRUST_HELP)
    ] = None,
    made_from: Annotated[
        list[Path] | None, typer.Option("--from", metavar="FILE", help=FROM_HELP)
    ] = None,
    new_key: Annotated[
        Path | None, typer.Option(metavar="secret.pem", help=KEY_HELP)
    ] = None,
) -> int:
    """Say what a picture's file tells of where it comes from.

    Exit status 0: no manifest, or a sound one, 1: broken, or no picture, 2: bad input.
    """
    from coursekit.editing.open_picture import PictureError
    from coursekit.trust import keys
    from coursekit.trust.manifest import ManifestError
    from coursekit.trust.png_chunks import PngError

    try:
        if picture is not None and new_key is None:
            return tell(picture, keys.trusted_keys(trust or []), made_from or [])
        if picture is not None or new_key is None:
            raise keys.KeyFileError("name a picture, or --new-key secret.pem")
        print(f"{keys.new_key(new_key)} is yours to give away, {new_key} is secret")
    except (PictureError, ManifestError, PngError, keys.KeyFileError) as error:
        print(f"coursekit provenance: {error}", file=sys.stderr)
        return 2 if isinstance(error, keys.KeyFileError) else 1
    return 0


def read(path: Path) -> bytes:
    """All bytes of a file. Raises PictureError, in one line."""
    from coursekit.editing.open_picture import PictureError

    if not path.is_file():  # a folder, nothing, a pipe that never ends
        raise PictureError(f"{path} is no file with a picture")
    if not 0 < path.stat().st_size <= MOST:
        raise PictureError(f"{path} is empty, or has more than {MOST:,} bytes")
    return path.read_bytes()


def tell(path: Path, trusted: dict[bytes, str], parents: list[Path]) -> int:
    """Print the verdict, the history and the marks; the exit status.

    Raises PictureError, and for what does not fit in the history ManifestError.
    """
    from coursekit.editing.open_picture import PictureError, open_picture
    from coursekit.pipeline.hidden_marks import hidden_marks
    from coursekit.pipeline.signing import AHEAD
    from coursekit.trust.manifest import history, manifest_of, now
    from coursekit.trust.png_chunks import SIGNATURE
    from coursekit.trust.verdict import Verdict, judge

    data, marks = read(path), list[str]()
    found = Verdict("none", "it is no PNG file: others carry no manifest of ours")
    if data.startswith(SIGNATURE):
        found = judge(data, trusted, now(AHEAD))
    try:
        marks = hidden_marks(open_picture(path).pixels)
    except PictureError:  # pixels that cannot be read hide nothing that can be
        if found.state == "none":
            raise
    by = f", signed by {found.signer}" if found.claim else ""
    print(f"{path}: {found.state}{by}: {found.why}")
    if found.claim:
        print(f"  it says: {said(found.claim)}")
        others = filter(None, (manifest_of(read(each)) for each in parents))
        told = history(manifest_of(data) or b"", others)[1:] if parents else []
        for key, claim in told:
            who = trusted.get(key, f"unknown {key.hex()[:16]}")
            print(f"  before, signed by {who}: {said(claim)}")
    print("\n".join(marks), end="\n" if marks else "")
    return int(found.state == "broken")


def said(claim: "Claim") -> str:
    """What a claim says, on one line."""
    did = ", ".join(act["action"].removeprefix("c2pa.") for act in claim["actions"])
    kinds = {act["digitalSourceType"].rpartition("/")[2] for act in claim["actions"]}
    tool = " ".join((claim["tool"]["name"], claim["tool"]["version"]))
    made = "".join(f", from {part['title']!r}" for part in claim["ingredients"])
    head = f"{claim['title']!r}, {did} ({', '.join(sorted(kinds))})"
    return f"{head} with {tool}, {claim['created']}{made}"
