"""The control interface as a test uses it: HTTP over the daemon's Unix socket or its port, and nothing else."""

import contextlib
import http.client
import json
import socket
import threading

from hid import Wire, open_fido2_device, open_link


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


def skip_what_libraries_lack(said):
    """Of a key that cannot be here, as its algorithms are not."""
    if "This machine's libraries have no " in said:
        import pytest  # not wherever this is used

        pytest.skip(said.strip().splitlines()[-1])


class Control:
    """`url`: unix:PATH or http://127.0.0.1:PORT, as the daemon prints it."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token

    def connect(self, timeout=30):
        if self.url.startswith("unix:"):
            return UnixConnection(self.url.removeprefix("unix:"), timeout)
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = self.connect(timeout)
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        try:
            connection.request(method, path, body if body is None or isinstance(body, (str, bytes)) else json.dumps(body), headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def ask(self, method, path, body=None, status=None):
        """The JSON of an answer that is as it should be."""
        answer = self.request(method, path, body)
        assert answer.status == status if status else 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.text else None

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None):
        return self.ask("POST", path, body)

    def patch(self, path, body):
        return self.ask("PATCH", path, body)

    def delete(self, path):
        return self.ask("DELETE", path)

    def plug_in(self, **options):
        answer = self.request("POST", "/v1/keys", {"transports": ["unix"], "packetTimeoutMs": 2000, **options})
        skip_what_libraries_lack(answer.text)
        assert answer.status == 201, f"{options}: {answer.status} {answer.text}"
        return answer.json

    def cdp(self, method, **params):
        answer = self.post("/v1/cdp", {"id": 7, "method": f"WebAuthn.{method}", "params": params})
        assert answer["id"] == 7
        return answer

    def events(self, after=0, wait=0, **query):
        terms = "".join(f"&{name}={value}" for name, value in query.items())
        return self.get(f"/v1/events/batch?after={after}&waitMs={wait}{terms}")["events"]


class Key:
    """A key that this test has plugged in."""

    def __init__(self, control, **options):
        self.control = control
        self.state = control.plug_in(**options)
        self.path = f"/v1/keys/{self.state['name']}"
        self._opened = []

    @property
    def address(self):
        return self.control.get(self.path)["addresses"][0]

    def fido2_device(self):
        device = open_fido2_device(self.address)
        self._opened.append(device)
        return device

    def channel(self):
        wire = Wire(open_link(self.address))
        self._opened.append(wire)
        return wire.open_channel()

    def get(self, path=""):
        return self.control.get(self.path + path)

    def post(self, path, body=None):
        return self.control.post(self.path + path, body)

    def patch(self, path, body):
        return self.control.patch(self.path + path, body)

    def close(self):
        for opened in self._opened:
            opened.close()


class Stream:
    """Server-sent events, read by a thread of their own."""

    def __init__(self, control, path="/v1/events", headers=None):
        self.connection = control.connect(timeout=60)
        self.connection.request("GET", path, headers={**(headers or {})})
        self._socket = self.connection.sock
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        assert self.response.headers["Content-Type"] == "text/event-stream"
        self.events = []
        self._changed = threading.Condition()
        assert self.response.readline() == b"retry: 1000\n"  # nothing escapes it from here on
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        try:
            while line := self.response.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if line == b"\n" and "data" in event:
                    with self._changed:
                        self.events.append((event["event"], json.loads(event["data"]), event.get("id")))
                        self._changed.notify_all()
                    event = {}
                elif name in ("id", "event", "data"):
                    event[name] = value
        except (OSError, ValueError, AttributeError):
            pass  # closed

    def wait_for(self, kind, seconds=20):
        def found():
            return next((event for event in self.events if event[0] == kind), None)

        with self._changed:
            assert self._changed.wait_for(found, seconds), f"no {kind} among {[event[0] for event in self.events]}"
            return found()

    def close(self):
        """At once: the thread that reads has the rest locked until something comes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()
