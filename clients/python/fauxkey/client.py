"""The daemon and its keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .connection import Connection, FauxkeyError

__all__ = ["Event", "Fauxkey", "FauxkeyError", "Key"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """What has happened: docs/control.md lists the types."""

    id: int | None
    type: str
    data: Json


class Key:
    """One security key. Names of options and members are those of the control interface."""

    def __init__(self, fauxkey: Fauxkey, name: str):
        self._fauxkey = fauxkey
        self.name = name

    def __repr__(self) -> str:
        return f"<Key {self.name}>"

    def _ask(self, method: str, path: str = "", body: Any = None) -> Any:
        return self._fauxkey.connection.request(method, f"/v1/keys/{quote(self.name)}{path}", body)

    @property
    def state(self) -> Json:
        return self._ask("GET")

    @property
    def address(self) -> str:
        """What hosts open: /dev/hidraw3."""
        addresses = self.state["addresses"]
        if not addresses:
            raise FauxkeyError(f"{self.name} is unplugged: plug it in.")
        return addresses[0]

    def plug_in(self) -> None:
        self._ask("POST", "/plug-in")

    def unplug(self) -> None:
        self._ask("POST", "/unplug")

    def power_cycle(self) -> None:
        self._ask("POST", "/power-cycle")

    def reset(self) -> None:
        """Back to the factory state, without a touch."""
        self._ask("POST", "/reset")

    def remove(self) -> None:
        """Unplug it and forget all that it holds."""
        self._ask("DELETE")

    def fork(self, name: str | None = None, transports: list[str] | None = None, snapshot: str | None = None) -> Key:
        """A copy of it as it is now, or as it was in a snapshot: a cloned authenticator."""
        body = {"name": name, "transports": transports, "snapshot": snapshot}
        made = self._ask("POST", "/fork", {member: value for member, value in body.items() if value is not None})
        return Key(self._fauxkey, made["name"])

    @property
    def attestation(self) -> Json:
        """What a relying party needs to check its attestations: formats, root, intermediate, revocationLists (PEM)."""
        return self._ask("GET", "/attestation")

    # Snapshots

    def save(self, snapshot: str) -> Json:
        """Keep all that it holds now under this name."""
        return self._ask("POST", "/snapshots", {"name": snapshot})

    def restore(self, snapshot: str) -> None:
        """It holds what it held then, as after a power cycle."""
        self._ask("POST", f"/snapshots/{quote(snapshot)}/restore")

    def snapshots(self) -> list[Json]:
        return self._ask("GET", "/snapshots")["snapshots"]

    def delete_snapshot(self, snapshot: str) -> None:
        self._ask("DELETE", f"/snapshots/{quote(snapshot)}")

    # Time

    def clock(self, **changes: Any) -> Json:
        """frozen=, scale=, advanceMs=; its state afterwards."""
        return self._ask("PATCH", "/clock", changes)["clock"]

    def advance(self, seconds: float) -> None:
        self.clock(advanceMs=round(seconds * 1000))

    # The user

    def user(self, **behaviour: Any) -> Json:
        """presence=, delayMs=, verified=, finger=, sample=, account=; all of it afterwards."""
        return self._ask("PATCH", "/user", behaviour)

    def next_answer(self, **behaviour: Any) -> None:
        """The same, for the next question alone."""
        self._ask("POST", "/user/next", behaviour)

    def set_pin(self, pin: str | None = None, **state: Any) -> Json:
        """Also retries=, uvRetries=, forceChange=."""
        return self._ask("PATCH", "/pin", {**({"pin": pin} if pin is not None else {}), **state})

    def enroll(self, finger: int = 1, name: str = "") -> None:
        self._ask("POST", "/fingers", {"finger": finger, "name": name})

    # Credentials

    def credentials(self, rp_id: str | None = None) -> list[Json]:
        query = f"?{urlencode({'rpId': rp_id})}" if rp_id is not None else ""
        return self._ask("GET", f"/credentials{query}")["credentials"]

    def credential(self, credential_id: str) -> Json:
        return self._ask("GET", f"/credentials/{quote(credential_id)}")

    def add_credential(self, credential: Json) -> Json:
        return self._ask("POST", "/credentials", credential)

    def change_credential(self, credential_id: str, **changes: Any) -> Json:
        return self._ask("PATCH", f"/credentials/{quote(credential_id)}", changes)

    def delete_credential(self, credential_id: str) -> None:
        self._ask("DELETE", f"/credentials/{quote(credential_id)}")

    def delete_credentials(self, rp_id: str | None = None) -> None:
        query = f"?{urlencode({'rpId': rp_id})}" if rp_id is not None else ""
        self._ask("DELETE", f"/credentials{query}")

    # Faults

    def add_fault(self, rule: Json) -> int:
        """docs/faults.md"""
        return self._ask("POST", "/faults", rule)["id"]

    def faults(self) -> list[Json]:
        return self._ask("GET", "/faults")["faults"]

    def remove_fault(self, fault: int) -> None:
        self._ask("DELETE", f"/faults/{fault}")

    def clear_faults(self) -> None:
        self._ask("DELETE", "/faults")

    # What happens

    def prompts(self, wait: float = 0) -> list[Json]:
        return self._fauxkey.prompts(self.name, wait)

    def events(self, after: int | None = None, types: str | None = None) -> Iterator[Event]:
        return self._fauxkey.events(after, self.name, types)


class Fauxkey:
    """A running daemon."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self._process: subprocess.Popen[str] | None = None
        self._folder: str | None = None

    @classmethod
    def connect(cls, address: str | None = None, token: str | None = None) -> Fauxkey:
        """To a daemon that runs: unix:PATH or http://127.0.0.1:PORT; by default the socket in XDG_RUNTIME_DIR."""
        fauxkey = cls(Connection(address, token))
        fauxkey.status()
        return fauxkey

    @classmethod
    def start(cls, program: str | None = None, *options: str) -> Fauxkey:
        """A daemon of one's own, without keys; it ends with `close`. `program`: $FAUXKEY, or fauxkey on the PATH."""
        program = program or os.environ.get("FAUXKEY") or shutil.which("fauxkey")
        if program is None:
            raise FauxkeyError("There is no fauxkey on the PATH: install it, or set FAUXKEY to the program.")
        folder = tempfile.mkdtemp(prefix="fauxkey-")
        address = f"unix:{folder}/control.sock"
        log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")  # noqa: SIM115 - the daemon's
        process = subprocess.Popen(
            # Tests do not go by what their user likes.
            [program, "run", *(() if "--config" in options else ("--no-config",)), "--keyless", "--control", address, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            env={**os.environ, "XDG_RUNTIME_DIR": folder},
        )
        assert process.stdout is not None
        if not process.stdout.readline().startswith("control: "):
            process.wait()
            log.seek(0)
            said = log.read().strip()
            shutil.rmtree(folder, ignore_errors=True)
            raise FauxkeyError(f"fauxkey did not start: {said}")
        fauxkey = cls(Connection(address))
        fauxkey._process, fauxkey._folder = process, folder
        return fauxkey

    def __enter__(self) -> Fauxkey:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends a daemon that `start` started; others go on."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def status(self) -> Json:
        return self.connection.request("GET", "/v1/status")

    def plug_in(self, **options: Any) -> Key:
        """A new key: name=, transports=, pin=, userVerification=, attestation=, algorithms=, seed=, user=, …"""
        return Key(self, self.connection.request("POST", "/v1/keys", options)["name"])

    def key(self, name: str) -> Key:
        self.connection.request("GET", f"/v1/keys/{quote(name)}")
        return Key(self, name)

    def keys(self) -> list[Key]:
        return [Key(self, key["name"]) for key in self.connection.request("GET", "/v1/keys")["keys"]]

    def prompts(self, key: str | None = None, wait: float = 0) -> list[Json]:
        query = {"waitMs": round(wait * 1000), **({"key": key} if key is not None else {})}
        return self.connection.request("GET", f"/v1/prompts?{urlencode(query)}", timeout=60 + wait)["prompts"]

    def answer(self, prompt: int, answer: str = "approve", **more: Any) -> None:
        """approve, deny, not-verified, time-out"""
        self.connection.request("POST", f"/v1/prompts/{prompt}", {"answer": answer, **more})

    def events(self, after: int | None = None, key: str | None = None, types: str | None = None) -> Iterator[Event]:
        """What happens from now on, or after an event (0: all that are kept). It is being listened when this returns."""
        query = {"after": after, "key": key, "types": types}
        query = {name: value for name, value in query.items() if value is not None}
        connection = self.connection.open(None)
        connection.request("GET", f"/v1/events?{urlencode(query)}", headers=self.connection.headers)
        response = connection.getresponse()
        if response.status != 200:
            raise FauxkeyError(json.loads(response.read())["error"], response.status)
        response.readline()

        def read() -> Iterator[Event]:
            fields: dict[str, str] = {}
            try:
                while line := response.readline():
                    name, _, value = line.decode().rstrip("\n").partition(": ")
                    if line == b"\n" and "data" in fields:
                        number = fields.get("id")
                        yield Event(int(number) if number else None, fields["event"], json.loads(fields["data"]))
                        fields = {}
                    elif name in ("id", "event", "data"):
                        fields[name] = value
            finally:
                connection.close()

        return read()

    def cdp(self, method: str, params: Json | None = None) -> Json:
        """A command of Chrome's WebAuthn domain, as CDPSession.send has it."""
        answer = self.connection.request("POST", "/v1/cdp", {"method": method, "params": params or {}})
        if "error" in answer:
            raise FauxkeyError(answer["error"]["message"])
        return answer["result"]

    def add_virtual_authenticator(self, options: Json, session: str = "python") -> Key:
        """WebDriver's Add Virtual Authenticator, with its options: protocol, transport, hasResidentKey, …"""
        made = self.connection.request("POST", f"/session/{quote(session)}/webauthn/authenticator", options)
        return Key(self, made["value"])
