"""Estimates and a goal to a ranking with reasons."""
