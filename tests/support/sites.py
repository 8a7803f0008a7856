"""The sites of tests/e2e/servers, and somebody who visits them with a key: python-fido2's client is the browser."""

import http.client
import json
import os
import re
import select
import signal
import subprocess

from daemon import REPOSITORY
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from fido2.ctap2.extensions import CredPropsExtension, HmacSecretExtension
from fido2.webauthn import PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions
from visitor import Person

SERVE = os.path.join(REPOSITORY, "tests/e2e/servers/serve")
SERVERS = ("simplewebauthn", "py_webauthn", "webauthn4j")
RP_ID, ORIGIN = "example.test", "https://example.test"
PREPARE_SECONDS, START_SECONDS = 600, 60
ALGORITHMS = {"ES256": -7, "EdDSA": -8, "ES384": -35, "ES512": -36, "RS256": -257, "ES256K": -47, "ML-DSA-44": -48, "ML-DSA-65": -49}
PORTABLE = [name for name in ALGORITHMS if not name.startswith("ML-DSA")]  # that one needs a libcrypto of 2025 or later


class Refused(Exception):
    """What the server said no with."""


class Server:
    """A running site. Browsers are told that it is at ORIGIN; here it is at a port of its own."""

    def __init__(self, name, log_path, *options):
        self.name = name
        subprocess.run([SERVE, name, "--prepare"], check=True, stdin=subprocess.DEVNULL, timeout=PREPARE_SECONDS)
        command = [SERVE, name, "--port", "0", "--rp-id", RP_ID, "--origin", ORIGIN, *options]
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
            line = self.process.stdout.readline().decode() if ready else ""
            assert line.startswith("ready: "), f"{name} did not start, see {log_path}: {line!r}"
        except BaseException:
            self.stop()
            raise
        self.port = int(line.rpartition(":")[2])

    def call(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)  # its own: servers end those that idle
        try:
            connection.request("GET" if body is None else "POST", path, body if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            result = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status == 400:
            raise Refused(result["error"])
        assert answer.status == 200, f"{path}: {answer.status} {result}"
        return result

    def credentials(self, account):
        accounts = {each["name"]: each for each in self.call("/api/accounts")}
        return accounts[account]["credentials"] if account in accounts else []

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Visitor:
    """Somebody at a browser with one key. What the key sends is kept, for those who want to send it again."""

    def __init__(self, server, key, account, pin=None, origin=ORIGIN):
        self.server, self.account = server, account
        self.person = Person(pin)
        self._device = key.fido2_device()
        self.go_to(DefaultClientDataCollector(origin))
        self.last = None  # what was sent to the server: (path, body)

    def go_to(self, client_data):
        """What the browser says of the page from now on."""
        self.client = Fido2Client(self._device, client_data, self.person, [HmacSecretExtension(), CredPropsExtension()])

    def answer_registration(self, *, verification="discouraged", resident="discouraged", attestation="direct", algorithms=("ES256",),
                            extensions=None):
        """As far as the browser has the credential and the server has not seen it: what it would be sent."""
        asked = self.server.call("/api/register/options", {
            "account": self.account, "residentKey": resident, "userVerification": verification, "attestation": attestation,
            "algorithms": [ALGORITHMS[name] for name in algorithms]})
        options = {**asked["options"], "timeout": None}
        options["extensions"] = {**options.get("extensions", {}), **(extensions or {})}
        response = self.client.make_credential(PublicKeyCredentialCreationOptions.from_dict(options))
        return {"ceremony": asked["ceremony"], "response": plain(response)}

    def register(self, **wishes):
        return self.send("/api/register/verify", self.answer_registration(**wishes))

    def answer_login(self, *, verification="discouraged", usernameless=False, choose=0, rp_id=None, extensions=None):
        asked = self.server.call("/api/login/options", {
            **({} if usernameless else {"account": self.account}), "userVerification": verification})
        options = {**asked["options"], "timeout": None}
        if rp_id:
            options["rpId"] = rp_id
        if not options.get("allowCredentials"):
            options.pop("allowCredentials", None)
        if extensions:
            options["extensions"] = extensions
        selection = self.client.get_assertion(PublicKeyCredentialRequestOptions.from_dict(options))
        return {"ceremony": asked["ceremony"], "response": plain(selection.get_response(choose))}

    def log_in(self, **wishes):
        return self.send("/api/login/verify", self.answer_login(**wishes))

    def send(self, path, body):
        self.last = (path, body)
        return self.server.call(path, body)


def plain(value):
    """The JSON of python-fido2's responses (toJSON() of WebAuthn)."""
    if hasattr(value, "items"):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


# What differs from run to run in a library's words: what was random, when it was, where it was.
_VOLATILE = (
    (re.compile(r"-----BEGIN [^-]*-----.*?-----END [^-]*-----", re.S), "(certificate)"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z"), "(time)"),
    (re.compile(r"http://(127\.0\.0\.1|localhost):\d+[^\s\"]*"), "(url)"),
    (re.compile(r"0x[0-9a-f]{9,}\b"), "(address)"),
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), "(hex)"),
    (re.compile(r"(?<![\w.$-])(?=[\w-]*\d)(?=[\w-]*[a-zA-Z])[A-Za-z0-9_-]{40,}"), "(base64)"),
    (re.compile(r"\[\d+ bytes\]; byte offset: #\d+"), "(position)"),
)


def without_what_varies(text):
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    return " ".join(text.split())


def flags(outcome):
    return " ".join(name for name in ("UP", "UV", "BE", "BS") if outcome["flags"][name])


def verdict(visitor, verification="discouraged", resident="discouraged", **wishes):
    """What becomes of a registration and two logins: a sentence for the tables."""
    try:
        body = visitor.answer_registration(verification=verification, resident=resident, **wishes)
    except ClientError as error:
        return f"the key says no: {without_what_varies(repr(error.cause or error))}"
    except Refused as error:
        return f"no options: {without_what_varies(str(error))}"
    try:
        registered = visitor.send("/api/register/verify", body)
    except Refused as error:
        return f"refused: {without_what_varies(str(error))}"
    said = f"{registered['attestation']['format']}, {registered['algorithm']}, {flags(registered)}; {registered['attestation']['trust']}"
    try:
        first = visitor.log_in(verification=verification)
        second = visitor.log_in(verification=verification, usernameless=resident == "required")
    except ClientError as error:
        return f"{said}; at login the key says no: {without_what_varies(repr(error.cause or error))}"
    except Refused as error:
        return f"{said}; login refused: {without_what_varies(str(error))}"
    assert flags(first) == flags(second)
    counts = "counter goes up" if second["counter"] > first["counter"] > registered["counter"] else f"counter stays {second['counter']}"
    return f"{said}; logs in: {flags(first)}, {counts}"

