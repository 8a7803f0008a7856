"""The largeBlob extension (CTAP 2.3, 12.4), which a key has by configuration instead of largeBlobKey."""

import os

import pytest
from ctap2 import (
    GET_ASSERTION,
    INVALID_CBOR,
    INVALID_COMMAND,
    MAKE_CREDENTIAL,
    OK,
    UNSUPPORTED_OPTION,
    get_assertion_request,
    get_info,
    make_credential_request,
)
from fido2.webauthn import AuthenticatorData

UNSIGNED_OF_MC, UNSIGNED_OF_GA = 6, 8


@pytest.fixture(scope="module")
def blob_key(shared_starter):
    return shared_starter.start("--large-blobs", "extension")


@pytest.fixture
def channel(blob_key):
    yield blob_key.channel()
    blob_key.close_connections()


def register(channel, rp_id, support=None, rk=True):
    extensions = None if support is None else {"largeBlob": support if isinstance(support, dict) else {"support": support}}
    request = make_credential_request(rp_id, options={"rk": rk}, extensions=extensions)
    status, members = channel.ctap2(MAKE_CREDENTIAL, request)
    if status != OK:
        return status, None, None
    data = AuthenticatorData(members[2])
    assert not data.extensions, "its output is unsigned"
    return status, {"type": "public-key", "id": data.credential_data.credential_id}, members.get(UNSIGNED_OF_MC)


def ask(channel, rp_id, credential, **blob):
    request = get_assertion_request(
        rp_id, allow_list=None if credential is None else [credential], extensions={"largeBlob": blob}
    )
    status, members = channel.ctap2(GET_ASSERTION, request)
    return status, members.get(UNSIGNED_OF_GA) if status == OK else None


def test_it_excludes_the_other_way(channel):
    info = get_info(channel)
    assert "largeBlob" in info[2] and "largeBlobKey" not in info[2]
    assert not info[4].get("largeBlobs", False) and 0x0B not in info
    assert channel.ctap2(0x0C, {1: 17, 3: 0})[0] == INVALID_COMMAND


@pytest.mark.parametrize("support", ["preferred", "required"])
def test_chk_184_185_a_discoverable_credential_supports_it(channel, rp_id, support):
    assert register(channel, rp_id, support)[2] == {"largeBlob": {"supported": True}}


def test_a_credential_in_its_id_has_no_room_for_a_blob(channel, rp_id):
    assert register(channel, rp_id, "preferred", rk=False)[2] == {"largeBlob": {"supported": False}}
    assert register(channel, rp_id, "required", rk=False)[0] == UNSUPPORTED_OPTION


def test_chk_186_187_what_is_written_is_read(channel, rp_id):
    _, credential, _ = register(channel, rp_id, "required")
    assert ask(channel, rp_id, credential, read=True) == (OK, None), "nothing yet"
    for blob in (os.urandom(2000), b"", os.urandom(10)):
        written = ask(channel, rp_id, credential, write=blob, originalSize=7000)
        assert written == (OK, {"largeBlob": {"written": True}})
        read = ask(channel, rp_id, credential, read=True)
        assert read == (OK, {"largeBlob": {"blob": blob, "originalSize": 7000}})


def test_chk_188_without_an_allow_list_nothing_is_written(channel, rp_id):
    _, credential, _ = register(channel, rp_id, "required")
    assert ask(channel, rp_id, None, write=b"x", originalSize=1) == (OK, {"largeBlob": {"written": False}})
    assert ask(channel, rp_id, credential, read=True) == (OK, None)


def test_chk_189_a_credential_that_was_not_made_for_it_takes_no_blob(channel, rp_id):
    _, credential, outputs = register(channel, rp_id)
    assert outputs is None
    assert ask(channel, rp_id, credential, write=b"x", originalSize=1) == (OK, {"largeBlob": {"written": False}})


def test_a_blob_that_is_too_long_is_not_written(channel, rp_id):
    _, credential, _ = register(channel, rp_id, "required")
    assert ask(channel, rp_id, credential, write=bytes(5000), originalSize=1) == (OK, {"largeBlob": {"written": False}})


@pytest.mark.parametrize("support", [{}, {"wrong": "123"}, {"support": True}, {"support": "maybe"}])
def test_chk_191_other_inputs_of_a_registration_are_refused(channel, rp_id, support):
    assert register(channel, rp_id, support)[0] == INVALID_CBOR


@pytest.mark.parametrize(
    "blob",
    [
        {},
        {"wrong": "123"},
        {"read": True, "write": b"x", "originalSize": 1},
        {"read": "true"},
        {"read": False},
        {"write": "123", "originalSize": "123"},
        {"write": b"x"},
        {"originalSize": 1},
    ],
)
def test_chk_192_to_195_other_inputs_of_an_assertion_are_refused(channel, rp_id, blob):
    _, credential, _ = register(channel, rp_id, "required")
    assert ask(channel, rp_id, credential, **blob)[0] == INVALID_CBOR
