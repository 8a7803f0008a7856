"""CTAPHID (CTAP 2.3, 11.2), packet by packet."""

import os
import struct
import time

import pytest
from ctap2 import GET_INFO, KEEPALIVE_CANCEL, MAKE_CREDENTIAL, OK, SELECTION, get_info, make_credential_request
from hid import (
    BROADCAST,
    CANCEL,
    CBOR,
    CHANNEL_BUSY,
    ERROR,
    INIT,
    INVALID_CHANNEL,
    INVALID_COMMAND,
    INVALID_LENGTH,
    INVALID_PARAMETER,
    INVALID_SEQ,
    KEEPALIVE,
    LOCK,
    MESSAGE_TIMEOUT,
    MSG,
    PING,
    PROCESSING,
    UP_NEEDED,
    WINK,
    HidError,
    Silence,
    continuation_packet,
    init_packet,
    packets,
)

MAX_MESSAGE = 7609  # 57 + 128 × 59: 11.2.4
CAPABILITY_WINK, CAPABILITY_LOCK, CAPABILITY_CBOR, CAPABILITY_NMSG = 0x01, 0x02, 0x04, 0x08


def expect_error(wire, cid, code):
    command, payload = wire.receive(cid)
    assert (command, payload) == (ERROR, bytes([code]))


@pytest.fixture
def wire(key):
    return key.wire()


@pytest.fixture
def asking_key(new_key):
    """A key whose user never answers."""
    return new_key(approve="ask")


class TestIdle:
    def test_chk_001_a_key_that_nobody_asks_says_nothing(self, new_key):
        new_key().wire().expect_silence(3)

    def test_chk_002_a_stray_continuation_packet_is_ignored(self, wire):
        channel = wire.open_channel()
        wire.link.write(continuation_packet(channel.cid, 0, b"stray"))
        wire.expect_silence(0.3)

    def test_a_stray_continuation_packet_on_an_unknown_channel_is_ignored(self, wire):
        wire.link.write(continuation_packet(0x12345678, 0, b"stray"))
        wire.expect_silence(0.3)

    def test_a_response_command_from_the_host_never_wedges_the_key(self, wire):
        channel = wire.open_channel()
        for command in (KEEPALIVE, ERROR):
            channel.send(command, b"\x01")
            expect_error(wire, channel.cid, INVALID_COMMAND)
        assert channel.call(PING, b"still here") == b"still here"


class TestInit:
    def test_chk_003_init_on_broadcast_allocates_a_channel(self, wire):
        nonce = os.urandom(8)
        payload = wire.init(nonce=nonce)
        assert len(payload) == 17
        assert payload[:8] == nonce
        cid, version, _, _, _, capabilities = struct.unpack(">IBBBBB", payload[8:])
        assert cid not in (0, BROADCAST)
        assert version == 2
        assert capabilities & CAPABILITY_CBOR
        known = CAPABILITY_WINK | CAPABILITY_LOCK | CAPABILITY_CBOR | CAPABILITY_NMSG
        assert capabilities & ~known == 0

    def test_chk_004_each_init_on_broadcast_gives_another_channel(self, wire):
        cids = {wire.init()[8:12] for _ in range(3)}
        assert len(cids) == 3

    def test_chk_007_init_on_its_own_channel_drops_what_was_half_sent(self, wire):
        channel = wire.open_channel()
        *sent, _ = packets(channel.cid, PING, bytes(512))
        for packet in sent:
            wire.link.write(packet)
        nonce = os.urandom(8)
        assert wire.init(channel.cid, nonce)[:12] == nonce + channel.cid.to_bytes(4, "big")
        wire.expect_silence(0.8)  # no time-out for the dropped PING either
        assert channel.call(PING, b"again") == b"again"

    def test_chk_017_init_on_channel_zero_is_refused(self, wire):
        wire.send(0, INIT, bytes(8))
        expect_error(wire, 0, INVALID_CHANNEL)

    def test_chk_018_ping_on_channel_zero_is_refused(self, wire):
        wire.send(0, PING, b"x")
        expect_error(wire, 0, INVALID_CHANNEL)

    def test_only_init_may_be_sent_on_broadcast(self, wire):
        wire.send(BROADCAST, PING, b"x")
        expect_error(wire, BROADCAST, INVALID_CHANNEL)

    def test_a_channel_that_was_never_allocated_is_refused(self, wire):
        wire.send(0x6E6F6E65, PING, b"x")
        expect_error(wire, 0x6E6F6E65, INVALID_CHANNEL)

    @pytest.mark.parametrize("size", [0, 7, 9, 57])
    def test_init_with_a_nonce_of_the_wrong_size_is_refused(self, wire, size):
        wire.send(BROADCAST, INIT, bytes(size))
        expect_error(wire, BROADCAST, INVALID_LENGTH)

    def test_init_on_a_channel_ends_its_waiting_command(self, asking_key):
        wire = asking_key.wire()
        channel = wire.open_channel()
        channel.start(SELECTION)
        assert wire.receive(channel.cid)[0] == KEEPALIVE
        wire.send(channel.cid, INIT, b"nonce567")
        while True:
            command, payload = wire.receive(channel.cid)
            if command == INIT:
                break
            assert command == KEEPALIVE
        assert payload[:8] == b"nonce567"
        assert get_info(channel)


class TestPing:
    @pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 116, 117, 1024, 3000, MAX_MESSAGE])
    def test_chk_005_006_ping_echoes(self, channel, size):
        payload = os.urandom(size)
        assert channel.call(PING, payload) == payload

    def test_chk_008_ping_keeps_leading_zeros(self, channel):
        payload = b"\0" * 3 + os.urandom(61)
        assert channel.call(PING, payload) == payload

    def test_ping_of_two_channels_does_not_mix(self, key):
        wire = key.wire()
        first, second = wire.open_channel(), wire.open_channel()
        assert first.call(PING, b"first" * 100) == b"first" * 100
        assert second.call(PING, b"second" * 100) == b"second" * 100


class TestAssembly:
    @pytest.mark.parametrize("length", [MAX_MESSAGE + 1, 0xFFFF])
    def test_a_message_longer_than_the_packets_can_carry_is_refused(self, wire, length):
        channel = wire.open_channel()
        wire.link.write(init_packet(channel.cid, PING, bytes(57), length))
        expect_error(wire, channel.cid, INVALID_LENGTH)
        assert channel.call(PING, b"on") == b"on"

    def test_chk_019_a_continuation_packet_out_of_order_ends_the_message(self, wire):
        channel = wire.open_channel()
        sent = list(packets(channel.cid, PING, bytes(1024)))
        wire.link.write(sent[0])
        wire.link.write(sent[2])
        expect_error(wire, channel.cid, INVALID_SEQ)
        for packet in sent[3:]:  # its rest is stray now
            wire.link.write(packet)
        wire.expect_silence(0.3)
        assert channel.call(PING, b"on") == b"on"

    def test_a_continuation_packet_sent_twice_ends_the_message(self, wire):
        channel = wire.open_channel()
        first, second, *_ = packets(channel.cid, PING, bytes(1024))
        for packet in (first, second, second):
            wire.link.write(packet)
        expect_error(wire, channel.cid, INVALID_SEQ)

    def test_another_message_in_the_middle_of_one_is_refused(self, wire):
        channel = wire.open_channel()
        wire.link.write(next(packets(channel.cid, PING, bytes(1024))))
        wire.link.write(init_packet(channel.cid, PING, b"other"))
        expect_error(wire, channel.cid, INVALID_SEQ)
        assert channel.call(PING, b"on") == b"on"

    def test_another_channel_is_told_busy_while_a_message_is_half_sent(self, wire):
        first, second = wire.open_channel(), wire.open_channel()
        *most, last = packets(first.cid, PING, bytes(200))
        for packet in most:
            wire.link.write(packet)
        second.send(PING, b"x")
        expect_error(wire, second.cid, CHANNEL_BUSY)
        wire.link.write(last)
        assert first.receive() == (PING, bytes(200))

    def test_a_message_that_stops_half_way_ends_with_a_timeout_after_half_a_second(self, starter):
        wire = starter.start("--packet-timeout", "500").wire()
        channel = wire.open_channel()
        started = time.monotonic()
        wire.link.write(next(packets(channel.cid, PING, bytes(1024))))
        expect_error(wire, channel.cid, MESSAGE_TIMEOUT)
        # “a device that lacks a packet for 500 ms” (11.2.5.2); hosts give up after 3 s.
        assert 0.3 < time.monotonic() - started < 3
        assert channel.call(PING, b"on") == b"on"

    def test_cancel_amid_a_half_sent_message_gets_no_answer_of_its_own(self, wire):
        channel = wire.open_channel()
        wire.link.write(next(packets(channel.cid, PING, bytes(1024))))
        channel.cancel()
        # the message ends, at once or when its time is over
        command, payload = wire.receive(channel.cid)
        assert command == ERROR and payload[0] in (INVALID_SEQ, MESSAGE_TIMEOUT)
        wire.expect_silence(0.8)
        assert channel.call(PING, b"on") == b"on"


class TestCommands:
    @pytest.mark.parametrize("command", [0x02, 0x05, 0x07, 0x09, 0x12, 0x3A, 0x3D, 0x7F])
    def test_chk_016_an_unknown_command_is_refused(self, wire, command):
        channel = wire.open_channel()
        channel.send(command, b"data")
        expect_error(wire, channel.cid, INVALID_COMMAND)

    def test_chk_012_wink_is_answered_where_it_is_claimed(self, wire):
        if not wire.init()[16] & CAPABILITY_WINK:
            pytest.skip("the key does not claim WINK")
        assert wire.open_channel().call(WINK) == b""

    def test_wink_with_data_is_refused(self, channel):
        with pytest.raises(HidError) as error:
            channel.call(WINK, b"x")
        assert error.value.code in (INVALID_LENGTH, INVALID_PARAMETER)

    def test_msg_is_answered_unless_the_key_claims_to_lack_it(self, wire):
        assert not wire.init()[16] & CAPABILITY_NMSG, "U2F is a part of this key"
        assert wire.open_channel().call(MSG, bytes([0, 3, 0, 0, 0, 0, 0])) == b"U2F_V2\x90\x00"

    def test_an_empty_cbor_message_is_refused(self, wire):
        channel = wire.open_channel()
        channel.send(CBOR)
        command, payload = wire.receive(channel.cid)
        assert command in (CBOR, ERROR) and payload[0] in (INVALID_LENGTH, INVALID_COMMAND)


class TestLock:
    def test_chk_013_lock_for_no_time_is_answered(self, channel):
        assert channel.call(LOCK, b"\0") == b""

    def test_chk_014_a_lock_keeps_other_channels_out_until_it_is_released(self, new_key):
        wire = new_key().wire()
        owner, other = wire.open_channel(), wire.open_channel()
        assert owner.call(LOCK, b"\x08") == b""
        try:
            with pytest.raises(HidError) as error:
                other.call(PING, b"x")
            assert error.value.code == CHANNEL_BUSY
            wire.send(other.cid, INIT, bytes(8))
            expect_error(wire, other.cid, CHANNEL_BUSY)
            assert owner.call(PING, b"mine") == b"mine"
        finally:
            assert owner.call(LOCK, b"\0") == b""
        assert other.call(PING, b"x") == b"x"
        assert wire.init(other.cid)[8:12] == other.cid.to_bytes(4, "big")

    def test_a_lock_lets_new_channels_be_allocated(self, new_key):
        wire = new_key().wire()
        owner = wire.open_channel()
        owner.call(LOCK, b"\x05")
        assert wire.init()[8:12] != owner.cid.to_bytes(4, "big")

    def test_a_lock_ends_by_itself(self, new_key):
        wire = new_key().wire()
        owner, other = wire.open_channel(), wire.open_channel()
        owner.call(LOCK, b"\x01")
        with pytest.raises(HidError):
            other.call(PING, b"x")
        time.sleep(1.2)
        assert other.call(PING, b"x") == b"x"

    @pytest.mark.parametrize(
        "payload, codes", [(b"\x0b", (INVALID_PARAMETER,)), (b"", (INVALID_LENGTH,)), (b"\1\1", (INVALID_LENGTH,))]
    )
    def test_lock_takes_one_byte_of_ten_seconds_at_most(self, channel, payload, codes):
        with pytest.raises(HidError) as error:
            channel.call(LOCK, payload)
        assert error.value.code in (*codes, INVALID_PARAMETER)
        assert channel.call(PING, b"free") == b"free"


class TestWaiting:
    def test_chk_009_keepalives_come_every_100_ms_and_say_that_the_user_is_needed(self, asking_key):
        wire = asking_key.wire()
        channel = wire.open_channel()
        channel.start(MAKE_CREDENTIAL, make_credential_request("waiting.example"))
        statuses, times = [], []
        while len(statuses) < 12:
            command, payload = wire.receive(channel.cid)
            times.append(time.monotonic())
            assert command == KEEPALIVE
            statuses.append(payload)
        assert set(statuses) <= {bytes([PROCESSING]), bytes([UP_NEEDED])}
        assert statuses[-5:] == [bytes([UP_NEEDED])] * 5
        gaps = sorted(later - earlier for earlier, later in zip(times, times[1:]))
        assert 0.05 < gaps[len(gaps) // 2] < 0.2, gaps
        channel.cancel()

    @pytest.mark.parametrize("command", [MAKE_CREDENTIAL, SELECTION], ids=["makeCredential", "selection"])
    def test_chk_010_015_cancel_ends_a_waiting_command_and_a_second_one_is_not_answered(self, asking_key, command):
        wire = asking_key.wire()
        channel = wire.open_channel()
        parameters = make_credential_request("waiting.example") if command == MAKE_CREDENTIAL else None
        channel.start(command, parameters)
        while wire.receive(channel.cid) != (KEEPALIVE, bytes([UP_NEEDED])):
            pass
        channel.cancel()
        assert channel.finish() == (KEEPALIVE_CANCEL, {})
        channel.cancel()
        wire.expect_silence(0.4)
        assert get_info(channel)

    def test_cancel_ends_the_wait_at_once(self, asking_key):
        channel = asking_key.channel()
        channel.start(SELECTION)
        assert channel.wire.receive(channel.cid)[0] == KEEPALIVE
        started = time.monotonic()
        channel.cancel()
        assert channel.finish()[0] == KEEPALIVE_CANCEL
        assert time.monotonic() - started < 1

    def test_cancel_of_another_channel_does_nothing(self, asking_key):
        wire = asking_key.wire()
        waiting, other = wire.open_channel(), wire.open_channel()
        waiting.start(SELECTION)
        assert wire.receive(waiting.cid)[0] == KEEPALIVE
        other.cancel()
        for _ in range(4):
            assert wire.receive(waiting.cid)[0] == KEEPALIVE
        waiting.cancel()
        assert waiting.finish()[0] == KEEPALIVE_CANCEL

    def test_cancel_with_nothing_to_cancel_is_ignored(self, wire):
        channel = wire.open_channel()
        channel.cancel()
        wire.expect_silence(0.3)
        assert get_info(channel)

    def test_other_channels_are_told_busy_while_the_user_is_waited_for(self, asking_key):
        wire = asking_key.wire()
        waiting, other = wire.open_channel(), wire.open_channel()
        waiting.start(SELECTION)
        assert wire.receive(waiting.cid)[0] == KEEPALIVE
        for command, payload in ((PING, b"x"), (CBOR, bytes([GET_INFO]))):
            with pytest.raises(HidError) as error:
                other.call(command, payload)
            assert error.value.code == CHANNEL_BUSY
        assert wire.init()[8:12] not in (waiting.cid.to_bytes(4, "big"), other.cid.to_bytes(4, "big"))
        waiting.cancel()
        assert waiting.finish()[0] == KEEPALIVE_CANCEL
        assert get_info(other)

    def test_a_host_that_goes_away_while_the_user_is_asked_does_not_block_the_next_one(self, asking_key):
        channel = asking_key.channel()
        channel.start(SELECTION)
        assert channel.wire.receive(channel.cid)[0] == KEEPALIVE
        channel.cancel()
        next_one = asking_key.channel()
        deadline = time.monotonic() + 5
        while True:
            try:
                assert get_info(next_one)
                return
            except HidError as error:
                assert error.code == CHANNEL_BUSY and time.monotonic() < deadline
                time.sleep(0.05)


class TestManyHosts:
    def test_a_thousand_channels_do_not_use_the_key_up(self, wire):
        first = wire.open_channel()
        for _ in range(1000):
            last = wire.open_channel()
        assert last.call(PING, b"last") == b"last"
        # Who came first may have been forgotten, but is then told so.
        try:
            assert first.call(PING, b"first") == b"first"
        except HidError as error:
            assert error.code == INVALID_CHANNEL

    def test_two_hosts_take_turns(self, key):
        hosts = [key.channel() for _ in range(2)]
        for number in range(20):
            payload = bytes([number]) * 100
            for host in hosts:
                assert host.call(PING, payload) == payload

    def test_what_one_host_is_answered_is_for_its_channel_alone(self, key):
        first, second = key.channel(), key.channel()
        assert first.cid != second.cid
        assert first.call(PING, b"private") == b"private"
        with pytest.raises(Silence):
            second.wire.receive(second.cid, 0.3)
        assert first.ctap2(GET_INFO)[0] == OK
