"""CTAPHID as a host speaks it (CTAP 2.3, 11.2): packets over a link, messages over a channel.

Nothing here hides a mistake of the key: packets are taken apart strictly, and a test may send any that it likes.
"""

import os
import select
import socket
import struct
import time

from fido2 import cbor
from fido2.ctap import CtapError
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

PACKET_SIZE = 64
BROADCAST = 0xFFFFFFFF

PING, MSG, LOCK, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 0x01, 0x03, 0x04, 0x06, 0x08, 0x10, 0x11, 0x3B, 0x3F

INVALID_COMMAND, INVALID_PARAMETER, INVALID_LENGTH, INVALID_SEQ, MESSAGE_TIMEOUT, CHANNEL_BUSY = 1, 2, 3, 4, 5, 6
INVALID_CHANNEL = 0x0B

PROCESSING, UP_NEEDED = 1, 2

ANSWER_SECONDS = 20  # how long a test waits for what must come; an emulated machine under a sanitizer is slow


class Silence(Exception):
    """The key said nothing, although an answer was due."""


class HidError(Exception):
    """The key answered with CTAPHID_ERROR."""

    def __init__(self, code):
        super().__init__(f"CTAPHID_ERROR {code:#04x}")
        self.code = code


class UnixLink:
    """`--transport unix:PATH`: one 64-byte report a message."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(path)

    def write(self, packet):
        self._socket.send(packet)

    def read(self, seconds):
        """A report, or None where none comes in that time."""
        if not select.select([self._socket], [], [], max(0, seconds))[0]:
            return None
        packet = self._socket.recv(4096)
        if packet == b"":
            raise ConnectionError("the key closed the connection")
        return packet

    def close(self):
        self._socket.close()


class HidrawLink:
    """A /dev/hidraw node; reports without numbers are written behind a zero byte (hidraw's rule).

    Long messages are written no faster than USB takes them, a report a millisecond: unlike USB, uhid makes nobody wait, and
    the kernel drops what is beyond the 32 reports that it keeps for the key. tools/bench counts these losses.
    """

    AT_ONCE = 16
    REPORT_SECONDS = 0.001

    def __init__(self, path):
        self._node = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._in_a_row = 0

    def write(self, packet):
        self._in_a_row += 1
        if self._in_a_row > self.AT_ONCE:
            time.sleep(self.REPORT_SECONDS)
        self.write_at_once(packet)

    def write_at_once(self, packet):
        os.write(self._node, b"\0" + packet)

    def read(self, seconds):
        self._in_a_row = 0
        if not select.select([self._node], [], [], max(0, seconds))[0]:
            return None
        return os.read(self._node, 4096)

    def close(self):
        os.close(self._node)


def open_link(address):
    if address.startswith("unix:"):
        return UnixLink(address.removeprefix("unix:"))
    return HidrawLink(address)


def init_packet(cid, command, data=b"", length=None):
    """An initialization packet; `length` is BCNT where the message goes on in further packets."""
    length = len(data) if length is None else length
    return struct.pack(">IBH", cid, 0x80 | command, length) + data.ljust(PACKET_SIZE - 7, b"\0")


def continuation_packet(cid, sequence, data):
    return struct.pack(">IB", cid, sequence) + data.ljust(PACKET_SIZE - 5, b"\0")


def packets(cid, command, payload):
    """A whole message, cut as 11.2.4 says."""
    yield init_packet(cid, command, payload[:57], len(payload))
    for sequence, start in enumerate(range(57, len(payload), 59)):
        yield continuation_packet(cid, sequence, payload[start : start + 59])


class Wire:
    """Messages of any channel over one link."""

    def __init__(self, link):
        self.link = link

    def send(self, cid, command, payload=b""):
        for packet in packets(cid, command, payload):
            self.link.write(packet)

    def read_packet(self, cid, seconds=ANSWER_SECONDS):
        """The next report on this channel; what others are told is passed over, as every host does."""
        deadline = time.monotonic() + seconds
        while True:
            packet = self.link.read(deadline - time.monotonic())
            if packet is None:
                raise Silence(f"no report on channel {cid:08x} within {seconds} s")
            assert len(packet) == PACKET_SIZE, f"a report of {len(packet)} bytes"
            if int.from_bytes(packet[:4], "big") == cid:
                return packet

    def receive(self, cid, seconds=ANSWER_SECONDS):
        """The next message on this channel, keepalives and errors included, as (command, payload)."""
        packet = self.read_packet(cid, seconds)
        assert packet[4] & 0x80, f"a continuation packet where a message was to begin: {packet.hex()}"
        length = int.from_bytes(packet[5:7], "big")
        payload = packet[7:]
        sequence = 0
        while len(payload) < length:
            rest = self.read_packet(cid, seconds)
            assert rest[4] == sequence, f"sequence number {rest[4]} where {sequence} was due"
            payload += rest[5:]
            sequence += 1
        return packet[4] & 0x7F, payload[:length]

    def receive_answer(self, cid, on_keepalive=None, seconds=ANSWER_SECONDS):
        """The next message that is no keepalive; HidError for an error."""
        while True:
            command, payload = self.receive(cid, seconds)
            if command == KEEPALIVE:
                assert len(payload) == 1 and payload[0] in (PROCESSING, UP_NEEDED), payload.hex()
                if on_keepalive:
                    on_keepalive(payload[0])
                continue
            if command == ERROR:
                assert len(payload) == 1, payload.hex()
                raise HidError(payload[0])
            return command, payload

    def expect_silence(self, seconds):
        packet = self.link.read(seconds)
        assert packet is None, f"the key was to be silent and said {packet.hex()}"

    def init(self, cid=BROADCAST, nonce=None):
        """CTAPHID_INIT; returns the answer's 17 bytes or more."""
        nonce = os.urandom(8) if nonce is None else nonce
        self.send(cid, INIT, nonce)
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            command, payload = self.receive_answer(cid)
            if command == INIT and payload[:8] == nonce:  # or else another host's, on broadcast
                return payload
        raise Silence("no answer to CTAPHID_INIT")

    def open_channel(self):
        return Channel(self, int.from_bytes(self.init()[8:12], "big"))

    def close(self):
        self.link.close()


class Channel:
    """One allocated channel; calls raise HidError for CTAPHID_ERROR and hand CTAP2 statuses back."""

    def __init__(self, wire, cid):
        self.wire = wire
        self.cid = cid

    def send(self, command, payload=b""):
        self.wire.send(self.cid, command, payload)

    def receive(self, on_keepalive=None, seconds=ANSWER_SECONDS):
        return self.wire.receive_answer(self.cid, on_keepalive, seconds)

    def call(self, command, payload=b"", on_keepalive=None):
        self.send(command, payload)
        answered, response = self.receive(on_keepalive)
        assert answered == command, f"command {answered:#04x} answers {command:#04x}"
        return response

    def ctap2(self, command, parameters=None, raw=None, on_keepalive=None):
        """A CTAP2 command: (status, members). `raw` replaces the encoded parameters."""
        self.start(command, parameters, raw)
        return self.finish(on_keepalive)

    def start(self, command, parameters=None, raw=None):
        encoded = raw if raw is not None else (b"" if parameters is None else cbor.encode(parameters))
        self.send(CBOR, bytes([command]) + encoded)

    def finish(self, on_keepalive=None, seconds=ANSWER_SECONDS):
        answered, response = self.receive(on_keepalive, seconds)
        assert answered == CBOR, f"command {answered:#04x} answers CTAPHID_CBOR"
        status, encoded = response[0], response[1:]
        if status != 0:
            assert encoded == b"", f"status {status:#04x} with data behind it"
            return status, {}
        if encoded == b"":
            return status, {}
        members = cbor.decode(encoded)
        assert cbor.encode(members) == encoded, f"the answer is not canonical CBOR: {encoded.hex()}"
        return status, members

    def cancel(self):
        self.send(CANCEL)

    def apdu(self, encoded):
        """A U2F command: (status word, data)."""
        response = self.call(MSG, encoded)
        return int.from_bytes(response[-2:], "big"), response[:-2]

    def apdu_when_approved(self, encoded, seconds=10):
        """The same as clients send it who wait for a touch: again while the answer is “not yet” (0x6985)."""
        deadline = time.monotonic() + seconds
        while True:
            status, data = self.apdu(encoded)
            if status != 0x6985 or time.monotonic() > deadline:
                return status, data


class Fido2Connection(CtapHidConnection):
    """A link as python-fido2 wants it."""

    def __init__(self, link):
        self._link = link

    def write_packet(self, data):
        self._link.write(bytes(data))

    def read_packet(self):
        packet = self._link.read(ANSWER_SECONDS)
        if packet is None:
            raise CtapError(CtapError.ERR.TIMEOUT)
        return packet

    def close(self):
        self._link.close()


def open_fido2_device(address):
    """python-fido2's own device over a link of ours."""
    descriptor = HidDescriptor(address, 0, 0, PACKET_SIZE, PACKET_SIZE, "fauxkey", None)
    return CtapHidDevice(descriptor, Fido2Connection(open_link(address)))
