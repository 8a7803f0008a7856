"""What is acknowledged is there after the next start (see also ../keystore/test_kill.py)."""

import os
import stat

import pytest
from daemon import PIN
from ctap2 import (
    EDDSA,
    ES256,
    GA,
    GET_ASSERTION,
    MC,
    NO_CREDENTIALS,
    OK,
    PIN_INVALID,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    get_next_assertion,
    make_credential,
    params,
)


@pytest.fixture
def key(starter):
    return starter.start(store=True)


@pytest.mark.parametrize("rk", [False, True], ids=["in_its_id", "discoverable"])
@pytest.mark.parametrize("algorithm", [ES256, EDDSA], ids=["ES256", "EdDSA"])
def test_credentials_and_their_counters_survive(starter, key, rp_id, rk, algorithm):
    channel = key.channel()
    made = make_credential(channel, rp_id, options={"rk": rk}, key_params=params(algorithm))
    counters = [get_assertion(channel, rp_id, allow_list=[made.descriptor]).counter for _ in range(3)]
    for _ in range(2):
        key = starter.restart(key)
        assertion = get_assertion(key.channel(), rp_id, allow_list=[made.descriptor])
        assertion.verify(made)
        counters.append(assertion.counter)
    assert counters == sorted(set(counters)), counters


def test_accounts_keep_their_order_and_names(starter, key, rp_id):
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    platform = Platform(key.channel(), 2)
    users = [{"id": bytes([n]), "name": f"ą{n}", "displayName": "😀" * n} for n in range(1, 4)]
    for user in users:
        token = platform.token(PIN, MC, rp_id)
        make_credential(platform.channel, rp_id, user=user, options={"rk": True}, **platform.authorization(token))
    platform = Platform(starter.restart(key).channel(), 2)
    token = platform.token(PIN, GA, rp_id)
    found = [get_assertion(platform.channel, rp_id, **platform.authorization(token))]
    found += [get_next_assertion(platform.channel) for _ in range(2)]
    assert [assertion.user for assertion in found] == users[::-1]


def test_the_pin_and_its_retries_survive(starter, key):
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    assert Platform(key.channel(), 2).request_token("wrong staple")[0] == PIN_INVALID
    platform = Platform(starter.restart(key).channel(), 2)
    assert get_info(platform.channel)[4]["clientPin"] is True
    assert platform.retries() == 7
    assert platform.token(PIN)


def test_the_attestation_survives(starter, key, rp_id):
    from ctap2 import MAKE_CREDENTIAL, make_credential_request

    def certificate(running):
        return running.channel().ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id))[1][3]["x5c"]

    before = certificate(key)
    assert certificate(starter.restart(key)) == before


def test_an_ephemeral_key_leaves_nothing(starter, rp_id):
    key = starter.start()
    made = make_credential(key.channel(), rp_id, options={"rk": True})
    files = {name for _, _, names in os.walk(key.folder) for name in names}
    assert not {name for name in files if name.endswith((".db", ".db-wal", ".key"))}, files
    key.stop()
    channel = starter.start(folder=key.folder).channel()
    request = get_assertion_request(rp_id, allow_list=[made.descriptor])
    assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS


def test_the_keystore_and_the_unlock_key_are_the_owners_alone(key):
    for path in (key.store_path, key.unlock_path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path


class TestRefusals:
    """A keystore that cannot be used: one sentence, status 1, nothing overwritten."""

    @pytest.fixture
    def stopped(self, key, rp_id):
        make_credential(key.channel(), rp_id, options={"rk": True})
        key.stop()
        return key

    def refuse(self, key, *options):
        before = self.files(key)
        ended = key.run("-q", "run", *(options or key.store_options()), "--approve", "auto",
                        "--transport", f"unix:{key.folder}/other.sock")  # fmt: skip
        assert ended.returncode == 1, ended
        assert "ready" not in ended.stdout
        lines = ended.stderr.strip().splitlines()
        assert len(lines) == 1 and lines[0].endswith("."), ended.stderr
        assert self.files(key) == before
        return lines[0]

    def files(self, key):
        with open(key.store_path, "rb") as store:
            return store.read()

    def test_a_wrong_unlock_key(self, stopped):
        other = os.path.join(stopped.folder, "other.key")
        with open(other, "wb") as file:
            file.write(os.urandom(os.path.getsize(stopped.unlock_path)))
        os.chmod(other, 0o600)
        self.refuse(stopped, "--store", stopped.store_path, "--unlock", f"keyfile:{other}")

    def test_a_missing_unlock_key_is_not_made_anew_for_an_old_keystore(self, stopped):
        os.unlink(stopped.unlock_path)
        self.refuse(stopped)
        assert not os.path.exists(stopped.unlock_path)

    def test_a_file_that_is_something_else(self, stopped):
        with open(stopped.store_path, "wb") as store:
            store.write(b"#!/bin/sh\necho precious\n" * 100)
        self.refuse(stopped)

    def test_a_damaged_file(self, stopped):
        with open(stopped.store_path, "r+b") as store:
            size = store.seek(0, 2)
            for at in range(4096, size, 64):
                store.seek(at)
                store.write(b"\xa5" * 32)
        self.refuse(stopped)

    def test_a_folder_that_cannot_be_made(self, stopped):
        path = os.path.join(stopped.store_path, "inside", "keystore.db")
        self.refuse(stopped, "--store", path, "--unlock", f"keyfile:{stopped.unlock_path}")

    def test_two_daemons_do_not_share_one_keystore(self, starter, key, rp_id):
        made = make_credential(key.channel(), rp_id, options={"rk": True})
        ended = key.run("-q", "run", *key.store_options(), "--approve", "auto", "--transport", f"unix:{key.folder}/other.sock")
        assert ended.returncode == 1 and len(ended.stderr.strip().splitlines()) == 1, ended
        get_assertion(key.channel(), rp_id).verify(made)

    def test_once_unlocked_rightly_everything_is_still_there(self, starter, stopped, rp_id):
        self.test_a_wrong_unlock_key(stopped)
        assert get_assertion(starter.restart(stopped).channel(), rp_id)
