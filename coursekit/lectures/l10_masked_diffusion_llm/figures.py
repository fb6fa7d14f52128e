"""The figures of notebook 10, drawn from what was measured."""

from collections.abc import Sequence

from coursekit.lectures.l10_masked_diffusion_llm.widgets.words import Word, word_sheet
from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture
from coursekit.plots.measured import Stored, bar, measured_figure, spread_of
from coursekit.plots.table import Table
from coursekit.plots.theme import INK, colour

# --- N1: 10.1, 10.2 -------------------------------------------------------------------

LEARNT = {
    "bound": "1/t: the bound",
    "plain": "no weight",
    "fixed": "15 %, always",
}


def bits_of_words(words: Sequence[str], bits: Sequence[float]) -> Picture:
    """Each word with its bits; the darker its box, the more."""
    told = [
        Word(w, f"{b:.1f}", strength=b / 8) for w, b in zip(words, bits, strict=True)
    ]
    return word_sheet(told, "the bits of each word").picture()


def control_panels() -> Picture | Table:
    """Figure F: three losses, equal steps."""
    return measured_figure("10.F", _control_panels)


def _control_panels(stored: Stored) -> Picture:
    panels = {
        "excess": "bits beyond the law, held out",
        "runs": "written programs that run",
        "right": "and are right",
    }
    with style():
        figure, axes = canvas(3, 3.6, 2.4)
        for axis, (key, title) in zip(axes, panels.items(), strict=True):
            for i, way in enumerate(LEARNT):
                value, half = bar(stored, f"{way}_{key}")
                tone = colour("blue" if way == "bound" else "orange")
                axis.barh(i, value, color=tone, height=0.62)
                axis.errorbar(value, i, xerr=half, color=INK, capsize=3)
                said = f"{value:.1f}" if key == "excess" else f"{value:.0%}"
                axis.text(value + half, i, f"  {said}", va="center", size=9)
            axis.set_yticks(range(len(LEARNT)), LEARNT.values())
            axis.invert_yaxis()
            axis.grid(visible=False, axis="y")
            axis.margins(x=0.25)
            axis.set(title=title, xlabel=spread_of(stored))
        for axis in axes[1:]:
            axis.set_yticks(range(len(LEARNT)), [""] * len(LEARNT))
            axis.set_xlim(0, 1.2)
        return render(figure)


# --- N2: 10.3 to 10.5 -----------------------------------------------------------------

# --- N3: 10.6 to 10.8 -----------------------------------------------------------------

# --- N4: 10.9 to 10.11 ----------------------------------------------------------------
