"""Build the book: `make book`, or `python docs/book/make.py [--out FOLDER]`.

The pages are made from what is there already: solved notebooks as they ran, README,
docs, the claims, what the command line draws. Nothing is written twice.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import drawn
import links
import notebook_page
import pages
import runs

ROOT = runs.ROOT
HERE = Path(__file__).resolve().parent
# OWNER/NAME, which GitHub tells its workflows; without it no page links there.
REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")


def main() -> int:
    """Make the source pages, let Sphinx render them, and follow every link."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "book")
    out: Path = parser.parse_args().out.resolve()
    if out.exists() and any(out.iterdir()) and not (out / ".buildinfo").is_file():
        print(f"{out} is no book: name an empty folder, or one that is not there")
        return 2
    shutil.rmtree(out, ignore_errors=True)  # no page of the last book may stay
    start = time.monotonic()
    source = out.parent / f"{out.name}-source"
    for old in (source, source.with_name(f"{source.name}-read")):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    for name in ("_static", "_templates"):
        shutil.copytree(HERE / name, source / name)
    shutil.copy(HERE / "conf.py", source)
    notebooks(source)
    drawn_before = out.parent / "drawn" / runs.package()[:12]
    pages.write(source, REPOSITORY, drawings(drawn_before, source / "drawn"))
    if status := sphinx(source, out):
        return status
    dead = links.dead(out)
    print("\n".join(dead))
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) / 2**20
    count = sum(1 for _ in out.glob("*.html"))
    took = time.monotonic() - start
    print(f"{out}: {count} pages, {size:.0f} MB, {took:.0f} s, {len(dead)} dead links")
    return 1 if dead else 0


def notebooks(source: Path) -> None:
    """A page for each notebook; those that have not run since a change run now."""
    solved = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
    targets = notebook_page.linked(p.read_text(encoding="utf-8") for p in solved)
    for path in solved:
        found = runs.kept(path)
        print(f"{path.stem}: {'ran before' if found else 'runs now ...'}", flush=True)
        learner = ROOT / "notebooks" / path.name
        text = notebook_page.page(
            found or runs.run(path),
            learner,
            pages.open_links(path.name, REPOSITORY),
            targets.get(path.stem, set()),
            source / "_static" / "shown" / path.stem,
        )
        (source / path.name).write_text(text, encoding="utf-8")


def drawings(kept: Path, target: Path) -> pages.Drawings:
    """What the models draw; kept for the next build with the same package and data."""
    kept.mkdir(parents=True, exist_ok=True)
    print("drawing ...", flush=True)
    front = [drawn.draw(*each, kept) for each in drawn.FRONT]
    gallery = [drawn.draw(*each, kept) for each in drawn.gallery()]
    slider = drawn.slider(kept / "slider.webp")
    written = drawn.draw("written", drawn.WRITTEN, "", kept)
    shutil.copytree(kept, target)
    return pages.Drawings(front, gallery, slider, written)


def sphinx(source: Path, out: Path) -> int:
    """Sphinx's status; a warning is an error, and no network is needed."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    command += ["-d", str(source.parent / f"{source.name}-read")]
    environment = os.environ | {"COURSEKIT_REPOSITORY": REPOSITORY}
    done = subprocess.run([*command, str(source), str(out)], env=environment)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
