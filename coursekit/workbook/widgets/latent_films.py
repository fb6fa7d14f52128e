"""Films of trainings that a notebook has no time for: beta, and the mix of losses."""

from typing import Any

from coursekit.experiments.film_store import load_film
from coursekit.experiments.measure import load_measured
from coursekit.workbook.widgets.reel import Axis, Meter, Reel

ROWS = ("real", "rebuilt", "halfway", "random")
MIXES = {  # mix -> its name on the slider, and how it fails
    "pixels": ("pixels only", "blur: what is not sure becomes the mean"),
    "kl": ("far too much KL", "collapse: the latent says nothing, all are one picture"),
    "perceptual": ("perceptual only", "grain and wrong tones that no reader minds"),
    "critic": ("critic too strong", "sharp, but it no longer minds the original"),
    "balance": ("all in balance", "each term covers another's weakness"),
}


def beta_reel() -> Reel:
    """A plain autoencoder, then VAEs with more and more beta (figure 04.B)."""
    frames, stored = load_film("04.B"), load_measured("04.B")
    names = ["autoencoder", *(f"{beta:g}" for beta in stored["betas"])]
    keys = ["ae", *(f"beta_{beta:g}" for beta in stored["betas"])]

    def bar(title: str, figure: str, colour: str) -> Meter:
        values = [float(stored[f"{key}_{figure}"]) for key in keys]
        return Meter(title, tuple(values), tuple(f"{v:.0%}" for v in values), colour)

    scaled = float(stored["ae_valid_scaled"])  # no prior: a normal of its own spread
    random = [scaled, *(float(stored[f"{key}_valid_normal"]) for key in keys[1:])]
    captions = [
        f"{'plain autoencoder' if i == 0 else f'VAE, beta = {name}'}"
        + ("" if i == 0 else f": {stored[f'{keys[i]}_bits']:.0f} bits a picture")
        + (
            ""
            if i == 0
            else f", {stored[f'{keys[i]}_dead']:.0f} of {stored['latent']} unused"
        )
        for i, name in enumerate(names)
    ]
    return Reel(
        frames,
        (Axis("beta", tuple(names)),),
        columns=frames.shape[1] // len(ROWS),
        row_names=ROWS,
        captions=tuple(captions),
        meters=(
            bar("scenes rebuilt", "valid_rebuilt", "blue"),
            bar("scenes halfway", "valid_between", "green"),
            Meter(
                "scenes from random",
                tuple(random),
                tuple(f"{v:.0%}" for v in random),
                "orange",
            ),
        ),
        tile=80,
    )


def losses_reel() -> Reel:
    """Five mixes of losses for one autoencoder (figure 04.L)."""
    frames, stored = load_film("04.L"), load_measured("04.L")
    mixes: list[str] = stored["mixes"]
    texts: list[tuple[str, str]] = [MIXES[mix] for mix in mixes]

    def bar(title: str, figure: str, full: float, form: str, colour: str) -> Meter:
        values = [float(stored[f"{mix}_{figure}"]) for mix in mixes]
        heights = tuple(min(v / full, 1.0) for v in values)
        return Meter(title, heights, tuple(format(v, form) for v in values), colour)

    meters: Any = (
        bar("PSNR (dB)", "psnr", 35, ".1f", "blue"),
        bar("sharpness (real: 1)", "sharpness", 2, ".2f", "green"),
        bar("hats kept", "hat", 1, ".0%", "orange"),
        bar("glasses kept", "glasses", 1, ".0%", "purple"),
    )
    return Reel(
        frames,
        (Axis("losses", tuple(name for name, _ in texts)),),
        columns=frames.shape[1] // 2,
        row_names=("real", "rebuilt"),
        captions=tuple(f"{name}: {how}" for name, how in texts),
        meters=meters,
        tile=96,
    )
