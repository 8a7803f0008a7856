"""CTAPHID: packets, messages and channels (CTAP 2.3, 11.2)."""

import os
import time

import pytest
from conformance import case, check
from ctap2 import (
    GET_ASSERTION,
    GET_INFO,
    KEEPALIVE_CANCEL,
    MAKE_CREDENTIAL,
    NO_CREDENTIALS,
    OK,
    SELECTION,
    descriptor,
    get_assertion_request,
    make_credential_request,
)
from hid import (
    BROADCAST,
    CBOR,
    CHANNEL_BUSY,
    ERROR,
    INIT,
    INVALID_CHANNEL,
    INVALID_COMMAND,
    INVALID_SEQ,
    KEEPALIVE,
    LOCK,
    PING,
    PROCESSING,
    UP_NEEDED,
    WINK,
    HidError,
    continuation_packet,
    packets,
)

CAPABILITY_WINK, CAPABILITY_LOCK, CAPABILITY_CBOR, CAPABILITY_NMSG = 0x01, 0x02, 0x04, 0x08
INIT_PACKET_HEAD = 7


@pytest.fixture
def wire(key):
    return key.wire()


@pytest.fixture
def own_wire(new_key):
    """To a key that nobody else uses."""
    return new_key().wire()


@pytest.fixture
def asking_wire(new_key):
    """To a key whose user never answers."""
    return new_key(approve="ask").wire()


def expect_error(wire, cid, code):
    packet = wire.read_packet(cid)
    assert packet[4:8] == bytes([0x80 | ERROR, 0, 1, code])


def expect_empty_answer(wire, cid, command):
    """An initialization packet that announces no data."""
    assert wire.read_packet(cid)[4:INIT_PACKET_HEAD] == bytes([0x80 | command, 0, 0])


def wait_for_user(wire, cid):
    """Until the key says that it waits for its user; returns the keepalives' packets so far, and when they came."""
    seen, times = [], []
    while not seen or seen[-1][INIT_PACKET_HEAD] != UP_NEEDED:
        seen.append(wire.read_packet(cid))
        times.append(time.monotonic())
        assert seen[-1][4] == 0x80 | KEEPALIVE
    return seen, times


@check("CHK-001", "nobody asks: no report in 3 s")
def test_chk_001_a_key_that_nobody_asks_says_nothing(own_wire):
    own_wire.expect_silence(3.2)


@check("CHK-002", "a continuation packet without a message is passed over")
@pytest.mark.parametrize("sequence", [0, 1, 0x7F])
def test_chk_002_a_continuation_packet_without_a_message_is_passed_over(own_wire, sequence):
    channel = own_wire.open_channel()
    own_wire.link.write(continuation_packet(channel.cid, sequence, b"stray"))
    own_wire.expect_silence(0.4)
    assert channel.call(PING, b"on") == b"on"


@check(
    "CHK-003",
    "INIT on broadcast: 17 bytes or more, the nonce, a channel, version 2, capabilities that are known, CBOR "
    "among them",
)
def test_chk_003_init_on_broadcast_allocates_a_channel(wire):
    nonce = os.urandom(8)
    payload = wire.init(nonce=nonce)
    assert len(payload) == 17, "what this version of CTAPHID defines; a host takes more, too"
    assert payload[:8] == nonce
    assert payload[8:12] not in (bytes(4), BROADCAST.to_bytes(4, "big"))
    assert payload[12] == 2
    assert payload[16] & CAPABILITY_CBOR
    assert payload[16] & ~(CAPABILITY_WINK | CAPABILITY_LOCK | CAPABILITY_CBOR | CAPABILITY_NMSG) == 0


@check("CHK-004", "each INIT on broadcast gives another channel")
def test_chk_004_each_init_on_broadcast_gives_another_channel(wire):
    assert len({wire.init()[8:12] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    "payload",
    [
        case("CHK-005", "PING comes back as it was sent", os.urandom(40)),
        case("CHK-006", "PING of 1024 bytes comes back as it was sent", os.urandom(1024)),
        case("CHK-008", "PING comes back with its leading zeros", b"\0" + os.urandom(60)),
        case("CHK-008", "PING comes back with its leading zeros, in a single packet", b"\0\0" + os.urandom(10)),
    ],
)
def test_ping_comes_back(channel, payload):
    assert channel.call(PING, payload) == payload


@check("CHK-007", "INIT on a channel with a half sent PING: answered with the same channel, and the PING is dropped")
def test_chk_007_init_drops_what_was_half_sent(own_wire):
    channel = own_wire.open_channel()
    *most, last = packets(channel.cid, PING, os.urandom(512))
    for packet in most:
        own_wire.link.write(packet)
    nonce = os.urandom(8)
    answer = own_wire.init(channel.cid, nonce)
    assert len(answer) == 17 and answer[:12] == nonce + channel.cid.to_bytes(4, "big")
    own_wire.link.write(last)
    own_wire.expect_silence(0.8)  # longer than a message may stop half way
    assert channel.call(PING, b"on") == b"on"


@check("CHK-009", "while a touch is awaited: a keepalive of one byte, PROCESSING or UPNEEDED, every 100 ms")
def test_chk_009_keepalives_come_while_a_touch_is_awaited(asking_wire):
    channel = asking_wire.open_channel()
    channel.start(MAKE_CREDENTIAL, make_credential_request("waiting.example"))
    seen, times = wait_for_user(asking_wire, channel.cid)
    for _ in range(11):
        seen.append(asking_wire.read_packet(channel.cid))
        times.append(time.monotonic())
    for packet in seen:
        assert packet[4:INIT_PACKET_HEAD] == bytes([0x80 | KEEPALIVE, 0, 1])
        assert packet[INIT_PACKET_HEAD] in (PROCESSING, UP_NEEDED)
    assert seen[-1][INIT_PACKET_HEAD] == UP_NEEDED
    gaps = sorted(later - earlier for earlier, later in zip(times, times[1:]))
    assert 0.05 < gaps[len(gaps) // 2] < 0.2, gaps  # as a host that has other work sees them
    channel.cancel()
    assert channel.finish()[0] == KEEPALIVE_CANCEL


@pytest.mark.parametrize(
    "command, parameters",
    [
        case(
            "CHK-010",
            "CANCEL ends makeCredential with KEEPALIVE_CANCEL; a second one gets no answer",
            MAKE_CREDENTIAL,
            make_credential_request("waiting.example"),
        ),
        case("CHK-015", "CANCEL ends selection with KEEPALIVE_CANCEL; a second one gets no answer", SELECTION, None),
    ],
)
def test_cancel_ends_the_wait(asking_wire, command, parameters):
    channel = asking_wire.open_channel()
    channel.start(command, parameters)
    wait_for_user(asking_wire, channel.cid)
    channel.cancel()
    answered, payload = asking_wire.receive(channel.cid)
    while answered == KEEPALIVE:  # one that was under way
        answered, payload = asking_wire.receive(channel.cid)
    assert (answered, payload) == (CBOR, bytes([KEEPALIVE_CANCEL]))
    channel.cancel()
    asking_wire.expect_silence(0.5)
    assert channel.ctap2(GET_INFO)[0] == OK


@check(
    "CHK-011",
    "getAssertion for an id of nobody: NO_CREDENTIALS; since CTAP 2.1 at once, whether or not anybody touches",
)
def test_chk_011_an_id_of_nobody_is_no_credentials_at_once(asking_wire):
    channel = asking_wire.open_channel()
    request = get_assertion_request("nobody.example", allow_list=[descriptor(os.urandom(64))])
    assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS


@check("CHK-012", "WINK, which INIT claims, is answered by an empty message")
def test_chk_012_wink_is_answered(wire):
    assert wire.init()[16] & CAPABILITY_WINK
    channel = wire.open_channel()
    channel.send(WINK)
    expect_empty_answer(wire, channel.cid, WINK)


@check("CHK-013", "LOCK for no time is answered by an empty message")
def test_chk_013_a_lock_for_no_time_is_answered(wire):
    channel = wire.open_channel()
    channel.send(LOCK, b"\0")
    expect_empty_answer(wire, channel.cid, LOCK)


@check("CHK-014", "LOCK keeps other channels out, INIT on them included, until it is released: CHANNEL_BUSY")
def test_chk_014_a_lock_keeps_other_channels_out_until_it_is_released(own_wire):
    owner, other = own_wire.open_channel(), own_wire.open_channel()
    assert owner.call(LOCK, b"\x08") == b""
    with pytest.raises(HidError) as error:
        other.call(PING, b"x")
    assert error.value.code == CHANNEL_BUSY
    own_wire.send(other.cid, INIT, bytes(8))
    expect_error(own_wire, other.cid, CHANNEL_BUSY)
    assert owner.call(LOCK, b"\0") == b""
    nonce = os.urandom(8)
    answer = own_wire.init(other.cid, nonce)
    assert len(answer) == 17 and answer[:12] == nonce + other.cid.to_bytes(4, "big")


@check("CHK-016", "an unknown CTAPHID command: ERROR with INVALID_COMMAND")
@pytest.mark.parametrize("command", [0x00, 0x02, 0x05, 0x07, 0x09, 0x20, 0x3A, 0x3E, 0x40, 0x7F])
def test_chk_016_an_unknown_command_is_refused(wire, command):
    channel = wire.open_channel()
    channel.send(command, b"data")
    expect_error(wire, channel.cid, INVALID_COMMAND)
    assert channel.call(PING, b"on") == b"on"


@pytest.mark.parametrize(
    "command",
    [
        case("CHK-017", "INIT on channel 0: ERROR with INVALID_CHANNEL", INIT),
        case("CHK-018", "PING on channel 0: ERROR with INVALID_CHANNEL", PING),
    ],
)
def test_channel_zero_is_refused(own_wire, command):
    own_wire.send(0, command, os.urandom(8))
    expect_error(own_wire, 0, INVALID_CHANNEL)
    own_wire.expect_silence(0.2)


@check("CHK-019", "a continuation packet out of order: ERROR with INVALID_SEQ, and the message is dropped")
@pytest.mark.parametrize("missing", [1, 5, 10])
def test_chk_019_a_continuation_packet_out_of_order_ends_the_message(own_wire, missing):
    channel = own_wire.open_channel()
    sent = list(packets(channel.cid, PING, os.urandom(1024)))
    for packet in [*sent[:missing], sent[missing + 1]]:
        own_wire.link.write(packet)
    expect_error(own_wire, channel.cid, INVALID_SEQ)
    own_wire.link.write(sent[missing])
    own_wire.expect_silence(0.2)
    assert channel.call(PING, b"on") == b"on"
