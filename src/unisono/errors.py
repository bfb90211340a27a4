"""The one tree of errors: status, code, retryable, whom it blames.

    UnisonoError
    ├── RequestError            400  caller     invalid_request            the body or a header is wrong
    │   ├── ModelNotFound       404  caller     model_not_found            no such name; says the nearest
    │   ├── NoCandidate         400  caller     no_candidate               no model meets the request's bounds
    │   ├── ContextTooLong      400  caller     context_length_exceeded    longer than every window
    │   ├── NotAuthorised       401  caller     invalid_api_key            key missing, unknown, expired or revoked
    │   └── NotAllowed          403  caller     not_allowed                the key is known and may not do this
    ├── NotFound                404  caller     not_found                  no such decision or route
    ├── PolicyRefused           409  operator   policy_refused             a policy may not be put in force, or back
    ├── ConfigError             500  operator   config_invalid             a list of problems with line and key
    ├── StartError              500  operator   cannot_start               port, file, disk, missing package
    ├── RouterBroken            503  operator   router_broken              not even the default can be chosen safely
    ├── ArtifactError           500  operator   artifact_broken            trained parts cannot be read
    ├── Overloaded              503  operator   overloaded                 too many requests at once; come again
    ├── StoreError              500  operator   store_unavailable          the record cannot be read
    └── UpstreamError           502  upstream   upstream_error             one attempt failed
        ├── UpstreamUnreachable 502  upstream   upstream_unreachable       refused, reset, DNS, process down
        │   └── UpstreamUntrusted 502 upstream  upstream_untrusted         TLS: a certificate, theirs or ours
        ├── UpstreamTimeout     504  upstream   upstream_timeout           a limit in seconds was reached
        ├── UpstreamRefused     ...  upstream   (by status)                it answered with an error status
        ├── UpstreamBusy        503  upstream   upstream_busy              too many calls wait for it here
        ├── OutOfFiles          503  operator   out_of_files               we have too many files open to call it
        ├── UpstreamMalformed   502  upstream   upstream_malformed         the answer is not the protocol
        ├── UpstreamCut         502  upstream   upstream_cut               it ended after content, before the end
        └── NoAnswer            502  upstream   no_answer                  every attempt failed; lists each

It does not format HTTP answers: the server does, from these attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from unisono.types import Attempt, Excluded, Json

Blame = Literal["caller", "operator", "upstream"]
LASTING = (401, 402, 403, 404)
"""Statuses of upstreams that stay until the operator mends a key, a bill or a name."""


class UnisonoError(Exception):
    """Base of every error that Unisono raises on purpose. The message says what to do."""

    status: int = 500
    code: str = "internal_error"
    type: ClassVar[str] = "api_error"
    blames: ClassVar[Blame] = "operator"
    retryable: bool = False
    param: str | None = None
    retry_after_s: float | None = None
    lasting: bool = False
    """It stays until somebody mends it, whatever its status says: callers need not ask again by themselves."""

    @property
    def detail(self) -> Json:
        """More facts for the `unisono` object of an error body."""
        return {}


class RouterBroken(UnisonoError):
    """The router is broken in a part that bounds what may serve, so that even the default could break a bound."""

    status = 503
    code = "router_broken"
    retryable = True

    def __init__(self, why: str, *, retry_after_s: float) -> None:
        super().__init__(
            f"The router is broken ({why}), and what bounds a request with it: nobody is asked, for an answer could "
            f"break a bound. Try again in {retry_after_s:g} s; the operator finds the cause in the log."
        )
        self.retry_after_s = retry_after_s

    @property
    def detail(self) -> Json:
        return {"degraded": True}


class RequestError(UnisonoError):
    """The caller's request cannot be served as it is. `param` names the field."""

    status = 400
    code = "invalid_request"
    type = "invalid_request_error"
    blames = "caller"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        if code is not None:
            self.code = code


class ModelNotFound(RequestError):
    """The name in `model` is neither `auto`, a mode of it, nor in the catalogue."""

    status = 404
    code = "model_not_found"

    def __init__(self, name: str, *, nearest: Sequence[str], kind: str = "model") -> None:
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        super().__init__(
            f"The {kind} {name!r} does not exist here.{hint} GET /v1/models lists them all.", param="model"
        )
        self.name = name
        self.nearest = tuple(nearest)


class NoCandidate(RequestError):
    """Every model was excluded; `excluded` holds the reason against each."""

    code = "no_candidate"

    def __init__(self, message: str, *, excluded: Sequence[Excluded], param: str | None = None) -> None:
        listed = "; ".join(f"{e.model}: {e.reason}" for e in excluded)
        super().__init__(f"{message} {listed}".strip(), param=param)
        self.excluded = tuple(excluded)

    @property
    def detail(self) -> Json:
        return {"excluded": [{"model": e.model, "rule": e.rule, "reason": e.reason} for e in self.excluded]}


class ContextTooLong(NoCandidate):
    """The prompt is longer than the window of every model that could otherwise serve."""

    code = "context_length_exceeded"


class LimitReached(RequestError):
    """A usage limit has no room for the request, and nothing else may answer.

    `returns` says when waiting helps; None: never, the request is larger than the whole limit, or `soon`, as soon as a
    request in flight has ended.
    """

    status = 429
    code = "limit_reached"
    type = "rate_limit_error"

    def __init__(self, message: str, *, returns: datetime | None, now: datetime, soon: bool = False) -> None:
        super().__init__(message)
        self._returns = returns
        helps_s = None if returns is None else max((returns - now).total_seconds(), 1.0)
        self.retry_after_s = 1.0 if soon else helps_s

    @property
    def detail(self) -> Json:
        return {} if self._returns is None else {"returns": self._returns.isoformat().replace("+00:00", "Z")}


class NotAuthorised(RequestError):
    """The caller's key is missing, unknown, expired or revoked."""

    status = 401
    code = "invalid_api_key"
    type = "authentication_error"
    lasting = True


class NotAllowed(RequestError):
    """The caller's key is known and its scope does not hold this."""

    status = 403
    code = "not_allowed"
    type = "permission_error"
    lasting = True


class NotFound(UnisonoError):
    """What the URL names does not exist."""

    status = 404
    code = "not_found"
    type = "invalid_request_error"
    blames = "caller"


class PolicyRefused(UnisonoError):
    """A policy may not be put in force, or there is none to return to; `verdict` is what the gate said, if asked."""

    status = 409
    code = "policy_refused"

    def __init__(self, message: str, *, verdict: Json | None = None) -> None:
        super().__init__(message)
        self.verdict = verdict

    @property
    def detail(self) -> Json:
        return {} if self.verdict is None else {"verdict": self.verdict}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a configuration: where it is, what it is, what to do."""

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.text}"


class ConfigError(UnisonoError):
    """The configuration is refused as a whole; `problems` lists every mistake found."""

    code = "config_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = tuple(problems)


class StartError(UnisonoError):
    """Something outside stands in the way of starting; one line that says what to do."""

    code = "cannot_start"


class ArtifactError(UnisonoError):
    """The trained parts are missing or damaged."""

    code = "artifact_broken"


class Overloaded(UnisonoError):
    """The server has as many requests in hand as it may; nothing was done with this one."""

    status = 503
    code = "overloaded"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreError(UnisonoError):
    """The record cannot be opened, read or written."""

    code = "store_unavailable"
    retryable = True


class UpstreamError(UnisonoError):
    """One attempt at one upstream failed.

    `retryable` means that another attempt (here or at another model) may succeed.
    """

    status = 502
    code = "upstream_error"
    type = "upstream_error"
    blames: ClassVar[Blame] = "upstream"
    retryable = True


class UpstreamUnreachable(UpstreamError):
    """No connection, or it was reset before an answer."""

    code = "upstream_unreachable"


class UpstreamUntrusted(UpstreamUnreachable):
    """TLS failed, and will until somebody mends a certificate, its own or ours, or the configuration."""

    code = "upstream_untrusted"
    lasting = True


class UpstreamTimeout(UpstreamError):
    """A limit in seconds was reached: connect, first content, gap or total."""

    status = 504
    code = "upstream_timeout"


class UpstreamRefused(UpstreamError):
    """The upstream answered with an error status.

    400, 413, 415 and 422 are the caller's to mend and pass through; 429 stays 429 with its `Retry-After`;
    401, 402, 403 and 404 blame the operator's key, account or names and become 502; the rest become 502.
    `http_status` is what the refusal means, where a host says it with another status.
    """

    code = "upstream_refused"

    def __init__(
        self, message: str, *, http_status: int, body: Json | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.body = body
        self.retry_after_s = retry_after_s
        self.retryable = http_status not in (400, 413, 415, 422)
        self.status = http_status if http_status in (400, 413, 415, 422, 429) else 502
        if http_status == 429:
            self.code = "rate_limit_exceeded"
        self.lasting = http_status in LASTING


class UpstreamBusy(UpstreamError):
    """As many calls are in flight as may be, and as many wait; nothing was sent. `retry_after_s` says when to come."""

    status = 503
    code = "upstream_busy"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OutOfFiles(UpstreamError):
    """This process has as many files open as it may, and could not connect: no fault of the upstream's."""

    status = 503
    code = "out_of_files"
    blames = "operator"
    retry_after_s = 1.0


class UpstreamMalformed(UpstreamError):
    """The upstream's answer is not what the protocol promises."""

    code = "upstream_malformed"


class UpstreamCut(UpstreamError):
    """The stream ended after its first content and before its end."""

    code = "upstream_cut"
    retryable = False


def is_lasting(attempt: Attempt) -> bool:
    """Say whether an attempt failed for what stays until somebody mends it."""
    return attempt.http_status in LASTING or attempt.error_code == UpstreamUntrusted.code


class NoAnswer(UpstreamError):
    """No model answered; `attempts` lists what was tried. The last error's status and body survive."""

    code = "no_answer"

    def __init__(self, message: str, *, attempts: Sequence[Attempt], last: UpstreamError) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)
        self.last = last
        self.status = last.status
        self.retryable = last.retryable
        self.retry_after_s = last.retry_after_s
        self.lasting = last.lasting and all(is_lasting(attempt) for attempt in attempts)

    @property
    def detail(self) -> Json:
        return {
            "attempts": [
                {"model": a.model, "error": a.error_code, "http_status": a.http_status, "text": a.error_text}
                for a in self.attempts
            ]
        }
