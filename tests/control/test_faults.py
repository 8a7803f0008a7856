"""Each fault, and a client that notices it: a relying party for what answers say, python-fido2's host and raw packets for how
they come. docs/faults.md has the table; test_every_action_has_a_test holds this file to it."""

import json
import os
import re
import threading
import time
from pathlib import Path

import pytest
from daemon import REPOSITORY
from cryptography import x509
from ctap2 import (
    CLIENT_DATA_HASH,
    CLIENT_PIN,
    ES256,
    GET_ASSERTION,
    GET_INFO,
    GET_NEXT_ASSERTION,
    KEEPALIVE_CANCEL,
    MAKE_CREDENTIAL,
    OK,
    OPERATION_DENIED,
    PIN_AUTH_BLOCKED,
    PIN_BLOCKED,
    Assertion,
    Credential,
    Platform,
    get_assertion_request,
    make_credential_request,
)
from documents import blocks, words_of
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.hid import ConnectionFailure
from fido2.server import Fido2Server
from fido2.webauthn import AuthenticatorData
from hid import CBOR, CHANNEL_BUSY, KEEPALIVE, PING, PROCESSING, UP_NEEDED, HidError, Silence
from relying_party import RelyingParty, U2fRelyingParty, root_of

UV_BLOCKED = 0x3C
RP_ID = "faults.example"


def fault(action, command=None, /, *, times=1, match=None, **parameters):
    """A rule; parameters are the action's."""
    match = {**({"command": command} if command else {}), **(match or {})}
    return {"match": match, "action": {"type": action, **parameters}, "times": times}


@pytest.fixture
def faulty(new_key):
    """Starts a key with these rules: faulty(RULE..., OPTION=...)."""

    def start(*rules, options=(), **arguments):
        faults = [word for rule in rules for word in ("--fault", json.dumps(rule))]
        return new_key(*faults, *options, **arguments)

    return start


def registration(**changes):
    user = {"id": b"alice", "name": "alice"}
    return make_credential_request(RP_ID, **{"user": user, "options": {"rk": True}, **changes})


def login(**changes):
    return get_assertion_request(RP_ID, **changes)


def call(channel, command, request):
    status, members = channel.ctap2(command, request)
    assert status == OK, f"command {command} ended with {status:#04x}"
    return members


def signed_up(channel, **site):
    """A relying party where the user has an account, and has logged in once."""
    rp = RelyingParty(RP_ID, **site)
    options = {"uv": True} if rp.verified else {}
    assert rp.register(call(channel, MAKE_CREDENTIAL, registration(options={"rk": True, **options}))) == set()
    assert rp.log_in(call(channel, GET_ASSERTION, login(options=options or None))) == set()
    return rp


# --- messages


@pytest.mark.parametrize("status", ["OPERATION_DENIED", "CTAP2_ERR_OPERATION_DENIED", OPERATION_DENIED])
def test_any_status_by_name_or_number(faulty, status):
    key = faulty(fault("status", "makeCredential", status=status))
    ctap = Ctap2(key.fido2_device())
    with pytest.raises(CtapError) as error:
        ctap.make_credential(CLIENT_DATA_HASH, {"id": RP_ID, "name": "x"}, {"id": b"a", "name": "a"}, [])
    assert error.value.code == CtapError.ERR.OPERATION_DENIED
    assert call(key.channel(), MAKE_CREDENTIAL, registration())  # once


def test_a_status_in_the_place_of_what_was_done(faulty):
    rules = [fault("status", "makeCredential", status="OTHER", processed=processed) for processed in (False, True)]
    rules[1]["match"]["nth"] = 2
    channel = faulty(*rules).channel()
    for registered in (False, True):
        assert channel.ctap2(MAKE_CREDENTIAL, registration())[0] == 0x7F
        assert (channel.ctap2(GET_ASSERTION, login())[0] == OK) is registered


def test_a_status_word_of_u2f(faulty):
    rp = U2fRelyingParty(RP_ID)
    rules = [fault("status", "u2f.register", status="SW_WRONG_DATA"), fault("status", "u2f.version", status=0x6D00)]
    channel = faulty(*rules).channel()
    assert channel.apdu(register_apdu(rp))[0] == 0x6A80
    assert channel.apdu(b"\0\3\0\0\0\0\0")[0] == 0x6D00
    assert channel.apdu(b"\0\3\0\0\0\0\0") == (0x9000, b"U2F_V2")


@pytest.mark.parametrize(
    "action, status", [("pinBlocked", PIN_BLOCKED), ("pinAuthBlocked", PIN_AUTH_BLOCKED), ("uvBlocked", UV_BLOCKED)]
)
def test_a_blocked_key(faulty, action, status):
    key = faulty(fault(action, "clientPIN", match={"subCommand": 9}), options=["--pin", "1234"])
    platform = Platform(key.channel(), 2)
    assert platform.request_token("1234", 2, RP_ID)[0] == status  # another subcommand went through before
    assert platform.request_token("1234", 2, RP_ID)[0] == OK


def test_a_delay_with_keepalives_meanwhile(faulty):
    channel = faulty(fault("delay", "getInfo", milliseconds=600)).channel()
    keepalives = []
    started = time.monotonic()
    assert channel.ctap2(GET_INFO, on_keepalive=keepalives.append)[0] == OK
    assert time.monotonic() - started >= 0.6
    assert len(keepalives) >= 4 and set(keepalives) == {PROCESSING}


def test_a_delay_that_the_host_cancels(faulty):
    channel = faulty(fault("delay", "getInfo", milliseconds=60_000)).channel()
    channel.start(GET_INFO)
    channel.cancel()
    assert channel.finish()[0] == KEEPALIVE_CANCEL


@pytest.mark.parametrize("processed", [False, True])
def test_no_answer_until_the_host_gives_up(faulty, processed):
    channel = faulty(fault("noAnswer", "makeCredential", processed=processed)).channel()
    channel.start(MAKE_CREDENTIAL, registration())
    channel.wire.expect_silence(0.5)
    channel.cancel()
    channel.wire.expect_silence(0.3)
    assert channel.call(PING, b"free") == b"free"
    assert (channel.ctap2(GET_ASSERTION, login())[0] == OK) is processed


def test_no_answer_until_the_host_begins_anew(faulty):
    channel = faulty(fault("noAnswer", "getInfo")).channel()
    channel.start(GET_INFO)
    with pytest.raises(Silence):
        channel.receive(seconds=0.3)
    assert channel.wire.init(channel.cid)
    assert channel.ctap2(GET_INFO)[0] == OK


@pytest.mark.parametrize("touch, shown", [(False, PROCESSING), (True, UP_NEEDED)])
def test_keepalives_for_ever(faulty, touch, shown):
    channel = faulty(fault("keepaliveForEver", "getInfo", upNeeded=touch)).channel()
    channel.start(GET_INFO)
    for _ in range(8):
        command, payload = channel.wire.receive(channel.cid)
        assert command == KEEPALIVE
    assert payload == bytes([shown])
    channel.cancel()
    assert channel.finish()[0] == KEEPALIVE_CANCEL
    assert channel.ctap2(GET_INFO)[0] == OK


def test_a_page_that_times_out_cancels_a_key_that_hangs(faulty):
    key = faulty(fault("keepaliveForEver", "makeCredential"))
    gives_up = threading.Event()
    threading.Timer(0.5, gives_up.set).start()
    with pytest.raises(CtapError) as error:
        Ctap2(key.fido2_device()).make_credential(
            CLIENT_DATA_HASH, {"id": RP_ID, "name": "x"}, {"id": b"a", "name": "a"},
            [{"type": "public-key", "alg": ES256}], event=gives_up,
        )
    assert error.value.code == CtapError.ERR.KEEPALIVE_CANCEL


def test_a_busy_storm_over_some_requests(faulty):
    channel = faulty(fault("busy", "getInfo", requests=3)).channel()
    for command, request in ((GET_INFO, None), (CLIENT_PIN, {1: 2, 2: 1}), (GET_INFO, None)):
        with pytest.raises(HidError) as error:
            channel.ctap2(command, request)
        assert error.value.code == CHANNEL_BUSY
    assert channel.ctap2(GET_INFO)[0] == OK


def test_a_host_sits_a_busy_storm_out(faulty):
    key = faulty(fault("busy", "getInfo", milliseconds=400))
    started = time.monotonic()
    assert Ctap2(key.fido2_device()).info.versions  # it tries again and again
    assert time.monotonic() - started >= 0.3


# --- packets


def packets_of(channel):
    """What comes for getInfo, packet by packet, until nothing does; of the last ones, where it is new each time, only the
    beginning."""
    channel.start(GET_INFO)
    packets = []
    while packet := channel.wire.link.read(0.3):
        if packet[4] != 0x80 | KEEPALIVE:
            packets.append(packet if packet[4] & 0x80 or packet[4] < 7 else packet[:5])
    return packets


@pytest.fixture
def with_and_without(faulty):
    """A request's packets with a fault, and without."""

    def compare(action, **parameters):
        channel = faulty(fault(action, "getInfo", **parameters)).channel()
        wrong, right = packets_of(channel), packets_of(channel)
        assert len(right) >= 4 and [packet[4] for packet in right[1:]] == list(range(len(right) - 1))
        return wrong, right, channel

    return compare


def notices(faulty, error, action, **parameters):
    """python-fido2's host does not take it."""
    key = faulty(fault(action, "getInfo", match={"nth": 2}, **parameters))
    ctap = Ctap2(key.fido2_device())
    with pytest.raises(error):
        ctap.get_info()


@pytest.mark.parametrize("packet, dropped", [(0, 0), (2, 2), (99, -1)])
def test_a_dropped_packet(with_and_without, packet, dropped):
    wrong, right, _ = with_and_without("dropPacket", packet=packet)
    del right[dropped]
    assert wrong == right


def test_a_host_notices_a_dropped_packet(faulty):
    notices(faulty, ConnectionFailure, "dropPacket", packet=1)


def test_a_repeated_packet(with_and_without, faulty):
    wrong, right, _ = with_and_without("repeatPacket", packet=1)
    assert wrong == [right[0], right[1], *right[1:]]
    notices(faulty, ConnectionFailure, "repeatPacket", packet=1)


def test_reordered_packets(with_and_without, faulty):
    wrong, right, _ = with_and_without("reorderPackets", packet=1)
    assert wrong == [right[0], right[2], right[1], *right[3:]]
    notices(faulty, ConnectionFailure, "reorderPackets", packet=1)


def test_a_corrupt_packet(with_and_without, faulty):
    wrong, right, _ = with_and_without("corruptPacket", packet=2, offset=20, mask=0x81)
    flipped = bytearray(right[2])
    flipped[20] ^= 0x81
    assert wrong == [*right[:2], bytes(flipped), *right[3:]]
    notices(faulty, Exception, "corruptPacket", packet=0, offset=8, mask=0xFF)


@pytest.mark.parametrize("parameters, number", [({}, 1), ({"packet": 2, "sequence": 6}, 6)])
def test_a_wrong_sequence_number(with_and_without, faulty, parameters, number):
    wrong, right, _ = with_and_without("wrongSequence", **parameters)
    index = parameters.get("packet", 1)
    assert wrong[index][4] == number != right[index][4]
    assert wrong[index][5:] == right[index][5:]
    notices(faulty, ConnectionFailure, "wrongSequence", **parameters)


@pytest.mark.parametrize("parameters", [{}, {"packet": 1, "channel": 0x01020304}])
def test_a_wrong_channel(with_and_without, faulty, parameters):
    wrong, right, channel = with_and_without("wrongChannel", **parameters)
    index = parameters.get("packet", 0)
    assert int.from_bytes(wrong[index][:4], "big") == parameters.get("channel", channel.cid ^ 1)
    assert wrong[index][4:] == right[index][4:]
    assert wrong[:index] + wrong[index + 1 :] == right[:index] + right[index + 1 :]
    notices(faulty, ConnectionFailure, "wrongChannel", **parameters)


def test_after_a_packet_fault_the_next_answer_is_whole(with_and_without):
    _, right, channel = with_and_without("dropPacket", packet=0)
    assert packets_of(channel) == right


def test_unplugged_in_the_middle(faulty):
    key = faulty(fault("unplugInTheMiddle", "getInfo", packets=2))
    channel = key.channel()
    channel.start(GET_INFO)
    assert channel.wire.read_packet(channel.cid)[4] & 0x80
    assert channel.wire.read_packet(channel.cid)[4] == 0
    with pytest.raises((ConnectionError, Silence)):
        channel.wire.read_packet(channel.cid, 5)
    deadline = time.monotonic() + 10
    while os.path.exists(key.address.removeprefix("unix:")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    key.assert_alive()  # and may be plugged in again


# --- encodings


def info_bytes(channel):
    return channel.call(CBOR, bytes([GET_INFO]))


@pytest.mark.parametrize("missing", [1, 10])
def test_truncated_cbor(faulty, missing):
    rule = fault("truncateCbor", "getInfo", bytes=missing, match={"nth": 2})
    key = faulty(rule)
    ctap = Ctap2(key.fido2_device())
    with pytest.raises(Exception):
        ctap.get_info()
    assert len(info_bytes(faulty({**rule, "match": {}}).channel())) == len(info_bytes(key.channel())) - missing


@pytest.mark.parametrize("encoding", ["mapOrder", "integer", "length", "indefiniteLength", "duplicateKey", "trailingByte"])
def test_non_canonical_cbor(faulty, encoding):
    key = faulty(fault("nonCanonicalCbor", "getInfo", encoding=encoding, match={"nth": 2}))
    device = key.fido2_device()
    strict = Ctap2(device, strict_cbor=True)
    with pytest.raises(Exception):
        strict.get_info()
    assert strict.get_info().versions


@pytest.mark.parametrize("member, where", [(3, lambda info: info[3]), ([4, "rk"], lambda info: info[4]["rk"])])
def test_a_member_of_another_type(faulty, member, where):
    channel = faulty(fault("wrongTypeCbor", "getInfo", member=member)).channel()
    assert where(channel.ctap2(GET_INFO)[1]) == "wrong type"
    assert where(channel.ctap2(GET_INFO)[1]) != "wrong type"


def test_a_text_becomes_a_number(faulty):
    channel = faulty(fault("wrongTypeCbor", "makeCredential", member=1)).channel()
    assert call(channel, MAKE_CREDENTIAL, registration())[1] == 0


def test_a_client_notices_a_wrong_type(faulty):
    key = faulty(fault("wrongTypeCbor", "makeCredential", member=2))
    with pytest.raises(Exception):
        Site(key).register()


def test_a_missing_member(faulty):
    key = faulty(fault("missingMember", "makeCredential", member=2))
    with pytest.raises(Exception):
        Site(key).register()
    assert Site(key).register()


def test_a_missing_signature(faulty):
    channel = faulty(fault("missingMember", "makeCredential", member=[3, "sig"])).channel()
    members = call(channel, MAKE_CREDENTIAL, registration())
    assert RelyingParty(RP_ID, root=b"any").register(members) == {"attestation statement"}


def test_an_extra_member(faulty):
    channel = faulty(fault("extraMember", "getInfo", key=99)).channel()
    info = call(channel, GET_INFO, None)
    assert info.pop(99) is True
    assert set(info) == set(call(channel, GET_INFO, None))


# --- what registrations say

REGISTRATIONS = [
    ("bogusSignature", {}, "attestation signature"),
    ("malformedSignature", {}, "attestation signature"),
    ("signatureOverOtherData", {}, "attestation signature"),
    ("rpIdHash", {"rpId": "evil.example"}, "rpIdHash"),
    ("flag", {"flag": "UP", "set": False}, "UP"),
    ("flag", {"flag": "UV", "set": True}, "UV"),
    ("flag", {"flag": "BS", "set": True}, "BS"),
    ("flag", {"flag": "AT", "set": False}, "authenticator data"),
    ("flag", {"flag": "ED", "set": True}, "authenticator data"),
    ("aaguid", {}, "attestation AAGUID"),
    ("aaguid", {"aaguid": "01020304-0506-0708-090a-0b0c0d0e0f10"}, "attestation AAGUID"),
    ("attestation", {"statement": "none"}, "attestation format"),
    ("attestation", {"statement": "missing"}, "attestation statement"),
    ("attestation", {"statement": "self"}, "attestation root"),
    ("attestation", {"statement": "expired"}, "attestation expired"),
    ("attestation", {"statement": "notYetValid"}, "attestation not yet valid"),
    ("attestation", {"statement": "wrongRoot"}, "attestation root"),
    ("attestation", {"statement": "wrongKey"}, "attestation signature"),
    ("attestation", {"statement": "wrongAaguid"}, "attestation AAGUID"),
    ("publicKeyAlgorithm", {}, "algorithm"),
    ("credentialIdTooLong", {}, "credential id"),
    ("credentialIdEmpty", {}, "credential id"),
]


@pytest.fixture(scope="module")
def lasting_key(shared_starter):
    """The home of a key that is started again and again, and its root."""
    key = shared_starter.start(store=True)
    key.stop()
    return key, root_of(key)


@pytest.mark.parametrize("action, parameters, wrong", REGISTRATIONS)
def test_a_registration_with_one_thing_wrong(faulty, lasting_key, action, parameters, wrong):
    home, root = lasting_key
    key = faulty(fault(action, "makeCredential", **parameters), folder=home.folder, store=True)
    channel = key.channel()
    assert RelyingParty(RP_ID, root).register(call(channel, MAKE_CREDENTIAL, registration())) == {wrong}
    assert RelyingParty(RP_ID, root).register(call(channel, MAKE_CREDENTIAL, registration())) == set()
    key.stop()


def test_a_self_attestation_verifies(faulty):
    channel = faulty(fault("attestation", "makeCredential", statement="self")).channel()
    members = call(channel, MAKE_CREDENTIAL, registration())
    rp = RelyingParty(RP_ID)
    assert rp.register(members) == set()
    assert set(members[3]) == {"alg", "sig"}
    rp.account.public_key.verify(members[2] + CLIENT_DATA_HASH, members[3]["sig"])


def test_the_id_of_another_credential(faulty):
    channel = faulty(fault("credentialIdOfAnother", "makeCredential", credentialId="AAECAw")).channel()
    rp = RelyingParty(RP_ID)
    assert rp.register(call(channel, MAKE_CREDENTIAL, registration())) == set()
    assert rp.account.id == bytes(range(4))  # that the site knows already, say, from another user
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"credential id"}


def test_a_self_attesting_key_signs_anew_by_the_credential(faulty):
    channel = faulty(fault("rpIdHash", "makeCredential", rpId="evil.example"), options=["--attestation", "self"]).channel()
    members = call(channel, MAKE_CREDENTIAL, registration())
    rp = RelyingParty(RP_ID)
    assert rp.register(members) == {"rpIdHash"}
    rp.account.public_key.verify(members[2] + CLIENT_DATA_HASH, members[3]["sig"])


# --- what logins say

LOGINS = [
    ("bogusSignature", {}, "signature"),
    ("malformedSignature", {}, "signature"),
    ("signatureOverOtherData", {}, "signature"),
    ("rpIdHash", {"rpId": "evil.example"}, "rpIdHash"),
    ("flag", {"flag": "UP", "set": False}, "UP"),
    ("flag", {"flag": "UV", "set": True}, "UV"),
    ("flag", {"flag": "BE", "set": True}, "BE"),
    ("flag", {"flag": "AT", "set": True}, "authenticator data"),
    ("flag", {"flag": "ED", "set": True}, "authenticator data"),
    ("counterEqual", {}, "counter"),
    ("counterBack", {}, "counter"),
    ("counterBack", {"by": 5}, "counter"),
    ("counterWrapped", {}, "counter"),
    ("counterValue", {"value": 0}, "counter"),
    ("credentialIdTooLong", {}, "credential id"),
    ("credentialIdEmpty", {}, "credential id"),
    ("credentialIdOfAnother", {}, "credential id"),
    ("userHandleOfAnother", {}, "user handle"),
    ("userHandleOfAnother", {"userHandle": "Ym9i"}, "user handle"),
    ("userHandleMissing", {}, "no user handle"),
]


@pytest.mark.parametrize("action, parameters, wrong", LOGINS)
def test_a_login_with_one_thing_wrong(faulty, action, parameters, wrong):
    channel = faulty(fault(action, "getAssertion", match={"nth": 2}, **parameters)).channel()
    rp = signed_up(channel)
    assert rp.log_in_without_name(call(channel, GET_ASSERTION, login())) == {wrong}
    assert rp.log_in_without_name(call(channel, GET_ASSERTION, login())) == set()


def test_a_user_who_verified_and_does_not_seem_to(faulty):
    rules = [fault("flag", command, flag="UV", set=False, match={"nth": 2}) for command in ("makeCredential", "getAssertion")]
    channel = faulty(*rules, options=["--uv"]).channel()
    rp = signed_up(channel, verified=True)
    assert rp.log_in(call(channel, GET_ASSERTION, login(options={"uv": True}))) == {"UV"}
    assert rp.register(call(channel, MAKE_CREDENTIAL, registration(options={"uv": True}))) == {"UV"}


@pytest.mark.parametrize("flag, wrong", [("BE", {"BE", "BS"}), ("BS", set())])
def test_backup_flags_cleared(faulty, flag, wrong):
    rule = fault("flag", "getAssertion", flag=flag, set=False, match={"nth": 2})
    both = fault("flag", "getAssertion", flag="BS", set=True, match={"nth": 2})
    channel = faulty(both, rule, options=["--backup-eligible"]).channel()
    rp = signed_up(channel)
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == wrong


def test_backed_up_without_being_eligible(faulty):
    channel = faulty(fault("flag", "getAssertion", flag="BS", set=True, match={"nth": 2})).channel()
    rp = signed_up(channel)
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"BS"}


def test_extension_data_that_no_flag_announces(faulty):
    rule = fault("flag", "getAssertion", flag="ED", set=False, match={"nth": 2})
    channel = faulty(rule).channel()
    rp = RelyingParty(RP_ID)
    assert rp.register(call(channel, MAKE_CREDENTIAL, registration(extensions={"credBlob": b"x"}))) == set()
    request = login(extensions={"credBlob": True})
    assert rp.log_in(call(channel, GET_ASSERTION, request)) == set()
    assert rp.log_in(call(channel, GET_ASSERTION, request)) == {"authenticator data"}


def test_attested_data_in_a_login_is_not_taken_for_any(faulty):
    channel = faulty(fault("flag", "getAssertion", flag="AT", set=True, match={"nth": 2})).channel()
    rp = signed_up(channel)
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"authenticator data"}


def counters(channel, count):
    return [int.from_bytes(call(channel, GET_ASSERTION, login())[2][33:37], "big") for _ in range(count)]


def test_a_counter_that_stands_still_stands_still(faulty):
    channel = faulty(fault("counterEqual", "getAssertion", match={"nth": 3}, times=3)).channel()
    call(channel, MAKE_CREDENTIAL, registration())
    assert counters(channel, 7) == [1, 2, 2, 2, 2, 6, 7]


def test_a_counter_that_goes_back_goes_on_from_there(faulty):
    channel = faulty(fault("counterBack", "getAssertion", match={"nth": 5}, times=2, by=2)).channel()
    call(channel, MAKE_CREDENTIAL, registration())
    assert counters(channel, 7) == [1, 2, 3, 4, 2, 0, 7]


def test_a_counter_that_wraps(faulty):
    rules = [
        fault("counterValue", "getAssertion", value=2**32 - 1, match={"nth": 2}),
        fault("counterWrapped", "getAssertion", match={"nth": 3}),
    ]
    channel = faulty(*rules).channel()
    rp = signed_up(channel)
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == set()
    assert rp.account.counter == 2**32 - 1
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"counter"}


def test_get_next_assertion_is_signed_anew_for_its_get_assertion(faulty):
    rule = fault("counterValue", "getNextAssertion", value=77, match={"rpId": RP_ID})
    channel = faulty(rule).channel()
    rps = {}
    for name in (b"alice", b"bob"):
        rps[name] = RelyingParty(RP_ID)
        members = call(channel, MAKE_CREDENTIAL, registration(user={"id": name, "name": "x"}))
        assert rps[name].register(members, name) == set()
    assert rps[b"bob"].log_in(call(channel, GET_ASSERTION, login())) == set()
    assert rps[b"alice"].log_in(call(channel, GET_NEXT_ASSERTION, None)) == set()
    assert rps[b"alice"].account.counter == 77


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES384", "RS256"])
def test_other_algorithms_sign_anew(faulty, algorithm):
    rules = [fault("counterValue", "getAssertion", value=9), fault("malformedSignature", "getAssertion", match={"nth": 2})]
    channel = faulty(*rules).channel()
    number = {"EdDSA": -8, "ES384": -35, "RS256": -257}[algorithm]
    if not any(offered["alg"] == number for offered in call(channel, GET_INFO, None)[10]):
        pytest.skip(f"this build has no {algorithm}")
    members = call(channel, MAKE_CREDENTIAL, registration(key_params=[{"type": "public-key", "alg": number}]))
    rp = RelyingParty(RP_ID)
    assert rp.register(members) == {"algorithm"}  # it wants ES256
    credential = Credential(RP_ID, AuthenticatorData(members[2]), b"alice")
    assertion = Assertion(call(channel, GET_ASSERTION, login()))
    assert assertion.verify(credential).counter == 9
    with pytest.raises(Exception):
        Assertion(call(channel, GET_ASSERTION, login())).verify(credential)


def test_two_things_wrong_at_once(faulty):
    rules = [fault("flag", "getAssertion", flag="UP", set=False, match={"nth": 2}), fault("counterEqual", match={"nth": 2})]
    channel = faulty(*rules).channel()
    rp = signed_up(channel)
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"UP", "counter"}


# --- the same by a client and a server, whole


class Nobody(UserInteraction):
    pass


class Site:
    def __init__(self, key):
        self.server = Fido2Server({"id": RP_ID, "name": "Site"})
        self.client = Fido2Client(key.fido2_device(), DefaultClientDataCollector(f"https://{RP_ID}"), Nobody())

    def register(self):
        request, state = self.server.register_begin({"id": b"alice", "name": "a"}, user_verification="discouraged")
        self.account = self.server.register_complete(state, self.client.make_credential(request.public_key)).credential_data
        return self.account

    def log_in(self):
        request, state = self.server.authenticate_begin([self.account], user_verification="discouraged")
        response = self.client.get_assertion(request.public_key).get_response(0)
        self.server.authenticate_complete(state, [self.account], response)


@pytest.mark.parametrize(
    "action, parameters, says",
    [
        ("bogusSignature", {}, "Invalid signature"),
        ("signatureOverOtherData", {}, "Invalid signature"),
        ("rpIdHash", {"rpId": "evil.example"}, "Wrong RP ID hash"),
        ("credentialIdOfAnother", {}, "Unknown credential ID"),
    ],
)
def test_python_fido2s_server_refuses(faulty, action, parameters, says):
    # However often its client asks: it tries the list of credentials before it asks for a touch.
    site = Site(faulty(fault(action, "getAssertion", match={"rpId": RP_ID}, times=None, **parameters)))
    site.register()
    with pytest.raises(ValueError, match=says):
        site.log_in()


# --- U2F


def apdu(instruction, data, control=0):
    return bytes([0, instruction, control, 0, 0]) + len(data).to_bytes(2, "big") + data + b"\0\0"


def register_apdu(rp):
    return apdu(1, rp.challenge + rp.application)


def authenticate_apdu(rp):
    return apdu(2, rp.challenge + rp.application + bytes([len(rp.handle)]) + rp.handle, 3)


def u2f(channel, request):
    status, data = channel.apdu_when_approved(request)
    assert status == 0x9000, f"{status:#06x}"
    return data


@pytest.mark.parametrize(
    "action, parameters, wrong",
    [
        ("bogusSignature", {}, "signature"),
        ("malformedSignature", {}, "signature"),
        ("signatureOverOtherData", {}, "signature"),
        ("rpIdHash", {"rpId": "evil.example"}, "signature"),
        ("attestation", {"statement": "expired"}, "attestation expired"),
        ("attestation", {"statement": "notYetValid"}, "attestation not yet valid"),
        ("attestation", {"statement": "wrongRoot"}, "attestation root"),
        ("attestation", {"statement": "wrongKey"}, "signature"),
        ("credentialIdEmpty", {}, "key handle"),
    ],
)
def test_a_u2f_registration_with_one_thing_wrong(faulty, lasting_key, action, parameters, wrong):
    home, root = lasting_key
    key = faulty(fault(action, "u2f.register", **parameters), folder=home.folder, store=True)
    rp, channel = U2fRelyingParty(RP_ID, root), key.channel()
    assert rp.register(u2f(channel, register_apdu(rp))) == {wrong}
    assert rp.register(u2f(channel, register_apdu(rp))) == set()
    key.stop()


@pytest.mark.parametrize(
    "action, parameters, wrong",
    [
        ("bogusSignature", {}, "signature"),
        ("malformedSignature", {}, "signature"),
        ("signatureOverOtherData", {}, "signature"),
        ("rpIdHash", {"rpId": "evil.example"}, "signature"),
        ("flag", {"flag": "UP", "set": False}, "UP"),
        ("counterEqual", {}, "counter"),
        ("counterBack", {"by": 3}, "counter"),
        ("counterWrapped", {}, "counter"),
        ("counterValue", {"value": 0}, "counter"),
    ],
)
def test_a_u2f_authentication_with_one_thing_wrong(faulty, action, parameters, wrong):
    channel = faulty(fault(action, "u2f.authenticate", match={"rpId": RP_ID, "nth": 2}, **parameters)).channel()
    rp = U2fRelyingParty(RP_ID)
    assert rp.register(u2f(channel, register_apdu(rp))) == set()
    assert rp.authenticate(u2f(channel, authenticate_apdu(rp))) == set()
    assert rp.authenticate(u2f(channel, authenticate_apdu(rp))) == {wrong}
    assert rp.authenticate(u2f(channel, authenticate_apdu(rp))) == set()


def test_packet_faults_hit_u2f_too(faulty):
    rp = U2fRelyingParty(RP_ID)
    channel = faulty(fault("wrongSequence", "u2f.register")).channel()
    with pytest.raises(AssertionError, match="sequence number 1"):
        u2f(channel, register_apdu(rp))


# --- which requests


def test_rules_are_for_their_relying_party(faulty):
    rule = fault("status", match={"rpId": "other.example"}, times=None, status="OPERATION_DENIED")
    channel = faulty(rule).channel()
    request = make_credential_request("other.example")
    assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == OPERATION_DENIED
    assert channel.ctap2(MAKE_CREDENTIAL, registration())[0] == OK
    assert channel.ctap2(GET_ASSERTION, get_assertion_request("other.example"))[0] == OPERATION_DENIED


def test_rules_are_for_their_command_by_number(faulty):
    channel = faulty(fault("status", match={"command": 0x99}, times=2, status=0x55)).channel()
    assert channel.ctap2(GET_INFO)[0] == OK
    assert [channel.ctap2(0x99)[0] for _ in range(3)] == [0x55, 0x55, 0x01]


def test_a_fault_that_finds_nothing_to_change_waits_for_the_next(faulty):
    channel = faulty(fault("bogusSignature", "getAssertion")).channel()
    assert channel.ctap2(GET_ASSERTION, login())[0] == 0x2E  # no credentials: no signature
    rp = RelyingParty(RP_ID)
    assert rp.register(call(channel, MAKE_CREDENTIAL, registration())) == set()
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == {"signature"}
    assert rp.log_in(call(channel, GET_ASSERTION, login())) == set()


def test_the_log_tells_of_each_fault(faulty):
    key = faulty(fault("counterBack", "getAssertion", by=5))
    channel = key.channel()
    call(channel, MAKE_CREDENTIAL, registration())
    call(channel, GET_ASSERTION, login())
    assert "Fault 1: counterBack, by 5." in key.log_tail()


@pytest.mark.parametrize(
    "text, says",
    [
        ("{", "takes a rule in JSON"),
        ('{"action": {"type": "delay"}}', "action.milliseconds is missing"),
        ('{"action": {"type": "dleay"}}', "action.type has to be one of status, "),
        ('{"match": {"comand": 1}, "action": {"type": "busy"}}', "match has no member comand"),
        ("@/nowhere/at/all", "cannot be read"),
    ],
)
def test_a_wrong_rule_is_told_in_a_sentence(new_key, text, says):
    with pytest.raises(RuntimeError) as error:
        new_key("--fault", text)
    assert "status 2" in str(error.value) and says in str(error.value)


def test_rules_of_a_file(new_key, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([fault("status", "getInfo", status=0x7F), fault("status", "reset", status=0x30)]))
    channel = new_key("--fault", f"@{rules}").channel()
    assert [channel.ctap2(GET_INFO)[0], channel.ctap2(GET_INFO)[0], channel.ctap2(7)[0]] == [0x7F, OK, 0x30]


PAGE = Path(REPOSITORY) / "docs/faults.md"


def page():
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture
def example(new_key):
    """A channel to the key of the page's example, started by the command that stands there."""

    def start(number):
        words = words_of([command for block in blocks(PAGE) if block.language == "sh" for command in block.commands()][number - 3])
        assert words[:5] == ["fauxkey", "run", "--ephemeral", "--approve", "auto"]
        return new_key(*words[5:]).channel()

    return start


def test_the_pages_first_example(example):
    channel = example(0)
    call(channel, MAKE_CREDENTIAL, registration())
    assert counters(channel, 3) == [1, 2, 1]


def test_the_pages_second_example(example):
    members = call(example(1), MAKE_CREDENTIAL, make_credential_request("example.org"))
    certificate = x509.load_der_x509_certificate(members[3]["x5c"][0])
    assert str(certificate.not_valid_after_utc.date()) == "2002-01-01"


def test_the_pages_third_example(example):
    channel = example(2)
    with pytest.raises(AssertionError, match="sequence number 1 where 0 was due"):
        channel.ctap2(GET_INFO)
    while channel.wire.link.read(0.2):
        pass
    started = time.monotonic()
    assert channel.ctap2(GET_INFO)[0] == OK
    assert time.monotonic() - started >= 0.3
    assert channel.ctap2(GET_INFO)[0] == OK
    started, busy = time.monotonic(), 0
    while True:
        try:
            assert channel.ctap2(GET_INFO)[0] == OK
            break
        except HidError as error:
            assert error.code == CHANNEL_BUSY
            busy += 1
            time.sleep(0.05)
    assert busy > 3 and 0.4 <= time.monotonic() - started < 5


def test_every_action_has_a_test():
    """tests/unit checks that the page has all actions that there are."""
    with open(__file__, encoding="utf-8") as source:
        tried = set(re.findall(r'(?:fault|notices|with_and_without|notices)\([^"\n]*"(\w+)"|^    \("(\w+)", \{', source.read(), re.MULTILINE))
    tried = {name for names in tried for name in names if name}
    tried |= {"pinBlocked", "pinAuthBlocked", "uvBlocked"}  # by test_a_blocked_key's parameters
    documented = set(re.findall(r"^\| `(\w+)` \|", page().split("## Actions")[1], re.MULTILINE))
    assert len(documented) > 30 and documented <= tried, documented - tried
