"""The figures of notebook 07, drawn from what was measured."""

from typing import Any

import numpy as np

from coursekit.arena.table import MIDDLE
from coursekit.evaluation.benchmark import TASKS
from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, scale
from coursekit.plots.measured import (
    Stored,
    bar,
    curve,
    measured_figure,
    spread_of,
    standard_error,
)
from coursekit.plots.table import Table, table
from coursekit.plots.theme import INK, colour

# --- 7.1 to 7.3: ratings --------------------------------------------------------------


def ways_panels(stored: Stored) -> Picture:
    """Figure B: how often each way of asking finds the better of two models."""
    names = {"grades": "grades, 1 to 5", "yes": "good or not", "pairs": "which of two"}
    with style():
        figure, axes = canvas(2, 4.4, 3.3)
        for i, axis in enumerate(axes):
            for key, name in names.items():
                curve(axis, numbers(stored["looks"]), stored, f"{key}_{i}", name)
            axis.set(xscale="log", xlabel=f"looks at a picture ({spread_of(stored)})")
            axis.set(ylim=(0.5, 1.02))
            axis.set_title(f"raters differ by {stored['severe'][i]:g} grades")
        axes[0].set_ylabel("the better model is first")
        axes[0].legend()
        return render(figure)


def sitting_panels(stored: Stored) -> Picture:
    """Figure M: what noise, fatigue and a favourite side do to people's answers."""
    kinds = {"noisy": "noisy", "tired": "tired", "leaning": "likes the left"}
    ways = ("grades", "good or not", "which of two")
    curves = {
        "calm": "calm",
        "noisy": "noisy",
        "tired": "tired, one person",
        "shared": f"tired, {stored['sharing']} people",
        "leaning": "likes the left, sides by chance",
        "one_side": "likes the left, better one right",
    }
    with style():
        figure, axes = canvas(2, 5.0, 3.6)
        groups = {}
        for kind, name in kinds.items():
            key = f"{kind}_kept"
            bars = zip(stored[key], standard_error(stored, key), strict=True)
            groups[name] = dict(zip(ways, bars, strict=True))
        draw_groups(axes[0], groups, loc="upper left", bbox_to_anchor=(0, 0.86))
        draw_level(axes[0], (1.0, "calm people"))
        axes[0].set(title="how far apart the models look", ylim=(0, 1.12))
        axes[0].set_xlabel(f"{stored['sitting']} answers ({spread_of(stored)})")
        for key, name in curves.items():
            curve(axes[1], numbers(stored["votes"]), stored, f"{key}_right", name)
        scale(axes[1], stored["votes"], True, False)
        axes[1].set(title="the better model is ahead", xlabel="votes", ylim=(0, 1.03))
        axes[1].legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.43))
        return render(figure)


def rated_panels(stored: Stored) -> Picture:
    """Figure A: one model, three kinds of opponents; and Elo's memory."""
    mixes = {"weakest": "the weakest", "all": "all", "strongest": "the strongest"}
    with style():
        figure, axes = canvas(3, 3.3, 3.2)
        rates = numbers([stored[f"{mix}_rate"] for mix in mixes])
        axes[0].bar(range(3), rates, 0.6)
        axes[0].set_xticks(range(3), mixes.values())
        axes[0].set(title="win rate of one model", xlabel="against", ylim=(0, 1))
        middle = numbers([stored[f"{mix}_rating"] for mix in mixes])
        half = numbers([stored[f"{mix}_half"] for mix in mixes])
        axes[1].errorbar(range(3), middle, half, fmt="o", capsize=4)
        draw_level(axes[1], (stored["truth"], "the truth"))
        axes[1].set_xticks(range(3), mixes.values())
        axes[1].set(title="its rating, in nats", ylim=(-0.6, 1.0), xlabel="against")
        axes[1].set_xlim(-0.4, 2.9)  # the words of the level stand beside the last bar
        curve(axes[2], numbers(stored["ks"]), stored, "elo_spread", "")
        axes[2].set(title="the same votes, shuffled", xlabel="Elo's K")
        axes[2].set_ylabel("ratings differ by, points")
        return render(figure)


# --- 7.4 to 7.6: distances ------------------------------------------------------------

MEASURES = {
    "frechet": "Fréchet",
    "kid": "KID",
    "cmmd": "wide\nkernel",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
}
CROWDS = {
    "real": "real bears",
    "blur_07": "blurred, σ 0.7",
    "blur_1": "blurred, σ 1",
    "noise_01": "grain, 0.1",
    "noise_02": "grain, 0.2",
    "no_dance": "nobody dances",
    "brown": "brown bears only",
    "copies": "50 known by heart",
}
EYES = {"reader": "seen by the reader", "clip": "seen by CLIP"}


def bias_panels(stored: Stored) -> Picture:
    """Figure C: the Fréchet distance over the number of pictures, and its limit."""
    sizes = numbers(stored["sizes"])
    with style():
        figure, axes = canvas(2, 4.4, 3.5)
        points = numbers(stored["normal_sizes"])
        curve(axes[0], points, stored, "normal_frechet", "measured")
        theory = numbers(stored["normal_theory"])
        axes[0].plot(points, theory, "--", color="grey", label="(D² + 5 D) / (2 N)")
        axes[0].set(xscale="log", yscale="log", xlabel="N in each crowd")
        axes[0].set(title="one normal law, beside itself", ylabel="Fréchet distance")
        for name, label in (("real", "real bears"), ("blurred", "blurred bears")):
            curve(axes[1], 1 / sizes, stored, f"{name}_frechet", label)
            line = stored[f"{name}_limit"] + stored[f"{name}_slope"] / sizes[1:]
            ends = [stored[f"{name}_limit"], *line[::-1]]
            axes[1].plot([0, *(1 / sizes[1:])[::-1]], ends, "--", color="grey")
        axes[1].set_xticks(1 / sizes, [f"1/{size:g}" for size in sizes], rotation=60)
        axes[1].set(title="beside other real bears", ylim=(-3, None), xlim=(0, None))
        axes[1].set(xlabel=f"1 / N ({spread_of(stored)})")
        for axis in axes:
            axis.legend()
        return render(figure)


def pair_panels(stored: Stored) -> Picture:
    """Figure D: blur of every width, and the shift by one pixel as a level."""
    names = {"psnr": "PSNR, dB", "ssim": "SSIM", "seen": "seen by the reader"}
    sigmas = stored["sigmas"]
    with style():
        figure, axes = canvas(3, 3.3, 3.1)
        for axis, (key, name) in zip(axes, names.items(), strict=True):
            curve(axis, sigmas, stored, f"blur_{key}", "blur")
            draw_level(axis, (stored[f"shift_{key}"], "one pixel to the right"))
            axis.axvline(stored[f"equal_{key}"], color="grey", lw=1)
            axis.set(title=name, xlabel="σ of the blur, pixels")
        axes[0].set_ylabel("mean over pictures")
        return render(figure)


def _noticed(stored: Stored, key: str, floor: str) -> bool:
    """Whether all draws lie beyond all draws of real bears, on one side."""
    found, real = numbers(stored[f"{key}_all"]), numbers(stored[f"{floor}_all"])
    return bool(found.min() > real.max() or found.max() < real.min())


def spoilt_table(stored: Stored) -> Picture:
    """Figure H: what each measure says of each crowd; blue where it noticed."""
    with style():
        figure, axes = canvas(2, 5.0, 3.6)
        for axis, (eye, title) in zip(axes, EYES.items(), strict=True):
            seen = np.zeros((len(CROWDS), len(MEASURES)))
            for i, crowd in enumerate(CROWDS):
                for j, name in enumerate(MEASURES):
                    key = f"{eye}_{crowd}_{name}"
                    seen[i, j] = _noticed(stored, key, f"{eye}_real_{name}")
                    text = _short(stored[key])
                    axis.text(
                        j, i, text, ha="center", va="center", size=9, color="#20303f"
                    )
            axis.imshow(seen, cmap="Blues", vmin=0, vmax=3, aspect="auto")
            axis.set_xticks(range(len(MEASURES)), MEASURES.values(), size=9)
            axis.xaxis.tick_top()
            axis.grid(visible=False)
            axis.set_xlabel(title)
        axes[0].set_yticks(range(len(CROWDS)), CROWDS.values())
        axes[1].set_yticks(range(len(CROWDS)), [""] * len(CROWDS))
        return render(figure)


def _short(value: float) -> str:
    """About three digits, without an exponent; what rounds to nothing is 0."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.{1 if abs(value) >= 10 else 3 if abs(value) >= 0.02 else 4}f}"
    return "0" if float(text) == 0 else text


# --- 7.7 to 7.9: alignment ------------------------------------------------------------

CHANGED = {
    "hat": "one bear,\nanother hat",
    "own": "one bear, fur and\nhat exchanged",
    "pair": "two bears,\nhats exchanged",
}
SCORES = {
    "clip": "CLIPScore",
    "clip_pairs": "CLIPScore, CLIP trained on with pairs",
    "tifa": "TIFA",
    "vqa": "VQAScore",
}


def _swapped(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 6.2, 3.6)
        for axis, key in zip(axes, ("order", "gap"), strict=True):
            groups = {
                label: {
                    name: (
                        stored[f"{change}_{score}_{key}"],
                        stored[f"{change}_{score}_{key}_error"],
                    )
                    for score, name in SCORES.items()
                }
                for change, label in CHANGED.items()
            }
            draw_groups(axis, groups, loc="upper right", fontsize=8)
        axes[0].set(ylabel="share", title="the right picture has more than its twin")
        draw_level(axes[0], (0.5, "chance"))
        axes[1].set(ylabel="of the score", title="by how much, on average")
        axes[0].get_legend().remove()
        for axis in axes:
            axis.set(xlabel=f"± 1.96 standard errors over {stored['count']} captions")
        return render(figure)


def swapped_panels() -> Picture | Table:
    """Figure E: twins with one thing changed, by four scores."""
    return measured_figure("07.E", _swapped)


def _picks(stored: Stored) -> Any:
    who = {
        "clip": "CLIPScore",
        "pick": "tuned on votes",
        "truth": "people's own reward",
    }
    kinds = {"all": "all pairs", "words": "words alone", "blur": "blur alone"}
    return table(
        {
            name: {
                said: "{:.1%} ± {:.1%}".format(*bar(stored, f"{key}_{kind}"))
                for kind, said in kinds.items()
            }
            for key, name in who.items()
        }
    )


def picks_table() -> Picture | Table:
    """Figure P: the share of new votes foretold, ± standard error."""
    return measured_figure("07.P", _picks)


def _card_row(card: Stored) -> dict[str, str]:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.0f}"

    tasks = {task: share(card["tasks"].get(task)) for task in TASKS}
    whole = len(card["tasks"]) == len(TASKS)
    low, high = card["interval"]
    score = f"{share(card['score'])} ({share(low)}..{share(high)})"
    return {
        **tasks,
        "score": score if whole else "-",
        "second judge": share(card["second"]["score"]) if whole else "-",
        "TIFA": share(card["tifa"]),
        "VQAScore": share(card["vqa_score"]),
        "valid": share(card["valid"]),
        "seconds": f"{card['seconds']:.2f}" if "seconds" in card else "",
    }


def cards(stored: Stored) -> Table:
    """The cards as a table, the README's too."""
    found = stored["cards"]
    rows = {name: _card_row(card) for name, card in found.items()}
    best = max(found.values(), key=lambda card: len(card["tasks"]))
    return table({**rows, "real pictures": _card_row(best["real"])})


def cards_table() -> Picture | Table:
    """Figure K: a card of everybody, in per cent."""
    return measured_figure("07.K", cards)


# --- 7.10 to 7.11: judges -------------------------------------------------------------

ASKED = {
    "fair": "a fair judge, once",
    "a_left": "A always on the left",
    "a_right": "A always on the right",
    "random_sides": "sides drawn at random",
    "both_orders": "both orders",
    "equal_words": "random sides,\nat equal words",
}


def judge_panels() -> Picture | Table:
    """Figure F: sides and words, certainty, and help."""
    return measured_figure("07.F", _judge_panels)


def _judge_panels(stored: Stored) -> Picture:
    with style():
        figure, (sides, sure, help_) = canvas(3, 4.2, 3.6)
        for i, name in enumerate(ASKED):
            value, half = bar(stored, f"{name}_wins")
            tone = colour("orange" if name == "fair" else "blue")
            sides.barh(i, value, color=tone, height=0.62)
            sides.errorbar(value, i, xerr=half, color=INK, capsize=3)
        fair = stored["fair_wins"]
        sides.axvline(fair, color=INK, lw=1.2, ls=(0, (4, 3)))
        sides.set_yticks(range(len(ASKED)), list(ASKED.values()))
        sides.invert_yaxis()
        sides.grid(visible=False, axis="y")
        sides.set(title="how often A wins", xlabel=spread_of(stored))
        sure.plot([0, 1], [0, 1], color=INK, lw=1.2, ls=(0, (4, 3)))
        for name in ("before", "after"):
            points = zip(stored[f"{name}_said"], stored[f"{name}_so"], strict=True)
            there = numbers([pair for pair in points if None not in pair])
            label = f"{name} {stored['heard'][-1]} answers of people"
            sure.plot(*there.T, marker="o", label=label)
        sure.set(title="as asked", xlabel="chance said", ylabel="share that was so")
        sure.legend(fontsize=8, loc="upper left")
        shares = stored["shares"]
        for name, label in {
            "unsure": "where it is least sure",
            "anywhere": "anywhere",
        }.items():
            curve(help_, shares, stored, f"help_{name}", f"people asked {label}")
        help_.set(title="agreement with people", xlabel="answers that people give")
        help_.legend(fontsize=8, loc="lower right")
        return render(figure)


def certainty_table() -> Picture | Table:
    """Figure F: what people's answers are worth, by how many there were."""
    return measured_figure("07.F", _certainty_rows)


def _certainty_rows(stored: Stored) -> Any:
    def row(key: str) -> dict[str, str]:
        error, half = bar(stored, f"error_{key}")
        return {"calibration error": f"{error:.3f} ± {half:.3f}"}

    rows = {"mark / 10, taken as it is": row("before")}
    rows |= {f"{n} answers heard": row(str(n)) for n in stored["heard"]}
    return table(rows | {"who knows the chances": row("floor")})


def cherry_panels() -> Picture | Table:
    """Figure G: the best of many from the worst model."""
    return measured_figure("07.G", _cherry_panels)


def _cherry_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 5.2, 3.6)
        curve(axes[0], stored["counts"], stored, "asked", "worst model, best of n")
        level = (stored["best_asked"], "best model, its first pictures")
        draw_level(axes[0], level)
        axes[0].set(title="as asked, say people", ylabel="share", ylim=(0, 1.1))
        curve(axes[1], stored["counts"], stored, "own", "judge that picked")
        curve(axes[1], stored["counts"], stored, "other", "another judge")
        axes[1].set(title="mark of the picks", ylabel="0 to 10")
        for axis in axes:
            axis.set(xscale="log", xlabel=f"n ({spread_of(stored)})")
            axis.set_xticks(stored["counts"], [str(n) for n in stored["counts"]])
            axis.minorticks_off()
            axis.legend(loc="lower right")
        return render(figure)


# --- 7.12: the arena ------------------------------------------------------------------


def leaderboard() -> Picture | Table:
    """Figure L: the ratings of everybody who draws bears, a reader having voted."""
    return measured_figure("07.L", board_panel)


def board_panel(stored: Stored) -> Picture:
    """The leaderboard as a picture, the README's too."""
    names = stored["names"]
    with style():
        figure, axes = canvas(1, 7.0, 0.32 * len(names) + 1)
        for i, name in enumerate(names):
            rating = stored["ratings"][i]
            if rating is None:
                axes[0].text(
                    MIDDLE,
                    -i,
                    "lost every vote: no finite rating",
                    va="center",
                    ha="center",
                )
                continue
            tone = colour("green" if name.startswith("real") else "blue")
            for keys, width in ((("least", "most"), 1.0), (("low", "high"), 4.0)):
                ends = [stored[key][i] for key in keys]
                axes[0].plot(ends, [-i, -i], color=tone, linewidth=width, alpha=0.6)
            axes[0].plot(rating, -i, "o", color=tone)
        axes[0].set_yticks([-i for i in range(len(names))], names)
        axes[0].set_ylim(0.6 - len(names), 0.6)
        axes[0].set_xlabel("rating; 95 % from votes (thick) and from sentences (thin)")
        return render(figure)
