"""What the models draw, write and film for the book: by the command line, as a reader.

Each thing stands in the book with the command that made it.
"""

import hashlib
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageSequence


@dataclass(frozen=True)
class Drawn:
    """A command of coursekit, and what it makes. said: what it printed."""

    file: Path
    command: str
    alt: str
    said: str = ""


# Where it stands -> (file, command without -o and the file, what is to be seen)
FRONT = (
    (
        "prompt.png",
        'sample "a brown bear with a red hat, reading in the park" --grid 4 --zoom 3',
        "Four times: a brown teddy bear with a red hat reads a book in a park",
    ),
    (
        "film.png",
        'sample "a brown bear with a red hat, reading in the park" --film --zoom 4',
        "A drawing in steps: noise on the left, the bear on the right",
    ),
    (
        "clip.gif",
        'sample --video "a bear waves, then a person in a green shirt walks past"',
        "A clip: a teddy bear waves, then a person in a green shirt walks past it",
    ),
)
STEPS = 24  # of the slider's film
WRITTEN = 'write "a blue bear with sunglasses in the snow" --show'
BEARS = (
    "two bears in the snow, one with glasses",
    "a blue bear with a yellow hat at the beach",
    "a pink bear, dancing in the forest",
    "three bears in the city",
)
STUDENTS = ("teddy-64-progressive", "teddy-64-dmd", "teddy-64-consistency")
EMOJI = ("grinning cat", "red heart", "rainbow")
CLIPS = ("a bear waves", "a bear with a red hat dances")


def gallery() -> Iterator[tuple[str, str, str]]:
    """(file, command, what is to be seen) of the gallery."""
    for n, prompt in enumerate(BEARS):
        command = f'sample "{prompt}" --grid 4 --zoom 3'
        yield f"bears-{n}.png", command, f"Four drawings of: {prompt}"
    for student in STUDENTS:
        words = f"{BEARS[1]}, drawn in two steps by {student}"
        command = f'sample "{BEARS[1]}" --student {student} --steps 2 --zoom 3'
        yield f"{student}.png", f"{command} --grid 4", f"Four drawings of: {words}"
    for n, prompt in enumerate(EMOJI):
        command = f'sample "{prompt}" --world emoji --grid 4 --zoom 4'
        yield f"emoji-{n}.png", command, f"Four emoji: {prompt}"
    for n, prompt in enumerate(CLIPS):
        yield f"clip-{n}.gif", f'sample --video "{prompt}"', f"A clip: {prompt}"


def slider(place: Path) -> Path:
    """What a reader sees who drags a slider of notebook 03, from noise to data."""
    from coursekit.datasets import toys
    from coursekit.lectures.l03_flow_matching import widgets

    if not place.is_file():
        live = widgets.flow_field(toys.ring(), seed=1)
        frames = []
        for n in range(STEPS + 1):
            live.controls["t"].value = 1 - n / STEPS
            png = Image.open(io.BytesIO(live.picture().png))
            paper = Image.new("RGBA", png.size, "white")
            paper.alpha_composite(png.convert("RGBA"))
            frames.append(paper.convert("RGB"))
        _film(frames, 160, place, 1)
    return place


def draw(name: str, command: str, alt: str, folder: Path) -> Drawn:
    """Run a command into a file of the folder, unless that was done before."""
    place = folder / name
    said = folder / f"{name}-{hashlib.sha256(command.encode()).hexdigest()[:12]}.txt"
    if not said.is_file():
        option = [] if command.startswith("write") else ["-o", name, "--force"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "100"}
        words = [sys.executable, "-m", "coursekit", *shlex.split(command), *option]
        done = subprocess.run(
            words, env=environment, capture_output=True, text=True, cwd=folder
        )
        if done.returncode != 0:
            raise RuntimeError(f"coursekit {command}\n{done.stderr}")
        said.write_text(done.stdout, encoding="utf-8")
    if place.suffix == ".gif":
        place = twice(place)
    return Drawn(place, f"coursekit {command}", alt, said.read_text(encoding="utf-8"))


def twice(clip: Path) -> Path:
    """A clip that plays twice and stops: nobody has to read beside what never rests."""
    place = clip.with_suffix(".webp")
    with Image.open(clip) as film:
        pause = film.info.get("duration", 125)
        frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(film)]
    _film(frames, pause, place, 2)
    return place


def _film(frames: list[Image.Image], pause: int, place: Path, times: int) -> None:
    first, *rest = frames
    first.save(place, save_all=True, append_images=rest, duration=pause, loop=times)
