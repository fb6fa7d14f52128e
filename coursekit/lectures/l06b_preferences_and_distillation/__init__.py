"""Lecture 6, second half: its notebook, exercises, mistakes, figures, widgets."""
