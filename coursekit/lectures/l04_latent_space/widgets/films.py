"""Films of trainings that a notebook has no time for: beta, and the mix of losses.

Where a film does not ship yet, a table says what makes it.
"""

from coursekit.experiments.film_store import load_film
from coursekit.experiments.measure import load_measured
from coursekit.plots.table import Table, missing
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Meter, Reel

MAKE = "python -m coursekit.lectures.l04_latent_space.experiments.films"
ROWS = ("real", "rebuilt", "halfway", "random")
MIXES = {  # mix -> its name on the slider, and how it fails
    "pixels": ("pixels only", "blur: what is not sure becomes the mean"),
    "kl": ("far too much KL", "the latent says next to nothing: all become one blur"),
    "perceptual": (
        "perceptual only",
        "a checkerboard and wrong tones: a reader minds little",
    ),
    "critic": ("critic too strong", "one grain for all: the original no longer counts"),
    "balance": ("all in balance", "less blur than pixels only, and no checkerboard"),
}


def beta_reel(world: str = "teddy") -> Reel:
    """A plain autoencoder, then VAEs with more and more beta (figure 04.B)."""
    stored = load_measured("04.B")
    side = 32 if world == "teddy" else 28
    frames = load_film(f"04.B-{world}", side)
    betas = [f"{beta:g}" for beta in stored[f"{world}_betas"]]
    keys = [f"{world}_ae", *(f"{world}_beta_{beta}" for beta in betas)]
    captions = ["a plain autoencoder"]
    for beta, key in zip(betas, keys[1:], strict=True):
        captions.append(
            f"VAE, beta = {beta}: {stored[f'{key}_bits']:.0f} bits a picture, "
            f"{stored[f'{key}_dead']:.0f} of {stored[f'{world}_latent']} unused"
        )

    def bar(title: str, figure: str, colour: str) -> Meter:
        # A plain autoencoder has no prior: it gets a normal of its own spread.
        first = "ok_scaled" if figure == "ok_normal" else figure
        names = [first, *(figure for _ in betas)]
        values = [
            float(stored[f"{k}_{name}"]) for k, name in zip(keys, names, strict=True)
        ]
        return Meter(title, tuple(values), tuple(f"{v:.0%}" for v in values), colour)

    return Reel(
        frames,
        (Axis("beta", ("autoencoder", *betas)),),
        columns=frames.shape[1] // len(ROWS),
        row_names=ROWS,
        captions=tuple(captions),
        meters=(
            bar("accepted: rebuilt", "ok_rebuilt", "blue"),
            bar("accepted: halfway", "ok_between", "green"),
            bar("accepted: random", "ok_normal", "orange"),
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

    meters = (
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


def latent_beta(world: str = "fashion") -> FilmPlayer | Table:
    """One VAE after another, each with a larger beta: what comes back, what is made.

    world: "fashion" or "teddy". Where the film does not ship yet: the line that makes
    it.
    """
    try:
        return FilmPlayer(beta_reel(world), name="latent_beta")
    except FileNotFoundError:
        return missing("VAEs with more and more beta", MAKE)


def latent_losses() -> FilmPlayer | Table:
    """The same autoencoder trained with different mixes of losses: how each fails.

    Where the film does not ship yet: the lines that make it.
    """
    try:
        return FilmPlayer(losses_reel(), name="latent_losses")
    except FileNotFoundError:
        return missing("five mixes of losses", "coursekit measure 04.L", MAKE)
