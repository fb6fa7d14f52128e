"""Data sets: toys with known densities, the teddy world, real images."""
