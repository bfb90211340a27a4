"""Certificates for tests of TLS, made when they are needed: no key lies in the repository, and nothing expires.

Elliptic curve P-256 by hand, which no OpenSSL program and no package is needed for. It is slow and leaks its keys: for
tests alone.
"""

from __future__ import annotations

import hashlib
from base64 import encodebytes
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_EC_KEY, _CURVE, _SIGNED = "2a8648ce3d0201", "2a8648ce3d030107", "2a8648ce3d040302"
_COMMON_NAME, _USAGE, _KEY_ID, _ALT_NAME, _BASIC, _AUTHORITY = (
    "550403",
    "551d0f",
    "551d0e",
    "551d11",
    "551d13",
    "551d23",
)

_Point: TypeAlias = tuple[int, int] | None


@dataclass(frozen=True)
class Authority:
    """Who signs."""

    name: str

    def write(self, folder: Path) -> Path:
        """Write its certificate; return the file."""
        made = _certificate(self.name, by=self.name, names=(), until="21260101000000Z")
        return _written(folder / f"{self.name}.pem", {"CERTIFICATE": made})

    def issue(self, folder: Path, name: str, *names: str, until: str = "21260101000000Z") -> Path:
        """Write a certificate for names or addresses of hosts, and its key; return the file of both."""
        made = _certificate(name, by=self.name, names=names, until=until)
        return _written(folder / f"{name}.pem", {"CERTIFICATE": made, "EC PRIVATE KEY": key_of(name)})


def key_of(name: str) -> bytes:
    """Return a key, the same each time."""
    secret, public = _secret(name), _public(name)
    curve = _der(0xA0, _oid(_CURVE))
    return _der(0x30, _int(1), _der(0x04, secret.to_bytes(32, "big")), curve, _der(0xA1, _bits(public)))


def pem(kind: str, data: bytes) -> str:
    """Return data as PEM."""
    return f"-----BEGIN {kind}-----\n{encodebytes(data).decode()}-----END {kind}-----\n"


def _written(file: Path, parts: dict[str, bytes]) -> Path:
    file.write_text("".join(pem(kind, data) for kind, data in parts.items()))
    return file


def _certificate(name: str, *, by: str, names: tuple[str, ...], until: str) -> bytes:
    signs = name == by
    algorithm = _der(0x30, _oid(_SIGNED))
    key = _der(0x30, _der(0x30, _oid(_EC_KEY), _oid(_CURVE)), _bits(_public(name)))
    more = [
        _extension(_BASIC, _der(0x30, *([_der(0x01, b"\xff")] if signs else [])), critical=True),
        _extension(_KEY_ID, _der(0x04, _key_id(name))),
        _extension(_AUTHORITY, _der(0x30, _der(0x80, _key_id(by)))),
    ]
    if signs:
        more.append(_extension(_USAGE, bytes.fromhex("03020106"), critical=True))
    if names:
        more.append(_extension(_ALT_NAME, _der(0x30, *(_host(host) for host in names))))
    told = _der(
        0x30,
        _der(0xA0, _int(2)),
        _int(int.from_bytes(_key_id(name)[:8], "big") >> 1),
        algorithm,
        _called(by),
        _der(0x30, _der(0x18, b"20200101000000Z"), _der(0x18, until.encode())),
        _called(name),
        key,
        _der(0xA3, _der(0x30, *more)),
    )
    return _der(0x30, told, algorithm, _bits(_signature(by, told)))


def _host(name: str) -> bytes:
    try:
        return _der(0x87, ip_address(name).packed)
    except ValueError:
        return _der(0x82, name.encode())


def _called(name: str) -> bytes:
    return _der(0x30, _der(0x31, _der(0x30, _oid(_COMMON_NAME), _der(0x0C, name.encode()))))


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return _der(0x30, _oid(oid), *([_der(0x01, b"\xff")] if critical else []), _der(0x04, value))


def _key_id(name: str) -> bytes:
    return hashlib.sha256(_public(name)).digest()[:20]


def _signature(by: str, told: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(told).digest(), "big")
    once = int.from_bytes(hashlib.sha256(b"once" + by.encode() + told).digest(), "big") % (_N - 1) + 1
    point = _times(once, _G)
    assert point is not None
    r = point[0] % _N
    return _der(0x30, _int(r), _int(pow(once, -1, _N) * (digest + r * _secret(by)) % _N))


def _secret(name: str) -> int:
    return int.from_bytes(hashlib.sha256(b"key of " + name.encode()).digest(), "big") % (_N - 1) + 1


def _public(name: str) -> bytes:
    point = _times(_secret(name), _G)
    assert point is not None
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _times(n: int, point: _Point) -> _Point:
    total: _Point = None
    while n:
        if n & 1:
            total = _plus(total, point)
        point, n = _plus(point, point), n >> 1
    return total


def _plus(a: _Point, b: _Point) -> _Point:
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % _P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _P) % _P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P) % _P
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _der(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    n = len(data)
    size = (
        bytes([n])
        if n < 128
        else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    )
    return bytes([tag]) + size + data


def _int(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(hexed: str) -> bytes:
    return _der(0x06, bytes.fromhex(hexed))


def _bits(data: bytes) -> bytes:
    return _der(0x03, b"\x00" + data)
