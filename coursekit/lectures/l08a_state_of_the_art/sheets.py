"""The plans that this lecture compares: three published ones, and ours beside them."""

from coursekit.models.miniature import shape_of
from coursekit.models.published_shapes import SHAPES, Shape
from coursekit.training.recipes_mini import MINI_FLUX, MINI_HIDREAM, MINI_QWEN

FACTOR = 4  # f of `teddy-vae`
OURS: dict[str, Shape] = {
    "mini-flux": shape_of(MINI_FLUX.cpu.model, FACTOR),
    "mini-qwen": shape_of(MINI_QWEN.cpu.model, FACTOR),
    "mini-hidream": shape_of(MINI_HIDREAM.cpu.model),
}
SMALL = dict(zip(SHAPES, OURS, strict=True))  # a published plan, and ours of its kind
SHEETS: dict[str, Shape] = {**SHAPES, **OURS}
LONG, SHORT = 512, MINI_HIDREAM.cpu.model.length  # tokens of a prompt, padding included


def words(name: str) -> int:
    """Tokens of a prompt beside those of the picture."""
    return LONG if name in SHAPES else SHORT + (name == "mini-hidream")  # and the time
