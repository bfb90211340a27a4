"""One TOML file to one frozen Config. This package is the only reader of the environment."""

from unisono.config.load import load_config, parse_config
from unisono.config.values import Config, EncoderConfig, NamedSecret, RoutingConfig, ServerConfig, StoreConfig

__all__ = [
    "Config",
    "EncoderConfig",
    "NamedSecret",
    "RoutingConfig",
    "ServerConfig",
    "StoreConfig",
    "load_config",
    "parse_config",
]
