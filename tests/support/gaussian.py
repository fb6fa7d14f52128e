"""The flow of one Gaussian: every student's right answer in closed form."""

from dataclasses import dataclass

from coursekit.theory.paths import expand_as


@dataclass(frozen=True)
class GaussianFlow:
    """Data N(mean, std^2) on the straight path: x_t = (1 - t) mean + spread(t) z."""

    mean: float = 0.0
    std: float = 0.5

    def spread(self, t):
        return ((1 - t) ** 2 * self.std**2 + t**2).sqrt()

    def velocity(self, x, t):
        return self.average(x, t, t)

    def average(self, x, r, t):
        """(x_t - x_r) / (t - r), in a form that is defined at r = t too."""
        r, t = expand_as(r, x), expand_as(t, x)
        rise = (t + r) * (1 + self.std**2) - 2 * self.std**2
        rise = rise / (self.spread(t) * (self.spread(t) + self.spread(r)))
        return rise * (x - (1 - t) * self.mean) - self.mean

    def end(self, x, t):
        """Where the flow ends: the consistency function."""
        t = expand_as(t, x)
        return self.mean + self.std / self.spread(t) * (x - (1 - t) * self.mean)

    def guess(self, x, t):
        """E[x0 | x_t]."""
        t = expand_as(t, x)
        pull = (1 - t) * self.std**2 / self.spread(t) ** 2
        return self.mean + pull * (x - (1 - t) * self.mean)
