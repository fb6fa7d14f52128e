"""Recipes of lectures 1 to 3: pictures, pixel by pixel, that nobody asked for."""

from dataclasses import replace

from coursekit.models.unet import UNetConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_pictures import PictureRecipe

GREY = UNetConfig(channels=1, widths=(48, 96), patch=2)
COLOUR = replace(GREY, channels=3)
LARGE = UNetConfig(channels=1, widths=(64, 128, 192), blocks=2, heads=4)

FASHION = PictureRecipe(
    name="fashion-ddpm",
    title="DDPM on Fashion-MNIST, 28 x 28 grey",
    data="fashion",
    shape=(1, 28, 28),
    quick=Profile(
        UNetConfig(channels=1, widths=(16, 32), patch=2),
        steps=300,
        batch=32,
        lr=2e-3,
        ema=0.99,
        pictures=8000,
        save_every=100,
        show_every=150,
    ),
    cpu=Profile(GREY, steps=7000, batch=32, lr=1e-3),
    gpu=Profile(
        LARGE,
        steps=20_000,
        batch=256,
        lr=5e-4,
        warmup=500,
        ema=0.9995,
        bf16=True,
        save_every=1000,
        show_every=2000,
    ),
)

TEDDY = PictureRecipe(
    name="teddy-ddpm",
    title="DDPM on the teddy world, 32 x 32 colour",
    data="teddy",
    shape=(3, 32, 32),
    quick=replace(
        FASHION.quick,
        model=UNetConfig(channels=3, widths=(16, 32), patch=2),
        pictures=2000,
    ),
    cpu=replace(FASHION.cpu, model=COLOUR, steps=9000, pictures=20_000),
    gpu=replace(FASHION.gpu, model=replace(LARGE, channels=3), pictures=100_000),
)

FASHION_FLOW = replace(
    FASHION,
    name="fashion-flow",
    title="Flow matching on Fashion-MNIST, 28 x 28 grey",
    path="linear",
    predicts="velocity",
)

TEDDY_FLOW = replace(
    TEDDY,
    name="teddy-flow",
    title="Flow matching on the teddy world, 32 x 32 colour",
    path="linear",
    predicts="velocity",
)

PIXELS = {each.name: each for each in (FASHION, TEDDY, FASHION_FLOW, TEDDY_FLOW)}
