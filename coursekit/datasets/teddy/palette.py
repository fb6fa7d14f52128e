"""The colours of the teddy world, as fractions of red, green and blue."""

Colour = tuple[float, float, float]

FUR: dict[str, Colour] = {
    "brown": (0.58, 0.36, 0.18),
    "white": (0.97, 0.95, 0.91),
    "black": (0.30, 0.29, 0.34),
    "pink": (0.98, 0.57, 0.72),
    "yellow": (0.98, 0.80, 0.22),
    "green": (0.36, 0.70, 0.30),
    "blue": (0.27, 0.52, 0.92),
    "purple": (0.58, 0.32, 0.76),
}
# Snout, belly, inner ears and soles: a pale relative of the fur.
PALE: dict[str, Colour] = {
    "brown": (0.90, 0.74, 0.53),
    "white": (0.96, 0.84, 0.74),
    "black": (0.66, 0.63, 0.64),
    "pink": (1.00, 0.85, 0.88),
    "yellow": (1.00, 0.94, 0.70),
    "green": (0.77, 0.92, 0.63),
    "blue": (0.73, 0.86, 1.00),
    "purple": (0.86, 0.74, 0.95),
}
HAT: dict[str, Colour] = {
    "none": (0.0, 0.0, 0.0),
    "red": (0.90, 0.13, 0.14),
    "blue": (0.10, 0.27, 0.80),
    "yellow": (0.99, 0.83, 0.20),
}
STRIPE: Colour = (0.98, 0.93, 0.80)
STAR: Colour = (1.00, 0.80, 0.10)
INK: Colour = (0.10, 0.07, 0.08)
WHITE: Colour = (1.0, 1.0, 1.0)
