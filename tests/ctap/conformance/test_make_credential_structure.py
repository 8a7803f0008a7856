"""authenticatorMakeCredential: the structure of its request (CTAP 2.3, 6.1.2)."""

import pytest
from conformance import case, check
from conformance_requests import every_type_but
from ctap2 import (
    CREDENTIAL_EXCLUDED,
    ES256,
    INVALID_OPTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    MISSING_PARAMETER,
    OK,
    OPERATION_DENIED,
    UNEXPECTED_TYPE,
    UNSUPPORTED_ALGORITHM,
    UP,
    UV,
    descriptor,
    get_assertion,
    make_credential,
    make_credential_request,
    params,
)
from fido2.webauthn import AuthenticatorData

USER_ID = b"0123456789abcdef"
UNKNOWN_ALGORITHM = -65000


def request_status(channel, rp_id, changes):
    return channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **changes))[0]


@pytest.mark.parametrize(
    "changes, expected",
    [
        case("CHK-043", "a well-formed request makes a credential", {}, OK),
        case("CHK-044", "without clientDataHash: MISSING_PARAMETER", {"client_data_hash": None}, MISSING_PARAMETER),
        case("CHK-046", "without rp: MISSING_PARAMETER", {"rp": None}, MISSING_PARAMETER),
        case("CHK-048", "without user: MISSING_PARAMETER", {"user": None}, MISSING_PARAMETER),
        case("CHK-050", "without pubKeyCredParams: MISSING_PARAMETER", {"key_params": None}, MISSING_PARAMETER),
        case(
            "CHK-061",
            "pubKeyCredParams element without type: INVALID_PARAMETER, as the specification's example",
            {"key_params": [{"alg": ES256}]},
            INVALID_PARAMETER,
        ),
        case(
            "CHK-061",
            "… also behind an element that can be served",
            {"key_params": [*params(ES256), {"alg": ES256}]},
            INVALID_PARAMETER,
        ),
        case(
            "CHK-063",
            "pubKeyCredParams element without alg: INVALID_PARAMETER, as the specification's example",
            {"key_params": [{"type": "public-key"}]},
            INVALID_PARAMETER,
        ),
        case(
            "CHK-063",
            "… also behind an element that can be served",
            {"key_params": [*params(ES256), {"type": "public-key"}]},
            INVALID_PARAMETER,
        ),
        case(
            "CHK-065",
            "only unknown algorithms: UNSUPPORTED_ALGORITHM",
            {"key_params": params(UNKNOWN_ALGORITHM)},
            UNSUPPORTED_ALGORITHM,
        ),
        case(
            "CHK-066",
            "only a type other than public-key: UNSUPPORTED_ALGORITHM",
            {"key_params": [{"type": "secret-key", "alg": ES256}]},
            UNSUPPORTED_ALGORITHM,
        ),
        case(
            "CHK-066",
            "… an element of another type is passed over",
            {"key_params": [{"type": "secret-key", "alg": ES256}, *params(ES256)]},
            OK,
        ),
        case(
            "CHK-072",
            "excludeList entry without type: MISSING_PARAMETER",
            {"exclude_list": [{"id": b"id"}]},
            MISSING_PARAMETER,
        ),
        case(
            "CHK-074",
            "excludeList entry without id: MISSING_PARAMETER",
            {"exclude_list": [{"type": "public-key"}]},
            MISSING_PARAMETER,
        ),
        case("CHK-077", "an unknown option is passed over", {"options": {"levitate": True}}, OK),
        case("CHK-077", "… whatever it says", {"options": {"levitate": False, "rk": True}}, OK),
        case("CHK-080", "up false: INVALID_OPTION", {"options": {"up": False}}, INVALID_OPTION),
    ],
)
def test_request(channel, rp_id, changes, expected):
    assert request_status(channel, rp_id, changes) == expected


def user(**members):
    return {"user": {"id": USER_ID, "name": "alice", "displayName": "Alice", **members}}


def element(**members):
    return {"type": "public-key", "alg": ES256, **members}


def entry(**members):
    return {"type": "public-key", "id": b"id", **members}


@pytest.mark.parametrize(
    "right, change",
    [
        case("CHK-045", "clientDataHash is a byte string: CBOR_UNEXPECTED_TYPE",
             "bytes", lambda value, _: {"client_data_hash": value}),
        case("CHK-047", "rp is a map: CBOR_UNEXPECTED_TYPE", "map", lambda value, _: {"rp": value}),
        case("CHK-049", "user is a map: CBOR_UNEXPECTED_TYPE", "map", lambda value, _: {"user": value}),
        case("CHK-051", "pubKeyCredParams is an array: CBOR_UNEXPECTED_TYPE",
             "array", lambda value, _: {"key_params": value}),
        case("CHK-052", "excludeList is an array: CBOR_UNEXPECTED_TYPE",
             "array", lambda value, _: {"exclude_list": value}),
        case("CHK-053", "extensions is a map: CBOR_UNEXPECTED_TYPE", "map", lambda value, _: {"extensions": value}),
        case("CHK-054", "options is a map: CBOR_UNEXPECTED_TYPE", "map", lambda value, _: {"options": value}),
        case("CHK-055", "rp.id is text: CBOR_UNEXPECTED_TYPE",
             "text", lambda value, _: {"rp": {"id": value, "name": "Example"}}),
        case("CHK-056", "rp.name is text, even where it is not kept: CBOR_UNEXPECTED_TYPE", "text",
             lambda value, rp_id: {"rp": {"id": rp_id, "name": value}}),
        case("CHK-057", "user.id is a byte string: CBOR_UNEXPECTED_TYPE", "bytes", lambda value, _: user(id=value)),
        case("CHK-058", "user.name is text: CBOR_UNEXPECTED_TYPE", "text", lambda value, _: user(name=value)),
        case("CHK-059", "user.displayName is text: CBOR_UNEXPECTED_TYPE",
             "text", lambda value, _: user(displayName=value)),
        case("CHK-060", "pubKeyCredParams element is a map: CBOR_UNEXPECTED_TYPE",
             "map", lambda value, _: {"key_params": [value]}),
        case("CHK-062", "pubKeyCredParams element's type is text: CBOR_UNEXPECTED_TYPE", "text",
             lambda value, _: {"key_params": [element(type=value)]}),
        case("CHK-062", "… also behind an element that can be served", "text",
             lambda value, _: {"key_params": [element(), element(type=value)]}),
        case("CHK-064", "pubKeyCredParams element's alg is an integer: CBOR_UNEXPECTED_TYPE", "integer",
             lambda value, _: {"key_params": [element(alg=value)]}),
        case("CHK-064", "… also behind an element that can be served", "integer",
             lambda value, _: {"key_params": [element(), element(alg=value)]}),
        case("CHK-070", "attestationFormatsPreference is an array: CBOR_UNEXPECTED_TYPE (the report: OK)",
             "array", lambda value, _: {"attestation_formats_preference": value}),
        case("CHK-070", "attestationFormatsPreference holds text: CBOR_UNEXPECTED_TYPE", "text",
             lambda value, _: {"attestation_formats_preference": ["packed", value]}),
        case("CHK-071", "excludeList entry is a map: CBOR_UNEXPECTED_TYPE",
             "map", lambda value, _: {"exclude_list": [value]}),
        case("CHK-073", "excludeList entry's type is text: CBOR_UNEXPECTED_TYPE", "text",
             lambda value, _: {"exclude_list": [entry(type=value)]}),
        case("CHK-075", "excludeList entry's id is a byte string: CBOR_UNEXPECTED_TYPE", "bytes",
             lambda value, _: {"exclude_list": [entry(id=value)]}),
    ],
)  # fmt: skip
def test_member_of_a_wrong_type(channel, rp_id, right, change):
    statuses = {
        name: request_status(channel, rp_id, change(value, rp_id)) for name, value in every_type_but(right).items()
    }
    assert statuses == dict.fromkeys(statuses, UNEXPECTED_TYPE)


@check("CHK-067", "an excludeList entry of another type than public-key is passed over, even with an id of this key")
def test_chk_067_an_excludeList_entry_of_unknown_type_is_passed_over(channel, rp_id):
    made = make_credential(channel, rp_id)
    again = make_credential(channel, rp_id, exclude_list=[{"type": "secret-key", "id": made.id}])
    assert again.id != made.id


@pytest.mark.parametrize(
    "preference, formats",
    [
        case(
            "CHK-068", "attestationFormatsPreference: the first format that the key has", ["packed", "none"], {"packed"}
        ),
        case(
            "CHK-068", "… formats that it lacks are passed over", ["tpm", "com.example.unknown", "packed"], {"packed"}
        ),
        case("CHK-068", "… without any that it has, packed as ever", ["tpm"], {"packed"}),
        case(
            "CHK-069",
            "attestationFormatsPreference none alone: no attestation, or packed as ever",
            ["none"],
            {"none", "packed"},
        ),
    ],
)
def test_attestation_formats_preference(channel, rp_id, preference, formats):
    request = make_credential_request(rp_id, attestation_formats_preference=preference)
    status, members = channel.ctap2(MAKE_CREDENTIAL, request)
    assert status == OK
    assert members[1] in formats
    assert (members[3] == {}) == (members[1] == "none")
    assert AuthenticatorData(members[2]).flags & UP


@check("CHK-076", "an excludeList entry of this key and relying party: CREDENTIAL_EXCLUDED")
@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_chk_076_what_the_excludeList_names_is_not_made_again(channel, rp_id, discoverable):
    made = make_credential(channel, rp_id, options={"rk": discoverable})
    exclude_list = [descriptor(b"nobody's"), made.descriptor]
    assert request_status(channel, rp_id, {"exclude_list": exclude_list}) == CREDENTIAL_EXCLUDED
    assert request_status(channel, "other." + rp_id, {"exclude_list": exclude_list}) == OK
    get_assertion(channel, rp_id, allow_list=[made.descriptor]).verify(made)


@check("CHK-076", "… only after a touch: who does not give it learns nothing")
def test_chk_076_who_does_not_touch_does_not_learn_of_it(starter, rp_id):
    key = starter.start(store=True)
    made = make_credential(key.channel(), rp_id)
    channel = starter.restart(key, approve="deny").channel()
    assert request_status(channel, rp_id, {"exclude_list": [made.descriptor]}) == OPERATION_DENIED


@check("CHK-078", "uv true on a key that verifies its user: the UV flag")
@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_chk_078_uv_true_is_verified(new_key, rp_id, discoverable):
    made = make_credential(new_key("--uv").channel(), rp_id, options={"uv": True, "rk": discoverable})
    assert made.auth_data.flags & (UP | UV) == UP | UV


@check("CHK-078", "uv true on a key that cannot verify its user: INVALID_OPTION")
def test_chk_078_uv_true_is_refused_where_it_cannot_be_done(channel, rp_id):
    assert request_status(channel, rp_id, {"options": {"uv": True}}) == INVALID_OPTION


@check("CHK-079", "up true: the UP flag")
def test_chk_079_up_true_is_the_up_flag(channel, rp_id):
    assert make_credential(channel, rp_id, options={"up": True}).auth_data.flags & (UP | UV) == UP
