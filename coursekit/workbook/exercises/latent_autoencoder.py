"""Lecture 4, the bottleneck: 04.4 Autoencoder.forward."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pixel_shuffle

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    array,
    arrays,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig, Bells
from coursekit.theory.vae import reparameterize
from coursekit.workbook.exercises.latent_batch import built, slopes, weights

_SMALL = AutoencoderConfig(channels=2, widths=(4, 6), latent=3, groups=2)
_PLAIN = AutoencoderConfig(
    channels=2, widths=(4, 6), latent=3, groups=2, variational=False
)


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    plain = seed % 2
    found = weights(Autoencoder(_PLAIN if plain else _SMALL), rng)
    found["weight scale"] = rng.uniform(1.5, 3.0, (3, 1, 1))
    x, eps = rng.uniform(-1, 1, (5, 2, 8, 12)), rng.standard_normal((5, 3, 2, 3))
    return found | {"x": x, "eps": eps, "plain": plain}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    model: Any = built(fn, _PLAIN if inputs["plain"] else _SMALL, inputs)
    x, eps = tensor(inputs["x"]), tensor(inputs["eps"])
    answer = model(x, eps)
    if isinstance(answer, Tensor):
        raise BadResult(
            "it returns one tensor: return the rebuilt pictures and the bells"
        )
    pictures, bells = arrays(answer[:1], 1), arrays(answer[1], 2)
    (by_first,) = slopes(answer[0], next(model.down.parameters()))
    mean, log_var = model.bells(x)
    return {
        "rebuilt": pictures[0],
        "means": bells[0],
        "log variances": bells[1],
        "rebuilt from the means": arrays(model(x)[:1], 1)[0],
        "gradient for the encoder": by_first,
        "a draw, rebuilt": array(model.rebuild(mean + (log_var / 2).exp() * eps)),
        "the means, rebuilt": array(model.rebuild(mean)),
        "means of the encoder": array(mean),
    }


def _drawn(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["rebuilt"],
        outputs["a draw, rebuilt"],
        "the picture must be `rebuild` of one draw from the bells, made with eps",
    )


def _sure(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["rebuilt from the means"],
        outputs["the means, rebuilt"],
        "without eps the picture must be `rebuild` of the means",
    )


def _told(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["means"],
        outputs["means of the encoder"],
        "the second result must be what `bells` says of the pictures",
    )


class _Noisy(Autoencoder):
    """It draws noise of its own where none is given."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        own = torch.randn_like(bells.mean) if eps is None else eps
        return self.rebuild(reparameterize(*bells, own)), bells


class _Deaf(Autoencoder):
    """It never draws."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        return self.rebuild(bells.mean), bells


class _Unit(Autoencoder):
    """Its noise has no scale."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        z = bells.mean if eps is None else bells.mean + eps
        return self.rebuild(z), bells


class _Wide(Autoencoder):
    """It takes the variance for the standard deviation."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        z = bells.mean if eps is None else bells.mean + bells.log_var.exp() * eps
        return self.rebuild(z), bells


class _Scaled(Autoencoder):
    """It goes back with `decode`."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        return self.decode(z), bells


class _Encoded(Autoencoder):
    """It goes through the scaled latents, there and not back."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        mean, bells = self.encode(x), self.bells(x)
        z = mean if eps is None else reparameterize(mean, bells.log_var, eps)
        return self.rebuild(z), bells


class _Cut(Autoencoder):
    """The encoder learns nothing from the pictures."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        return self.rebuild(z.detach()), bells


class _Alone(Autoencoder):
    """It keeps the bells to itself."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> Tensor:  # type: ignore[override]
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        return self.rebuild(z)


class _Second(Autoencoder):
    """It reads the bells of its own copy."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        bells = self.bells(x)
        z = bells.mean if eps is None else reparameterize(*bells, eps)
        rebuilt = self.rebuild(z)
        return rebuilt, self.bells(rebuilt)


class _ByHand(Autoencoder):
    """Without its own methods for the way back and for the draw."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        mean, log_var = self.bells(x)
        z = mean
        if eps is not None:
            z = z + eps * torch.sqrt(torch.exp(log_var))
        return pixel_shuffle(self.up(z), self.config.patch), Bells(mean, log_var)


class _Always(Autoencoder):
    """No noise is noise of size 0."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        told = self.bells(x)
        noise = torch.zeros_like(told[0]) if eps is None else eps
        return self.rebuild(reparameterize(told[0], told[1], noise)), told


AUTOENCODER = Probe(
    inputs=_inputs,
    call=_call,
    cases=("a VAE", "a plain autoencoder"),
    oracles=(
        Oracle("one draw", _drawn),
        Oracle("no draw", _sure),
        Oracle("the bells", _told),
    ),
    mutants=(
        Mutant(
            "own noise",
            _Noisy,
            "without eps it draws noise of its own: take the mean then",
        ),
        Mutant("no draw", _Deaf, "eps is not used: the latent is a draw, not the mean"),
        Mutant(
            "unit spread",
            _Unit,
            "eps is added as it is: `reparameterize` gives it the spread of the bell",
        ),
        Mutant(
            "variance for std",
            _Wide,
            "eps is multiplied by the variance: `reparameterize` knows the standard "
            "deviation",
        ),
        Mutant(
            "decode",
            _Scaled,
            "`decode` undoes the scaling of latents, and a draw was never scaled: use "
            "`rebuild`",
        ),
        Mutant(
            "encode",
            _Encoded,
            "`encode` scales the means for a diffusion model: here the bells go on as "
            "they are",
        ),
        Mutant(
            "detached",
            _Cut,
            "no gradient comes through: leave out detach, .data, no_grad and .sample()",
        ),
        Mutant(
            "pictures only",
            _Alone,
            "it returns one tensor: return the rebuilt pictures and the bells",
        ),
        Mutant(
            "bells of the copy",
            _Second,
            "the bells are those of the rebuilt picture: return those of x",
        ),
    ),
    variants=(
        Variant("written out", _ByHand),
        Variant("noise of size 0", _Always),
    ),
)
