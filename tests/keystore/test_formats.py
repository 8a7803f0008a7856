"""A keystore of each earlier format, made by the program of its time (kept/), opens as one of today's with all that was in it.

kept/format-N.json says what the key had told a relying party and its user.
"""

import json
import os
import shutil
import sqlite3
from hashlib import sha256

import pytest
from ctap2 import (
    CM,
    CREDENTIAL_MANAGEMENT,
    GA,
    GET_ASSERTION,
    MC,
    NO_CREDENTIALS,
    OK,
    Credential,
    Platform,
    descriptor,
    get_assertion,
    get_assertion_request,
    get_next_assertion,
    make_credential,
)
from fido2 import cbor
from fido2.cose import CoseKey

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kept")
TODAY = 2
OLD_FORMATS = range(1, TODAY)


class Kept:
    def __init__(self, number, folder):
        self.folder = folder
        self.file = os.path.join(folder, "keystore.db")
        for end, name in (("db", "keystore.db"), ("key", "unlock.key")):
            shutil.copy(os.path.join(KEPT, f"format-{number}.{end}"), os.path.join(folder, name))
            os.chmod(os.path.join(folder, name), 0o600)
        with open(os.path.join(KEPT, f"format-{number}.json"), encoding="ascii") as file:
            self.told = json.load(file)
        self.pin = self.told["pin"]
        self.credentials = [self.credential(entry) for entry in self.told["credentials"]]

    @staticmethod
    def credential(entry):
        made = Credential.__new__(Credential)
        made.rp_id, made.name, made.discoverable, made.counter = (
            entry[member] for member in ("rp_id", "name", "discoverable", "counter")
        )
        made.id, made.user_id = bytes.fromhex(entry["id"]), bytes.fromhex(entry["user_id"])
        made.public_key = CoseKey.parse(cbor.decode(bytes.fromhex(entry["public_key"])))
        return made

    def start(self, starter):
        key = starter.start(store=True, folder=self.folder)
        self.platform = Platform(key.channel(), 2)
        return key

    def log_in(self, credential, **changes):
        token = self.platform.token(self.pin, GA, credential.rp_id)
        assertion = get_assertion(
            self.platform.channel,
            credential.rp_id,
            allow_list=[credential.descriptor],
            **self.platform.authorization(token),
            **changes,
        )
        return assertion.verify(credential)

    def manage(self, sub_command, params=None):
        token = self.platform.token(self.pin, CM)
        message = bytes([sub_command]) + (cbor.encode(params) if params is not None else b"")
        request = {1: sub_command, 3: 2, 4: self.platform.protocol.authenticate(token, message)}
        if params is not None:
            request[2] = params
        return self.platform.channel.ctap2(CREDENTIAL_MANAGEMENT, request)

    def version(self):
        with open(self.file, "rb") as file:
            return int.from_bytes(file.read(64)[60:64], "big")


@pytest.fixture(params=OLD_FORMATS)
def kept(request, starter):
    return Kept(request.param, starter.folder())


def test_it_is_of_its_format(kept):
    """So that the tests below try what they say."""
    assert kept.version() in OLD_FORMATS


def test_the_pin_and_its_tries_are_there(kept, starter):
    kept.start(starter)
    assert kept.platform.retries() == kept.told["pin_retries"]
    assert kept.platform.token(kept.pin, GA, "a.example")


def test_every_credential_logs_in_and_its_counter_goes_on(kept, starter):
    for _ in range(2):  # the second time from a store of today's
        key = kept.start(starter)
        for credential in kept.credentials:
            counter = kept.log_in(credential).counter
            assert counter == credential.counter + 1
            credential.counter = counter
        key.stop()
        assert kept.version() == TODAY


def test_accounts_come_newest_first(kept, starter):
    kept.start(starter)
    accounts = [made for made in kept.credentials if made.rp_id == "a.example" and made.discoverable]
    token = kept.platform.token(kept.pin, GA, "a.example")
    first = get_assertion(kept.platform.channel, "a.example", **kept.platform.authorization(token))
    found = [first] + [get_next_assertion(kept.platform.channel) for _ in range(first.members[5] - 1)]
    assert [assertion.id for assertion in found] == [made.id for made in reversed(accounts)]
    assert [assertion.user["name"] for assertion in found] == [made.name for made in reversed(accounts)]
    made = make_credential(
        kept.platform.channel,
        "a.example",
        options={"rk": True},
        **kept.platform.authorization(kept.platform.token(kept.pin, MC, "a.example")),
    )
    token = kept.platform.token(kept.pin, GA, "a.example")
    newest = get_assertion(kept.platform.channel, "a.example", **kept.platform.authorization(token))
    assert newest.id == made.id and newest.members[5] == len(accounts) + 1


def test_what_was_deleted_stays_so(kept, starter):
    kept.start(starter)
    gone = descriptor(bytes.fromhex(kept.told["deleted"]))
    token = kept.platform.token(kept.pin, GA, "a.example")
    request = get_assertion_request("a.example", allow_list=[gone], **kept.platform.authorization(token))
    assert kept.platform.channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS
    status, members = kept.manage(1)
    assert status == OK and members[1] == sum(made.discoverable for made in kept.credentials)


def test_hmac_secret_gives_the_same_secrets(kept, starter):
    kept.start(starter)
    told = kept.told["hmac_secret"]
    (credential,) = (made for made in kept.credentials if made.name == told["credential"])
    extensions, decrypt = kept.platform.hmac_secret(bytes.fromhex(told["salt"]))
    assertion = kept.log_in(credential, extensions=extensions)
    assert decrypt(assertion.auth_data.extensions["hmac-secret"]).hex() == told["output"]


def test_relying_parties_are_listed(kept, starter):
    kept.start(starter)
    status, first = kept.manage(2)
    assert status == OK
    hashes = {first[4]}
    for _ in range(first[5] - 1):
        status, following = kept.platform.channel.ctap2(CREDENTIAL_MANAGEMENT, {1: 3})
        assert status == OK
        hashes.add(following[4])
    assert hashes == {sha256(made.rp_id.encode()).digest() for made in kept.credentials if made.discoverable}


def test_nothing_of_the_old_file_is_kept_where_all_could_be_read(kept, starter):
    kept.start(starter).stop()
    assert not [name for name in os.listdir(kept.folder) if "format" in name]


class TestDamage:
    """What cannot be read does not hinder the rest, is not forgotten, and the file is kept as it was."""

    @pytest.fixture
    def damaged(self, kept):
        if kept.version() != 1:
            pytest.skip("the columns are format 1's")
        with sqlite3.connect(kept.file) as file:
            # the first credential that was made, and its counter
            (tag,) = file.execute("SELECT id_tag FROM credentials WHERE seq = 1").fetchone()
            for table in ("credentials", "counters"):
                file.execute(f"UPDATE {table} SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE id_tag = ?", (tag,))
        file.close()
        with open(kept.file, "rb") as content:
            kept.before = content.read()
        return kept

    def test_the_old_file_is_beside(self, damaged, starter):
        damaged.start(starter).stop()
        with open(damaged.file + ".format-1", "rb") as content:
            assert content.read() == damaged.before
        assert os.stat(damaged.file + ".format-1").st_mode & 0o777 == 0o600

    def test_the_others_are_there(self, damaged, starter):
        damaged.start(starter)
        for credential in damaged.credentials[1:]:
            assert damaged.log_in(credential).counter == credential.counter + 1
        status, members = damaged.manage(4, {1: sha256(b"a.example").digest()})
        assert status == OK and members[9] == 2

    def test_the_damaged_one_is_not_taken_for_unknown(self, damaged, starter):
        damaged.start(starter)
        credential = damaged.credentials[0]
        token = damaged.platform.token(damaged.pin, GA, credential.rp_id)
        request = get_assertion_request(
            credential.rp_id, allow_list=[credential.descriptor], **damaged.platform.authorization(token)
        )
        assert damaged.platform.channel.ctap2(GET_ASSERTION, request)[0] not in (OK, NO_CREDENTIALS)
        assert "is damaged" in starter.last.log_tail()
