"""A world with the answer known: every pixel of its own, all from one Gaussian."""

import torch
from torch import Tensor, nn

from coursekit.theory.paths import Path
from coursekit.theory.prediction import Prediction, complete


class ExactPixels(nn.Module):
    """The best answer for pixels that follow N(mean, std^2), in closed form."""

    def __init__(self, path: Path, mean: float, std: float, kind: str) -> None:
        """kind: what the network predicts, a field of Prediction."""
        super().__init__()
        self.path, self.mean, self.std, self.kind = path, mean, std, kind
        self.anchor = nn.Parameter(torch.zeros(1))  # tells the device

    def predict(self, xt: Tensor, t: Tensor) -> Prediction:
        """All that can be said of noisy pictures (B, C, H, W) at times (B,)."""
        times = t.double()[:, None, None, None]
        alpha, sigma = self.path.alpha(times), self.path.sigma(times)
        off = (xt - alpha * self.mean) / (alpha**2 * self.std**2 + sigma**2)
        x0, eps = self.mean + alpha * self.std**2 * off, sigma * off
        return complete(x0.to(xt.dtype), eps.to(xt.dtype), t, self.path)

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        answer: Tensor = self.predict(xt, t.expand(len(xt)))._asdict()[self.kind]
        return answer
