"""Measurements that anybody can repeat: each module is a command, each result names its commit and its machine."""
