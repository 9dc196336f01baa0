"""Who is asking: the three signature headers of a request, verified. No clock, no limits, no orders.

RSA keys verify RSA-PSS (SHA-256, MGF1 SHA-256, salt as long as the digest), Ed25519 keys plain Ed25519; the registered key
decides. Codes and headers: kalshi-api.md sections 2.2 and 11.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import NotAuthorized
from depthwalk.wire.signing import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, message_to_sign

PublicKey = RSAPublicKey | Ed25519PublicKey

_MICROSECONDS_PER_MILLISECOND = 1_000
_LONGEST_TIMESTAMP = 16
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far a request's timestamp may lie from the exchange's time."""

    past: Duration = Duration(15_000_000)
    future: Duration = Duration(30_000_000)


def _denied(code: str, details: str = "") -> NotAuthorized:
    return NotAuthorized(details or code.replace("_", " "), status=HTTPStatus.UNAUTHORIZED, code=code)


def _verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, _PSS, hashes.SHA256())
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def authenticate(
    headers: Mapping[str, str], keys: Mapping[str, PublicKey], *, method: str, path: str, now: Instant, window: Window
) -> str:
    """Return the key id that signed a request.

    Args:
        headers: the request's headers, in lower case or case-insensitive.
        keys: the registered public keys by id.
        method: of the request.
        path: as received, from the root, percent-encoding untouched; a query is left out of the signature.
        now: the exchange's time.
        window: how far the timestamp may be off.

    Raises:
        NotAuthorized: a header is missing, the key unknown, the time too far off, or the signature wrong.

    """
    key_id, stamp, signature = (headers.get(name.lower(), "") for name in (KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not (key_id and stamp and signature):
        raise _denied("signature_is_missing_from_headers")
    key = keys.get(key_id)
    if key is None:
        raise _denied("authentication_error", "NOT_FOUND")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _LONGEST_TIMESTAMP):
        raise _denied("header_timestamp_expired")
    milliseconds = int(stamp)
    if not -window.past <= milliseconds * _MICROSECONDS_PER_MILLISECOND - now <= window.future:
        raise _denied("header_timestamp_expired")
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not _verifies(key, raw, message_to_sign(milliseconds, method, path)):
        raise _denied("authentication_error", "INCORRECT_API_KEY_SIGNATURE")
    return key_id


def is_signed(headers: Mapping[str, str]) -> bool:
    """Say whether a request claims a key at all: public routes do without one, but a wrong one is wrong there too."""
    return KEY_HEADER.lower() in headers
