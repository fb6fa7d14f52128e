"""The figures of notebook 10, drawn from what was measured."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l10_masked_diffusion_llm.experiments import palettes
from coursekit.lectures.l10_masked_diffusion_llm.experiments.speed import as_good, ways
from coursekit.lectures.l10_masked_diffusion_llm.widgets.words import Word, word_sheet
from coursekit.plots.figures import canvas, draw_groups, numbers, render, style
from coursekit.plots.images import Picture, grid
from coursekit.plots.lines import draw_level, draw_line, scale
from coursekit.plots.measured import Stored, bar, curve, measured_figure, spread_of
from coursekit.plots.table import Table, table
from coursekit.plots.theme import INK, SERIES, colour

# --- 10.1, 10.2 -----------------------------------------------------------------------

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


# --- 10.3 to 10.5 ---------------------------------------------------------------------

ENTRIES = {
    "random": "at random",
    "confidence": "by confidence",
    "remdm": "ReMDM, takes back",
    "fresh": "draft, hide at random",
}


def showing_panels() -> Picture | Table:
    """Figure B: what many tokens in one pass cost, by four samplers."""
    return measured_figure("10.B", _showing_panels)


def _showing_panels(stored: Stored) -> Picture:
    steps = numbers(stored["steps"])
    with style():
        figure, axes = canvas(2, 4.8, 3.6)
        for key, name in ENTRIES.items():
            curve(axes[0], steps, stored, f"{key}_right", name)
        dashes = {ENTRIES["remdm"]: (2, (4, 4)), ENTRIES["fresh"]: (4, (4, 4))}
        for line in axes[0].lines:  # these two lie on the first
            if line.get_label() in dashes:
                line.set_linestyle(dashes[line.get_label()])
        for key in ("random", "confidence"):
            curve(axes[1], steps, stored, f"{key}_clash", ENTRIES[key])
        for axis in axes:
            scale(axis, steps, True, False)
            axis.set(xlabel=f"steps ({spread_of(stored)})", ylim=(-0.03, 1.03))
            axis.legend(fontsize=8)
        axes[0].set(title="programs that are right", ylabel="share of programs")
        axes[1].set(title="neighbours that never meet")
        above = axes[1].secondary_xaxis("top", functions=(_tokens, _tokens))
        above.set_xticks(_tokens(steps), [f"{_tokens(n):.2g}" for n in steps])
        above.set_xlabel("tokens shown in one pass")
        return render(figure)


def _tokens(steps: Any) -> Any:
    return 48 / np.maximum(steps, 1e-9)


WAYS = {
    "random": "at random",
    "confidence": "by confidence",
    "last": "<end> held back",
    "blocks": "blocks of 8",
}


def ends_panels() -> Picture | Table:
    """Figure E: who is first on the canvas, and what that does to lengths."""
    return measured_figure("10.E", _ends_panels)


def _ends_panels(stored: Stored) -> Picture:
    steps, size = stored["step_counts"], stored["canvases"][-1]
    with style():
        figure, axes = canvas(3, 4.0, 3.4)
        for axis, key in zip(axes, ("early_end", "longer", "right"), strict=True):
            groups = {
                name: {
                    f"{n} steps": bar(stored, f"{way}_{n}_{size}_{key}") for n in steps
                }
                for way, name in WAYS.items()
            }
            draw_groups(axis, groups, fontsize=8)
            axis.tick_params(axis="x", labelrotation=25, labelsize=8)
        all_of = stored[f"random_{steps[-1]}_{size}_end"]
        draw_level(axes[0], (all_of, "of the canvas"))
        axes[0].set(title="<end> in the first quarter", ylabel="share of what is shown")
        axes[1].set(title="written minus true length", ylabel="tokens")
        axes[2].set(title="programs that are right", ylim=(0, 1.3))
        axes[2].set(xlabel=spread_of(stored))
        return render(figure)


KIND_NAMES = {
    "end": "<end>",
    "mark": "calls,\ncommas",
    "name": "names\nof values",
    "told": "words of\nthe caption",
    "number": "numbers",
}


def order_panel() -> Picture | Table:
    """Figure G: which kinds of tokens are shown first."""
    return measured_figure("10.G", _order_panel)


def _order_panel(stored: Stored) -> Picture:
    groups = {
        name: {
            "by confidence": bar(stored, f"plain_{key}"),
            "<end> held back": bar(stored, f"last_{key}"),
        }
        for key, name in KIND_NAMES.items()
    }
    with style():
        figure, (axis,) = canvas(1, 6.4, 3.3)
        draw_groups(axis, groups, fontsize=8)
        axis.set(ylabel="mean pass, 0 first, 1 last", ylim=(0, 1))
        axis.set(title="when a kind of token is shown", xlabel=spread_of(stored))
        return render(figure)


NOISES = {"masks": "masks", "random": "random tokens"}


def noise_panels() -> Picture | Table:
    """Figure U: masks and random tokens, two small networks of equal steps."""
    return measured_figure("10.U", _noise_panels)


def _noise_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.4, 3.3)
        for i, (key, name) in enumerate(NOISES.items()):
            mean, half = bar(stored, f"{key}_excess")
            axes[0].bar(i, mean, 0.6)
            axes[0].errorbar(i, mean, half, color=INK, capsize=4)
            # rounded, and then without the minus of a small number
            said = f"{round(mean, 1) + 0.0:.1f}"
            axes[0].text(i + 0.03, mean + half, f" {said}", va="bottom", size=9)
            curve(axes[1], stored["passes"], stored, f"{key}_right", name)
        axes[0].set_xticks(range(2), NOISES.values())
        axes[0].set(title="bits beyond the law (bound)", ylabel="bits a program")
        scale(axes[1], stored["passes"], True, False)
        axes[1].set(title="programs that are right", ylim=(0, None))
        axes[1].set(xlabel=f"passes ({spread_of(stored)})")
        axes[1].legend()
        return render(figure)


# --- 10.6 to 10.8 ---------------------------------------------------------------------

FAMILIES = {
    "left": "left to right",
    "ancestral": "canvas, ancestral",
    "confidence": "canvas, by confidence",
    "threshold": "canvas, threshold",
    "entropy": "canvas, entropy bound",
    "blocks": "blocks, threshold .9",
}
UNITS = {"passes": "passes", "flops": "FLOPs", "seconds": "seconds"}


def timed() -> dict[str, Any]:
    """What 10.S measured, or nothing."""
    try:
        return dict(load_measured("10.S"))
    except FileNotFoundError:
        return {}


def speed() -> Picture | Table:
    """Figure A: right programs over passes, FLOPs and seconds of one program alone.

    Full marks are as good as left to right, but for rare layouts.
    """
    return measured_figure("10.A", _speed_panels)


def _speed_panels(stored: Stored) -> Picture:
    spent, good = {**stored, **timed()}, as_good(stored, layouts=False)
    with style():
        figure, axes = canvas(3, 3.6, 3.8)
        for axis, (unit, name) in zip(axes, UNITS.items(), strict=True):
            axis.set(xscale="log", ylim=(0, 1.03), xlabel=f"{name} of a program")
            if f"left_{unit}" not in spent:
                axis.set_title("run: coursekit measure 10.S")
                continue
            axis.axvline(spent[f"left_{unit}"], color="grey", lw=1)
            axis.axvline(spent[f"left_{unit}"] / 10, color="grey", lw=1, ls="--")
            for i, (family, label) in enumerate(FAMILIES.items()):
                tone = colour(SERIES[i])
                for name_of in (
                    n for n in stored["names"] if ways()[n].family == family
                ):
                    axis.plot(
                        spent[f"{name_of}_{unit}"],
                        stored[f"{name_of}_right"],
                        "s" if family == "left" else "o",
                        color=tone,
                        mfc=tone if name_of in good else "none",
                        label=label,
                    )
                    label = "_"
            axis.set_title(f"{name}; dashed: a tenth")
        axes[0].set_xticks([2, 4, 8, 16, 32], ["2", "4", "8", "16", "32"])
        axes[0].set_xticks([], minor=True)
        axes[0].set_ylabel("share of right programs")
        axes[1].legend(fontsize=8, loc="lower right")
        return render(figure)


COMPARED = {
    "left": "left to right",
    "left_cool": "left to right, cooler",
    "left_greedy": "left to right, greedy",
    **{f"ancestral_{n}": f"ancestral, {n} steps" for n in (8, 32)},
    **{f"confidence_{n}": f"by confidence, {n} steps" for n in (8, 16)},
    "threshold_90": "threshold .9",
    "entropy_3": "entropy bound, 0.3 nats",
    **{f"blocks_{n}": f"blocks of {n}" for n in (1, 4, 8, 16, 48)},
}


def speed_numbers() -> Picture | Table:
    """Some ways in numbers: what they write, and what each unit says of them.

    A factor above 1: that much less than left to right.
    """
    return measured_figure("10.A", _speed_table)


def _speed_table(stored: Stored) -> Table:
    spent = {**stored, **timed()}
    near, good = as_good(stored, layouts=False), as_good(stored)
    base = {unit: spent.get(f"left_{unit}") for unit in (*UNITS, "seconds_64")}
    rows = dict[str, dict[str, Any]]()
    for name, label in COMPARED.items():
        row = {
            "right": stored[f"{name}_right"],
            "entropy, bits": stored[f"{name}_entropy"],
            "leave a number out": stored[f"{name}_rare"],
            "as good": "yes" if name in near else "no",
            "rare, too": "yes" if name in good else "no",
        }
        for unit, first in base.items():
            found = spent.get(f"{name}_{unit}")
            row[f"{UNITS.get(unit, 'seconds, batch of 64')}, times less"] = (
                f"{first / found:.2f}" if first and found else "-"
            )
        rows[label] = row
    return table(rows)


STUDENTS = {
    "teacher": "teacher",
    "forward": "student, forward KL",
    "reverse": "student, reverse KL",
    "published": "reverse KL, longer",
}


def fewer() -> Picture | Table:
    """Figure H: right programs, rare layouts and excess bits of the students."""
    return measured_figure("10.H", _fewer_panels)


def _fewer_panels(stored: Stored) -> Picture:
    passes = numbers(stored["passes"])
    with style():
        figure, axes = canvas(3, 3.5, 3.6)
        for axis, (key, title) in zip(
            axes, {"right": "right", "rare": "leave a number out"}.items(), strict=False
        ):
            for who, label in STUDENTS.items():
                curve(axis, passes, stored, f"{who}_{key}", label)
            scale(axis, passes, True, False)
            axis.set(title=title, ylim=(0, None))
            axis.set_xlabel(f"passes ({spread_of(stored)})")
        axes[0].set_ylabel("share of programs")
        axes[0].legend(fontsize=8, loc="lower right")
        draw_level(axes[1], (stored["law_rare"], "the law"))
        for i, who in enumerate(STUDENTS):
            mean, half = stored[f"{who}_excess"], stored[f"{who}_excess_error"]
            axes[2].bar(i, mean, 0.6, color=colour(SERIES[i]))
            axes[2].errorbar(i, mean, half, fmt="none", color=INK, capsize=3)
        names = ["teacher", "forward", "reverse", "reverse,\nlonger"]
        axes[2].set_xticks(range(4), names, size=9)
        axes[2].set_title("bits beyond the law (a bound)")
        return render(figure)


# --- 10.9 to 10.11 --------------------------------------------------------------------

GAPS = {
    "bigrams": "counted pairs",
    "once": "masked, all at once",
    "order": "masked, left to right",
    "confidence": "masked, surest first",
    "greedy": "left to right",
    "suffix_first": "told the end first",
    "rescored": "left to right, rescored",
}
LEARNERS = {"next": "left to right", "masked": "masked"}
PALETTE_ROWS = {
    "real": "real, 16 colours",
    "masked": "masked",
    "next": "pixel by pixel",
    "half": "half hidden",
    "filled": "filled",
}


def gap_panels() -> Picture | Table:
    """Figure C: gaps that are filled exactly, by size and by who fills them."""
    return measured_figure("10.C", _gap_panels)


def _gap_panels(stored: Stored) -> Picture:
    groups = {
        f"{size} token{'s' * (size > 1)} missing": {
            name: (stored[key][i], stored[f"{key}_error"][i])
            for key, name in GAPS.items()
        }
        for i, size in enumerate(stored["sizes"])
    }
    tones = ("ink", "cyan", "blue", "purple", "olive", "orange", "red")
    with style():
        figure, (axis,) = canvas(1, 9.5, 3.4)
        draw_groups(axis, groups, tones, ncols=2)
        axis.set_ylabel("filled exactly")
        axis.set_title(f"{stored['count']} gaps of each size, ± one standard error")
        return render(figure)


def cost_panels() -> Picture | Table:
    """Figure D: what learning costs, and what repeating the data does."""
    return measured_figure("10.D", _cost_panels)


def _cost_panels(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(2, 4.6, 3.4)
        for key, name in LEARNERS.items():
            x, error = numbers(stored[f"{key}_flops"]), stored[f"{key}_error"]
            draw_line(
                axes[0], x, numbers(stored[f"{key}_excess"]), numbers(error), name
            )
            tone = axes[0].lines[-1].get_color()
            axes[0].plot(
                stored[f"shipped_{key}_flops"],
                stored[f"shipped_{key}_excess"],
                "*",
                ms=13,
                color=tone,
            )
            error = numbers(stored[f"{key}_few_error"])
            few = numbers(stored[f"{key}_few_excess"])
            draw_line(axes[1], numbers(stored["epochs"]), few, error, name)
        axes[0].set(xscale="log", yscale="log", xlabel="FLOPs of training")
        axes[0].set(ylabel="bits beyond the law, held out")
        axes[0].set_title(f"{stored['many']:,} programs; stars: what ships")
        axes[1].set(yscale="log", xlabel="times that each program was seen")
        axes[1].set_title(f"{stored['few']} programs, again and again")
        for axis in axes:
            axis.legend()
        return render(figure)


def prose_panel() -> Picture | Table:
    """Figure K: what learning English costs."""
    return measured_figure("10.K", _prose_panel)


def _prose_panel(stored: Stored) -> Picture:
    with style():
        figure, axes = canvas(1, 4.8, 3.4)
        for key, name in (LEARNERS | {"long": "masked, a longer run"}).items():
            x, error = numbers(stored[f"{key}_flops"]), numbers(stored[f"{key}_error"])
            draw_line(axes[0], x, numbers(stored[f"{key}_bits"]), error, name)
        axes[0].set(xscale="log", xlabel="FLOPs of training")
        axes[0].set(ylabel="bits a character, held out")
        axes[0].set_title("English")
        axes[0].legend()
        return render(figure)


def palette_sheet() -> Picture | Table:
    """Figure J: pictures of sixteen colours, real and written."""
    return measured_figure("10.J", _palette_sheet)


def _palette_sheet(stored: Stored) -> Picture:
    rows = [palettes.pictures(dict(stored), key) for key in PALETTE_ROWS]
    labels = list(PALETTE_ROWS.values())
    return grid(np.concatenate(rows), len(rows[0]), zoom=5, row_labels=labels)


# --- 10.12 ----------------------------------------------------------------------------

STEERED = {
    "taught": "learnt without captions, too",
    "shipped": "did not",
    "cooled": "temperature 1 / scale",
}


def steering_panels() -> Picture | Table:
    """Figure V: programs over the scale of guidance, and what a temperature does."""
    return measured_figure("10.V", _steering_panels)


def _steering_panels(stored: Stored) -> Picture:
    few, many = stored["passes"]
    panels = {
        f"{few}_right": f"right, {few} passes",
        f"{many}_right": f"right, {many} passes",
        f"{many}_rare": f"leave a number out, {many} passes",
    }
    with style():
        figure, axes = canvas(3, 3.5, 3.4)
        for axis, (key, title) in zip(axes, panels.items(), strict=True):
            for who, name in STEERED.items():
                curve(axis, stored["scales"], stored, f"{who}_{key}", name)
            axis.set(title=title, xlabel=f"scale ({spread_of(stored)})", ylim=(0, None))
        draw_level(axes[2], (stored["law_rare"], "the law"))
        axes[0].set_ylabel("share of programs")
        axes[0].legend(fontsize=8, loc="lower left")
        return render(figure)
