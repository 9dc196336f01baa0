"""Private keys: parsed from PEM, and the signature each kind makes. Loaded only when the first request is signed.

Source: kalshi-api.md section 2.2.
"""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from depthwalk.errors import ConfigError

Sign = Callable[[bytes], bytes]

_QUICK_BITS: Final = 2_048


def signer(pem: bytes) -> tuple[Sign, bool]:
    """Return the signing function of a PEM key, chosen by what the key is, and whether signing takes milliseconds.

    RSA: PSS with SHA-256, MGF1 with SHA-256, salt as long as the digest. Ed25519: as it is. The heading of the PEM does not
    tell them apart.

    Raises:
        ConfigError: no private key, one behind a password, or one of another kind. The key itself is not in the message.

    """
    try:
        # A key that is not what it says gives signatures that the exchange refuses; the check costs a second and protects
        # only those who did not make the key themselves.
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise ConfigError(
            ["the private key is behind a password"], hint="store it without one, in a file only you can read"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(["the private key is not a PEM private key"], hint="use the file as the exchange gave it") from None

    match key:
        case RSAPrivateKey():
            digest = SHA256()
            padding = PSS(mgf=MGF1(SHA256()), salt_length=PSS.DIGEST_LENGTH)
            return (lambda message: key.sign(message, padding, digest)), key.key_size > _QUICK_BITS
        case Ed25519PrivateKey():
            return key.sign, False
        case _:
            raise ConfigError(["the private key is neither RSA nor Ed25519"], hint="make a new key on the exchange's web site")
