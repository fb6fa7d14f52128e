"""Lecture 3: its notebook, exercises, mistakes, experiments and widgets."""
