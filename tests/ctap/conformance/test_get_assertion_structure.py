"""authenticatorGetAssertion: the structure of its request, and its answer (CTAP 2.3, 6.2)."""

from hashlib import sha256

import pytest
from conformance import case, check
from conformance_requests import every_type_but
from ctap2 import (
    AT,
    CLIENT_DATA_HASH,
    ED,
    GET_ASSERTION,
    INVALID_OPTION,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    OK,
    UNEXPECTED_TYPE,
    UP,
    UV,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    params,
)


@pytest.fixture
def made(channel, rp_id):
    return make_credential(channel, rp_id)


def request_status(channel, made, changes):
    request = get_assertion_request(made.rp_id, **{"allow_list": [made.descriptor], **changes})
    return channel.ctap2(GET_ASSERTION, request)[0]


@pytest.mark.parametrize(
    "changes, expected",
    [
        case("CHK-087", "a well-formed request gives an assertion", {}, OK),
        case("CHK-088", "without rpId: MISSING_PARAMETER", {"rp_id": None}, MISSING_PARAMETER),
        case("CHK-090", "without clientDataHash: MISSING_PARAMETER", {"client_data_hash": None}, MISSING_PARAMETER),
        case("CHK-094", "an unknown option is passed over", {"options": {"levitate": True}}, OK),
        case(
            "CHK-099",
            "allowList entry without type: MISSING_PARAMETER",
            {"allow_list": [{"id": b"id"}]},
            MISSING_PARAMETER,
        ),
        case(
            "CHK-101",
            "allowList entry without id: MISSING_PARAMETER",
            {"allow_list": [{"type": "public-key"}]},
            MISSING_PARAMETER,
        ),
    ],
)
def test_request(channel, made, changes, expected):
    assert request_status(channel, made, changes) == expected


def entry(**members):
    return {"type": "public-key", "id": b"id", **members}


@pytest.mark.parametrize(
    "right, change",
    [
        case("CHK-089", "rpId is text: CBOR_UNEXPECTED_TYPE", "text", lambda value, _: {"rp_id": value}),
        case("CHK-091", "clientDataHash is a byte string: CBOR_UNEXPECTED_TYPE",
             "bytes", lambda value, _: {"client_data_hash": value}),
        case("CHK-092", "allowList is an array: CBOR_UNEXPECTED_TYPE", "array", lambda value, _: {"allow_list": value}),
        case("CHK-093,CHK-098", "allowList entry is a map: CBOR_UNEXPECTED_TYPE",
             "map", lambda value, _: {"allow_list": [value]}),
        case("CHK-093,CHK-098", "… also behind an entry that can be used", "map",
             lambda value, made: {"allow_list": [made.descriptor, value]}),
        case("CHK-100", "allowList entry's type is text: CBOR_UNEXPECTED_TYPE", "text",
             lambda value, _: {"allow_list": [entry(type=value)]}),
        case("CHK-102", "allowList entry's id is a byte string: CBOR_UNEXPECTED_TYPE", "bytes",
             lambda value, _: {"allow_list": [entry(id=value)]}),
    ],
)  # fmt: skip
def test_member_of_a_wrong_type(channel, made, right, change):
    statuses = {
        name: request_status(channel, made, change(value, made)) for name, value in every_type_but(right).items()
    }
    assert statuses == dict.fromkeys(statuses, UNEXPECTED_TYPE)


@pytest.mark.parametrize(
    "broken",
    [
        case("CHK-099", "… also behind an entry that can be used", {"id": b"id"}),
        case("CHK-101", "… also behind an entry that can be used", {"type": "public-key"}),
    ],
)
def test_entry_behind_one_that_can_be_used(channel, made, broken):
    assert request_status(channel, made, {"allow_list": [made.descriptor, broken]}) == MISSING_PARAMETER


@check("CHK-095", "up true: the UP flag; without the option it is true, and with false it is not there")
def test_chk_095_up_true_is_the_up_flag(channel, made):
    for options, flags in (({"up": True}, UP), (None, UP), ({"up": False}, 0)):
        assertion = get_assertion(channel, made.rp_id, allow_list=[made.descriptor], options=options)
        assert assertion.verify(made).flags == flags


@check("CHK-096", "uv true on a key that verifies its user: the UV flag")
def test_chk_096_uv_true_is_verified(new_key, rp_id):
    channel = new_key("--uv").channel()
    made = make_credential(channel, rp_id)
    assertion = get_assertion(channel, rp_id, allow_list=[made.descriptor], options={"uv": True})
    assert assertion.verify(made).flags == UP | UV
    assert get_assertion(channel, rp_id, allow_list=[made.descriptor]).flags == UP


@check("CHK-096", "uv true on a key that cannot verify its user: INVALID_OPTION")
def test_chk_096_uv_true_is_refused_where_it_cannot_be_done(channel, made):
    assert request_status(channel, made, {"options": {"uv": True}}) == INVALID_OPTION


@check(
    "CHK-097",
    "an allowList entry of another type than public-key is passed over; alone it is NO_CREDENTIALS, even with an "
    "id of this key",
)
def test_chk_097_an_allowList_entry_of_unknown_type_is_passed_over(channel, made):
    unknown = {"type": "secret-key", "id": made.id}
    for allow_list in ([unknown, made.descriptor], [made.descriptor, unknown]):
        get_assertion(channel, made.rp_id, allow_list=allow_list).verify(made)
    assert request_status(channel, made, {"allow_list": [unknown]}) == NO_CREDENTIALS


@check("CHK-103", "no allowList and no discoverable credential of that relying party: NO_CREDENTIALS")
def test_chk_103_without_discoverable_credentials_and_allowList_there_are_none(channel, made):
    assert request_status(channel, made, {"allow_list": None}) == NO_CREDENTIALS


@check(
    "CHK-104",
    "the answer: the credential's type and id, authData, signature; nothing else where it was named by an allowList",
)
def test_chk_104_the_answer_names_the_credential(channel, made):
    assertion = get_assertion(channel, made.rp_id, allow_list=[made.descriptor])
    assert assertion.members.keys() == {1, 2, 3}
    assert assertion.members[1] == {"id": made.id, "type": "public-key"}
    assert isinstance(assertion.members[2], bytes) and isinstance(assertion.members[3], bytes)


@check("CHK-105", "authData: 37 bytes, the hash of the relying party's id, neither AT nor ED")
def test_chk_105_the_authenticator_data_is_37_bytes(channel, made):
    for options in (None, {"up": False}):
        assertion = get_assertion(channel, made.rp_id, allow_list=[made.descriptor], options=options)
        assert len(assertion.members[2]) == 37
        assert assertion.members[2][:32] == sha256(made.rp_id.encode()).digest()
        assert not assertion.flags & (AT | ED)


@check("CHK-106", "signCount grows by each assertion, since this key counts")
@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_chk_106_the_counter_grows(channel, rp_id, discoverable):
    made = make_credential(channel, rp_id, options={"rk": discoverable})
    counters = [made.auth_data.counter]
    for _ in range(3):
        counters.append(get_assertion(channel, rp_id, allow_list=[made.descriptor]).counter)
    assert all(earlier < later for earlier, later in zip(counters, counters[1:])), counters


@check("CHK-107", "the registered key has signed authData and clientDataHash, in every algorithm, and nothing else")
@pytest.mark.parametrize("discoverable", [False, True], ids=["in_its_id", "discoverable"])
def test_chk_107_the_registered_key_has_signed(channel, rp_id, discoverable):
    for algorithm in [entry["alg"] for entry in get_info(channel)[0x0A]]:
        made = make_credential(channel, rp_id, key_params=params(algorithm), options={"rk": discoverable})
        for client_data_hash in (CLIENT_DATA_HASH, sha256(b"other client data").digest()):
            assertion = get_assertion(channel, rp_id, allow_list=[made.descriptor], client_data_hash=client_data_hash)
            assertion.verify(made, client_data_hash)


@pytest.mark.parametrize(
    "options",
    [
        case("CHK-108", "no extensions asked for: no unsigned extension outputs", ()),
        case(
            "CHK-108",
            "… on a key with the largeBlob extension, whose outputs are unsigned, too",
            ("--large-blobs", "extension"),
        ),
    ],
)
def test_no_unsigned_extension_outputs(new_key, rp_id, options):
    channel = new_key(*options).channel()
    made = make_credential(channel, rp_id, options={"rk": True})
    for allow_list in (None, [made.descriptor]):
        assert 8 not in get_assertion(channel, rp_id, allow_list=allow_list).members
