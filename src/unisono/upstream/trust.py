"""Why TLS with a host failed, whether that passes by itself, and what to do.

It opens no connection; how they are secured, `config.tls` says.
"""

from __future__ import annotations

import ssl

from unisono.errors import UpstreamUnreachable, UpstreamUntrusted
from unisono.types import Tls

_EXPIRED = 10
_NOT_YET = 9
_OTHER_NAME = (62, 64)
"""OpenSSL's codes: the certificate is for another host, for another address."""
_PASSING = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW")
_ASKS = "CERTIFICATE_REQUIRED"
_OUR_CERTIFICATE = (
    "UNKNOWN_CA",
    "BAD_CERTIFICATE",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
)


def lasts(exc: ssl.SSLError) -> bool:
    """Say whether it stays until somebody mends a certificate or the configuration."""
    if isinstance(exc, _PASSING):
        return False
    reason = exc.reason or ""
    known = (*_NO_TLS, *_TOO_OLD, _ASKS, *_OUR_CERTIFICATE)
    return isinstance(exc, ssl.SSLCertVerificationError) or any(name in reason for name in known)


def why(exc: ssl.SSLError) -> str:
    """Say in OpenSSL's words what happened."""
    said = getattr(exc, "verify_message", "") or (exc.reason or type(exc).__name__).replace("_", " ").lower()
    return str(said).rstrip(".")


def todo(exc: ssl.SSLError, tls: Tls | None = None) -> str:
    """Say what to do about it."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        code = getattr(exc, "verify_code", 0)
        if code == _EXPIRED:
            return "who runs the host must renew its certificate, or this machine's clock is wrong"
        if code == _NOT_YET:
            return "is this machine's clock right?"
        if code in _OTHER_NAME:
            return "its certificate is for another name: check `base_url`"
        if tls is not None and tls.ca_file is not None:
            return f"its authority is not in {tls.ca_file} (`ca_file`), which counts in place of the system's: check it"
        return "name a file with its authority's certificate as `ca_file`, or for all hosts in SSL_CERT_FILE"
    reason = exc.reason or ""
    has_own = tls is not None and tls.client_cert is not None
    if _ASKS in reason or ("HANDSHAKE_FAILURE" in reason and not has_own):
        return "it asks who we are: name a certificate for it as `client_cert`"
    if has_own and any(name in reason for name in _OUR_CERTIFICATE):
        return "it refuses the certificate in `client_cert`: check that, and what the host trusts"
    if any(name in reason for name in _NO_TLS):
        return "nothing speaks TLS there: is it http://, or another port? Check `base_url`"
    if any(name in reason for name in _TOO_OLD):
        return "it speaks an older TLS than this machine's OpenSSL allows"
    return "check `base_url`"


def tls_failed(model: str, exc: ssl.SSLError, tls: Tls | None) -> UpstreamUnreachable:
    """Build the error for TLS that failed: one that is not asked again where nothing but a mended file helps."""
    text = f"{model}: TLS failed ({why(exc)}); {todo(exc, tls).removesuffix('.')}."
    return UpstreamUntrusted(text) if lasts(exc) else UpstreamUnreachable(text)
