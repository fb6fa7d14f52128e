"""The figures of notebook 8c."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from coursekit.lectures.l08c_cost_collapse_trust.experiments.survival import IMAGE
from coursekit.lectures.l08c_cost_collapse_trust.widgets.attack_bench import on_sheet
from coursekit.plots.figures import canvas, render, style
from coursekit.plots.images import Picture, grid
from coursekit.plots.lines import draw_level
from coursekit.plots.maps import map_panels
from coursekit.plots.measured import Stored, bar, curve, measured_figure, spread_of
from coursekit.plots.table import Table, table
from coursekit.trust.attacks import ATTACKS, pixels_of


def arithmetic() -> Picture | Table:
    """Figure C: adherence and nearness to exact pictures over bits and over noise."""
    return measured_figure("08c.C", _arithmetic)


def _arithmetic(stored: Stored) -> Picture:
    panels = {"all": "everything as asked", "psnr": "decibels to the exact pictures"}
    sides = {
        "bits": {"plain": "as it is", "centred": "mean key subtracted"},
        "noises": {"fresh": "fresh noise", "frozen": "the same at each step"},
    }
    with style():
        figure, axes = canvas(4, 2.7, 2.9)
        places = iter(axes)
        for x, kinds in sides.items():
            for key, label in panels.items():
                axis = next(places)
                for kind, name in kinds.items():
                    curve(axis, stored[x], stored, f"{kind}_{key}", name)
                where = "bits" if x == "bits" else "relative noise"
                axis.set(xlabel=f"{where}\n({spread_of(stored)})", ylabel=label)
                if key == "all":
                    axis.axhline(stored["exact_all"], color="0.5", linewidth=0.8)
                    axis.set_ylim(0, 1.02)
            axis.legend(fontsize=7)
        return render(figure)


def filters() -> Picture | Table:
    """Figure D: what each filter stops, by kind of prompt."""
    return measured_figure("08c.D", _filters)


def _filters(stored: Stored) -> Table:
    kinds = ("harmless", "near", "openly", "disguise", "meaning")
    lists = {"a list": "list", "a list of plain words": "plain"}
    rows = {
        name: {kind: f"{stored[f'{key}_{kind}']:.0%}" for kind in kinds}
        for name, key in lists.items()
    }
    means = [bar(stored, f"templates_{kind}")[0] for kind in kinds]
    learnt = dict(zip(kinds, (f"{mean:.0%}" for mean in means), strict=True))
    return table(rows | {"learnt, 1 % of its sentences": learnt})


def roc() -> Picture | Table:
    """Figure D: the learnt filter at all thresholds, and the lists, which have none."""
    return measured_figure("08c.D", _roc)


def _roc(stored: Stored) -> Picture:
    with style():
        figure, (axis,) = canvas(1, 4.6, 3.6)
        false, hit = (f"chosen_{who}" for who in ("allowed", "forbidden"))
        curve(axis, stored[false], stored, hit, "learnt")
        for name in ("list", "plain"):
            at = stored[f"{name}_allowed"], stored[f"{name}_forbidden"]
            label = "list" if name == "list" else "list of plain words"
            axis.plot(*at, "o", label=label)
        axis.plot([0, 1], [0, 1], ":", color="0.5", linewidth=0.8)
        axis.set(xlabel=f"stopped of the allowed\n({spread_of(stored)})")
        axis.set(ylabel="stopped of the forbidden", ylim=(0, 1.02))
        axis.legend(fontsize=8)
        return render(figure)


FAMILIES = {
    "replace": "replaced",
    "unbiased": "replaced, unbiased",
    "accumulate": "accumulated",
    "fresh_10": "10% fresh",
    "fresh_50": "50% fresh",
}
FED = {"replace": "replaced", "accumulate": "accumulated", "fresh": "half fresh"}
SEEN = {
    "rare": "share of yellow hats",
    "frechet": "Fréchet distance",
    "recall": "recall",
    "auc": "AUC of a probe",
}


def gaussian_families() -> Picture | Table:
    """Figure A: normal laws that learn from each other, and a rare kind."""
    return measured_figure("08c.A", _gaussian_families)


def _gaussian_families(stored: Stored) -> Picture:
    x = range(1, stored["generations"] + 1)
    with style():
        figure, (left, right) = canvas(2, 4.6, 3.4)
        for way, name in FAMILIES.items():
            (line,) = left.plot(x, stored[f"{way}_median"], label=name)
            if f"{way}_typical" in stored:
                left.plot(x, stored[f"{way}_typical"], "--", color=line.get_color())
        left.set(yscale="log", xlabel="generation", ylabel="median variance")
        left.legend(fontsize=8)
        (line,) = right.plot(x, stored["lost"], label="families without it")
        right.plot(x, stored["lost_theory"], "--", color=line.get_color())
        draw_level(right, (1 - stored["weight"], "in the end"))
        right.set(xlabel="generation", ylabel="share that lost the rare kind")
        return render(figure)


def flow_families() -> Picture | Table:
    """Figure L: a flow of bears that learns from flows."""
    return measured_figure("08c.L", _flow_families)


def _flow_families(stored: Stored) -> Picture:
    x = range(stored["rounds"] + 1)
    with style():
        figure, axes = canvas(4, 2.9, 3.0)
        for axis, (key, name) in zip(axes, SEEN.items(), strict=True):
            for how, told in FED.items():
                curve(axis, x, stored, f"{how}_{key}", told)
            draw_level(axis, (stored[f"real_{key}"], "real"))
            axis.set(title=name, xlabel=f"generation\n({spread_of(stored)})")
        axes[0].legend(fontsize=8)
        return render(figure)


SCHEMES = {
    "manifest": "manifest",
    "least_bits": "least bits",
    "learnt": "learnt watermark",
    "tree_ring": "tree ring",
}


def attacked(files: Mapping[str, bytes]) -> Picture:
    """Picture files by name, each at its own size on a white sheet."""
    seen = np.stack([on_sheet(pixels_of(content)) for content in files.values()])
    return grid(seen, columns=len(files), zoom=1, column_labels=list(files))


def survival() -> Picture | Table:
    """Figure B: shares of marked pictures that are found (and of clean ones)."""
    return measured_figure("08c.B", _survival)


def _survival(stored: Stored) -> Table:
    rows = {}
    for attack in (*ATTACKS, IMAGE):
        key = attack.replace(" ", "_").replace("-", "_").lower()
        rows[attack] = {
            name: "{found:.0%} ({alarms:.1%})".format(
                **{k: stored[f"{scheme}_{key}_{k}"] for k in ("found", "alarms")}
            )
            for scheme, name in SCHEMES.items()
            if f"{scheme}_{key}_found" in stored
        }
    here = {scheme: n for scheme, n in SCHEMES.items() if f"{scheme}_bits" in stored}
    rows["bits of payload"] = {n: str(stored[f"{s}_bits"]) for s, n in here.items()}
    rows["PSNR, dB"] = {n: _cost(stored.get(f"{s}_psnr")) for s, n in here.items()}
    return table(rows)


def _cost(decibels: float | None) -> str:
    """What the mark does to the pixels; None: nobody knows the picture without it."""
    if decibels is None:
        return "another picture"
    return "the same pixels" if decibels > 100 else f"{decibels:.1f}"


# --- rings and scans ---

WORDS = ("hat", "glasses", "pose")


def planes(maps: Mapping[str, Tensor]) -> Picture:
    """Square tables in the order of `torch.fft.fft2`, their corner in the middle."""
    return map_panels(
        {name: torch.fft.fftshift(x) for name, x in maps.items()}, 2.6, cmap="RdBu"
    )


def rings() -> Picture | Table:
    """Figure R: which marks are found, after how many steps back and what attack."""
    return measured_figure("08c.R", _rings)


def _rings(stored: Stored) -> Picture:
    names = [n for n in ATTACKS if f"{n.replace(' ', '_')}_tpr" in stored]
    with style():
        figure, (left, right) = canvas(2, 3.7, 3.2)
        for key, name in {"auc": "area under ROC", "tpr": "found at 1 %"}.items():
            curve(left, stored["steps"], stored, f"steps_{key}", name)
            bars = [bar(stored, f"{n.replace(' ', '_')}_{key}") for n in names]
            means, errors = zip(*bars, strict=True)
            right.errorbar(means, range(len(names)), xerr=errors, fmt="o", label=name)
        left.set(
            xlabel=f"steps of the walk back\n({spread_of(stored)})", ylim=(0, 1.03)
        )
        right.set(xlabel="share, four steps", xlim=(-0.03, 1.03))
        right.set_yticks(range(len(names)), names)
        right.invert_yaxis()
        left.legend(fontsize=8)
        return render(figure)


def scans() -> Picture | Table:
    """Figure E: how good pictures from few rows are, and how sure."""
    return measured_figure("08c.E", _scans)


def _scans(stored: Stored) -> Table:
    rows = {}
    for count in stored["rows"]:
        found = {key: stored[f"rows_{count}_{key}"] for key in ("ratio", "hidden")}
        rows[f"{count} of 32 rows"] = {
            **{
                name: f"{stored[f'rows_{count}_{key}']:.1f} dB"
                for name, key in {
                    "zero-filled": "zero_db",
                    "a draw": "one_db",
                    "mean of draws": "mean_db",
                }.items()
            },
            "error over promised error": f"{found['ratio']:.2f}",
            "spread where not measured": f"{found['hidden']:.0%}",
            **{
                f"other {word}": f"{stored[f'rows_{count}_one_{word}']:.0%}"
                for word in WORDS
            },
        }
    return table(rows)
