"""HTTP to the control interface, over its Unix socket or its port."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any


class FauxkeyError(Exception):
    """The daemon refused, or there is none; says what to do next."""

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float | None):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def runtime_folder() -> Path:
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not folder:
        raise FauxkeyError("XDG_RUNTIME_DIR is not set: give the address of the control interface.")
    return Path(folder) / "fauxkey"


class Connection:
    """`address`: unix:PATH or http://127.0.0.1:PORT; a port's token is read from control.token unless it is given."""

    def __init__(self, address: str | None = None, token: str | None = None):
        self.address = address or f"unix:{runtime_folder() / 'control.sock'}"
        if token is None and not self.address.startswith("unix:"):
            token = (runtime_folder() / "control.token").read_text("ascii").strip()
        self._token = token

    def open(self, timeout: float | None) -> http.client.HTTPConnection:
        if self.address.startswith("unix:"):
            return _UnixConnection(self.address.removeprefix("unix:"), timeout)
        host, port = self.address.removeprefix("http://").rstrip("/").rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=timeout)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def request(self, method: str, path: str, body: Any = None, timeout: float | None = 60) -> Any:
        """The answer's JSON; None where it has none."""
        connection = self.open(timeout)
        try:
            headers = {**self.headers, **({"Content-Type": "application/json"} if body is not None else {})}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        except OSError as error:
            raise FauxkeyError(f"No daemon answers at {self.address} ({error}): start one with fauxkey run.") from error
        finally:
            connection.close()
        if response.status >= 300:
            raise FauxkeyError(_sentence(text) or response.reason, response.status)
        return json.loads(text) if text else None


def _sentence(text: str) -> str:
    """What the body of an error says: {"error": sentence}, or WebDriver's {"value": {"error": code, "message": sentence}}."""
    try:
        said = json.loads(text)
        return said["value"]["message"] if "value" in said else said["error"]
    except (ValueError, KeyError, TypeError):
        return text
