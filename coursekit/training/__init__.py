"""Training: the loop, checkpoints and the recipes that use them."""
