"""The widgets of notebook 8b."""
# MARK widgets
