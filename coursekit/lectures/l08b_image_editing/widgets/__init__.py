"""The widgets of notebook 8b."""

from coursekit.lectures.l08b_image_editing.widgets.edit_desk import edit_desk
from coursekit.lectures.l08b_image_editing.widgets.side_by_side import editors
from coursekit.widgets import outcome, predict

__all__ = ["edit_desk", "editors", "outcome", "predict"]
