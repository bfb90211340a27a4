"""What a running Unisono does beside answering, each chore until it is cancelled.

A chore only looks and says when; what is to be done, `Live` does.
"""

from unisono.compose.chores.fellows import keep_in_step, tell_metrics
from unisono.compose.chores.files import watch_files
from unisono.compose.chores.follow import follow_config, follow_policies, learn_on, notice_scores
from unisono.compose.chores.guard import guard_domain, guard_policies
from unisono.compose.chores.watch import canaries_of, watch_models

__all__ = [
    "canaries_of",
    "follow_config",
    "follow_policies",
    "guard_domain",
    "guard_policies",
    "keep_in_step",
    "learn_on",
    "notice_scores",
    "tell_metrics",
    "watch_files",
    "watch_models",
]
