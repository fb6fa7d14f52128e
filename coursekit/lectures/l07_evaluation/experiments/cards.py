"""Figure 07.K: a card of every model and student that draws bears from a prompt.

The command `coursekit evaluate NAME` prints one of them.
"""

from coursekit.experiments.summary import Result
from coursekit.pipeline.contestants import contestants
from coursekit.pipeline.evaluate_command import of_model

PROMPTS = 8  # for each task


def measure(quick: bool = False) -> Result:
    """Everything of 07.K.

    Keys: `prompts` for each task, and under `cards`, by name, what
    `coursekit evaluate NAME --json FILE` writes.
    """
    prompts, names = (1, contestants()[-1:]) if quick else (PROMPTS, contestants())
    return {
        "prompts": prompts,
        "cards": {name: of_model(name, prompts, 0) for name in names},
    }
