"""The widgets of notebook 8b."""

from coursekit.lectures.l08b_image_editing.widgets.edit_desk import edit_desk
from coursekit.widgets import outcome, predict

# MARK widgets
__all__ = ["edit_desk", "outcome", "predict"]
