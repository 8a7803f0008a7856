"""Bytes of an attacker: the key answers or ignores them, and serves the next host as if nothing had been.

Each test prints its seed; FAUXKEY_SEED runs the same bytes again.
"""

import os
import random
import time

import pytest
from ctap2 import (
    CLIENT_PIN,
    CREDENTIAL_MANAGEMENT,
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
)
from fido2 import cbor
from hid import BROADCAST, CBOR, CHANNEL_BUSY, INIT, MSG, PING, HidError, Silence, init_packet


@pytest.fixture
def dice():
    seed = int(os.environ.get("FAUXKEY_SEED", random.SystemRandom().randrange(2**32)))
    print(f"FAUXKEY_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def victim(new_key):
    return new_key()


def assert_serves(key, rp_id):
    key.assert_alive()
    channel = key.channel()
    deadline = time.monotonic() + 3  # a message that was left half sent has its 500 ms
    while True:
        try:
            assert get_info(channel)
            break
        except HidError as error:
            assert error.code == CHANNEL_BUSY and time.monotonic() < deadline
            time.sleep(0.05)
    assert make_credential(channel, rp_id)


def drain(wire):
    while wire.link.read(0.05) is not None:
        pass


def test_random_packets(victim, dice, rp_id):
    wire = victim.wire()
    cid = wire.open_channel().cid
    for _ in range(3000):
        packet = bytearray(dice.randbytes(64))
        if dice.random() < 0.8:  # else nearly all die at the channel's number
            packet[:4] = cid.to_bytes(4, "big")
        if dice.random() < 0.5:
            packet[5] = dice.choice([0, 0, 0, dice.randrange(256)])
        try:
            wire.link.write(bytes(packet))
        except BrokenPipeError:
            wire = victim.wire()
        if dice.random() < 0.1:
            drain(wire)
    drain(wire)
    assert_serves(victim, rp_id)


def test_random_messages_of_every_command(victim, dice, rp_id):
    channel = victim.channel()
    for _ in range(400):
        command = dice.choice([PING, MSG, CBOR, dice.randrange(128)])
        channel.send(command, dice.randbytes(dice.choice([0, 1, 7, 57, 58, dice.randrange(600)])))
        try:
            channel.receive(seconds=0.05)
        except (HidError, Silence):
            pass
    assert_serves(victim, rp_id)


def mutated(dice, encoded):
    encoded = bytearray(encoded)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(encoded))
        match dice.randrange(4):
            case 0:
                encoded[at] ^= 1 << dice.randrange(8)
            case 1:
                encoded[at] = dice.randrange(256)
            case 2:
                del encoded[at : at + dice.randrange(1, 9)]
                encoded = encoded or bytearray(1)
            case 3:
                encoded[at:at] = dice.randbytes(dice.randrange(1, 9))
    return bytes(encoded)


def test_requests_with_a_few_changed_bytes(victim, dice, rp_id):
    channel = victim.channel()
    requests = {
        MAKE_CREDENTIAL: make_credential_request(
            rp_id,
            exclude_list=[{"type": "public-key", "id": b"x" * 64}],
            extensions={"credProtect": 2, "hmac-secret": True},
            options={"rk": True},
        ),
        GET_ASSERTION: get_assertion_request(
            rp_id,
            allow_list=[make_credential(channel, rp_id).descriptor],
            extensions={"hmac-secret": {1: {1: 2, 3: -25, -1: 1, -2: bytes(32), -3: bytes(32)}, 2: bytes(32), 3: bytes(16)}},
        ),
        CLIENT_PIN: {1: 2, 2: 9, 3: {1: 2, 3: -25, -1: 1, -2: b"x" * 32, -3: b"y" * 32}, 6: bytes(32), 9: 3, 10: rp_id},
        CREDENTIAL_MANAGEMENT: {1: 4, 2: {1: bytes(32)}, 3: 2, 4: bytes(32)},
    }
    for _ in range(300):
        command, request = dice.choice(list(requests.items()))
        status, _ = channel.ctap2(command, raw=mutated(dice, cbor.encode(request)))
        assert status in range(0x80)
    assert_serves(victim, rp_id)


def test_random_apdus(victim, dice):
    channel = victim.channel()
    for _ in range(300):
        size = dice.choice([1, 3, 4, 5, 7, 71, dice.randrange(1, 200)])
        apdu = bytearray(dice.randbytes(size))
        if size > 1 and dice.random() < 0.8:
            apdu[0], apdu[1] = 0, dice.choice([1, 2, 3])
        channel.send(MSG, bytes(apdu))
        _, answer = channel.receive()
        assert len(answer) >= 2
    assert get_info(channel)


def test_a_flood_of_half_messages_on_many_channels(victim, rp_id):
    wire = victim.wire()
    for _ in range(64):
        cid = int.from_bytes(wire.init()[8:12], "big")
        wire.link.write(init_packet(cid, PING, bytes(57), 7609))
        drain(wire) if cid % 8 == 0 else None
    drain(wire)
    assert_serves(victim, rp_id)


def test_a_flood_of_inits(victim, rp_id):
    wire = victim.wire()
    for _ in range(500):
        wire.link.write(init_packet(BROADCAST, INIT, os.urandom(8)))
        wire.link.read(1)
    assert_serves(victim, rp_id)


@pytest.mark.native
@pytest.mark.parametrize("size", [1, 63, 65, 4096])
def test_a_report_of_another_size_is_not_taken_for_one(victim, rp_id, size):
    wire = victim.wire()
    try:
        wire.link.write(b"\xff" * size)
        wire.link.read(0.2)
    except OSError:
        pass  # the key may hang up on such a host
    assert_serves(victim, rp_id)


@pytest.mark.native
def test_hosts_that_come_and_go_leave_nothing_behind(victim, rp_id):
    def open_files():
        return len(os.listdir(f"/proc/{victim.process.pid}/fd"))

    assert_serves(victim, rp_id)
    before = open_files()
    for number in range(200):
        wire = victim.wire()
        if number % 2:
            wire.link.write(init_packet(BROADCAST, INIT, os.urandom(8)))
        wire.close()
    victim.close_connections()
    assert_serves(victim, rp_id)
    assert open_files() <= before + 4
