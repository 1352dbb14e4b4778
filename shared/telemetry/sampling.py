"""One trace in so many, whoever began it: in a browser its id is the command's own, which is no number of chance.

The SDK's own sampler looks at the last half of the id, of which a UUIDv7 says the same in all; and what comes with a
decision it takes as decided, also by a browser that knows nothing of the operator's wish.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes


class Share(Sampler):
    """Every process takes the same ones, and of a smaller share those that are in a larger one, too."""

    def __init__(self, share: float) -> None:
        """``share``: 0 for none, 1 for all."""
        self._share = share

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """By its id alone."""
        hashed = blake2b(trace_id.to_bytes(16), digest_size=8).digest()
        taken = int.from_bytes(hashed) < self._share * 2**64
        decision = Decision.RECORD_AND_SAMPLE if taken else Decision.DROP
        return SamplingResult(decision, attributes if taken else None, trace_state)

    def get_description(self) -> str:
        return f"Share({self._share})"


def share_of_all(share: float) -> ParentBased:
    """What begins here or elsewhere is taken by its id; what hangs below a span of this process as that one was."""
    by_id = Share(share)
    return ParentBased(by_id, remote_parent_sampled=by_id)
