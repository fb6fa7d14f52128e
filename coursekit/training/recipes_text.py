"""Recipes of lecture 10: language models that write left to right, or unmask.

All of one data set have the same network, so that what differs is the way of writing.
"""

from dataclasses import replace

from coursekit.models.token_transformer import TokenConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_few_passes import FewPassesRecipe
from coursekit.training.recipe_text import TextRecipe

PROGRAM = TokenConfig(vocabulary=295, length=76, width=128, depth=6, heads=4)
QUICK = Profile(
    replace(PROGRAM, width=64, depth=2),
    steps=300,
    batch=32,
    lr=2e-3,
    muon=0.02,
    warmup=50,
    ema=0.98,
    pictures=4000,
    show_every=300,
)
CPU = replace(
    QUICK,
    model=PROGRAM,
    steps=1500,
    warmup=100,
    ema=0.99,
    pictures=0,
    save_every=500,
    show_every=100_000,
)
GPU = replace(
    CPU,
    model=replace(PROGRAM, width=320, heads=5),
    steps=6000,
    batch=512,
    muon=0.01,
    lr=1e-3,
    ema=0.999,
    pictures=1_000_000,
    bf16=True,
    compile=True,
    save_every=1000,
)

LEFT_TO_RIGHT = TextRecipe(
    name="programs-left-to-right",
    title="Transformer that writes scene programs from left to right",
    data="programs",
    kind="left-to-right",
    quick=QUICK,
    cpu=CPU,
    gpu=GPU,
)
MASKED = replace(
    LEFT_TO_RIGHT,
    name="programs-masked",
    title="Transformer that unmasks scene programs",
    kind="masked",
    cpu=replace(CPU, steps=7000, ema=0.998),
)
# The whole canvas is one of the sizes: the model stays a masked one.
BLOCKS = replace(
    LEFT_TO_RIGHT,
    name="programs-blocks",
    title="Transformer that unmasks scene programs block by block",
    kind="blocks",
    sizes=(1, 4, 8, 16, 48),
    start="programs-masked",
    cpu=replace(CPU, steps=1200, muon=0.01, lr=1e-3),
)

FEW_PASSES = FewPassesRecipe(
    name="programs-few-passes",
    title="Transformer that unmasks scene programs in two passes",
    data="programs",
    start="programs-masked",
    turns=(300,),
    quick=replace(QUICK, model=PROGRAM, steps=60, muon=0.004, lr=5e-4),
    cpu=replace(CPU, steps=600, muon=0.004, lr=5e-4, ema=0.98, restarts=(300,)),
    gpu=replace(GPU, steps=3000, muon=0.002, lr=2e-4, ema=0.99, restarts=(300,)),
)

# Code has no fixed places: what counts is who stands next to whom.
CODE = TokenConfig(1260, 133, width=128, depth=6, heads=4, rotary=True)
# Rare words have to move far: a larger rate for the table than programs need.
CODE_EFFORT = replace(CPU, model=CODE, steps=6000, batch=16, lr=6e-3, muon=0.01)
CODE_QUICK = replace(QUICK, model=replace(CODE, width=64, depth=2), batch=16)
CODE_GPU = replace(
    GPU, model=replace(CODE, width=320, heads=5, dropout=0.1), pictures=0
)

CODE_LEFT_TO_RIGHT = TextRecipe(
    name="code-left-to-right",
    title="Transformer that writes code from left to right",
    data="code",
    kind="left-to-right",
    quick=CODE_QUICK,
    cpu=CODE_EFFORT,
    gpu=CODE_GPU,
)
CODE_INFILLING = replace(
    CODE_LEFT_TO_RIGHT,
    name="code-infilling",
    title="Transformer that writes code, also between two parts",
    kind="infilling",
)
CODE_MASKED = replace(
    CODE_LEFT_TO_RIGHT,
    name="code-masked",
    title="Transformer that unmasks code",
    kind="masked",
    weighted=False,  # the bound falls faster so, at this size; the card gives the bound
    cpu=replace(CODE_EFFORT, steps=16_000, ema=0.998),
)

TEXTS = (
    *(LEFT_TO_RIGHT, MASKED, BLOCKS, FEW_PASSES),
    *(CODE_LEFT_TO_RIGHT, CODE_INFILLING, CODE_MASKED),
)
