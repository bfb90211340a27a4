"""Named keys and limits in the file."""

from __future__ import annotations

import pytest

from unisono.config.describe import as_tables, as_toml
from unisono.config.load import parse_config, parse_tables
from unisono.errors import ConfigError
from unisono.types import Caller, Limit, Mode, Role, Scope, Wishes

BASE = 'default = "a"\n[[models]]\nname = "a"\nupstream = "scripted"\n'
ENV = {"K1": "qq-one-qq", "K2": "two"}


def test_keys_and_limits_become_values() -> None:
    config = parse_config(
        BASE
        + '[[keys]]\nname = "team"\nkey = "env:K1"\ndial = 0.2\nban = ["a"]\n'
        + '[[limits]]\nname = "deep"\namount = 3000\nwindow = "week"\nroles = ["deep"]\nkeys = ["team"]\n'
        + '[[limits]]\nname = "money"\ncounts = "usd"\namount = 1.5\nwindow_s = 3600\n'
        + '[[limits]]\nname = "at-once"\ncounts = "concurrent_requests"\namount = 8\n',
        ENV,
    )
    (caller,) = config.callers
    assert isinstance(caller, Caller)
    assert (caller.name, caller.key.reveal(), caller.wishes) == ("team", "qq-one-qq", Wishes(dial=0.2))
    assert caller.scope == Scope(ban=("a",))
    assert config.limits == (
        Limit(name="deep", amount=3000, window="week", roles=(Role.DEEP,), keys=("team",)),
        Limit(name="money", counts="usd", amount=1.5, window=3600.0),
        Limit(name="at-once", counts="concurrent_requests", amount=8, window=None),
    )
    again = parse_tables(as_tables(config), ENV)
    assert (again.limits, [c.wishes for c in again.callers]) == (config.limits, [c.wishes for c in config.callers])
    assert "qq-one-qq" not in as_toml(config)
    assert parse_config(as_toml(config), ENV).limits == config.limits


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ('[[limits]]\nname = "x"\n', "limits[0].amount", "missing"),
        ('[[limits]]\nname = "x"\namount = 1\nmodels = ["b"]\n', "limits[0].models[0]", "'b'"),
        ('[[limits]]\nname = "x"\namount = 1\nkeys = ["nobody"]\n', "limits[0].keys[0]", "nobody"),
        ('[[limits]]\nname = "x"\namount = 1\nkeys = ["*"]\n', "limits[0].keys[0]", "must be a name"),
        ('[[limits]]\nname = "x"\namount = 1\nwindow = "day"\nwindow_s = 5\n', "limits[0].window_s", "exclude"),
        ('[[limits]]\nname = "x"\namount = 1\n[[limits]]\nname = "x"\namount = 2\n', "limits[1].name", "taken"),
        (
            '[[limits]]\nname = "x"\namount = 1\ncounts = "concurrent_requests"\nwindow_s = 5\n',
            "limits[0].window_s",
            "says nothing of concurrent requests",
        ),
        ('[[limits]]\nname = "x"\namount = 0\n', "limits[0].amount", "above 0"),
        ('[[keys]]\nname = "t"\nkey = "plain"\n', "keys[0].key", "environment"),
        ('[[keys]]\nname = "t"\nkey = "env:K1"\n[[keys]]\nname = "u"\nkey = "env:K1"\n', "keys[1].key", "already"),
        ('[limits]\nname = "x"\n', "limits", "two brackets"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, key: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(BASE + text, ENV)
    assert key in [problem.key for problem in caught.value.problems]
    assert says in str(caught.value)


def test_a_named_key_opens_the_door_to_other_machines() -> None:
    text = BASE + '[server]\nhost = "0.0.0.0"\n[[keys]]\nname = "t"\nkey = "env:K1"\n'
    assert parse_config(text, ENV).server.host == "0.0.0.0"  # noqa: S104 - the very thing that needs a key


def test_embedding_models_are_read_and_their_names_are_their_own() -> None:
    table = '[[embeddings]]\nname = "vectors"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "env:K1"\n'
    config = parse_config(BASE + table, ENV)
    (model,) = config.embeddings
    assert (model.name, model.upstream_model, model.usd_per_mtok_in) == ("vectors", "vectors", None)
    assert parse_tables(as_tables(config), ENV).embeddings == config.embeddings
    assert parse_config(as_toml(config), ENV).embeddings == config.embeddings
    with pytest.raises(ConfigError, match="already"):
        parse_config(BASE + table + table, ENV)
    with pytest.raises(ConfigError, match="already"):
        parse_config(BASE + table.replace('"vectors"', '"a"'), ENV)


def test_the_scope_of_a_key_survives_being_written_and_read_again() -> None:
    more = '[server]\nconsole = true\n[[keys]]\nname = "t"\nkey = "env:K1"\nadmin = true\n'
    more += 'models = ["a"]\nmodes = ["deep"]\n'
    config = parse_config(BASE + more, ENV)
    assert config.callers[0].scope == Scope(admin=True, models=("a",), modes=(Mode.DEEP,))
    for again in (parse_tables(as_tables(config), ENV), parse_config(as_toml(config), ENV)):
        assert (again.callers, again.server) == (config.callers, config.server)


def test_a_limit_may_be_about_all_keys_whose_names_begin_alike() -> None:
    config = parse_config(BASE + '[[limits]]\nname = "red"\namount = 1\nper = "all"\nkeys = ["red-*"]\n', ENV)
    (limit,) = config.limits
    assert [limit.is_about(key) for key in ("red-1", "red-", "red", "blue-1", "red-*")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert parse_config(as_toml(config), ENV).limits == config.limits
