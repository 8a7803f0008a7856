"""authenticatorCredentialManagement (CTAP 2.3, 6.8)."""

from hashlib import sha256

import pytest
from authorized import (
    COUNT,
    CREDENTIALS_BEGIN,
    CREDENTIALS_NEXT,
    DELETE,
    PCMR,
    RPS_BEGIN,
    RPS_NEXT,
    UPDATE,
    cred_store_state,
    manage,
)
from conformance import check
from daemon import PIN
from ctap2 import (
    CM,
    CREDENTIAL_MANAGEMENT,
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    MC,
    NO_CREDENTIALS,
    OK,
    Credential,
    Platform,
    get_assertion,
    get_assertion_request,
    make_credential_request,
)
from fido2.webauthn import AuthenticatorData


class Manager:
    """A host that manages a key of the test's own."""

    def __init__(self, key, version):
        self.platform = Platform(key.channel(), version)
        self.channel = self.platform.channel

    def register(self, rp_id, name, extensions=None):
        """(Credential, makeCredential's largeBlobKey)"""
        request = make_credential_request(
            rp_id,
            user={"id": name.encode(), "name": name, "displayName": name.title()},
            options={"rk": True},
            extensions=extensions,
            **self.platform.authorization(self.platform.token(PIN, MC, rp_id)),
        )
        status, members = self.channel.ctap2(MAKE_CREDENTIAL, request)
        assert status == OK
        return Credential(rp_id, AuthenticatorData(members[2]), name.encode()), members.get(5)

    def call(self, sub_command, params=None):
        return manage(self.platform, self.platform.token(PIN, CM), sub_command, params)

    def next(self, sub_command):
        return self.channel.ctap2(CREDENTIAL_MANAGEMENT, {1: sub_command})

    def credentials(self, rp_id):
        """(status, members) of enumerateCredentialsBegin."""
        return self.call(CREDENTIALS_BEGIN, {1: sha256(rp_id.encode()).digest()})

    def store_state(self):
        return cred_store_state(self.channel, self.platform.token(PIN, PCMR))


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def manager(new_key, request):
    return Manager(new_key("--pin", PIN), request.param)


@check("CHK-259", "getCredsMetadata counts the discoverable credentials, and says that there is room for more than one")
def test_chk_259_it_counts(manager):
    for count, name in enumerate(("alice", "bob"), 1):
        manager.register("a.example", name)
        status, members = manager.call(COUNT)
        assert status == OK and members[1] == count and members[2] > 1


@check("CHK-260", "enumerateRPsBegin gives a relying party, the hash of its id, and how many there are")
@check("CHK-261", "enumerateRPsGetNextRP gives the next one, without the number")
def test_chk_260_261_it_lists_relying_parties(manager):
    for rp_id in ("a.example", "b.example"):
        manager.register(rp_id, "alice")
    status, first = manager.call(RPS_BEGIN)
    assert status == OK and first.keys() == {3, 4, 5} and first[5] == 2
    status, second = manager.next(RPS_NEXT)
    assert status == OK and second.keys() == {3, 4}
    for entry in (first, second):
        assert entry[4] == sha256(entry[3]["id"].encode()).digest()
    assert {entry[3]["id"] for entry in (first, second)} == {"a.example", "b.example"}


EXTENSIONS = {"credProtect": 2, "largeBlobKey": True, "thirdPartyPayment": True}


@check("CHK-265", "enumerateCredentialsBegin tells a credential's id, user, key and extensions, and how many there are")
@check("CHK-266", "enumerateCredentialsGetNextCredential tells the next one, without the number")
def test_chk_265_266_it_lists_credentials(manager):
    made = {name: manager.register("a.example", name, EXTENSIONS) for name in ("alice", "bob")}
    status, first = manager.credentials("a.example")
    assert status == OK and first[9] == 2
    status, second = manager.next(CREDENTIALS_NEXT)
    assert status == OK and 9 not in second
    found = {entry[6]["id"].decode(): entry for entry in (first, second)}
    assert found.keys() == made.keys()
    for name, (credential, large_blob_key) in made.items():
        entry = found[name]
        assert entry[6]["id"] == credential.user_id
        assert entry[7] == credential.descriptor
        assert entry[8] == dict(credential.public_key)
        assert entry[0x0A] == EXTENSIONS["credProtect"]
        assert entry[0x0B] == large_blob_key and len(large_blob_key) == 32
        assert entry[0x0C] is True


@check(
    "CHK-265",
    "of a credential without extensions: credProtect 1, no largeBlobKey, no third-party payments (the report: all)",
)
def test_chk_265_a_credential_without_extensions(manager):
    manager.register("a.example", "alice")
    status, entry = manager.credentials("a.example")
    assert status == OK and entry[9] == 1
    assert entry[0x0A] == 1 and 0x0B not in entry and entry.get(0x0C, False) is False


def check_store_state_changed(before, after):
    assert before[0] != after[0], "an initialization vector was used again"
    assert before[1] != after[1]


@check("CHK-268", "updateUserInformation shows the new names and removes what was left out; the store's state changes")
def test_chk_268_names_are_updated(manager):
    made, _ = manager.register("a.example", "alice")
    before = manager.store_state()
    assert manager.call(UPDATE, {2: made.descriptor, 3: {"id": b"alice", "name": "alicia"}})[0] == OK
    check_store_state_changed(before, manager.store_state())
    status, entry = manager.credentials("a.example")
    assert status == OK and entry[6] == {"id": b"alice", "name": "alicia"}
    get_assertion(manager.channel, "a.example").verify(made)


@check("CHK-269", "deleteCredential takes a credential away: NO_CREDENTIALS by its id; the store's state changes")
def test_chk_269_a_credential_is_deleted(manager):
    made, _ = manager.register("a.example", "alice")
    get_assertion(manager.channel, "a.example", allow_list=[made.descriptor]).verify(made)
    before = manager.store_state()
    assert manager.call(DELETE, {2: made.descriptor})[0] == OK
    check_store_state_changed(before, manager.store_state())
    request = get_assertion_request("a.example", allow_list=[made.descriptor])
    assert manager.channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS
