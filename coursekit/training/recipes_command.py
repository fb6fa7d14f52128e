"""`coursekit recipes`: every recipe, with the profile and figures of its checkpoint."""

import sys


def main() -> int:
    """Every recipe, with the profile and figures of its checkpoint.

    Exit status 1 when a checkpoint cannot be read.
    """
    from coursekit.training.checkpoints import CheckpointError
    from coursekit.training.pretrained import FOLDER, summary
    from coursekit.training.recipes import RECIPES

    status = 0
    for name, recipe in RECIPES.items():
        print(f"{name}: {recipe.title}")
        if not (FOLDER / name).is_dir():
            print("  no checkpoint ships with it yet")
            continue
        try:
            first, *figures = summary(name).removeprefix(f"{name}: ").split("; ")
        except (CheckpointError, KeyError) as error:
            print(f"coursekit recipes: {error}", file=sys.stderr)
            status = 1
            continue
        print("\n".join(f"  {line}" for line in (first, *figures)))
    return status
