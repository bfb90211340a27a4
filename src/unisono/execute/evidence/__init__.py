"""Checks of an answer, each in one file: what it looks like under a right and under a wrong one."""
