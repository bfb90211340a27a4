"""How much of the measured doubt about a pair of trained models stands on a prompt.

A table of one's own may show, on prompts and on whole tasks held out, that its words do tell which model is better
where; then an artifact keeps only a share of the doubt. On a prompt unlike those of the table all of it stands. It
measures nothing: `evaluate.caution` does.
"""

from __future__ import annotations

FULL = 1.0
"""All of the doubt: what an artifact has that measured nothing else."""
UNUSUAL, USUAL = 0.05, 0.25
"""Up to the first familiarity all of the doubt stands, from the second on the artifact's share; in between evenly."""


def caution_at(caution: float, familiar: float) -> float:
    """Return the share of the doubt that stands on a prompt.

    Args:
        caution: the artifact's share, in [0, 1].
        familiar: of the prompt, in [0, 1].
    """
    if caution >= FULL:
        return FULL
    strange = min(max((USUAL - familiar) / (USUAL - UNUSUAL), 0.0), 1.0)
    return caution + (FULL - caution) * strange


def eased(mean: float, apart: float, at_large: float, caution: float) -> tuple[float, float]:
    """Return `apart` and `at_large` of an estimate of which a share of the doubt stands.

    What is expected at large comes nearer to what the prompt's own words say, as far as these are believed.
    """
    return caution * apart, mean + caution * (at_large - mean)
