"""Grading submitted notebooks: a grade that reflects the submitted code.

Anything decided in the student's process can be forged. So that process only returns
values, on inputs made after submission; every verdict is reached outside of it.
"""
