"""The figures of notebook 07, drawn from what was measured."""

from coursekit.arena.table import MIDDLE
from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.measured import Stored, measured_figure
from coursekit.plots.table import Table
from coursekit.plots.theme import colour

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------

# --- 7.7 to 7.9: alignment ------------------------------------------------------------

# --- 7.10 to 7.11: judges -------------------------------------------------------------

# --- 7.12: the arena ------------------------------------------------------------------


def leaderboard() -> Picture | Table:
    """Figure L: the ratings of everybody who draws bears, a reader having voted."""
    return measured_figure("07.L", _board)


def _board(stored: Stored) -> Picture:
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
