"""The largeBlob extension (CTAP 2.3, 12.4), whose outputs are unsigned; a key has it instead of largeBlobKey."""

import os

import pytest
from conformance import case, check
from ctap2 import (
    GET_ASSERTION,
    INVALID_CBOR,
    MAKE_CREDENTIAL,
    OK,
    get_assertion_request,
    get_info,
    make_credential_request,
)
from fido2.webauthn import AuthenticatorData

UNSIGNED_OUTPUTS_OF_MC, UNSIGNED_OUTPUTS_OF_GA = 6, 8


@pytest.fixture(scope="module")
def blob_key(shared_starter):
    return shared_starter.start("--large-blobs", "extension")


@pytest.fixture
def channel(blob_key):
    yield blob_key.channel()
    blob_key.close_connections()


def register(channel, rp_id, blob=None):
    """(descriptor, unsigned outputs); `blob` is the extension's input."""
    extensions = None if blob is None else {"largeBlob": blob}
    request = make_credential_request(rp_id, options={"rk": True}, extensions=extensions)
    status, members = channel.ctap2(MAKE_CREDENTIAL, request)
    assert status == OK
    credential_id = AuthenticatorData(members[2]).credential_data.credential_id
    return {"type": "public-key", "id": credential_id}, members.get(UNSIGNED_OUTPUTS_OF_MC)


def ask(channel, rp_id, credential, blob):
    """(status, the extension's output)"""
    allow_list = None if credential is None else [credential]
    request = get_assertion_request(rp_id, allow_list=allow_list, extensions={"largeBlob": blob})
    status, members = channel.ctap2(GET_ASSERTION, request)
    return status, members.get(UNSIGNED_OUTPUTS_OF_GA, {}).get("largeBlob")


@pytest.mark.parametrize(
    "support",
    [
        case("CHK-184", "makeCredential with support preferred: supported is true", "preferred"),
        case("CHK-185", "makeCredential with support required: supported is true", "required"),
    ],
)
def test_a_registration_says_that_blobs_are_supported(channel, rp_id, support):
    assert "largeBlob" in get_info(channel)[2]
    assert register(channel, rp_id, {"support": support})[1] == {"largeBlob": {"supported": True}}


@check("CHK-186", "getAssertion by id writes a blob: written is true")
@check("CHK-187", "getAssertion by id reads the blob and the original size that were written")
def test_chk_186_187_a_written_blob_is_read(channel, rp_id):
    credential, _ = register(channel, rp_id, {"support": "required"})
    for blob, size in ((os.urandom(1000), 5000), (os.urandom(20), 20)):
        assert ask(channel, rp_id, credential, {"write": blob, "originalSize": size}) == (OK, {"written": True})
        assert ask(channel, rp_id, credential, {"read": True}) == (OK, {"blob": blob, "originalSize": size})


@check("CHK-188", "getAssertion without an allowList writes nothing: written is false")
def test_chk_188_without_an_allowList_nothing_is_written(channel, rp_id):
    credential, _ = register(channel, rp_id, {"support": "required"})
    assert ask(channel, rp_id, None, {"write": b"blob", "originalSize": 4}) == (OK, {"written": False})
    assert ask(channel, rp_id, credential, {"read": True}) == (OK, None)


@check("CHK-189", "a credential made without the extension takes no blob: written is false")
def test_chk_189_a_credential_made_without_it_takes_no_blob(channel, rp_id):
    credential, outputs = register(channel, rp_id)
    assert outputs is None
    assert ask(channel, rp_id, credential, {"write": b"blob", "originalSize": 4}) == (OK, {"written": False})
    assert ask(channel, rp_id, credential, {"read": True}) == (OK, None)


@check("CHK-191", "makeCredential with a malformed largeBlob map: INVALID_CBOR")
@pytest.mark.parametrize("blob", [{}, {"unknown": "preferred"}, {"support": True}, {"support": b"required"}])
def test_chk_191_a_malformed_input_of_a_registration_is_refused(channel, rp_id, blob):
    request = make_credential_request(rp_id, options={"rk": True}, extensions={"largeBlob": blob})
    assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == INVALID_CBOR


@pytest.mark.parametrize(
    "blob",
    [
        case("CHK-192", "getAssertion with a malformed largeBlob map: INVALID_CBOR", {}),
        case("CHK-192", "getAssertion with a malformed largeBlob map: INVALID_CBOR", {"unknown": True}),
        case("CHK-192", "getAssertion with a malformed largeBlob map: INVALID_CBOR", {"write": b"blob"}),
        case(
            "CHK-193",
            "read, write and originalSize together: INVALID_CBOR",
            {"read": True, "write": b"blob", "originalSize": 4},
        ),
        case("CHK-194", "read of another type: INVALID_CBOR, by the extension's own rule", {"read": "true"}),
        case("CHK-194", "read of another type: INVALID_CBOR, by the extension's own rule", {"read": 1}),
        case(
            "CHK-195",
            "write and originalSize of other types: INVALID_CBOR, by the extension's own rule",
            {"write": "blob", "originalSize": "4"},
        ),
        case(
            "CHK-195",
            "write and originalSize of other types: INVALID_CBOR, by the extension's own rule",
            {"write": b"blob", "originalSize": -4},
        ),
    ],
)
def test_malformed_inputs_of_an_assertion_are_refused(channel, rp_id, blob):
    credential, _ = register(channel, rp_id, {"support": "required"})
    assert ask(channel, rp_id, credential, blob)[0] == INVALID_CBOR
