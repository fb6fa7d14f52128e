"""Lecture 5: its notebook, exercises, mistakes, experiments and widgets."""
