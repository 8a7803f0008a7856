"""How requests are encoded (CTAP 2.3, 6 and 8): which commands there are, and canonical CBOR alone."""

import pytest
from conformance import case, check
from ctap2 import (
    CLIENT_PIN,
    CREDENTIAL_MANAGEMENT,
    GET_ASSERTION,
    GET_INFO,
    INVALID_CBOR,
    INVALID_COMMAND,
    MAKE_CREDENTIAL,
    OK,
    get_info,
)

BIO_ENROLLMENT, LARGE_BLOBS, CONFIG, BIO_PREVIEW, CREDENTIAL_MANAGEMENT_PREVIEW = 0x09, 0x0C, 0x0D, 0x40, 0x41
WITH_PARAMETERS = (
    MAKE_CREDENTIAL, GET_ASSERTION, CLIENT_PIN, BIO_ENROLLMENT, CREDENTIAL_MANAGEMENT, LARGE_BLOBS, CONFIG, BIO_PREVIEW,
    CREDENTIAL_MANAGEMENT_PREVIEW,
)  # fmt: skip
KNOWN = {*WITH_PARAMETERS, GET_INFO, 0x07, 0x08, 0x0B}

# makeCredential's members, each with its key; every one canonical.
HASH = b"\x01\x58\x20" + bytes(32)
RP = b"\x02\xa1\x62id\x6bexample.org"
USER = b"\x03\xa1\x62id\x41x"
PARAMS = b"\x04\x81\xa2\x63alg\x26\x64type\x6apublic-key"


def with_extension(encoded):
    """A request with an unknown extension of this value, which is the third level of nesting."""
    return b"\xa5" + HASH + RP + USER + PARAMS + b"\x06\xa1\x61x" + encoded


@pytest.mark.parametrize(
    "encoded",
    [
        case("X-13", "canonical CBOR is taken: the request below", b"\xa4" + HASH + RP + USER + PARAMS),
        case("X-13", "canonical CBOR is taken: four levels", with_extension(b"\x81\x80")),
        case("X-13", "canonical CBOR is taken: keys by major type, then length, then bytes",
             with_extension(b"\xa6\x01\0\x18\x18\0\x20\0\x41b\0\x61a\0\x62aa\0")),
        case("X-13", "canonical CBOR is taken: each length and integer in its shortest form",
             with_extension(b"\x84\x17\x18\x18\x19\x01\x00\x1a\x00\x01\x00\x00")),
        case("X-13", "canonical CBOR is taken: a value of 8 bytes", with_extension(b"\x3b" + b"\xff" * 8)),
    ],
)  # fmt: skip
def test_what_is_canonical_is_taken(channel, encoded):
    assert channel.ctap2(MAKE_CREDENTIAL, raw=encoded)[0] == OK


@pytest.mark.parametrize(
    "encoded",
    [
        case("X-13", "not canonical: a map's length too long", b"\xb8\x04" + HASH + RP + USER + PARAMS),
        case("X-13", "not canonical: a key too long", b"\xa4\x18" + HASH + RP + USER + PARAMS),
        case("X-13", "not canonical: an integer too long", with_extension(b"\x18\x17")),
        case("X-13", "not canonical: an integer too long", with_extension(b"\x19\x00\xff")),
        case("X-13", "not canonical: an integer too long", with_extension(b"\x1a\x00\x00\xff\xff")),
        case("X-13", "not canonical: an integer too long", with_extension(b"\x1b" + bytes(4) + b"\xff" * 4)),
        case("X-13", "not canonical: a negative integer too long", with_extension(b"\x38\x17")),
        case("X-13", "not canonical: a byte string's length too long", with_extension(b"\x58\x01x")),
        case("X-13", "not canonical: a text's length too long", with_extension(b"\x78\x01x")),
        case("X-13", "not canonical: an array's length too long", with_extension(b"\x98\x01\x00")),
        case("X-13", "not canonical: members out of order", b"\xa4" + RP + HASH + USER + PARAMS),
        case("X-13", "not canonical: keys of another major type out of order", with_extension(b"\xa2\x20\0\x18\x18\0")),
        case("X-13", "not canonical: keys of another length out of order", with_extension(b"\xa2\x62aa\0\x61b\0")),
        case("X-13", "not canonical: keys of the same length out of order", with_extension(b"\xa2\x61b\0\x61a\0")),
        case("X-13", "not canonical: a member twice", b"\xa5" + HASH + HASH + RP + USER + PARAMS),
        case("X-13", "not canonical: a key twice", with_extension(b"\xa2\x61a\0\x61a\0")),
        case("X-13", "not canonical: a map of indefinite length", b"\xbf" + HASH + RP + USER + PARAMS + b"\xff"),
        case("X-13", "not canonical: an array of indefinite length", with_extension(b"\x9f\x00\xff")),
        case("X-13", "not canonical: a text of indefinite length", with_extension(b"\x7f\x61x\xff")),
        case("X-13", "not canonical: a byte string of indefinite length", with_extension(b"\x5f\x41x\xff")),
        case("X-13", "not canonical: a tag", with_extension(b"\xc1\x00")),
        case("X-13", "not canonical: a tag around the request", b"\xd9\xd9\xf7\xa4" + HASH + RP + USER + PARAMS),
        case("X-13", "trailing: a byte", b"\xa4" + HASH + RP + USER + PARAMS + b"\x00"),
        case("X-13", "trailing: a second map", b"\xa4" + HASH + RP + USER + PARAMS + b"\xa0"),
        case("X-13", "trailing: a member that the map's length does not count", b"\xa3" + HASH + RP + USER + PARAMS),
        case("X-13", "cut short: a member less than the map's length", b"\xa5" + HASH + RP + USER + PARAMS),
        case("X-13", "cut short: the last byte", (b"\xa4" + HASH + RP + USER + PARAMS)[:-1]),
        case("X-13", "cut short: a length beyond the end", with_extension(b"\x5a\xff\xff\xff\xff")),
        case("X-13", "over-deep: a fifth level of arrays", with_extension(b"\x81\x81\x80")),
        case("X-13", "over-deep: a fifth level of maps", with_extension(b"\xa1\x00\xa1\x00\xa0")),
        case("X-13", "over-deep: a thousand arrays", b"\x81" * 1000 + b"\x80"),
        case("X-13", "over-deep: a thousand maps", b"\xa1\x00" * 1000 + b"\xa0"),
        case("X-13", "not well-formed: text that is no UTF-8", with_extension(b"\x62\xc3\x28")),
        case("X-13", "not well-formed: a reserved head", with_extension(b"\x1c")),
        case("X-13", "not well-formed: a break of nothing", b"\xff"),
    ],
)  # fmt: skip
def test_what_is_not_canonical_is_invalid_cbor(channel, encoded):
    assert channel.ctap2(MAKE_CREDENTIAL, raw=encoded)[0] == INVALID_CBOR
    assert get_info(channel)


@check("X-13", "INVALID_CBOR is the answer of every command that takes parameters")
@pytest.mark.parametrize(
    "encoded", [b"\xb8\x01\x01\x01", b"\xa2\x02\x01\x01\x01", b"\xa0\x00", b"\xa1\x01", b"\xbf\xff"]
)
def test_x_13_every_command_refuses_what_is_not_canonical(new_key, encoded):
    channel = new_key("--uv=fingerprint").channel()  # has bioEnrollment, too
    statuses = {command: channel.ctap2(command, raw=encoded)[0] for command in WITH_PARAMETERS}
    assert statuses == dict.fromkeys(WITH_PARAMETERS, INVALID_CBOR)


@check("X-13", "an unknown command byte: INVALID_COMMAND, whatever follows")
def test_x_13_an_unknown_command_is_refused(channel):
    unknown = set(range(256)) - KNOWN
    assert {command: channel.ctap2(command)[0] for command in unknown} == dict.fromkeys(unknown, INVALID_COMMAND)
    for encoded in (b"\xa0", b"\xff\xff", b"\xa1\x01"):
        assert channel.ctap2(0x55, raw=encoded)[0] == INVALID_COMMAND


@pytest.mark.parametrize(
    "options, commands",
    [
        case("X-13", "… as are commands that this kind of key lacks: bioEnrollment without a sensor",
             (), (BIO_ENROLLMENT, BIO_PREVIEW)),
        case("X-13", "… as are commands that this kind of key lacks: largeBlobs beside the largeBlob extension",
             ("--large-blobs", "extension"), (LARGE_BLOBS,)),
    ],
)  # fmt: skip
def test_commands_that_a_kind_of_key_lacks_are_unknown(new_key, options, commands):
    channel = new_key(*options).channel()
    for command in commands:
        assert channel.ctap2(command, {1: 1})[0] == INVALID_COMMAND
