"""Measures models and routers: probes, replays, reports. It builds nothing and serves nothing."""
