"""Recipes of language models that need few passes: one learns two of its teacher's."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.models.token_transformer import TokenTransformer, prompt_mask
from coursekit.theory.masked_diffusion import Predict, mask_tokens
from coursekit.theory.token_distillation import (
    forward_kl,
    reverse_kl,
    two_step_targets,
)
from coursekit.training.checkpoints import CheckpointError
from coursekit.training.data import seed_of
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_text import TextRecipe
from coursekit.training.warm_start import start_from

DIVERGENCES = {"forward": forward_kl, "reverse": reverse_kl}


class TeacherAndStudent(nn.Module):
    """A network that learns, and the frozen one that it learns from."""

    def __init__(self, config: Any) -> None:
        """Both of one shape."""
        super().__init__()
        self.student = TokenTransformer(config)
        self.teacher = TokenTransformer(config).requires_grad_(False)
        self.register_buffer("round", torch.tensor(0))

    def promote(self) -> None:
        """The student is the teacher of the next round."""
        self.teacher.load_state_dict(self.student.state_dict())


@dataclass(frozen=True)
class FewPassesRecipe(TextRecipe):
    """One step for two of the teacher's, round by round (Deschenaux & Gulcehre 2025).

    rounds: steps of the student in each; turns: steps of training at which the next
    round begins, and the student becomes the teacher.
    """

    divergence: str = "reverse"  # see DIVERGENCES
    rounds: tuple[int, ...] = (4, 2)
    turns: tuple[int, ...] = ()

    def build(self, config: Any) -> nn.Module:
        """Teacher and student."""
        return TeacherAndStudent(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """Both begin as the model `start`.

        Raises CheckpointError where that has another size.
        """
        both = cast(TeacherAndStudent, model)
        if start_from(both.student, self.start):
            raise CheckpointError(
                f"{self.start} is of another size, and a teacher must know something: "
                "train and publish it in this profile first"
            )
        both.promote()
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Rows hidden at a time of the student's grid, where its step ends, the round.

        The last number is the seed of the teacher's draws.
        """
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        told = self.told()
        chosen = told.chosen(data, size, self.seed, step)
        x0, editable = told.rows(data, chosen, self.kind, generator)
        now = sum(step >= turn for turn in self.turns)
        steps = self.rounds[now]
        t = torch.randint(1, steps + 1, (size,), generator=generator) / steps
        xt, masked = mask_tokens(x0, t, editable, told.mask_id, generator)
        luck = torch.full((size,), seed_of(self.seed, 3, step))
        return xt, masked, t, t - 1 / steps, torch.full((size,), now), luck

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """How far the student is from the teacher's later predictions, in nats."""
        xt, masked, t, s, rounds, luck = batch
        now = int(rounds[0])
        both, prompt = cast(TeacherAndStudent, model), self.told().prompt
        if int(cast(Tensor, both.round)) != now:
            both.promote()
            cast(Tensor, both.round).fill_(now)
        mask = prompt_mask(prompt, xt.shape[1]).to(xt.device)

        def asked(network: nn.Module) -> Predict:
            return lambda ids: cast(Tensor, network(ids, mask=mask))

        draws = torch.Generator().manual_seed(int(luck[0]))
        teacher = asked(both.teacher.eval())
        found = two_step_targets(teacher, xt, masked, t, s, draws)
        logits = asked(both.student)(xt)
        return DIVERGENCES[self.divergence](logits, found.log_p, found.hidden)

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The student."""
        return cast(TeacherAndStudent, model).student.eval()

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """Student and teacher: `loss` calls them, not the pair."""
        both = cast(TeacherAndStudent, model)
        return both.student, both.teacher
