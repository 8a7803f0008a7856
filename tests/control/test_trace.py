"""--trace: what a file holds of what hosts and the key said, and why the key refused."""

import json
import os
import stat
import subprocess
import time

import pytest
from daemon import PIN
from ctap2 import (
    CLIENT_DATA_HASH,
    CLIENT_PIN,
    CREDENTIAL_MANAGEMENT,
    ES256,
    GA,
    GET_ASSERTION,
    GET_INFO,
    GET_NEXT_ASSERTION,
    MAKE_CREDENTIAL,
    MC,
    OK,
    RESET,
    SELECTION,
    Platform,
    descriptor,
    get_assertion,
    get_assertion_request,
    make_credential,
    make_credential_request,
    params,
)
from hid import BROADCAST, CBOR, ERROR, INIT, LOCK, PING, HidError, continuation_packet, init_packet
from traces import CONTROL, INTERRUPT, LINK_TYPE_USB_LINUX_MMAPPED, lines_of, messages_of, read_pcapng, refusals

RP = "trace.example"
BIO_ENROLLMENT, LARGE_BLOBS, CONFIG = 0x09, 0x0C, 0x0D


@pytest.fixture
def traced(starter):
    """traced(OPTION..., name=): a key with a trace; (key, the trace's path)."""

    def start(*options, name="trace.jsonl", **arguments):
        folder = starter.folder()
        path = os.path.join(folder, name)
        return starter.start("--trace", path, *options, folder=folder, **arguments), path

    return start


def bad_requests(channel):
    """One after the other, what provokes a good part of the statuses; each is refused."""
    registration, login = make_credential_request(RP), get_assertion_request(RP)
    ctap2 = channel.ctap2
    yield ctap2(0x55)
    yield ctap2(GET_INFO, {1: 1})
    yield ctap2(MAKE_CREDENTIAL, raw=b"\xff")
    yield ctap2(MAKE_CREDENTIAL, raw=b"\x80")
    for member in (1, 2, 3, 4):
        yield ctap2(MAKE_CREDENTIAL, {k: v for k, v in registration.items() if k != member})
        yield ctap2(MAKE_CREDENTIAL, {**registration, member: 7})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 1: b"short"})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 4: params(-999)})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 5: [7]})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 6: {"credProtect": 9}})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 7: {"up": False}})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 7: {"uv": True}})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 7: {"rk": True}})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 8: bytes(32), 9: 2})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 8: bytes(32), 9: 3})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 8: b"", 9: 2})
    yield ctap2(MAKE_CREDENTIAL, {**registration, 10: 1})
    made = make_credential(channel, RP)
    yield ctap2(MAKE_CREDENTIAL, {**registration, 5: [made.descriptor]})
    yield ctap2(GET_ASSERTION, login)
    yield ctap2(GET_ASSERTION, {**login, 3: [descriptor(bytes(20))] * 3})
    yield ctap2(GET_ASSERTION, {**login, 3: [descriptor(bytes(20))] * 25})
    yield ctap2(GET_ASSERTION, {**login, 5: {"rk": True}})
    yield ctap2(GET_ASSERTION, {**login, 4: {"hmac-secret": {}}, 3: [made.descriptor]})
    yield ctap2(GET_NEXT_ASSERTION)
    yield ctap2(CLIENT_PIN, {1: 2, 2: 99})
    yield ctap2(CLIENT_PIN, {1: 9, 2: 2})
    yield ctap2(CLIENT_PIN, {1: 2, 2: 9, 9: 0})
    yield ctap2(CLIENT_PIN, {1: 2, 2: 9, 9: 0x88})
    platform = Platform(channel, 2)
    yield platform.set_pin("1234"), {}
    yield platform.request_token("wrong"), {}
    yield platform.request_token("wrong"), {}
    yield platform.request_token("wrong"), {}
    yield platform.request_token("wrong"), {}
    yield ctap2(CREDENTIAL_MANAGEMENT, {1: 1})
    yield ctap2(CREDENTIAL_MANAGEMENT, {1: 1, 3: 2, 4: bytes(32)})
    yield ctap2(CREDENTIAL_MANAGEMENT, {1: 3})
    yield ctap2(CREDENTIAL_MANAGEMENT, {1: 77})
    yield ctap2(BIO_ENROLLMENT, {1: 1, 2: 7})
    yield ctap2(LARGE_BLOBS, {3: 0})
    yield ctap2(LARGE_BLOBS, {1: 9000, 3: 0})
    yield ctap2(LARGE_BLOBS, {2: bytes(17), 3: 5})
    yield ctap2(LARGE_BLOBS, {2: bytes(17), 3: 0, 4: 100_000})
    yield ctap2(CONFIG, {1: 99})
    yield ctap2(CONFIG, {1: 2})


def expect_busy(channel):
    """Soon: two connections' packets may reach the key in another order than they were written in."""
    deadline = time.monotonic() + 10
    while True:
        try:
            channel.call(PING, b"x")
        except HidError:
            return
        assert time.monotonic() < deadline


class TestWhy:
    def test_each_refusal_of_a_request_says_why(self, traced):
        key, path = traced("--pin", PIN)
        channel = key.channel()
        asked = 0
        for status, _ in bad_requests(channel):
            status = status[0] if isinstance(status, tuple) else status
            assert status != OK
            asked += 1
        key.stop()
        found = list(refusals(lines_of(path)))
        assert len(found) == asked and len({line["statusName"] for line in found}) >= 20
        without = [line for line in found if not line.get("why")]
        assert not without
        # What they say, and nothing else does.
        for line in lines_of(path):
            assert line in found or "why" not in line

    def test_it_names_the_member_the_state_or_the_rule(self, traced):
        key, path = traced("--pin", PIN)
        channel = key.channel()
        request = make_credential_request(RP)
        channel.ctap2(MAKE_CREDENTIAL, {k: v for k, v in request.items() if k != 2})
        channel.ctap2(GET_ASSERTION, get_assertion_request(RP, allow_list=[descriptor(bytes(20))] * 3))
        Platform(channel, 2).request_token("wrong", GA, RP)
        key.stop()
        assert [line["why"] for line in refusals(lines_of(path))] == [
            "member 0x02 (rp) is missing",
            f"6.2.2 step 7: the list names 3 credentials, none is of this key and {RP}",
            "wrong PIN, 7 tries left",
        ]

    def test_u2f_and_ctaphid_explain_themselves_too(self, traced):
        key, path = traced()
        channel = key.channel()
        other = key.channel()
        channel.apdu(b"\x00\x09\x00\x00")
        channel.apdu(b"\x00\x02\x07\x00" + bytes([65 + 20]) + bytes(64) + b"\x14" + bytes(20))
        for command, payload in ((0x22, b""), (LOCK, b"\x0b"), (INIT, b"short")):
            with pytest.raises(HidError):
                channel.call(command, payload)
        channel.wire.link.write(init_packet(channel.cid, PING, b"", 100))
        expect_busy(other)
        channel.wire.link.write(continuation_packet(channel.cid, 9, b""))
        with pytest.raises(HidError):
            channel.receive()
        with pytest.raises(HidError):
            channel.wire.send(0x01020304, PING)
            channel.wire.receive_answer(0x01020304)
        key.stop()
        found = list(refusals(lines_of(path)))
        assert len(found) == 8 and all(line.get("why") for line in found)
        assert {line["layer"] for line in found} == {"u2f", "hid"}

    def test_a_hosts_names_are_shown_safely(self, traced):
        key, path = traced()
        key.channel().ctap2(GET_ASSERTION, get_assertion_request("evil\x1b[2J\u202e.example"))
        key.stop()
        (line,) = refusals(lines_of(path))
        assert "evil\\u{1B}[2J\\u{202E}.example" in line["why"]


class TestSecrets:
    BLOB = b"between us alone"

    def say(self, key):
        channel = key.channel()
        platform = Platform(channel, 2)
        assert platform.set_pin(PIN) == OK
        for permissions in (MC, GA):
            status, token = platform.request_token(PIN, permissions, RP)
            assert status == OK
            auth = {
                "pin_uv_auth_param": platform.protocol.authenticate(token, CLIENT_DATA_HASH),
                "pin_uv_auth_protocol": 2,
            }
            if permissions == MC:
                extensions = {"credBlob": self.BLOB, "largeBlobKey": True}
                make_credential(channel, RP, options={"rk": True}, extensions=extensions, **auth)
            else:
                extensions = {"credBlob": True, "largeBlobKey": True}
                assertion = get_assertion(channel, RP, extensions=extensions, **auth)
        assert assertion.auth_data.extensions["credBlob"] == self.BLOB
        return token, assertion.members[7]

    @pytest.mark.parametrize("name", ["trace.jsonl", "trace.pcapng"])
    @pytest.mark.parametrize("shown", [False, True])
    def test_what_passes_in_plain_is_there_only_if_asked_for(self, traced, name, shown):
        key, path = traced(*(["--trace-secrets"] if shown else []), name=name)
        token, large_blob_key = self.say(key)
        key.stop()
        with open(path, "rb") as file:
            content = file.read()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert RP.encode() in content or RP.encode().hex().encode() in content
        # Of the blob in a packet's second half a few bytes may stand in another packet.
        for secret in (self.BLOB, large_blob_key):
            parts = [secret[:8], secret[-8:]]
            assert any(part in content or part.hex().encode() in content for part in parts) == shown
        for never in (PIN.encode(), token, token[:16], token[16:]):
            assert never not in content and never.hex().encode() not in content


class TestJsonLines:
    def test_it_holds_packets_and_messages_as_hosts_saw_them(self, traced):
        key, path = traced()
        channel = key.channel()
        make_credential(channel, RP, options={"rk": True})
        key.stop()
        lines = lines_of(path)
        raw = [line for line in lines if line.get("kind") == "packet"]
        assert {len(line["raw"]) for line in raw} == {128}
        commands = [(line["dir"], line["command"]) for line in messages_of(path)]
        assert commands[:2] == [("in", "CTAPHID_INIT"), ("out", "CTAPHID_INIT")]
        assert ("in", "makeCredential") in commands and ("out", "makeCredential") in commands
        assert {line["device"] for line in lines} == {key.address}


PACKET_FAULTS = [
    {"type": "dropPacket", "packet": 1}, {"type": "repeatPacket", "packet": 2}, {"type": "reorderPackets", "packet": 1},
    {"type": "corruptPacket", "packet": 2, "offset": 20, "mask": 0x81}, {"type": "wrongSequence"}, {"type": "wrongChannel"},
]


class TestPacketFaults:
    @pytest.mark.parametrize("action", PACKET_FAULTS, ids=lambda action: action["type"])
    @pytest.mark.parametrize("name", ["trace.jsonl", "trace.pcapng"])
    def test_the_trace_has_the_packets_that_went_over_the_wire(self, traced, action, name):
        key, path = traced("--fault", json.dumps({"match": {"command": "getInfo"}, "action": action}), name=name)
        channel = key.channel()
        channel.send(CBOR, bytes([GET_INFO]))
        got = []
        while packet := channel.wire.link.read(0.5):
            got.append(packet)
        key.stop()
        if name.endswith(".jsonl"):
            lines = [line for line in lines_of(path) if line.get("kind") == "packet" and line["dir"] == "out"]
            sent = [bytes.fromhex(raw) for line in lines for raw in line.get("sent", [line["raw"]])]
            assert 1 <= sum("sent" in line for line in lines) < len(lines)
            meant = [bytes.fromhex(line["raw"])[4] for line in lines if "seq" in line]
            assert meant == list(range(len(meant))), "what the key meant is there too"
            assert [line["statusName"] for line in messages_of(path) if line["command"] == "getInfo" and line["dir"] == "out"] == ["OK"]
        else:
            reports = [packet for packet in read_pcapng(path).packets if packet.urb.transfer == INTERRUPT and packet.urb.type == "C"]
            sent = [packet.urb.data for packet in reports]
            assert any((packet.comment or "").startswith("by a fault") for packet in reports)
        assert sent[1:] == got, "all after the INIT's answer"


class TestPcapng:
    def test_it_is_a_capture_of_usb_with_the_keys_descriptors(self, traced):
        key, path = traced(name="trace.pcapng")
        channel = key.channel()
        make_credential(channel, RP, options={"rk": True})
        channel.ctap2(GET_NEXT_ASSERTION)
        key.stop()
        capture = read_pcapng(path)
        (interface,) = capture.interfaces
        assert (interface.name, interface.link_type) == (key.address, LINK_TYPE_USB_LINUX_MMAPPED)
        control = [packet.urb for packet in capture.packets if packet.urb.transfer == CONTROL]
        answers = [urb.data for urb in control if urb.type == "C"]
        assert [urb.id for urb in control[::2]] == [urb.id for urb in control[1::2]]
        assert [(urb.setup[1], urb.setup[3], urb.setup[6]) for urb in control[::2]] == [(6, 1, 18), (6, 2, 41), (6, 0x22, 34)]
        assert [len(answer) for answer in answers] == [18, 41, 34]
        assert answers[0][8:12] == bytes.fromhex("0912d0f1") and answers[2].startswith(bytes.fromhex("06d0f1"))
        reports = [packet.urb for packet in capture.packets if packet.urb.transfer == INTERRUPT]
        assert {(urb.type, urb.endpoint, urb.length, urb.status) for urb in reports} == {("S", 0x01, 64, -115), ("C", 0x81, 64, 0)}
        assert reports[0].data[:7] == bytes.fromhex("ffffffff860008")
        times = [packet.seconds for packet in capture.packets]
        assert times == sorted(times) and abs(times[-1] - os.stat(path).st_mtime) < 10

    def test_the_packet_that_ends_a_message_says_what_it_was_and_why_it_was_refused(self, traced):
        key, path = traced(name="trace.pcapng")
        channel = key.channel()
        make_credential(channel, RP)
        channel.ctap2(GET_NEXT_ASSERTION)
        key.stop()
        ends = [packet for packet in read_pcapng(path).packets if packet.comment]
        ends = [packet for packet in ends if not packet.comment.startswith("CTAPHID_KEEPALIVE: STATUS_")]
        comments = [packet.comment for packet in ends]
        assert [comment.split(" {")[0] for comment in comments] == [
            "CTAPHID_INIT",
            "CTAPHID_INIT",
            "makeCredential request",
            "makeCredential answer: OK",
            "getNextAssertion request",
            "getNextAssertion answer: NOT_ALLOWED: 6.3: no getAssertion with answers left came before it on this channel, "
            "within 30 s",
        ]
        assert f'"id":"{RP}"' in comments[2]
        assert not any(packet.urb.data[4] & 0x80 for packet in ends[2:4])  # long messages' last packets

    def test_each_device_is_an_interface_of_its_own(self, traced, starter):
        folder = starter.folder()
        second = f"unix:{os.path.join(folder, 'second.sock')}"
        key, path = traced("--transport", second, name="trace.pcapng")
        key.channel()
        key.stop()
        capture = read_pcapng(path)
        assert {interface.name for interface in capture.interfaces} == {key.address, second} or len(capture.interfaces) == 2
        assert {packet.urb.device for packet in capture.packets} == {1, 2}


def test_a_trace_that_cannot_be_written_ends_the_start_with_a_sentence(starter, request):
    program = os.path.abspath(request.config.getoption("--fauxkey"))
    done = subprocess.run([program, "run", "--ephemeral", "--trace", "/nonexistent/t.pcapng"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and "give --trace a file" in done.stderr
