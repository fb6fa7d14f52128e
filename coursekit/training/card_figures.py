"""The measured figures of a card in words, a few short phrases."""

from typing import Any

Figures = dict[str, Any]


def figure_lines(figures: Figures) -> list[str]:
    """What a card's "evaluation" says, whichever kind of recipe it measured."""
    parts = (
        _samples, _rebuilding, _accuracy, _alignment, _prompts, _subject, _mirror,
        _liked, _language, _clips, _edits, _plans,
    )  # fmt: skip
    return [line for part in parts for line in part(figures)]


def _edits(figures: Figures) -> list[str]:
    if "rebuilt" not in figures or "pairs" not in figures:
        return []
    lines = []
    for name, found in figures.items():
        if name.startswith("scale_") or name == "rebuilt":
            who = name.replace("scale_", "guidance ")
            lines.append(
                f"{who}: wishes met for colours {_percent(found['colour'])}, for "
                f"content {_percent(found['content'])}; changed unasked "
                f"{_percent(found['unasked']['any'])}"
            )
    return lines


def _samples(figures: Figures) -> list[str]:
    lines = []
    if "frechet" in figures:
        lines.append(
            f"Fréchet distance to held-out pictures {figures['frechet']['mean']:.2f} "
            f"(real against real {figures['frechet_real']['mean']:.2f})"
        )
    if "valid" in figures:
        lines.append(
            f"valid scenes {_percent(figures['valid']['mean'])} "
            f"(real {_percent(figures['valid_real']['mean'])})"
        )
    return lines


def _rebuilding(figures: Figures) -> list[str]:
    lines = []
    if "psnr" in figures:
        lines.append(
            f"held-out pictures come back at {figures['psnr']:.1f} dB"
            + (f", KL {figures['kl_bits']:.0f} bits" if "kl_bits" in figures else "")
        )
    if "kept" in figures:
        kept = figures["kept"]
        worst = min((name for name in kept if name != "all"), key=kept.__getitem__)
        lines.append(
            f"all attributes read as before in {_percent(kept['all'])}, the worst is "
            f"{worst} with {_percent(kept[worst])}"
        )
    return lines


def _accuracy(figures: Figures) -> list[str]:
    if "accuracy" not in figures:
        return []
    at = ", ".join(f"{_percent(v)} at {t}" for t, v in figures["accuracy"].items())
    return [f"right class {at}"]


def _alignment(figures: Figures) -> list[str]:
    lines = []
    if "image_to_text" in figures:
        lines.append(
            f"finds the caption of a picture among {figures['candidates']} in "
            f"{_percent(figures['image_to_text'])}, the picture of a caption in "
            f"{_percent(figures['text_to_image'])}"
        )
    if "zero_shot" in figures:
        words = (f"{k} {_percent(v)}" for k, v in figures["zero_shot"].items())
        lines.append(f"zero-shot {', '.join(words)}")
    return lines


def _prompts(figures: Figures) -> list[str]:
    """One line for each kind of held-out prompts: real pictures, then each scale."""
    lines = []
    for split in ("test", "heldout", "pairs", "train"):
        real = figures.get(f"real_{split}")
        if real is None:
            continue
        name = next(word for word in ("all", "bound", "name") if word in real)
        found = [f"real {_percent(real[name])}"]
        taught = f"steps_1_{split}" in figures  # a student's: it has no guidance
        kind, word = ("steps", "steps") if taught else ("scale", "guidance")
        for scale in figures["scales"]:
            share = figures[f"{kind}_{scale:g}_{split}"][name]
            found.append(f"{word} {scale:g} {_percent(share)}")
        what = {"all": "all attributes", "bound": "hats on their bears"}.get(name, name)
        lines.append(f"{what} as the prompt says ({split}): {', '.join(found)}")
    return lines


def _subject(figures: Figures) -> list[str]:
    if "identity" not in figures:
        return []
    return [
        f"the subject in {_percent(figures['identity'])}, all else as the "
        f"prompt says in {_percent(figures['obeys'])}; ordinary prompts met in "
        f"{_percent(figures['ordinary'])}"
    ]


def _mirror(figures: Figures) -> list[str]:
    if "readable" not in figures:
        return []
    return [
        f"reflections wear the bear's hat in {_percent(figures['hat'])} of the "
        f"{_percent(figures['readable'])} that can be read"
    ]


def _liked(figures: Figures) -> list[str]:
    if "warmth_after" not in figures:
        return []
    return [
        f"warmth {figures['warmth_before']:.2f} before and "
        f"{figures['warmth_after']:.2f} after; one bear as the prompt says "
        f"{_percent(figures['obeyed_before'])} and {_percent(figures['obeyed_after'])}"
    ]


def _language(figures: Figures) -> list[str]:
    lines = []
    if "excess_bits" in figures:
        excess = figures["excess_bits"]
        lines.append(
            f"{excess['mean']:.2f} ± {excess['error']:.2f} bits a program beyond its "
            f"law, {_percent(figures['right']['mean'])} right in {figures['passes']} "
            "passes"
        )
    if "bits_a_character" in figures:
        bits = figures["bits_a_character"]
        lines.append(f"{bits['mean']:.2f} ± {bits['error']:.2f} bits a character")
    return lines


def _clips(figures: Figures) -> list[str]:
    """Frames that show their words, and who comes back in the right shirt."""
    lines = []
    for told in ("told", "untold"):
        if told in figures:
            shown = figures[told]
            kept = {k: f"changes {_percent(v)}" for k, v in shown["flicker"].items()}
            if told == "told":
                kept = {
                    k: f"{_percent(shown['right'][k])}, {v}" for k, v in kept.items()
                }
            words = [f"{k} {v}" for k, v in kept.items()]
            lines.append(
                f"frames, words {told}: {', '.join(words)}, motion "
                f"{shown['motion']:.3f} (real {figures['real']['motion']:.3f})"
            )
    if "recall" in figures:
        ways = [
            f"{k} {_percent(v['right'])} of the {_percent(v['returned'])} who return"
            for k, v in figures["recall"].items()
        ]
        lines.append(f"in the right shirt: {', '.join(ways)}")
    return lines


def _plans(figures: Figures) -> list[str]:
    if "free_wishes" not in figures:
        return []
    golden, free = figures["golden"], figures["free_wishes"]
    return [
        f"right operations for {_percent(golden['operations'])} of golden wishes, "
        f"amounts {golden['amount']:.1f} points off; right plans for "
        f"{_percent(free['all'])} of wishes in free words"
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
