"""Run `coursekit train tiny` with a recipe of seconds: python tiny_train.py ARGS.

TINY_LIMIT, if set, is the largest file in bytes that the process may write: the
system then refuses as it does when a disk is full.
"""

import os
import sys
from dataclasses import replace

from coursekit.models.unet import UNetConfig
from coursekit.training import recipes, recipes_pixels
from coursekit.training.recipe import Profile
from coursekit.training.train_command import main

TINY = replace(
    recipes_pixels.FASHION,
    name="tiny",
    num_steps=50,
    quick=Profile(
        UNetConfig(channels=1, widths=(8, 8), groups=4, time_width=16, patch=2),
        steps=60,
        batch=8,
        lr=2e-3,
        warmup=5,
        ema=0.9,
        pictures=200,
        save_every=4,
        show_every=1000,
    ),
)
recipes.RECIPES["tiny"] = TINY

if __name__ == "__main__":
    if "TINY_LIMIT" in os.environ:
        import resource

        limit = int(os.environ["TINY_LIMIT"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.exit(main(["tiny", "--threads", "1", *sys.argv[1:]]))
