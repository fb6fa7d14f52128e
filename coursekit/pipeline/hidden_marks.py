"""What is hidden in the pixels of a picture, as far as this package can tell."""

from coursekit.editing.colour import Pixels


def hidden_marks(pixels: Pixels) -> list[str]:
    """One line for each mark that a decoder finds. pixels: (H, W, 3) bytes."""
    return []
