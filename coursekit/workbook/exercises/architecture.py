"""Lecture 5: ids, symbols, titles. What computes is in architecture_*.py."""

from coursekit.checks.spec import Entry, Exercise
from coursekit.workbook.exercises.architecture_choices import CHOICES
from coursekit.workbook.exercises.architecture_formulas import FORMULAS
from coursekit.workbook.exercises.architecture_formulas_more import MORE_FORMULAS

_HERE = "coursekit.workbook.exercises"
_MODELS = "coursekit.models"

_CODE = (
    (
        "05.1",
        "counters:receptive_field",
        "How far does a network see?",
        "architecture_field:RECEPTIVE_FIELD",
    ),
    (
        "05.2",
        "unet_conditions:scale_shift",
        "A knob for every channel",
        "architecture_film:SCALE_SHIFT",
    ),
    (
        "05.3",
        "patches:unpatchify",
        "From tokens back to a picture",
        "architecture_unpatchify:UNPATCHIFY",
    ),
    (
        "05.4",
        "positions:sincos_2d",
        "An address for every patch",
        "architecture_sincos:SINCOS_2D",
    ),
    (
        "05.5",
        "modulation:modulate",
        "The same knobs for all tokens",
        "architecture_modulate:MODULATE",
    ),
    (
        "05.6",
        "dit_blocks:DiTBlock.forward",
        "A block that begins by doing nothing",
        "architecture_dit_block:DIT_BLOCK",
    ),
    (
        "05.7",
        "dit_blocks:CrossBlock.forward",
        "Listen to the prompt",
        "architecture_cross_block:CROSS_BLOCK",
    ),
    (
        "05.8",
        "dit:in_context",
        "The condition sits among the patches",
        "architecture_context:IN_CONTEXT",
    ),
    (
        "05.9",
        "rope:rope_angles",
        "An angle for every place",
        "architecture_angles:ROPE_ANGLES",
    ),
    ("05.10", "rope:rotate", "Turn queries and keys", "architecture_rotate:ROTATE"),
    (
        "05.11",
        "rope:axial_angles",
        "Rows and columns share the features",
        "architecture_axial:AXIAL_ANGLES",
    ),
    (
        "05.12",
        "positions:joint_positions",
        "Words and patches in one plane",
        "architecture_places:JOINT_POSITIONS",
    ),
    (
        "05.13",
        "mmdit_blocks:DoubleBlock.forward",
        "Two streams, one attention",
        "architecture_double:DOUBLE_BLOCK",
    ),
    (
        "05.14",
        "mmdit_blocks:SingleBlock.forward",
        "One stream, attention and MLP side by side",
        "architecture_single:SINGLE_BLOCK",
    ),
    (
        "05.15",
        "counters:dit_flops",
        "What does a DiT cost?",
        "architecture_flops:DIT_FLOPS",
    ),
)

ENTRIES: tuple[Entry, ...] = (
    *(
        Exercise(exercise_id, f"{_MODELS}.{symbol}", title, f"{_HERE}.{spec}")
        for exercise_id, symbol, title, spec in _CODE
    ),
    *FORMULAS,
    *MORE_FORMULAS,
    *CHOICES,
)
