"""The figures of notebook 09, drawn from what was measured."""

from coursekit.plots.figures import canvas, draw_groups, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import Stored, bar, measured_figure, spread_of
from coursekit.plots.table import Table
from coursekit.plots.theme import colour

# --- V1
# --- V2
HEARD = {"frames": "frames alone", "grown": "frames, then time", "full": "full"}
WORDS = {"hat": "hat", "fur": "fur", "place": "place"}


def flicker_panels() -> Picture | Table:
    """Figure C: what flickers, untold and told, and what is as asked."""
    return measured_figure("09.C", _flicker_panels)


def _flicker_panels(stored: Stored) -> Picture:
    panels = {
        "untold_{}_flicker": "flicker, nothing told of it",
        "told_{}_flicker": "flicker, all told",
        "told_{}_right": "as asked, all told",
    }
    with style():
        figure, axes = canvas(4, 3.4, 3.2)
        for axis, (key, title) in zip(axes, panels.items(), strict=False):
            groups = {
                word: {
                    name: (stored[f"{way}_{key.format(word)}"], 0.0)
                    for way, name in HEARD.items()
                }
                for word in WORDS
            }
            draw_groups(axis, groups, fontsize=8)
            axis.set(title=title, ylim=(0, 1.05 if "right" in key else 0.45))
            if key != "untold_{}_flicker":
                axis.get_legend().remove()
        moved = [stored[f"{way}_untold_motion"] for way in HEARD]
        axes[3].bar(list(HEARD.values()), moved, color=colour("blue"))
        axes[3].tick_params(axis="x", labelrotation=20, labelsize=8)
        draw_level(axes[3], (stored["real_motion"], ""))
        axes[3].set(title="motion (dashed: drawn clips)")
        axes[0].set_ylabel("share of neighbours")
        axes[2].set_ylabel("share of frames")
        return render(figure)


def causal_panels() -> Picture | Table:
    """Figure G: full against causal attention, equal steps."""
    return measured_figure("09.G", _causal_panels)


def _causal_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(3, 4.2, 3.2)
        for axis, kind in zip(axes, ("right", "flicker"), strict=False):
            told = "told" if kind == "right" else "untold"
            groups = {
                word: {
                    way: bar(stored, f"{way}_{told}_{word}_{kind}")
                    for way in ("full", "causal")
                }
                for word in WORDS
            }
            draw_groups(axis, groups, fontsize=8)
        axes[0].set(title="as asked, all told", ylabel="share of frames")
        axes[1].set(title="flicker, nothing told of it", ylabel="share of neighbours")
        draw_groups(
            axes[2],
            {"": {way: bar(stored, f"{way}_loss") for way in ("full", "causal")}},
            fontsize=8,
        )
        low = min(stored["full_loss_all"] + stored["causal_loss_all"])
        axes[2].set_ylim(bottom=0.95 * low)
        axes[2].set(title="held-out loss (axis cut)")
        axes[0].set_xlabel(spread_of(stored))
        return render(figure)


def step_seconds() -> Picture | Table:
    """Figure W: milliseconds of a step of training, by how many tokens there are."""
    return measured_figure("09.W", _step_seconds)


def _step_seconds(stored: Stored) -> Picture:
    ways = {**HEARD, "causal": "causal"}
    with style():
        figure, axes = canvas(2, 4.2, 3.2)
        for axis, unit in zip(axes, ("ms", "gflops"), strict=True):
            for way, name in ways.items():
                draw_line(axis, stored["tokens"], stored[f"{way}_{unit}"], None, name)
            scale(axis, stored["tokens"], True, True)
            axis.set(xlabel="tokens of a clip")
        axes[0].set(title="milliseconds of a step, one clip")
        axes[1].set(title="GFLOPs of a pass, counted")
        axes[0].legend(fontsize=8)
        return render(figure)


# --- V3
# --- V4
