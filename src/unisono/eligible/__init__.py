"""Candidates to those that may serve, with a reason against each other one."""
