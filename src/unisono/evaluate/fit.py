"""Trains on a user's own table of outcomes and says, on prompts held out, what the result is worth.

The fit is that of the default artifact (`learn.train`); this file chooses its settings, holds prompts out, and writes
the manifest. It reads no file: `tables` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unisono import __version__
from unisono.evaluate.caution import FEWEST, Fold, Measured, measure_caution
from unisono.evaluate.crossfit import best_single
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.learnable import MIN_PROMPTS, learnable
from unisono.evaluate.metrics import ROUNDING, Interval, calibration_error, interval, paired_bootstrap, resampled
from unisono.evaluate.replay import Expected, Replay, areas, expect, models_of, singles, sweep
from unisono.evaluate.report import as_json
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import N_FOLDS, group_folds, held_out_by_each, random_folds
from unisono.learn.irt import Array, Settings
from unisono.learn.train import NOT_MEASURED, Known, Trained, train
from unisono.predict.artifact import CAUTION, DOMAIN, IN_DOMAIN, Artifact, assembled, save
from unisono.predict.cost import TokenCost
from unisono.predict.domain import domain_of
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.names import normal
from unisono.protocols import Encoder
from unisono.types import Features, Json
from unisono.understand.features import Understanding
from unisono.understand.surface import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

PENALTIES = (10.0, 30.0, 80.0, 200.0)
"""Of skills that models share, tried in turn on tables of `MANY` prompts and more."""
MANY = 500
"""Fewer prompts do not show which skills models share: each model then has a map of its own. With more, what these say
of known tasks and not of others is believed too far."""
PENALTIES_APART = (
    (10.0, 10.0),
    (30.0, 30.0),
    (30.0, 100.0),
    (30.0, 300.0),
    (100.0, 100.0),
    (100.0, 300.0),
    (100.0, 1000.0),
    (100.0, 3000.0),
)
"""Of the map that all models share, and of what sets each model's own apart, tried in turn on smaller tables."""
HELD_OUT_SHARE = 0.25
PROMPTS_A_CLUSTER = 25
MAX_CLUSTERS = 48
N_RESAMPLES = 1000
SELDOM = 0.005
"""Below this share of prompts that leave it the default is said to answer everything."""
LOOKS_BETTER = 0.25
"""From this share of its interval's width on, a standard error, a gain is told though the interval holds zero."""
DEARER = 1.02
"""From this share of the best single model's bill on a bill is said to be higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server decides with it at the default dial, `Found.best_single` being the default, over five folds.

    The default is known to be best on all prompts but those held out first, and so on some that it is judged on: what
    is gained over it is understated a little.

    Attributes:
        gain: mean score less that of the best single model.
        left: share of the prompts that other models answer.
        spent: bill as a share of the best single model's; None where that costs nothing, or costs are unknown.
        elsewhere: the gain on tasks held out, of which the fit saw nothing.
        caution: the share of the doubt about pairs of models that was kept; 1 is all of it.
    """

    gain: Interval
    left: float
    spent: float | None
    elsewhere: float
    caution: float

    @property
    def is_paid_for_nothing(self) -> bool:
        """Whether it costs more than the best single model and is not shown to answer better."""
        return self.spent is not None and self.spent > DEARER and not self.gain.is_above_zero

    def __str__(self) -> str:
        """Say it in half a sentence."""
        if self.left < SELDOM:
            return "the default answers everything"
        bill = "" if self.spent is None else f" for {self.spent:.0%} of the bill"
        told = f"other models answer {self.left:.0%}: {100 * self.gain.value:+.1f} points{bill}"
        if self.is_paid_for_nothing:
            return f"{told} (more is paid and nothing is shown to be won: a lower `dial` asks dear models less)"
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the fit is worth on prompts that it did not see.

    Attributes:
        n_held_out: prompts of the table that were held out.
        n_complete: of those, prompts on which every model has a score: only they can be replayed.
        best_single: the model with the best mean on the prompts that were learnt from.
        log_loss: of the expected scores; `log_loss_means` is that of every model's plain mean.
        calibration_error: over all held-out scores.
        gain: mean score of the model expected to be best, less that of `best_single`.
        aiq_gain: area under quality over cost, less that of mixing single models; None without costs.
        served: what the default dial does; None where too few prompts were answered by every model.
        in_domain: the same where requests are seen to be of the table's kinds (`routing.in_domain`).
        uncosted: models whose answers cost what the table does not say; with any, money counts for nothing in it.
    """

    n_held_out: int
    n_complete: int
    best_single: str
    log_loss: float
    log_loss_means: float
    calibration_error: float
    quality: Interval | None = None
    gain: Interval | None = None
    aiq_gain: Interval | None = None
    served: Served | None = None
    in_domain: Served | None = None
    uncosted: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """What to do with it, in one sentence."""
        if self.gain is None:
            return (
                "No prompt was answered by every model, so choices cannot be replayed; "
                f"try it in shadow before you trust it.{self._at_default}"
            )
        better = self.gain.is_above_zero or (self.served is not None and self.served.gain.is_above_zero)
        wins = [better, self.aiq_gain is not None and self.aiq_gain.is_above_zero]
        if any(wins):
            what = " and ".join(
                name for name, won in zip(("quality", "cost at equal quality"), wins, strict=True) if won
            )
            return f"On held-out prompts it wins {what} over single models.{self._at_default}"
        if self.in_domain is not None and self.in_domain.gain.is_above_zero:
            return (
                "On held-out prompts it wins quality over single models only where requests are seen to be of this "
                f"table's kinds: make {self.best_single} the default.{self._at_default}"
            )
        if self.gain.value > LOOKS_BETTER * (self.gain.high - self.gain.low) + ROUNDING:
            value, low, high = (100 * part for part in (self.gain.value, self.gain.low, self.gain.high))
            return (
                "On held-out prompts nothing is shown to be won over single models: it looks "
                f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points better than {self.best_single}, but on "
                f"{self.n_complete:,} prompts only. Keep {self.best_single} until more outcomes tell.{self._at_default}"
            )
        return (
            f"On held-out prompts nothing is won over single models: keep {self.best_single}, or bring more outcomes."
            f"{self._at_default}"
        )

    @property
    def _at_default(self) -> str:
        if self.served is None:
            return self._uncosted
        told = f"{self._uncosted} With {self.best_single} as the default, at the default dial {self.served}."
        if self.in_domain is not None and self.in_domain.caution < self.served.caution:
            return (
                f"{told} Once requests are seen to be of this table's kinds (`routing.in_domain`) it routes more: "
                f"{self.in_domain}; on tasks held out of the table {100 * self.in_domain.elsewhere:+.1f} points."
            )
        return told

    @property
    def _uncosted(self) -> str:
        if not self.uncosted:
            return ""
        named = ", ".join(self.uncosted[:3]) + (f" and {n} more" if (n := len(self.uncosted) - 3) > 0 else "")
        return f" The table has no cost of {named}, so money counts for nothing here and no bill is told."

    def as_json(self) -> Json:
        """Return the figures as the manifest keeps them."""
        intervals = {"quality": self.quality, "gain": self.gain, "aiq_gain": self.aiq_gain}
        return {
            "n_held_out": self.n_held_out,
            "n_complete": self.n_complete,
            "best_single": self.best_single,
            "log_loss": round(self.log_loss, 4),
            "log_loss_means": round(self.log_loss_means, 4),
            "calibration_error": round(self.calibration_error, 4),
            **{name: None if value is None else as_json(value) for name, value in intervals.items()},
            "served": None if self.served is None else _served_as_json(self.served),
            "in_domain": None if self.in_domain is None else _served_as_json(self.in_domain),
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """An artifact in memory, and what is known of it."""

    trained: Trained
    manifest: Json
    found: Found

    def write(self, folder: Path) -> Path:
        """Write the artifact into a folder named by its id, inside `folder`; return that folder."""
        name = assembled(arrays=self.trained.arrays, manifest=self.manifest).id
        save(folder / name, arrays=self.trained.arrays, manifest=self.manifest)
        return folder / name


def fit_table(
    table: Outcomes,
    *,
    encoder: Encoder,
    seed: int = 1,
    parents: Sequence[str] = (),
    read: Callable[[str], Features] | None = None,
    origin: Json | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> Fit:
    """Train on a table.

    Args:
        table: prompts, models, scores, and costs where they are known.
        encoder: the artifact will be bound to it.
        seed: of the split, the folds and the fit.
        parents: ids of the artifacts that this one is to replace.
        read: gives the features of a prompt; None reads its words with the encoder.
        origin: more facts for the manifest on where the table comes from.
        on_step: told what is being done.

    Raises:
        StartError: the table is too small or holds nothing to learn; says what is missing.
    """
    table, dropped = learnable(table)
    on_step("reading prompts")
    read = read or Understanding(encoder, cache_size=1).text
    features = tuple(read(prompt) for prompt in table.prompts)
    models = tuple(normal(model) for model in table.models)
    whole = Corpus(
        blocks=(Block(outcomes=table, features=features, columns=np.arange(len(models))),),
        models=models,
        dropped=tuple(dropped),
    )
    held = np.random.default_rng(seed).random(len(features)) < HELD_OUT_SHARE
    learnt_from = rows(whole, ~held)
    settings = chosen(learnt_from, candidates(table, seed=seed), seed=seed, on_step=on_step)
    on_step("fitting without the prompts held out")
    before = train(learnt_from, settings, n_clusters=n_clusters(learnt_from), known=NOT_MEASURED)
    manifest = _manifest(whole, before, encoder=encoder, settings=settings, parents=parents)
    found = worth(
        assembled(arrays=before.arrays, manifest=manifest), learnt_from=learnt_from, held=rows(whole, held), seed=seed
    )
    on_step("fitting on everything")
    after = train(whole, settings, n_clusters=n_clusters(whole), on_step=on_step)
    served = measured(
        whole, after, default=found.best_single, settings=settings, encoder=encoder, seed=seed, on_step=on_step
    )
    found = replace(found, uncosted=_uncosted(table))
    if served is not None:
        found = replace(found, served=served[0], in_domain=served[1])
        after = replace(after, scalars={**after.scalars, CAUTION: served[0].caution, IN_DOMAIN: served[1].caution})
    after = replace(after, arrays={**after.arrays, **_domain(features, seed=seed)})
    manifest = _manifest(whole, after, encoder=encoder, settings=settings, parents=parents)
    training = manifest["training"]
    assert isinstance(training, dict)  # noqa: S101 - made by `_manifest`
    manifest = {**manifest, "training": {**training, **(origin or {})}, "metrics": found.as_json()}
    return Fit(trained=after, manifest=manifest, found=found)


def _domain(features: Sequence[Features], *, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return what the artifact keeps of what the prompts are like, as its arrays."""
    read = [f.embedding for f in features if f.embedding is not None]
    domain = domain_of(np.array(read, dtype=np.float64), seed=seed)
    if domain is None:
        return {}
    return dict(zip(DOMAIN, (domain.means.astype(np.float32), domain.covariances.astype(np.float32)), strict=True))


def _mask(keep: object) -> NDArray[np.bool_]:
    return np.asarray(keep, dtype=np.bool_)


def rows(corpus: Corpus, keep: NDArray[np.bool_]) -> Corpus:
    """Return the corpus of one table with the prompts for which `keep` holds."""
    (block,) = corpus.blocks
    assert isinstance(block.outcomes, Outcomes)  # noqa: S101 - made here
    features = tuple(f for f, kept in zip(block.features, keep, strict=True) if kept)
    return replace(corpus, blocks=(replace(block, outcomes=block.outcomes.rows(keep), features=features),))


# -------------------------------------------------------------------------------------------- settings


def n_clusters(corpus: Corpus) -> int:
    """Return how many topics so many prompts can bear."""
    n = sum(len(block.features) for block in corpus.blocks)
    return max(2, min(MAX_CLUSTERS, n // PROMPTS_A_CLUSTER))


def candidates(table: Outcomes, *, seed: int) -> list[Settings]:
    """Return the settings that are worth trying on a table of this size."""
    if len(table.prompts) < MANY:
        return [
            Settings(n_skills=None, map_penalty=shared, ability_penalty=own, seed=seed)
            for shared, own in PENALTIES_APART
        ]
    n_skills = max(1, min(4, len(table.models) - 1))
    return [
        Settings(n_skills=n_skills, map_penalty=penalty, ability_penalty=penalty, seed=seed) for penalty in PENALTIES
    ]


def chosen(corpus: Corpus, candidates: Sequence[Settings], *, seed: int, on_step: Callable[[str], None]) -> Settings:
    """Return the settings with the best log loss on prompts held out within the table."""
    folds = random_folds(corpus, seed=seed)
    each = held_out_by_each(
        corpus,
        folds=folds,
        candidates=candidates,
        n_clusters=n_clusters(corpus),
        on_step=lambda step: on_step(f"settings, {step}"),
    )
    losses = [_log_loss(corpus, [h.probabilities(np.ones(2)) for h in held]) for held in each]
    return candidates[int(np.argmin(losses))]


def _log_loss(corpus: Corpus, expected: Sequence[Array]) -> float:
    total, n = 0.0, 0
    for block, p in zip(corpus.blocks, expected, strict=True):
        y = block.outcomes.scores
        known = ~np.isnan(y)
        total += _cross_entropy(p[known], y[known]) * int(known.sum())
        n += int(known.sum())
    return total / n


def _cross_entropy(p: Array, y: Array) -> float:
    q = np.clip(p, 1e-3, 1.0 - 1e-3)
    return float(-(y * np.log(q) + (1.0 - y) * np.log(1.0 - q)).mean())


# ----------------------------------------------------------------------------------------------- worth


def worth(artifact: Artifact, *, learnt_from: Corpus, held: Corpus, seed: int) -> Found:
    """Measure an artifact on prompts that it was not trained on, through the product's own predictors."""
    (block,) = held.blocks
    table = block.outcomes
    assert isinstance(table, Outcomes)  # noqa: S101 - made here
    models = models_of(table)
    cost = TokenCost(artifact.length.expected)
    expected = expect(block.features, models, quality=QualityEnsemble(artifact), cost=cost)
    means = np.nanmean(learnt_from.blocks[0].outcomes.scores, axis=0)
    best = best_single(learnt_from.blocks[0].outcomes.scores, learnt_from.blocks[0].outcomes.costs_usd)
    known = ~np.isnan(table.scores)
    flat = np.repeat(means[None], len(table.prompts), axis=0)
    found = Found(
        n_held_out=len(table.prompts),
        n_complete=int(known.all(axis=1).sum()),
        best_single=table.models[best],
        log_loss=_cross_entropy(expected.quality[known], table.scores[known]),
        log_loss_means=_cross_entropy(flat[known], table.scores[known]),
        calibration_error=calibration_error(expected.quality[known], table.scores[known]),
    )
    whole = _mask(known.all(axis=1))
    if whole.sum() < 2:
        return found
    scores, quality = table.scores[whole], expected.quality[whole]
    ours, single = scores[np.arange(len(scores)), quality.argmax(axis=1)], scores[:, best]
    rng = np.random.default_rng
    return replace(
        found,
        quality=paired_bootstrap(lambda w: float(w @ ours), len(ours), rng=rng(seed), n_resamples=N_RESAMPLES),
        gain=paired_bootstrap(lambda w: float(w @ (ours - single)), len(ours), rng=rng(seed), n_resamples=N_RESAMPLES),
        aiq_gain=_aiq_gain(table, expected, seed=seed),
    )


def measured(
    whole: Corpus,
    trained: Trained,
    *,
    default: str,
    settings: Settings,
    encoder: Encoder,
    seed: int,
    on_step: Callable[[str], None],
) -> tuple[Served, Served] | None:
    """Return what a server does with as much doubt as any requests need, and with what such as the table's need.

    None where too few prompts were answered by every model to measure it.
    """
    known = Known(
        trust=np.asarray(trained.arrays["trust"], dtype=np.float64),
        quantiles=np.asarray(trained.arrays["familiar_quantiles"], dtype=np.float64),
        unsteady=dict(zip(whole.models, np.asarray(trained.arrays["unsteady"]).tolist(), strict=True)),
    )
    (block,) = whole.blocks
    table = block.outcomes
    assert isinstance(table, Outcomes)  # noqa: S101 - made here
    if int((~np.isnan(table.scores)).all(axis=1).sum()) < FEWEST:
        return None

    def folds(place: NDArray[np.intp], what: str) -> list[Fold]:
        found, names = [], np.unique(place)
        for n, fold in enumerate(names, start=1):
            on_step(f"how much doubt to keep, {what} held out, fold {n} of {len(names)}")
            rest, held = rows(whole, place != fold), rows(whole, place == fold)
            if len(rest.blocks[0].features) < MIN_PROMPTS:
                continue
            without = train(rest, settings, n_clusters=n_clusters(rest), known=known)
            manifest = _manifest(rest, without, encoder=encoder, settings=settings, parents=())
            seen, unseen = rest.blocks[0].outcomes, held.blocks[0].outcomes
            assert isinstance(seen, Outcomes)  # noqa: S101 - made by `rows`
            assert isinstance(unseen, Outcomes)  # noqa: S101 - made by `rows`
            artifact = assembled(arrays=without.arrays, manifest=manifest)
            found.append(Fold(artifact=artifact, rest=seen, held=unseen, features=held.blocks[0].features))
        return found

    (near,), (far,) = random_folds(whole, seed=seed + 1), group_folds([tasks_of(whole, trained)])
    found = measure_caution(folds(near, "prompts"), folds(far, "tasks"), default=table.models.index(default))
    if found is None:
        return None
    weights = resampled(len(found[0].near.gained), rng=np.random.default_rng(seed), n_resamples=N_RESAMPLES)
    bill_usd = np.nan_to_num(table.costs_usd[:, table.models.index(default)]).sum()
    told = bill_usd > 0.0 and not _uncosted(table)

    def served(one: Measured) -> Served:
        return Served(
            gain=interval(weights @ one.near.gained),
            left=float(one.near.left.mean()),
            spent=float(one.near.spent.mean()) if told else None,
            elsewhere=float(one.far.gained.mean()),
            caution=one.caution,
        )

    return served(found[0]), served(found[1])


def _uncosted(table: Outcomes) -> tuple[str, ...]:
    """Return the models of which no answer's cost is known."""
    known = _mask(~np.isnan(table.costs_usd))
    return tuple(model for place, model in enumerate(table.models) if not known[:, place].any())


def tasks_of(corpus: Corpus, trained: Trained) -> NDArray[np.str_]:
    """Return the task of each prompt of one table: its category, or where all have the same one its nearest topic."""
    (block,) = corpus.blocks
    named = np.array(block.outcomes.categories)
    if len(set(named.tolist())) > 1:
        return named
    centroids = np.asarray(trained.arrays["centroids"], dtype=np.float64)
    nearest = (np.array([f.embedding for f in block.features]) @ centroids.T).argmax(axis=1)
    return np.array([str(topic) for topic in nearest.tolist()])


def _served_as_json(served: Served) -> Json:
    return {
        "gain": as_json(served.gain),
        "left": round(served.left, 4),
        "spent": None if served.spent is None else round(served.spent, 4),
        "gain_on_tasks_held_out": round(served.elsewhere, 4),
        "caution": served.caution,
    }


def _aiq_gain(table: Outcomes, expected: Expected, *, seed: int) -> Interval | None:
    whole = _mask(~np.isnan(table.scores).any(axis=1) & ~np.isnan(table.costs_usd).any(axis=1))
    complete = table.rows(whole)
    if len(complete.prompts) < 2 or np.ptp(complete.costs_usd.mean(axis=0)) <= 0.0:
        return None
    ours = Expected(quality=expected.quality[whole], cost_usd=_costs(complete, expected.cost_usd[whole]))
    n_models, n = len(complete.models), len(complete.prompts)
    replay, weights = Replay(complete), resampled(n, rng=np.random.default_rng(seed), n_resamples=N_RESAMPLES)
    mixed = areas(replay, singles("singles", n_models, n), weights)
    return interval(areas(replay, sweep("ours", ours), weights) - mixed)


def _costs(table: Outcomes, expected: Array) -> Array:
    """Return expected costs; where the table has no tokens to imply prices from, each model's mean."""
    priced = _mask(~np.isnan(table.input_tokens + table.output_tokens).all(axis=0))
    costs: Array = np.where(priced[None], expected, table.costs_usd.mean(axis=0)[None])
    return costs


# -------------------------------------------------------------------------------------------- manifest


def _manifest(
    corpus: Corpus, trained: Trained, *, encoder: Encoder, settings: Settings, parents: Sequence[str]
) -> Json:
    (block,) = corpus.blocks
    return {
        "encoder": encoder.name,
        "surface": list(NAMES),
        "models": list(corpus.models),
        "aliases": {},
        "scalars": trained.scalars,
        "lines": trained.lines,
        "benchmarks": trained.benchmarks,
        "parents": list(parents),
        "training": {
            "by": f"unisono fit {__version__}",
            "data_sha256": dict(block.outcomes.hashes),
            "n_prompts": len(block.features),
            "n_outcomes": trained.n_outcomes,
            "dropped": list(corpus.dropped),
            "seed": settings.seed,
            "settings": {
                "n_skills": int(trained.arrays["skills"].shape[1]),
                "map_penalty": settings.map_penalty,
                "ability_penalty": settings.ability_penalty,
                "n_clusters": n_clusters(corpus),
                "n_folds": N_FOLDS,
                "held_out_share": HELD_OUT_SHARE,
            },
        },
        "licence": "Trained from your own table. It holds fitted numbers and model names; no prompt and no answer.",
    }
