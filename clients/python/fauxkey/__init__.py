"""Scripts the security keys of fauxkey from tests."""

from .client import Event, Fauxkey, FauxkeyError, Key
from .aio import AsyncFauxkey, AsyncKey

__all__ = ["AsyncFauxkey", "AsyncKey", "Event", "Fauxkey", "FauxkeyError", "Key"]
