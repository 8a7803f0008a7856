"""Nothing secret is in the log, the trace or in plain in the keystore: a session is played, then all files are searched.

What is known to be secret here: the PIN and its hash, the passphrase or the unlock key, the pinUvAuthToken, what
hmac-secret gives, and, as stand-ins for private keys, which never leave the process, the names that the keystore keeps
encrypted beside them. The files are searched for each in every form in which it might have been written.
"""

import base64
import os
import secrets
from hashlib import sha256

import pytest
from ctap2 import GA, MC, OK, Platform, get_assertion, make_credential

PIN = "Zv9ρ-pin-that-stands-nowhere"
NEW_PIN = "Kq7-another-pin-that-stands-nowhere"
WRONG_PIN = "Xw3-wrong-pin-that-stands-nowhere"
RP_ID = "distinctive-relying-party.example"
USER = {"id": b"distinctive-user-id", "name": "distinctive-user-name", "displayName": "Distinctive Display Name"}
RP_NAME = "Distinctive Party Name"


def forms(secret):
    """The encodings that a log, a trace or a file might use."""
    if isinstance(secret, str):
        yield "UTF-16", secret.encode("utf-16-le")
        secret = secret.encode()
    yield "raw", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    yield "spaced hex", secret.hex(" ").encode()
    for shift in range(3):  # base64 of something that has the secret in it
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield f"base64 + {shift}", encode(bytes(shift) + secret)[4 : len(secret) * 4 // 3 - 4]
    yield "list of numbers", ",".join(str(byte) for byte in secret).encode()
    yield "list of numbers, spaced", ", ".join(str(byte) for byte in secret).encode()


def pin_secrets(pin):
    digest = sha256(pin.encode()).digest()
    return {f"PIN {pin}": pin, f"hash of PIN {pin}": digest[:16], f"whole hash of PIN {pin}": digest}


class Session:
    """A key's life: PIN set, mistyped, changed; registrations and logins with hmac-secret and without."""

    def __init__(self, starter, unlock):
        self.secrets = {}
        for pin in (PIN, NEW_PIN, WRONG_PIN):
            self.secrets |= pin_secrets(pin)
        folder = starter.folder()
        self.folder = folder
        self.trace = os.path.join(folder, "trace.jsonl")
        options = ("--store", os.path.join(folder, "keystore.db"), "--trace", self.trace, "-vv")
        environment = {}
        if unlock == "passphrase":
            passphrase = "passphrase-" + secrets.token_hex(12)
            self.secrets["passphrase"] = passphrase
            options += ("--unlock", "env:FAUXKEY_TEST_PASSPHRASE")
            environment["FAUXKEY_TEST_PASSPHRASE"] = passphrase
        else:
            options += ("--unlock", f"keyfile:{folder}/unlock.key")
        key = starter.start(*options, folder=folder, store=None, environment=environment)
        self.play(key)
        if unlock == "keyfile":
            with open(os.path.join(folder, "unlock.key"), "rb") as file:
                content = file.read()
            assert len(content) >= 32
            self.secrets["unlock key"] = content
        # Twice: while it runs, with SQLite's write-ahead log, and after its end.
        self.running = self.read_files()
        key.stop()
        self.stopped = self.read_files()
        self.restart = lambda: starter.start(*options, folder=folder, store=None, environment=environment)

    def play(self, key):
        for version in (1, 2):
            platform = Platform(key.channel(), version)
            if version == 1:
                assert platform.set_pin(PIN) == OK
            else:
                assert platform.change_pin(PIN, NEW_PIN) == OK
            pin = PIN if version == 1 else NEW_PIN
            assert platform.request_token(WRONG_PIN)[0] != OK
            for rk in (False, True):
                token = platform.token(pin, MC, RP_ID)
                self.secrets[f"token {len(self.secrets)}"] = token
                made = make_credential(
                    platform.channel,
                    RP_ID,
                    rp={"id": RP_ID, "name": RP_NAME},
                    user=USER,
                    options={"rk": rk},
                    extensions={"hmac-secret": True, "credProtect": 2},
                    **platform.authorization(token),
                )
                token = platform.token(pin, GA, RP_ID)
                self.secrets[f"token {len(self.secrets)}"] = token
                salt = secrets.token_bytes(32)
                extensions, decrypt = platform.hmac_secret(salt)
                assertion = get_assertion(
                    platform.channel,
                    RP_ID,
                    allow_list=[made.descriptor],
                    extensions=extensions,
                    **platform.authorization(token),
                )
                self.secrets[f"salt {len(self.secrets)}"] = salt
                output = decrypt(assertion.auth_data.extensions["hmac-secret"])
                self.secrets[f"hmac-secret output {len(self.secrets)}"] = output
            self.credential_id = made.id

    def read_files(self):
        """Every file of the daemon's home, but for the unlock key, which is one."""
        contents = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                if name != "unlock.key" and os.path.isfile(path):
                    with open(path, "rb") as file:
                        contents[name] = file.read()
        return contents


@pytest.fixture(scope="module", params=["passphrase", "keyfile"])
def session(request):
    from conftest import Starter

    starter = Starter(request.config)
    yield Session(starter, request.param)
    starter.close()


def found(contents, name, secret):
    return [f"{name} as {form} in {file}" for file, content in contents.items()
            for form, needle in forms(secret) if needle in content]  # fmt: skip


def test_no_file_holds_a_secret(session):
    for contents in (session.running, session.stopped):
        hits = [hit for name, secret in session.secrets.items() for hit in found(contents, name, secret)]
        assert not hits


def test_the_keystore_does_not_tell_who_registered_where(session):
    keystore = {name: content for contents in (session.running, session.stopped)
                for name, content in contents.items() if name.startswith("keystore")}  # fmt: skip
    assert keystore
    known = {"RP id": RP_ID, "RP id hash": sha256(RP_ID.encode()).digest(), "RP name": RP_NAME,
             "user name": USER["name"], "display name": USER["displayName"], "user id": USER["id"],
             "credential id": session.credential_id}  # fmt: skip
    hits = [hit for name, secret in known.items() for hit in found(keystore, name, secret)]
    assert not hits


def test_the_search_finds_what_is_there(session):
    """The trace holds the session, names and all, and the search sees it: so it would have seen the secrets."""
    trace = {"trace": session.stopped["trace.jsonl"]}
    assert found(trace, "RP id", RP_ID)
    assert found(trace, "credential id", session.credential_id)


def test_two_keystores_of_the_same_accounts_have_nothing_in_common(session, starter):
    """Neither blinded look-up values nor ciphertexts tell that two keys know the same relying party."""
    one = session.stopped["keystore.db"]
    other = Session(starter, "keyfile").stopped["keystore.db"]
    blocks = {one[at : at + 16] for at in range(0, len(one) - 16)}
    common = {other[at : at + 16] for at in range(0, len(other) - 16)} & blocks
    # what is left is SQLite's own: its header, the schema's text and empty pages
    random_looking = [block for block in common if len(set(block)) >= 13 and sum(byte >= 0x80 for byte in block) >= 4]
    assert not random_looking


@pytest.mark.native
def test_a_crash_leaves_no_memory_image(starter):
    key = starter.start()
    with open(f"/proc/{key.process.pid}/limits", encoding="ascii") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core
