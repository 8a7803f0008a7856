"""Every encoding but the one canonical is INVALID_CBOR (CTAP 2.3, 8 "Message Encoding"; X-13)."""

import os

import pytest
from ctap2 import (
    CLIENT_PIN,
    GET_ASSERTION,
    INVALID_CBOR,
    INVALID_COMMAND,
    INVALID_LENGTH,
    MAKE_CREDENTIAL,
    MISSING_PARAMETER,
    OK,
    UNEXPECTED_TYPE,
    get_info,
    make_credential_request,
)
from fido2 import cbor

RP = b"\xa1\x62id\x6bexample.org"


def request(**changes):
    """A well-formed makeCredential request, member by member: (encoded key, encoded value)."""
    members = {cbor.encode(key): cbor.encode(value) for key, value in make_credential_request("example.org").items()}
    members[b"\x02"] = RP
    members.update(changes.get("members", {}))
    return b"".join([changes.get("head", bytes([0xA0 | len(members)])), *(k + v for k, v in members.items())])


def test_the_request_below_is_taken_as_it_is(channel):
    assert channel.ctap2(MAKE_CREDENTIAL, raw=request())[0] == OK


def with_rp(encoded):
    return request(members={b"\x02": encoded})


NOT_CANONICAL = {
    "key_in_two_bytes": request(members={b"\x18\x07": b"\xa0"}),
    "map_length_in_two_bytes": request(head=b"\xb8\x04"),
    "map_length_in_nine_bytes": request(head=b"\xbb" + bytes(7) + b"\x04"),
    "text_length_in_two_bytes": with_rp(b"\xa1\x62id\x78\x0bexample.org"),
    "text_length_in_three_bytes": with_rp(b"\xa1\x62id\x79\x00\x0bexample.org"),
    "bytes_length_in_three_bytes": request(members={b"\x01": b"\x59\x00\x20" + bytes(32)}),
    "integer_in_two_bytes": request(members={b"\x04": b"\x81\xa2\x63alg\x38\x06\x64type\x6apublic-key"}),
    "array_length_in_two_bytes": request(members={b"\x04": b"\x98\x01\xa2\x63alg\x26\x64type\x6apublic-key"}),
    "keys_out_of_order": b"\xa4" + b"".join(k + v for k, v in reversed([
        (b"\x01", b"\x58\x20" + bytes(32)), (b"\x02", RP), (b"\x03", b"\xa1\x62id\x41x"),
        (b"\x04", b"\x81\xa2\x63alg\x26\x64type\x6apublic-key")])),
    "longer_key_before_shorter": request(members={b"\x04": b"\x81\xa2\x64type\x6apublic-key\x63alg\x26"}),
    "same_key_twice": request(members={b"\x02": RP + b"\x02" + RP}, head=b"\xa5"),
    "same_text_key_twice": with_rp(b"\xa2\x62id\x6bexample.org\x62id\x6bexample.org"),
    "map_of_indefinite_length": b"\xbf" + request()[1:] + b"\xff",
    "array_of_indefinite_length": request(members={b"\x04": b"\x9f\xa2\x63alg\x26\x64type\x6apublic-key\xff"}),
    "text_of_indefinite_length": with_rp(b"\xa1\x62id\x7f\x6bexample.org\xff"),
    "bytes_of_indefinite_length": request(members={b"\x01": b"\x5f\x58\x20" + bytes(32) + b"\xff"}),
    "tag": with_rp(b"\xc0" + RP),
    "tag_on_the_whole": b"\xd9\xd9\xf7" + request(),
    "trailing_byte": request() + b"\x00",
    "trailing_map": request() + b"\xa0",
    "cut_short": request()[:-1],
    "length_beyond_the_end": with_rp(b"\xa1\x62id\x7a\xff\xff\xff\xffexample.org"),
    "map_with_more_members_than_bytes": b"\xba\xff\xff\xff\xff\x01",
    "array_with_more_elements_than_bytes": request(members={b"\x04": b"\x9b\x00\xff\xff\xff\xff\xff\xff\xff"}),
    "text_that_is_no_utf_8": with_rp(b"\xa1\x62id\x62\xc3\x28"),
    "text_with_an_overlong_utf_8": with_rp(b"\xa1\x62id\x62\xc0\xaf"),
    "text_with_a_surrogate": with_rp(b"\xa1\x62id\x63\xed\xa0\x80"),
    "reserved_additional_information": request(members={b"\x05": b"\x1c"}),
    "lone_break": b"\xff",
    "arrays_nested_five_deep": request(members={b"\x06": b"\xa1\x61x\x81\x81\x81\x80"}),
    "arrays_nested_a_thousand_deep": b"\x81" * 1000 + b"\x80",
    "maps_nested_a_thousand_deep": b"\xa1\x01" * 1000 + b"\xa0",
}  # fmt: skip


@pytest.mark.parametrize("encoded", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_x_13_anything_else_is_invalid_cbor(channel, encoded):
    status, _ = channel.ctap2(MAKE_CREDENTIAL, raw=encoded)
    assert status == INVALID_CBOR, f"{status:#04x}"


def test_nesting_four_deep_is_taken(channel):
    # the request itself, extensions, the extension, its array
    encoded = request(members={b"\x06": b"\xa1\x61x\x81\x80"})
    assert channel.ctap2(MAKE_CREDENTIAL, raw=encoded)[0] == OK


@pytest.mark.parametrize("encoded", [b"\x01", b"\x80", b"\x40", b"\x60", b"\xf5"])
def test_parameters_that_are_no_map_are_of_an_unexpected_type(channel, encoded):
    for command in (MAKE_CREDENTIAL, GET_ASSERTION, CLIENT_PIN):
        assert channel.ctap2(command, raw=encoded)[0] == UNEXPECTED_TYPE


def test_no_parameters_where_some_are_needed_are_missing_ones(channel):
    for command in (MAKE_CREDENTIAL, GET_ASSERTION, CLIENT_PIN):
        for encoded in (b"", b"\xa0"):
            assert channel.ctap2(command, raw=encoded)[0] in (MISSING_PARAMETER, INVALID_CBOR, INVALID_LENGTH)


@pytest.mark.parametrize("value", [b"\xf6", b"\xf7", b"\xf9\x3c\x00", b"\xe0", b"\xf8\xff"],
                         ids=["null", "undefined", "float", "simple_0", "simple_255"])  # fmt: skip
def test_values_that_ctap_does_not_use_are_refused_where_one_is_expected(channel, value):
    status, _ = channel.ctap2(MAKE_CREDENTIAL, raw=with_rp(b"\xa1\x62id" + value))
    assert status in (UNEXPECTED_TYPE, INVALID_CBOR), f"{status:#04x}"


@pytest.mark.parametrize("command", [0x00, 0x03, 0x05, 0x09, 0x0E, 0x20, 0x40, 0x42, 0xFF])
def test_x_13_an_unknown_command_byte_is_refused(channel, command):
    for encoded in (b"", b"\xa0", os.urandom(20)):
        assert channel.ctap2(command, raw=encoded)[0] == INVALID_COMMAND
    assert get_info(channel)


def test_a_request_as_long_as_getInfo_allows_is_taken_and_a_longer_one_refused(channel):
    limit = get_info(channel)[5]
    padding = limit - 1 - len(request(members={b"\x06": b"\xa1\x61x\x59\x00\x00"}))
    for more, expected in ((0, OK), (1, 0x39)):
        if limit + more > 7609:
            continue  # CTAPHID itself carries no more
        blob = b"\x59" + (padding + more).to_bytes(2, "big") + bytes(padding + more)
        assert channel.ctap2(MAKE_CREDENTIAL, raw=request(members={b"\x06": b"\xa1\x61x" + blob}))[0] == expected
