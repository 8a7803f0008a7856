"""authenticatorLargeBlobs (CTAP 2.3, 6.10)."""

import os
from hashlib import sha256

import pytest
from authorized import LARGE_BLOBS, LBW, write_large_blobs
from conformance import case, check
from daemon import PIN
from ctap2 import INVALID_LENGTH, INVALID_PARAMETER, INVALID_SEQ, OK, PUAT_REQUIRED, Platform, get_info

LARGE_BLOB_STORAGE_FULL, INTEGRITY_FAILURE = 0x18, 0x3D
EMPTY = b"\x80" + sha256(b"\x80").digest()[:16]  # an array of nothing


def serialized(array):
    return array + sha256(array).digest()[:16]


def get(channel, count, offset=0):
    return channel.ctap2(LARGE_BLOBS, {1: count, 3: offset})


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def platform(new_key, request):
    """To a key of the test's own, with a PIN."""
    return Platform(new_key("--pin", PIN).channel(), request.param)


def write(platform, *arguments):
    return write_large_blobs(platform, platform.token(PIN, LBW), *arguments)


@check("CHK-284", "maxSerializedLargeBlobArray is 1024 or more (the report demands more than 1024)")
def test_chk_284_there_is_room_for_1024_bytes(channel):
    info = get_info(channel)
    assert info[4]["largeBlobs"] is True
    assert info[0x0B] >= 1024


@pytest.mark.parametrize(
    "count, expected",
    [
        case("CHK-285", "reading nothing gives an empty byte string", 0, b""),
        case("CHK-286", "a new key holds the empty array and its hash, 17 bytes and no more", 100, EMPTY),
    ],
)
def test_reading_a_new_key(new_key, count, expected):
    assert get(new_key().channel(), count) == (OK, {1: expected})


@check("CHK-287", "what was written with its hash is read back, whole and in any parts")
def test_chk_287_what_was_written_is_read_back(platform):
    array = serialized(os.urandom(1000))
    assert write(platform, array, 0, len(array)) == OK
    assert get(platform.channel, len(array)) == (OK, {1: array})
    for offset, count in ((0, 1), (0, 17), (1, 500), (999, 2), (1000, 16), (1010, 100), (len(array), 10)):
        assert get(platform.channel, count, offset) == (OK, {1: array[offset : offset + count]})


@check("CHK-287", "what was written in several fragments is read back")
def test_chk_287_fragments_are_put_together(platform):
    array = serialized(os.urandom(3000))
    token = platform.token(PIN, LBW)  # one for all, as another command would end the sequence
    for offset in range(0, len(array), 1000):
        fragment = array[offset : offset + 1000]
        assert write_large_blobs(platform, token, fragment, offset, None if offset else len(array)) == OK
    assert get(platform.channel, len(array)) == (OK, {1: array})


@check("X-10", "writing without a token on a key with a PIN: PUAT_REQUIRED")
def test_x_10_a_key_with_a_pin_wants_a_token(pin_channel):
    assert pin_channel.ctap2(LARGE_BLOBS, {2: EMPTY, 3: 0, 4: len(EMPTY)})[0] == PUAT_REQUIRED


@check("X-10", "a fragment for another offset than is due: INVALID_SEQ")
def test_x_10_fragments_come_in_order(platform):
    array = serialized(os.urandom(100))
    assert write(platform, array[50:], 50) == INVALID_SEQ, "no sequence was begun"
    token = platform.token(PIN, LBW)
    for wrong in (1, 49, 51):
        assert write_large_blobs(platform, token, array[:50], 0, len(array)) == OK
        assert write_large_blobs(platform, token, array[50:], wrong) == INVALID_SEQ
    assert get(platform.channel, 200) == (OK, {1: EMPTY})


@check("X-10", "an array whose last 16 bytes are not its hash: INTEGRITY_FAILURE, and the old one stays")
def test_x_10_the_hash_must_be_right(platform):
    array = serialized(os.urandom(100))
    broken = array[:-1] + bytes([array[-1] ^ 1])
    assert write(platform, broken, 0, len(broken)) == INTEGRITY_FAILURE
    assert get(platform.channel, 200) == (OK, {1: EMPTY})


@check("X-10", "more than maxSerializedLargeBlobArray: LARGE_BLOB_STORAGE_FULL (0x18, where the report writes 0x42)")
def test_x_10_there_is_no_more_room_than_getInfo_says(platform):
    limit = get_info(platform.channel)[0x0B]
    assert write(platform, EMPTY, 0, limit + 1) == LARGE_BLOB_STORAGE_FULL
    assert write(platform, EMPTY, 0, limit) == OK


@pytest.mark.parametrize(
    "request_members",
    [
        case("X-11", "both get and set, or neither: INVALID_PARAMETER", {1: 17, 2: EMPTY, 3: 0}),
        case("X-11", "both get and set, or neither: INVALID_PARAMETER", {3: 0}),
        case("X-11", "without offset, or one beyond the array: INVALID_PARAMETER", {1: 17}),
        case("X-11", "without offset, or one beyond the array: INVALID_PARAMETER", {1: 17, 3: len(EMPTY) + 1}),
        case("X-11", "get with members that belong to set: INVALID_PARAMETER", {1: 17, 3: 0, 4: 17}),
        case("X-11", "get with members that belong to set: INVALID_PARAMETER", {1: 17, 3: 0, 5: bytes(32), 6: 2}),
        case("X-11", "set at offset 0 without a length: INVALID_PARAMETER", {2: EMPTY, 3: 0}),
        case("X-11", "a length of less than 17: INVALID_PARAMETER", {2: EMPTY[:16], 3: 0, 4: 16}),
        case("X-11", "a length at another offset than 0: INVALID_PARAMETER", {2: EMPTY, 3: 1, 4: 17}),
    ],
)
def test_requests_that_contradict_themselves_are_refused(new_key, request_members):
    assert new_key().channel().ctap2(LARGE_BLOBS, request_members)[0] == INVALID_PARAMETER


@check("X-11", "get and set of more than maxFragmentLength, which is maxMsgSize less 64: INVALID_LENGTH")
def test_x_11_fragments_have_an_upper_limit(new_key):
    channel = new_key().channel()
    limit = get_info(channel)[5] - 64
    assert get(channel, limit) == (OK, {1: EMPTY})
    assert get(channel, limit + 1)[0] == INVALID_LENGTH
    assert channel.ctap2(LARGE_BLOBS, {2: bytes(limit), 3: 0, 4: limit + 1})[0] == OK
    assert channel.ctap2(LARGE_BLOBS, {2: bytes(limit + 1), 3: 0, 4: limit + 2})[0] == INVALID_LENGTH
