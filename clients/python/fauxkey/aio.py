"""The same for asyncio. Calls run in threads: each is a request that takes a millisecond."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

from .client import Event, Fauxkey, Key


class AsyncKey:
    """As Key, but what asks the daemon is awaited: `await key.user(presence="deny")`, `await key.state()`."""

    def __init__(self, key: Key):
        self._key = key
        self.name = key.name

    def __getattr__(self, name: str) -> Any:
        return _asynchronous(self._key, name)

    async def events(self, after: int | None = None, types: str | None = None) -> AsyncIterator[Event]:
        async for event in _iterate(await asyncio.to_thread(self._key.events, after, types)):
            yield event


class AsyncFauxkey:
    """As Fauxkey."""

    def __init__(self, fauxkey: Fauxkey):
        self._fauxkey = fauxkey

    @classmethod
    async def connect(cls, address: str | None = None, token: str | None = None) -> AsyncFauxkey:
        return cls(await asyncio.to_thread(Fauxkey.connect, address, token))

    @classmethod
    async def start(cls, program: str | None = None, *options: str) -> AsyncFauxkey:
        return cls(await asyncio.to_thread(Fauxkey.start, program, *options))

    async def __aenter__(self) -> AsyncFauxkey:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._fauxkey.close)

    def __getattr__(self, name: str) -> Any:
        return _asynchronous(self._fauxkey, name)

    async def events(self, after: int | None = None, key: str | None = None, types: str | None = None) -> AsyncIterator[Event]:
        async for event in _iterate(await asyncio.to_thread(self._fauxkey.events, after, key, types)):
            yield event


def _wrapped(result: Any) -> Any:
    if isinstance(result, Key):
        return AsyncKey(result)
    if isinstance(result, list) and result and isinstance(result[0], Key):
        return [AsyncKey(key) for key in result]
    return result


def _asynchronous(target: Any, name: str) -> Any:
    if name.startswith("_") or not hasattr(type(target), name):
        raise AttributeError(f"{type(target).__name__} has no {name}")
    member = inspect.getattr_static(type(target), name)

    async def call(*arguments: Any, **options: Any) -> Any:
        if isinstance(member, property):
            return await asyncio.to_thread(getattr, target, name)
        return _wrapped(await asyncio.to_thread(getattr(target, name), *arguments, **options))

    return call


async def _iterate(events: Any) -> AsyncIterator[Event]:
    end = object()
    while (event := await asyncio.to_thread(next, events, end)) is not end:
        yield event
