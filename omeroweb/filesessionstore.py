"""Session store under its old name; the same files as Django's own file store."""

from django.contrib.sessions.backends.file import SessionStore

__all__ = ["SessionStore"]
