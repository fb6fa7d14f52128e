"""The figures of notebook 07, drawn from what was measured."""

from typing import Any

from coursekit.evaluation.benchmark import TASKS
from coursekit.plots.figures import canvas, draw_groups, render, style
from coursekit.plots.images import Picture
from coursekit.plots.lines import draw_level
from coursekit.plots.measured import Stored, bar, measured_figure
from coursekit.plots.table import Table, table

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------

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


def _cards(stored: Stored) -> Any:
    cards = stored["cards"]
    rows = {name: _card_row(card) for name, card in cards.items()}
    best = max(cards.values(), key=lambda card: len(card["tasks"]))
    return table({**rows, "real pictures": _card_row(best["real"])})


def cards_table() -> Picture | Table:
    """Figure K: a card of everybody, in per cent."""
    return measured_figure("07.K", _cards)


# --- 7.10 to 7.11: judges -------------------------------------------------------------

# --- 7.12: the arena ------------------------------------------------------------------
