"""authenticatorLargeBlobs and largeBlobKey (CTAP 2.3, 6.10 and 12.3), by python-fido2's LargeBlobs and by raw requests."""

import os
from hashlib import sha256

import pytest
from ctap2 import (
    GET_ASSERTION,
    INVALID_LENGTH,
    INVALID_OPTION,
    INVALID_PARAMETER,
    INVALID_SEQ,
    MAKE_CREDENTIAL,
    OK,
    PUAT_REQUIRED,
    RESET,
    UNEXPECTED_TYPE,
    get_assertion_request,
    get_info,
    make_credential_request,
)
from fido2.ctap2 import ClientPin, Ctap2, LargeBlobs

LARGE_BLOBS = 0x0C
LARGE_BLOB_STORAGE_FULL, INTEGRITY_FAILURE = 0x18, 0x3D
EMPTY = bytes.fromhex("8076be8b528d0075f7aae98d6fa57a6d3c")
PIN = "correct horse"


def serialized(array):
    return array + sha256(array).digest()[:16]


def get(channel, count, offset=0):
    return channel.ctap2(LARGE_BLOBS, {1: count, 3: offset})


def set_fragment(channel, fragment, offset=0, length=None):
    request = {2: fragment, 3: offset}
    if length is not None:
        request[4] = length
    return channel.ctap2(LARGE_BLOBS, request)[0]


@pytest.fixture
def own_channel(new_key):
    return new_key().channel()


def test_chk_286_a_new_key_holds_the_empty_array(channel):
    assert get(channel, 100) == (OK, {1: EMPTY})
    assert get(channel, 0) == (OK, {1: b""})  # CHK-285
    assert get(channel, 3, 15) == (OK, {1: EMPTY[15:]})


def test_chk_287_what_is_written_in_fragments_is_read_back_in_any_slices(own_channel):
    array = serialized(os.urandom(5000))
    for offset in range(0, len(array), 2000):
        assert set_fragment(own_channel, array[offset : offset + 2000], offset, None if offset else len(array)) == OK
    for offset, count in ((0, 1000), (999, 3), (4000, 2000), (len(array), 1)):
        assert get(own_channel, count, offset) == (OK, {1: array[offset : offset + count]})


def test_another_command_ends_a_sequence_of_fragments(own_channel):
    array = serialized(os.urandom(100))
    assert set_fragment(own_channel, array[:50], 0, len(array)) == OK
    assert get(own_channel, 100) == (OK, {1: EMPTY}), "nothing changes before the last fragment"
    assert set_fragment(own_channel, array[50:], 50) == INVALID_SEQ


def test_x_10_x_11_requests_that_cannot_be(own_channel):
    array = serialized(b"\x80")
    limit = get_info(own_channel)[0x0B]
    assert limit >= 1024
    assert own_channel.ctap2(LARGE_BLOBS, {3: 0})[0] == INVALID_PARAMETER
    assert own_channel.ctap2(LARGE_BLOBS, {1: 1, 2: array, 3: 0})[0] == INVALID_PARAMETER
    assert own_channel.ctap2(LARGE_BLOBS, {1: 1})[0] == INVALID_PARAMETER
    assert get(own_channel, 1, 18)[0] == INVALID_PARAMETER
    assert get(own_channel, get_info(own_channel)[5] - 63)[0] == INVALID_LENGTH
    assert set_fragment(own_channel, array) == INVALID_PARAMETER, "no length"
    assert set_fragment(own_channel, array, 0, 16) == INVALID_PARAMETER
    assert set_fragment(own_channel, array, 0, limit + 1) == LARGE_BLOB_STORAGE_FULL
    assert set_fragment(own_channel, array, 5) == INVALID_SEQ
    assert set_fragment(own_channel, array + b"x", 0, 17) == INVALID_PARAMETER, "more than was announced"
    assert set_fragment(own_channel, array[:-1] + b"x", 0, 17) == INTEGRITY_FAILURE
    assert get(own_channel, 100) == (OK, {1: EMPTY})


def test_x_10_a_key_with_a_pin_wants_a_token(pin_channel):
    assert set_fragment(pin_channel, EMPTY, 0, 17) == PUAT_REQUIRED


def test_a_fragment_of_another_channel_does_not_continue_this_ones(new_key):
    key = new_key()
    first, second = key.channel(), key.channel()
    array = serialized(os.urandom(100))
    assert set_fragment(first, array[:50], 0, len(array)) == OK
    assert set_fragment(second, array[50:], 50) == INVALID_SEQ
    assert set_fragment(first, array[50:], 50) == OK
    assert get(second, 200) == (OK, {1: array})


def test_a_reset_empties_it(own_channel):
    array = serialized(b"\x81\x01")
    assert set_fragment(own_channel, array, 0, len(array)) == OK
    assert own_channel.ctap2(RESET)[0] == OK
    assert get(own_channel, 100) == (OK, {1: EMPTY})


class TestLargeBlobKey:
    def register(self, channel, rp_id, value=True, **changes):
        changes = {"options": {"rk": True}, "extensions": {"largeBlobKey": value}, **changes}
        return channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **changes))

    def test_chk_196_197_each_credential_has_a_key_that_an_assertion_tells_again(self, channel, rp_id):
        keys = set()
        for user in (b"alice", b"bob"):
            status, members = self.register(channel, rp_id, user={"id": user})
            assert status == OK and len(members[5]) == 32
            keys.add(members[5])
        assert len(keys) == 2
        request = get_assertion_request(rp_id, extensions={"largeBlobKey": True})
        status, members = channel.ctap2(GET_ASSERTION, request)
        assert status == OK and members[7] in keys
        _, members = channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))
        assert 7 not in members, "only when asked for"

    def test_chk_198_to_201_values_that_there_are_not(self, channel, rp_id):
        assert self.register(channel, rp_id, False)[0] == INVALID_OPTION
        assert self.register(channel, rp_id, "yes")[0] == UNEXPECTED_TYPE
        assert self.register(channel, rp_id, options={"rk": False})[0] == INVALID_OPTION
        assert self.register(channel, rp_id)[0] == OK
        for value, status in ((False, INVALID_OPTION), (1, UNEXPECTED_TYPE)):
            request = get_assertion_request(rp_id, extensions={"largeBlobKey": value})
            assert channel.ctap2(GET_ASSERTION, request)[0] == status


def test_python_fido2_keeps_blobs_on_the_key(new_key):
    key = new_key("--pin", PIN)
    ctap = Ctap2(key.fido2_device())
    client_pin = ClientPin(ctap)
    keys = [os.urandom(32), os.urandom(32)]
    for number, blob_key in enumerate(keys):
        token = client_pin.get_pin_token(PIN, ClientPin.PERMISSION.LARGE_BLOB_WRITE)
        LargeBlobs(ctap, client_pin.protocol, token).put_blob(blob_key, bytes([number]) * 3000)
    reader = LargeBlobs(ctap)
    assert [reader.get_blob(blob_key) for blob_key in keys] == [b"\0" * 3000, b"\1" * 3000]


def test_the_array_outlasts_a_power_cycle(starter):
    key = starter.start(store=True)
    array = serialized(b"\x81\x02")
    assert set_fragment(key.channel(), array, 0, len(array)) == OK
    assert get(starter.restart(key).channel(), 100) == (OK, {1: array})
