"""largeBlobKey (CTAP 2.3, 12.3)."""

import pytest
from conformance import case, check
from ctap2 import (
    GET_ASSERTION,
    INVALID_OPTION,
    MAKE_CREDENTIAL,
    OK,
    UNEXPECTED_TYPE,
    descriptor,
    get_assertion_request,
    make_credential_request,
)
from fido2.webauthn import AuthenticatorData

KEY_OF_MC, KEY_OF_GA = 5, 7


def register(channel, rp_id, value=True):
    request = make_credential_request(rp_id, options={"rk": True}, extensions={"largeBlobKey": value})
    return channel.ctap2(MAKE_CREDENTIAL, request)


@check("CHK-196", "each credential has a largeBlobKey of its own, 32 bytes")
@check("CHK-197", "getAssertion tells the registered largeBlobKey again")
def test_chk_196_197_each_credential_has_a_key_that_its_assertions_tell(channel, rp_id):
    keys = []
    for _ in range(2):
        status, members = register(channel, rp_id)
        assert status == OK and len(members[KEY_OF_MC]) == 32
        keys.append(members[KEY_OF_MC])
        credential_id = AuthenticatorData(members[2]).credential_data.credential_id
        request = get_assertion_request(
            rp_id, allow_list=[descriptor(credential_id)], extensions={"largeBlobKey": True}
        )
        status, members = channel.ctap2(GET_ASSERTION, request)
        assert status == OK and members[KEY_OF_GA] == keys[-1]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    "values, expected",
    [
        case("CHK-198", "makeCredential with largeBlobKey false: INVALID_OPTION", (False,), INVALID_OPTION),
        case(
            "CHK-199",
            "makeCredential with largeBlobKey that is no boolean: CBOR_UNEXPECTED_TYPE",
            (1, "true", b"\x01", [True], {"a": True}),
            UNEXPECTED_TYPE,
        ),
    ],
)
def test_other_inputs_of_a_registration_are_refused(channel, rp_id, values, expected):
    for value in values:
        assert register(channel, rp_id, value)[0] == expected, value


@pytest.mark.parametrize(
    "values, expected",
    [
        case("CHK-200", "getAssertion with largeBlobKey false: INVALID_OPTION", (False,), INVALID_OPTION),
        case(
            "CHK-201",
            "getAssertion with largeBlobKey that is no boolean: CBOR_UNEXPECTED_TYPE",
            (1, "true", b"\x01", [True], {"a": True}),
            UNEXPECTED_TYPE,
        ),
    ],
)
def test_other_inputs_of_an_assertion_are_refused(channel, rp_id, values, expected):
    assert register(channel, rp_id)[0] == OK
    for value in values:
        request = get_assertion_request(rp_id, extensions={"largeBlobKey": value})
        assert channel.ctap2(GET_ASSERTION, request)[0] == expected, value
