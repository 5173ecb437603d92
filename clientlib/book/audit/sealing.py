"""The audit's own keys, derived from the book's: one that seals the journal, one that signs the anchor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clientlib.book.keys import Key

_NONCE = 12
_BOUND = b"clientlib audit journal 1"
"""Goes into the seal, so that nothing sealed for another purpose passes for a line of the journal."""


class Seal:
    """Seals and signs with keys derived from the book's key, which is not kept."""

    def __init__(self, key: Key) -> None:
        self._lines = AESGCM(_derived(key, b"clientlib audit journal"))
        self._signing = _derived(key, b"clientlib audit anchor")

    def __repr__(self) -> str:
        return "Seal(…)"

    def close(self, text: str) -> bytes:
        """`text` as a line that only the key opens; the same text never gives the same line."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._lines.encrypt(nonce, text.encode("utf-8"), _BOUND))

    def open(self, line: bytes) -> str | None:
        """The text of a line; None when it is damaged, changed, or was sealed with another key."""
        try:
            raw = base64.b64decode(line, validate=True)
            return self._lines.decrypt(raw[:_NONCE], raw[_NONCE:], _BOUND).decode("utf-8")
        except (binascii.Error, InvalidTag, ValueError):
            return None

    def sign(self, text: str) -> str:
        return hmac.new(self._signing, text.encode("utf-8"), hashlib.sha256).hexdigest()

    def signed(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), signature.encode())


def _derived(key: Key, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key.reveal().encode("ascii"))
