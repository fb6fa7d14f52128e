"""The lectures: one folder for each notebook, with all that belongs to it."""
