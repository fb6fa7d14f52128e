"""Progressive distillation (Salimans & Ho 2022): one step for two of the teacher's.

The student is trained until one of its steps lands where two of the teacher's do, then
it becomes the teacher. Each round halves the number of steps.
"""

import torch
from torch import Tensor

from coursekit.theory.flow import Velocity, euler_step
from coursekit.theory.paths import expand_as


def progressive_target(teacher: Velocity, xt: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """The velocity that leads in one step where the teacher goes in two.

    Two `euler_step`s of the teacher, from t to the middle of t and s, and from there
    to s, end in x_s. The student shall get there at once:

        target = ( x_s - x_t ) / ( s - t )

    (Salimans & Ho 2022, said for velocities; code: dpm.py of diffusion_distillation. On
    the straight path their DDIM step is an Euler step, and their target for x0 is
    x_t - t * target.) The
    teacher is asked at the middle of a step of the *student's* grid: t and s are its
    neighbours there, s < t. No gradient reaches the teacher.

    teacher(x, t) -> dx/dt; xt: (B, ...); t, s: (B,). Returns a velocity, like `xt`,
    without gradient.
    """
    middle = (t + s) / 2
    with torch.no_grad():
        half = euler_step(teacher, xt, t, middle)
        x_s = euler_step(teacher, half, middle, s)
        return (x_s - xt) / expand_as(s - t, xt)
