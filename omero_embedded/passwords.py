"""Password hashes: Argon2id for everything written here, the two older schemes accepted.

A successful check is remembered as a keyed digest in this process's memory only, so that a client that logs in again
and again does not pay for the deliberately slow hash each time. Source: contract/server.md, section 2.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import threading
from collections import OrderedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_REMEMBERED = 1024


def hash_password(password: str) -> str:
    """The text to store for a password; an empty or blank password is stored as empty text."""
    return _HASHER.hash(password) if password.strip() else ""


def needs_rehash(stored: str) -> bool:
    """The stored text uses an older scheme or weaker parameters than those written today."""
    if not stored:
        return False
    return not stored.startswith("$argon2") or _HASHER.check_needs_rehash(stored)


def salted_md5(user_id: int, password: str) -> str:
    """The older salted scheme: Base64(MD5(8-byte big-endian user id followed by the UTF-8 password))."""
    return _md5(struct.pack(">q", user_id) + password.encode("utf-8"))


def plain_md5(password: str) -> str:
    """The oldest scheme: Base64(MD5(UTF-8 password))."""
    return _md5(password.encode("utf-8"))


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")


class PasswordChecker:
    """Compares passwords with stored hashes, remembering the last successes."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._nobodys = _HASHER.hash(secrets.token_urlsafe())
        self._lock = threading.Lock()

    def matches(self, user_id: int, password: str, stored: str) -> bool:
        """The password belongs to the non-empty stored text of that user."""
        fingerprint = hmac.digest(self._key, f"{user_id}\0{stored}\0{password}".encode(), "sha256")
        with self._lock:
            if fingerprint in self._known:
                self._known.move_to_end(fingerprint)
                return True
        if not _verify(user_id, password, stored):
            return False
        with self._lock:
            self._known[fingerprint] = None
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return True

    def spend(self, password: str) -> None:
        """Take as long as a real check: the time of a refusal must not tell whether the user exists."""
        _verify(-1, password, self._nobodys)


def _verify(user_id: int, password: str, stored: str) -> bool:
    if stored.startswith("$argon2"):
        try:
            return _HASHER.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
    # Trailing padding is optional in hashes of old servers.
    text = stored.rstrip("=").encode()
    candidates = (salted_md5(user_id, password), plain_md5(password))
    return any(hmac.compare_digest(text, candidate.rstrip("=").encode()) for candidate in candidates)


class LoginThrottle:
    """Counts consecutive failures per account and tells how long a refusal must wait."""

    def __init__(self, count: int, delay_ms: int) -> None:
        self._count = count
        self._delay = delay_ms / 1000
        self._failures: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def failed(self, user: str) -> float:
        """Record a failure; returns the seconds that the refusal is to be delayed."""
        with self._lock:
            failures = self._failures.pop(user, 0) + 1
            self._failures[user] = failures
            if len(self._failures) > 10_000:
                self._failures.popitem(last=False)
        return self._delay if failures > self._count else 0.0

    def succeeded(self, user: str) -> None:
        """Forget the failures of an account."""
        with self._lock:
            self._failures.pop(user, None)
