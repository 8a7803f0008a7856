"""credentialManagement: what is enumerated, deleted or gone on with, where there is nothing of it (CTAP 2.3, 6.8)."""

from hashlib import sha256

import pytest
from conformance import case, check
from daemon import PIN
from ctap2 import (
    CM,
    CREDENTIAL_MANAGEMENT,
    GET_INFO,
    MC,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    OK,
    Platform,
    descriptor,
    make_credential,
)
from fido2 import cbor

RPS_BEGIN, RPS_NEXT, CREDENTIALS_BEGIN, CREDENTIALS_NEXT, DELETE, UPDATE = range(2, 8)
RP_ID = "stored.example"
RP_ID_HASH = sha256(RP_ID.encode()).digest()


class Manager:
    def __init__(self, key):
        self.channel = key.channel()
        self.platform = Platform(self.channel, 2)

    def store(self, rp_id, user_id):
        authorization = self.platform.authorization(self.platform.token(PIN, MC, rp_id))
        return make_credential(self.channel, rp_id, user={"id": user_id}, options={"rk": True}, **authorization)

    def status(self, sub_command, params=None):
        message = bytes([sub_command]) + (b"" if params is None else cbor.encode(params))
        param = self.platform.protocol.authenticate(self.platform.token(PIN, CM), message)
        request = {1: sub_command, 3: 2, 4: param, **({} if params is None else {2: params})}
        return self.channel.ctap2(CREDENTIAL_MANAGEMENT, request)[0]

    def next_status(self, sub_command):
        return self.channel.ctap2(CREDENTIAL_MANAGEMENT, {1: sub_command})[0]


@pytest.fixture(scope="module")
def empty_key(shared_starter):
    """A key with a PIN and no discoverable credential."""
    key = shared_starter.start("--pin", PIN)
    make_credential(key.channel(), RP_ID)  # one in its id is not stored
    return key


@pytest.fixture(scope="module")
def full_key(shared_starter):
    """A key with two relying parties, one of which has two accounts."""
    key = shared_starter.start("--pin", PIN)
    for rp_id, user_id in ((RP_ID, b"alice"), (RP_ID, b"bob"), ("other.example", b"alice")):
        Manager(key).store(rp_id, user_id)
    return key


@pytest.mark.parametrize(
    "sub_command, params",
    [
        case("X-09", "enumerateRPsBegin with nothing stored: NO_CREDENTIALS", RPS_BEGIN, None),
        case(
            "X-09", "enumerateCredentialsBegin with nothing stored: NO_CREDENTIALS", CREDENTIALS_BEGIN, {1: RP_ID_HASH}
        ),
        case("X-09", "deleteCredential of an unknown id: NO_CREDENTIALS", DELETE, {2: descriptor(b"nobody's")}),
        case(
            "X-09",
            "updateUserInformation of an unknown id: NO_CREDENTIALS",
            UPDATE,
            {2: descriptor(bytes(64)), 3: {"id": b"x"}},
        ),
    ],
)
def test_on_an_empty_key(empty_key, sub_command, params):
    assert Manager(empty_key).status(sub_command, params) == NO_CREDENTIALS


@pytest.mark.parametrize(
    "sub_command, params",
    [
        case("X-09", "… also on a key that stores others", CREDENTIALS_BEGIN, {1: sha256(b"nobody.example").digest()}),
        case("X-09", "… also on a key that stores others", DELETE, {2: descriptor(b"nobody's")}),
        case("X-09", "… also on a key that stores others", UPDATE, {2: descriptor(bytes(64)), 3: {"id": b"x"}}),
    ],
)
def test_of_what_a_key_does_not_store(full_key, sub_command, params):
    assert Manager(full_key).status(sub_command, params) == NO_CREDENTIALS


@check("X-09", "deleteCredential twice: the second time NO_CREDENTIALS")
def test_x_09_what_is_deleted_is_unknown(full_key):
    manager = Manager(full_key)
    made = manager.store("deleted.example", b"carol")
    assert manager.status(DELETE, {2: made.descriptor}) == OK
    assert manager.status(DELETE, {2: made.descriptor}) == NO_CREDENTIALS


BEGIN = {RPS_NEXT: (RPS_BEGIN, None), CREDENTIALS_NEXT: (CREDENTIALS_BEGIN, {1: RP_ID_HASH})}


@pytest.mark.parametrize(
    "following",
    [
        case("X-09", "enumerateRPsGetNextRP without enumerateRPsBegin: NOT_ALLOWED", RPS_NEXT),
        case(
            "X-09",
            "enumerateCredentialsGetNextCredential without enumerateCredentialsBegin: NOT_ALLOWED",
            CREDENTIALS_NEXT,
        ),
    ],
)
class TestNext:
    def test_without_begin(self, full_key, following):
        assert Manager(full_key).next_status(following) == NOT_ALLOWED

    def test_when_all_were_told(self, full_key, following):
        manager = Manager(full_key)
        assert manager.status(*BEGIN[following]) == OK
        assert manager.next_status(following) == OK
        assert manager.next_status(following) == NOT_ALLOWED

    def test_after_the_other_begin(self, full_key, following):
        manager = Manager(full_key)
        (other,) = BEGIN.keys() - {following}
        assert manager.status(*BEGIN[other]) == OK
        assert manager.next_status(following) == NOT_ALLOWED

    def test_after_another_command(self, full_key, following):
        manager = Manager(full_key)
        assert manager.status(*BEGIN[following]) == OK
        assert manager.channel.ctap2(GET_INFO)[0] == OK
        assert manager.next_status(following) == NOT_ALLOWED

    def test_on_another_channel(self, full_key, following):
        manager = Manager(full_key)
        assert manager.status(*BEGIN[following]) == OK
        assert Manager(full_key).next_status(following) == NOT_ALLOWED
        assert manager.next_status(following) == OK
