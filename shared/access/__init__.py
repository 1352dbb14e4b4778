"""Who asks, what they may do, and the record of it (design.md §5, decisions.md §4)."""

from shared.access.log import AccessLog, Seen
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier

__all__ = [
    "AccessLog",
    "HeldDuty",
    "Holder",
    "KeySource",
    "Policies",
    "Principal",
    "Seen",
    "TokenVerifier",
    "Unauthenticated",
]
