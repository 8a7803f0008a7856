"""Traces as a reader of the formats' specifications sees them: JSON Lines, and pcapng with usbmon's packets."""

import json
import struct
from dataclasses import dataclass, field

LINK_TYPE_USB_LINUX_MMAPPED = 220
SECTION_HEADER, INTERFACE_DESCRIPTION, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
URB_HEADER = "<Q4BHBB q i i I I 8s 4I".replace(" ", "")  # 64 bytes
INTERRUPT, CONTROL = 1, 2


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def messages_of(path):
    return [line for line in lines_of(path) if line.get("kind") != "packet"]


def refusals(lines):
    """The answers that refuse: of CTAP2, U2F and CTAPHID."""
    for line in lines:
        if line["dir"] == "out" and (line.get("error") or line.get("status") not in (None, "0x00", "0x9000")):
            if line["command"] != "CTAPHID_KEEPALIVE" and line.get("kind") != "packet":
                yield line


@dataclass
class Interface:
    name: str
    link_type: int
    ticks_per_second: int


@dataclass
class Urb:
    id: int
    type: str
    transfer: int
    endpoint: int
    device: int
    bus: int
    setup: bytes | None
    seconds: float
    status: int
    length: int
    data: bytes


@dataclass
class Packet:
    interface: int
    seconds: float
    urb: Urb
    comment: str | None
    dropped: int


@dataclass
class Capture:
    interfaces: list[Interface] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)


def _options(body):
    """Code and value of each, up to the end of options, which has to be there where there are any."""
    found = {}
    while body:
        code, length = struct.unpack_from("<HH", body)
        value, padded = body[4 : 4 + length], 4 + (length + 3) // 4 * 4
        assert len(value) == length and not any(body[4 + length : padded]), "an option is cut off or its padding not zero"
        body = body[padded:]
        if code == 0:
            assert length == 0 and not body, "something follows the end of options"
            return found
        assert code not in found, f"option {code} stands twice"
        found[code] = value
    assert not found, "the end of options is missing"
    return found


def _urb(data):
    assert len(data) >= 64, "a packet without its USB header"
    (id_, type_, transfer, endpoint, device, bus, no_setup, no_data, seconds, micros, status, length, captured, setup, *rest) = (
        struct.unpack_from(URB_HEADER, data)
    )
    payload = data[64:]
    assert chr(type_) in "SCE" and 0 <= micros < 1_000_000
    assert captured == len(payload) <= length
    assert chr(no_data) in ("\0<>" if not payload else "\0") and (no_data == 0) == bool(payload)
    assert chr(no_setup) in "\0-" and rest == [0, 0, 0, 0]
    return Urb(id_, chr(type_), transfer, endpoint, device, bus, setup if no_setup == 0 else None, seconds + micros / 1e6,
               status, length, payload)


def read_pcapng(path):
    """Takes nothing but what fauxkey is to write: one little-endian section, its interfaces, enhanced packets."""
    with open(path, "rb") as file:
        content = file.read()
    capture, at = Capture(), 0
    while at < len(content):
        block, length = struct.unpack_from("<II", content, at)
        assert length % 4 == 0 and length >= 12 and at + length <= len(content), f"a block of {length} bytes at {at}"
        assert struct.unpack_from("<I", content, at + length - 4) == (length,), f"the block at {at} does not end as it begins"
        body = content[at + 8 : at + length - 4]
        assert (block == SECTION_HEADER) == (at == 0)
        if block == SECTION_HEADER:
            assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
            _options(body[16:])
        elif block == INTERFACE_DESCRIPTION:
            link_type, reserved, limit = struct.unpack_from("<HHI", body)
            options = _options(body[8:])
            assert reserved == 0 and limit == 0
            capture.interfaces.append(Interface(options[2].decode(), link_type, 10 ** options[9][0]))
        elif block == ENHANCED_PACKET:
            interface, high, low, captured, original = struct.unpack_from("<IIIII", body)
            padded = (captured + 3) // 4 * 4
            data, options = body[20 : 20 + captured], _options(body[20 + padded :])
            seconds = (high << 32 | low) / capture.interfaces[interface].ticks_per_second
            urb = _urb(data)
            assert abs(urb.seconds - seconds) < 2e-6 and original == captured
            comment = options[1].decode() if 1 in options else None
            dropped = struct.unpack("<Q", options[4])[0] if 4 in options else 0
            assert not options.keys() - {1, 4}
            capture.packets.append(Packet(interface, seconds, urb, comment, dropped))
        else:
            raise AssertionError(f"a block of type {block:#x}")
        at += length
    return capture
