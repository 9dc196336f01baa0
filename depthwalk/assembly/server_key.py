"""The key of a served paper exchange: made by the server where there is none, used by its clients (`served.py`)."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.config import Config
    from depthwalk.paper.auth import PublicKey


def public_key(config: "Config") -> "PublicKey":
    """Return the public half of the clients' key; a new key is made where there is none. Raises UsageError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from depthwalk.kalshi.signing import read_key_file

    path = config.paper_key_path()
    if not path.exists():
        _make_key(path)
    try:
        key = load_pem_private_key(read_key_file(path), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise UsageError(f"paper key {path} is not an Ed25519 or RSA private key", hint="remove it, and a new one is made")
    return key.public_key()


def _make_key(path: Path) -> None:
    """Write a new key that only its owner may read, whole or not at all. Raises UsageError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        said = f"paper key {path} cannot be written: {error.strerror or error}"
        raise UsageError(said, hint="set paper.private_key_path to where it may be") from None
