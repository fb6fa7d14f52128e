"""Figures of notebook 8a, of stored numbers and of what a cell hands over."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from torch import Tensor

from coursekit.evaluation.picture_prices import (
    H100_PEAK,
    PRICES,
    Machine,
    price_per_megapixel,
)
from coursekit.lectures.l08a_state_of_the_art.experiments.bears import PLANS
from coursekit.lectures.l08a_state_of_the_art.experiments.patches import SAYS, config
from coursekit.models.published_shapes import SHAPES, Shape, published_cost
from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    spread_of,
    standard_error,
)
from coursekit.plots.table import Table, table
from coursekit.plots.theme import GRID, INK, colour

SPOKEN = {
    "x0": "says the data",
    "velocity": "says the velocity",
    "eps": "says the noise",
}
TICKS = (0.2, 0.5, 1, 2, 5)  # of errors, on a logarithmic axis


def rank_panels(
    laws: Mapping[int, Tensor],
    errors: Callable[[Tensor, float, str], Tensor],
    t: float,
    through: int,
) -> Picture:
    """The error of the best linear maps over their rank; dashed: the rank `through`.

    laws: patch side -> variances; errors: a function such as `rank_errors`.
    """
    shown = {side: law for side, law in laws.items() if len(law) > 12}
    with style():
        figure, axes = canvas(len(shown), 3.0, 3.0)
        for axis, (side, law) in zip(axes, shown.items(), strict=True):
            ranks = np.arange(1, len(law) + 1)
            for says, name in SPOKEN.items():
                axis.plot(ranks, numbers(errors(law, t, says))[1:], label=name)
            axis.axvline(min(through, len(law)), color=INK, lw=1.2, ls=(0, (4, 3)))
            axis.set(xscale="log", yscale="log", xlabel="rank", ylim=(0.18, 16))
            axis.set_yticks(TICKS, [f"{each:g}" for each in TICKS])
            axis.minorticks_off()
            axis.set_title(f"{side} x {side}, {len(law)} numbers")
        axes[0].set_ylabel(f"error of the velocity, t = {t}")
        axes[0].legend(fontsize=8, loc="upper left")
        return render(figure)


def patch_panels() -> Picture | Table:
    """Figure A: what the last layer says, by the side of a patch."""
    return measured_figure("08a.A", _patch_panels)


def _patch_panels(stored: Stored) -> Picture:
    patches = stored["patches"]
    with style():
        figure, axes = canvas(4, 2.9, 3.1)
        titles = {"frechet": "Fréchet distance", "valid": "valid scenes"}
        for axis, (key, title) in zip(axes[:2], titles.items(), strict=True):
            for says in SAYS:
                names = [f"{says}_{patch}_{key}" for patch in patches]
                mean = numbers([stored[name] for name in names])
                error = numbers([standard_error(stored, name) for name in names])
                draw_line(axis, numbers(patches), mean, error, SPOKEN[says])
            scale(axis, patches, True, key == "frechet")
            draw_level(axis, (stored[f"real_{key}"], "real"), key == "valid")
            axis.set(title=title, xlabel=f"patch side\n({spread_of(stored)})")
        axes[0].legend(fontsize=8)
        for axis, patch in zip(axes[2:], patches[-2:], strict=True):
            for says in SAYS:
                key = f"{says}_{patch}_error"
                curve(axis, stored["times"], stored, key, SPOKEN[says])
            axis.set(yscale="log", ylim=(0.1, 7))
            axis.set_yticks(TICKS, [f"{each:g}" for each in TICKS])
            axis.minorticks_off()
            least = 1 - config(patch, "velocity").bottleneck / (3 * patch**2)
            draw_level(axis, (least, "least of the velocity"), below=True)
            axis.set(title=f"error, patches of {patch}", xlabel="t, held-out pictures")
        return render(figure)


SIDES = {32: "32 x 32 pixels", 64: "64 x 64 pixels"}
THINGS = {"hat": "hat", "glasses": "glasses", "fur": "fur"}


def ceiling_panels() -> Picture | Table:
    """Figure B: what is still right after an autoencoder, by the height of the bear."""
    return measured_figure("08a.B", _ceiling_panels)


def _ceiling_panels(stored: Stored) -> Picture:
    edges = numbers(stored["edges"])
    middle = (edges[1:] + edges[:-1]) / 2
    with style():
        figure, axes = canvas(3, 3.4, 3.2)
        for axis, (side, title) in zip(axes, SIDES.items(), strict=False):
            for key, name in THINGS.items():
                told = f"{side}_nearest_{key}_rebuilt"
                curve(axis, middle * side, stored, told, name)
            axis.set(title=f"rebuilt, {title}", xlabel="height of the bear, pixels")
            axis.set_ylim(0.3, 1.04)
        for key, name in {"real": "real", "rebuilt": "rebuilt"}.items():
            curve(axes[2], middle * 32, stored, f"32_second_glasses_{key}", name)
        axes[2].set(title="glasses, by a reader, 32", xlabel="height, pixels")
        axes[0].set_ylabel(f"named rightly ({spread_of(stored)})", fontsize=9)
        axes[0].legend()
        axes[2].legend()
        return render(figure)


ENCODERS = {"joint": "learnt with the rest", "frozen": "borrowed", "real": "real"}
ASKED = ("place", "fur", "hat", "glasses", "pose", "action", "all")


def encoder_panels() -> Picture | Table:
    """Figure F: sentences obeyed, with an encoder that was learnt, or borrowed."""
    return measured_figure("08a.F", _encoder_panels)


def _encoder_panels(stored: Stored) -> Picture:
    splits = {"": "new scenes", "heldout_": "new pairs of fur and hat"}
    with style():
        figure, axes = canvas(2, 5.2, 3.2)
        for axis, (mark, title) in zip(axes, splits.items(), strict=True):
            shown = {
                name: {
                    label: (
                        bar(stored, f"{way}_{mark}{name}")
                        if way != "real"
                        else (stored[f"real_{mark}{name}"], 0.0)
                    )
                    for way, label in ENCODERS.items()
                }
                for name in ASKED
            }
            draw_groups(axis, shown)
            axis.set(title=title, ylim=(0, 1.25))
        axes[0].set_ylabel(f"obeyed ({spread_of(stored)} of noise)", fontsize=9)
        axes[1].legend(fontsize=8, ncols=3)
        return render(figure)


ENHANCED = {
    "raw": "short",
    "plain": "plain",
    "retrieval": "retrieval",
    "model": "model",
    "taught": "model, taught",
}


def enhancement_panels() -> Picture | Table:
    """Figure C: short wishes, drawn as they are or expanded first."""
    return measured_figure("08a.C", _enhancement_panels)


def _enhancement_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(4, 2.9, 3.0)
        places = range(len(ENHANCED))
        shown = [bar(stored, f"{way}_adherence") for way in ENHANCED]
        apart = [
            (stored[f"{way}_distance"], stored[f"{way}_distance_error"])
            for way in ENHANCED
        ]
        for axis, pairs in zip(axes, (shown, apart), strict=False):
            means, halves = zip(*pairs, strict=True)
            axis.barh(places, means, xerr=halves, color=colour("blue"), height=0.62)
            axis.set_xlabel("± standard error")
        axes[0].axvline(stored["reader"], color=INK, lw=1.2, ls=(0, (4, 3)))
        axes[0].set(title="what was said is shown", xlim=(0, 1.05))
        axes[1].set(title="two pictures differ by")
        for axis, kind in zip(axes[2:], ("bits", "asked"), strict=True):
            for i, name in enumerate(UNSAID_THINGS):
                spots = [place + 0.27 * (i - 1) for place in places]
                found = [stored[f"{way}_{name}_{kind}"] for way in ENHANCED]
                axis.barh(spots, found, height=0.24, label=name)
            axis.set(xlabel="bits, over the seeds")
        axes[2].set(title="what varies in pictures")
        axes[3].set(title="what varies in captions")
        axes[2].legend(fontsize=8)
        for axis in axes:
            axis.set_yticks(places, list(ENHANCED.values()) if axis is axes[0] else [])
            axis.invert_yaxis()
            axis.grid(visible=False, axis="y")
        return render(figure)


UNSAID_THINGS = ("fur", "hat", "place")


def enhancement_table() -> Picture | Table:
    """Figure C: what each way of expanding costs, and what it gets wrong."""
    return measured_figure("08a.C", _enhancement_table)


def _enhancement_table(stored: Stored) -> Table:
    columns = {
        "adherence": "said and shown",
        "valid": "valid pictures",
        "contradictions": "captions that contradict",
        "refused": "gave up",
        "seconds": "seconds to expand",
        "drawing": "seconds to draw",
    }
    return table(
        {
            name: {text: stored[f"{way}_{key}"] for key, text in columns.items()}
            for way, name in ENHANCED.items()
        }
    )


RUNS = {
    "default": "default",
    "unguided": "not guided",
    "student": "its student",
    "other": "32 x 32",
}


def cost_panels() -> Picture | Table:
    """Figure D: FLOPs and seconds of our own pictures, predicted and measured."""
    return measured_figure("08a.D", _cost_panels)


def _cost_panels(stored: Stored) -> Picture:
    many = f"{stored['batch']} side by side"
    panels = {
        "GFLOPs of a picture": {"predicted": "gflops", "counted": "counted_gflops"},
        "seconds, alone": {"predicted": "alone_predicted", "measured": "alone_seconds"},
        f"seconds, {many}": {
            "predicted": "batch_predicted",
            "measured": "batch_seconds",
        },
    }
    with style():
        figure, axes = canvas(len(panels), 3.6, 3.2)
        for axis, (title, ways) in zip(axes, panels.items(), strict=True):
            groups = {
                name: {way: (stored[f"{key}_{end}"], 0.0) for way, end in ways.items()}
                for key, name in RUNS.items()
            }
            draw_groups(axis, groups)
            axis.set(title=title)
            axis.tick_params(axis="x", labelsize=8)
        return render(figure)


STEPS = (1, 2, 4, 8, 16, 32, 64)
PIXELS = (8, 16, 32, 64, 128)
KINDS = {"patches of pixels": (1, 3, "o-"), "of latents, f = 8": (8, 16, "x--")}


def dollars(shape: Shape, share: float, size: int = 2048) -> float:
    """Of a megapixel: an H100 at that share of its peak, by the cheapest hour."""
    cost = published_cost(shape, size, 512)
    return price_per_megapixel(cost, Machine(H100_PEAK, share), PRICES[0].dollars)


def price_lines(share: float = 0.4) -> Picture:
    """What a megapixel costs by the plan: pixels of a token, f, steps, guidance.

    share: of the peak, assumed. Computed here and now, from the sheets.
    """
    listed = [row.per_megapixel for row in PRICES if row.pixels]
    with style():
        figure, axes = canvas(2, 4.8, 3.6)
        plan = SHAPES["HiDream-O1-Image"]
        for name, (factor, channels, look) in KINDS.items():
            kind = replace(plan, factor=factor, channels=channels)
            shapes = [replace(kind, patch=side // factor) for side in PIXELS]
            found = [dollars(shape, share) for shape in shapes]
            axes[0].plot(PIXELS, found, look, label=name)
        scale(axes[0], PIXELS, True, True)
        axes[0].set(title="HiDream's network", xlabel="side of a token, in pixels")
        axes[0].set_ylabel("dollars a megapixel")
        for name, shape in SHAPES.items():
            asked, plain = (
                [dollars(replace(shape, steps=n, guided=g), share) for n in STEPS]
                for g in (True, False)
            )
            (line,) = axes[1].plot(STEPS, asked, label=name)
            axes[1].plot(STEPS, plain, "--", color=line.get_color())
        scale(axes[1], STEPS, True, True)
        axes[1].axhspan(min(listed), max(listed), color=GRID, alpha=0.2, label="lists")
        axes[1].set(title="guided, and not (dashed)", xlabel="steps")
        for axis in axes:
            axis.legend(fontsize=8)
        return render(figure)


# --- 8a.10: beside each other ---------------------------------------------------------


def beside_table() -> Picture | Table:
    """Figure E: everyone on the same sentences."""
    return measured_figure("08a.E", _beside_rows)


def _beside_rows(stored: Stored) -> Table:
    rows = {"real pictures": "real", "rebuilt by teddy-vae": "rebuilt"}
    rows |= {name: name.replace("-", "_") for name in stored["names"]}
    found = {}
    for name, key in rows.items():
        own = {k: stored.get(f"{key}_{k}") for k in ("tokens", "parameters", "seconds")}
        found[name] = {
            "all of it": f"{stored[f'{key}_all']:.0%}",
            "new scenes": f"{stored[f'{key}_all_test']:.0%}",
            "new pairs": f"{stored[f'{key}_all_heldout']:.0%}",
            "hat": f"{stored[f'{key}_hat']:.0%}",
            "glasses": f"{stored[f'{key}_glasses']:.0%}",
            "sharpness": f"{stored[f'{key}_sharpness']:.2f}",
            "Fréchet": f"{stored[f'{key}_frechet']:.1f}",
            "probe": f"{stored[f'{key}_told']:.2f} ± {stored[f'{key}_told_error']:.2f}",
            "tokens": own["tokens"] or "",
            "weights, M": f"{own['parameters'] / 1e6:.1f}" if own["parameters"] else "",
            "seconds": f"{own['seconds']:.2f}" if own["seconds"] else "",
        }
    return table(found)


def bears_table() -> Picture | Table:
    """Figure G: the miniatures taught further, sentences of one to three bears."""
    return measured_figure("08a.G", _bears_rows)


def _bears_rows(stored: Stored) -> Table:
    rows = {"real pictures": "real"}
    rows |= {f"{name}, taught further": name.replace("-", "_") for name in PLANS}
    rows["coursekit sample"] = "default"
    found = {}
    for name, key in rows.items():
        if f"{key}_of_1_all" in stored:
            sharp, told = stored.get(f"{key}_sharpness"), stored.get(f"{key}_told")
            off = stored.get(f"{key}_told_error")
            found[name] = {
                f"{word}, of {many}": f"{stored[f'{key}_of_{many}_{word}']:.0%}"
                for word in ("count", "hat", "pose", "all")
                for many in (1, 2, 3)
            } | {
                "sharpness": f"{sharp:.2f}" if sharp else "",
                "probe": f"{told:.2f} ± {off:.2f}" if told else "",
            }
    return table(found)
