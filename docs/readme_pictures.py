"""The pictures of the README, made from the package: `python docs/readme_pictures.py`.

Every picture is a run of the code that learners write, from the shipped checkpoints;
the same seed gives the same picture.
"""

import colorsys
import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

import coursekit

FOLDER = Path(coursekit.__file__).resolve().parents[1] / "docs" / "images"
SIDE, SPAN, DENSITY = 300, 2.9, 2  # pixels, data units to the edge, oversampling


def bears(path: Path) -> None:
    """A row of scenes of the teddy world."""
    from coursekit import plots
    from coursekit.datasets.teddy.sample import teddies

    images, _ = teddies(8, size=64, seed=7)
    row = Image.fromarray(plots.grid(images, columns=8, zoom=1).array())
    row.convert("RGB").save(path, quality=85, method=6)


def arena(path: Path) -> None:
    """The leaderboard of notebook 07, as it was measured."""
    from coursekit.experiments.measure import load_measured
    from coursekit.lectures.l07_evaluation.figures import board_panel

    found = Image.fromarray(board_panel(load_measured("07.L")).array())
    sheet = Image.new("RGB", found.size, "white")
    sheet.paste(found, (0, 0), found)
    half = (found.width // 2, found.height // 2)
    shown = sheet.resize(half, Image.Resampling.LANCZOS)
    few = shown.quantize(32, Image.Quantize.MAXCOVERAGE)  # also what is rarely used
    few.save(path, lossless=True, method=6)


def denoising(path: Path) -> None:
    """Films of the two shipped models, from noise on the left to data on the right."""
    from coursekit import plots
    from coursekit.experiments.films import from_checkpoint

    strips = []
    for name in ("teddy-ddpm", "fashion-ddpm"):
        film = from_checkpoint(name, count=3, num_evals=100, seed=3, eta=1.0)
        strips.append(plots.filmstrip(film.states, count=9, rows=3).array()[..., :3])
    width = min(strip.shape[1] for strip in strips)
    parts = []
    for strip in strips:
        image = Image.fromarray(strip)
        height = round(image.height * width / image.width)
        parts.append(image.resize((width, height), Image.Resampling.NEAREST))
    sheet = Image.new("RGB", (width, sum(part.height for part in parts) + 8), "white")
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height + 8
    sheet.save(path, lossless=True, method=6)


def ring(path: Path) -> None:
    """An animation: 400 points find eight blobs, beside the guesses on the way."""
    from coursekit.datasets import toys
    from coursekit.experiments.films import record
    from coursekit.theory.ddpm_schedule import make_schedule

    mixture = toys.ring()
    schedule = make_schedule("cosine", 1000)
    model = toys.exact_eps_model(mixture, schedule)
    start = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    film = record(model, start, schedule, 50)
    end = film.states[-1]
    hues = (torch.atan2(end[:, 1], end[:, 0]) / (2 * torch.pi)) % 1
    colours = [_colour(hue) for hue in hues.tolist()]
    frames = [
        _panels(state, guess, colours)
        for state, guess in zip(film.states, film.estimates, strict=True)
    ]
    frames = frames[::2]
    times = [700, *[110] * (len(frames) - 2), 2500]
    first = frames[0].quantize(64)
    rest = [frame.quantize(palette=first) for frame in frames[1:]]
    film = {"save_all": True, "append_images": rest, "duration": times, "loop": 0}
    first.save(path, lossless=True, method=6, **film)


def _colour(hue: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue, 0.5, 0.55)
    return round(255 * red), round(255 * green), round(255 * blue)


def _panels(
    left: Tensor, right: Tensor, colours: list[tuple[int, int, int]]
) -> Image.Image:
    """Two square scatter plots side by side."""
    side = SIDE * DENSITY
    image = Image.new("RGB", (2 * side, side), "white")
    draw = ImageDraw.Draw(image)
    for offset, points in ((0, left), (side, right)):
        pixels = (points * torch.tensor([1.0, -1.0]) / SPAN + 1) * side / 2
        for (x, y), colour in zip(pixels.tolist(), colours, strict=True):
            if 0 <= x < side and 0 <= y < side:
                x, radius = x + offset, 2.2 * DENSITY
                box = (x - radius, y - radius, x + radius, y + radius)
                draw.ellipse(box, fill=colour)
    draw.rectangle((0, 0, 2 * side - 1, side - 1), outline="#bbbbbb", width=DENSITY)
    draw.line((side, 0, side, side), fill="#bbbbbb", width=DENSITY)
    return image.resize((2 * SIDE, SIDE), Image.Resampling.LANCZOS)


def main(argv: list[str]) -> int:
    """Make all pictures, or those named."""
    from readme_prompts import prompts

    makers = {
        "arena.webp": arena,
        "bears.webp": bears,
        "denoising.webp": denoising,
        "prompts.webp": prompts,
        "ring.webp": ring,
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in argv or makers:
        if name not in makers:
            print(
                f"no picture {name!r}: there are {', '.join(makers)}", file=sys.stderr
            )
            return 2
        makers[name](FOLDER / name)
        size = (FOLDER / name).stat().st_size / 1000
        print(f"docs/images/{name}: {size:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
