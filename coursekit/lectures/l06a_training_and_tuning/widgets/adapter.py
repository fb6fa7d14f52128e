"""One noise, one sentence, and an adapter that is worn more or less."""

from functools import cache

import numpy as np

from coursekit.models.lora import merged
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_tuning import TEDDY_V, TEDDY_V_LORA
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Reel

GUIDANCE = 1.5  # at 3, as usual, light places burn out under this adapter
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
ASKED = (
    "a [v] bear is dancing on the beach",
    "a [v] bear with a blue hat is reading in the forest",
    "a brown bear with a blue hat is reading in the forest",
    "a green bear with round glasses is sitting in a room",
)


@cache
def reel(seed: int = 0) -> Reel:
    """Seven strengths of `teddy-v-lora`, four sentences each, always one noise."""
    base = load_model(TEDDY_V_LORA.start, clip=False)
    adapter = load_model(TEDDY_V_LORA.name).state_dict()
    plain = {k: v.clone() for k, v in base.state_dict().items()}
    frames = []
    for strength in STRENGTHS:
        base.load_state_dict(merged(plain, adapter, strength))
        frames.append(TEDDY_V.draw(base, list(ASKED), GUIDANCE, seed))
    names = tuple(f"{strength:g}" for strength in STRENGTHS)
    return Reel(
        np.stack(frames),
        (Axis("strength", names, "1 is how it was trained"),),
        columns=len(ASKED),
        captions=tuple(f"strength {name}: {' | '.join(ASKED)}" for name in names),
        start=STRENGTHS.index(1.0),
        tile=128,
    )


def lora_strength() -> FilmPlayer:
    """Wear the adapter of the [V] bear more or less: the same noise and sentences."""
    return FilmPlayer(reel(), name="lora_strength")
