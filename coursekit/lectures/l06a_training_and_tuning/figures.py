"""The figures of notebook 06a, drawn from what was measured."""

from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.measured import Stored, curve

# 6.8: one life

STARTS = {"inherited": "weights of the first stage", "fresh": "fresh weights"}


def life_curves(stored: Stored) -> Picture:
    """Figure H: the loss of the second stage, from two starts."""
    with style():
        figure, (axis,) = canvas(1, 5.6, 3.3)
        for start, label in STARTS.items():
            curve(axis, stored["seen"], stored, f"{start}_loss", label)
        axis.set_xlabel("steps of the second stage")
        axis.set_ylabel("training loss")
        axis.set_ylim(bottom=0)
        axis.legend()
        return render(figure)
