"""fauxkey replay: a trace's host against a key, and a trace in the place of its key."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest
from daemon import PIN
from ctap2 import (
    CLIENT_DATA_HASH,
    CM,
    CREDENTIAL_MANAGEMENT,
    GA,
    GET_ASSERTION,
    GET_INFO,
    GET_NEXT_ASSERTION,
    MC,
    OK,
    Assertion,
    Platform,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
)
from daemon import Daemon
from hid import LOCK, PING, HidError, continuation_packet
from traces import lines_of

RP = "replay.example"


@pytest.fixture
def program(request):
    return os.path.abspath(request.config.getoption("--fauxkey"))


@pytest.fixture
def replay(program):
    def run(*arguments):
        return subprocess.run([program, "replay", *arguments], capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def traced(starter):
    def start(*options, **arguments):
        folder = starter.folder()
        path = os.path.join(folder, "trace.jsonl")
        return starter.start("--trace", path, *options, folder=folder, **arguments), path

    return start


def answers(done):
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdicts(done):
    return [(line["command"], line["verdict"]) for line in answers(done)]


def use(key):
    """What needs no PIN: registrations and logins by list and by discovery, refusals, CTAPHID's own."""
    channel = key.channel()
    get_info(channel)
    by_id = make_credential(channel, RP)
    make_credential(channel, RP, options={"rk": True})
    make_credential(channel, RP, options={"rk": True})
    get_assertion(channel, RP, allow_list=[by_id.descriptor])
    get_assertion(channel, RP)
    assert channel.ctap2(GET_NEXT_ASSERTION)[0] == OK
    channel.ctap2(GET_NEXT_ASSERTION)
    channel.ctap2(GET_ASSERTION, get_assertion_request("unknown.example"))
    other = key.channel()
    assert other.call(PING, bytes(300)) == bytes(300)
    other.wire.link.write(continuation_packet(other.cid, 0, b"stray"))
    with pytest.raises(HidError):
        other.call(LOCK, b"\x0b")


class TestAgainstAKey:
    def test_a_new_key_answers_alike_but_for_what_is_random(self, traced, replay):
        key, path = traced()
        use(key)
        key.stop()
        done = replay(path, "--json")
        assert done.returncode == 0 and {verdict for _, verdict in verdicts(done)} == {"same"}
        left_out = {member for line in answers(done) for member in line["notCompared"]}
        assert {"response.signature", "response.attStmt.sig", "response.authData.credentialPublicKey"} <= left_out
        assert not {member for member in left_out if "flags" in member or "rpIdHash" in member}
        text = replay(path)
        assert text.returncode == 0
        assert text.stdout.splitlines()[-1] == f"{len(answers(done))} answers: {len(answers(done))} same, 0 different, 0 not replayed"

    def test_a_running_key_can_be_asked_and_is_seen_to_differ(self, traced, new_key, replay):
        key, path = traced()
        use(key)
        key.stop()
        assert replay(path, "--to", new_key().address).returncode == 0
        done = replay(path, "--to", new_key(approve="deny").address, "--json")
        assert done.returncode == 1
        (first,) = [line for line in answers(done) if line["command"] == "makeCredential"][:1]
        assert first["verdict"] == "different"
        assert first["differences"] == [{"member": "statusName", "recorded": '"OK"', "live": '"OPERATION_DENIED"'}]

    def test_a_key_of_other_options_differs_in_the_members_that_tell_of_them(self, traced, replay):
        key, path = traced()
        get_info(key.channel())
        key.stop()
        done = replay(path, "--json", "--large-blobs", "extension")
        assert done.returncode == 1
        (info,) = [line for line in answers(done) if line["command"] == "getInfo"]
        members = {one["member"].split("[")[0] for one in info["differences"]}
        assert {"response.extensions", "response.options.largeBlobs"} <= members

    def test_the_recorded_pauses_are_kept_if_asked_for(self, traced, replay):
        key, path = traced()
        channel = key.channel()
        get_info(channel)
        time.sleep(1.5)
        get_info(channel)
        key.stop()
        began = time.monotonic()
        assert replay(path).returncode == 0
        without = time.monotonic() - began
        began = time.monotonic()
        assert replay(path, "--timing").returncode == 0
        assert time.monotonic() - began > 1.4 > without


def use_pin(key):
    channel = key.channel()
    platform = Platform(channel, 2)
    assert platform.request_token("wrong")[0] != OK

    def auth(permissions, rp_id=RP):
        status, token = platform.request_token(PIN, permissions, rp_id)
        assert status == OK
        return token

    token = auth(MC)
    by_token = {"pin_uv_auth_param": platform.protocol.authenticate(token, CLIENT_DATA_HASH), "pin_uv_auth_protocol": 2}
    credential = make_credential(channel, RP, options={"rk": True}, **by_token)
    token = auth(GA)
    by_token = {"pin_uv_auth_param": platform.protocol.authenticate(token, CLIENT_DATA_HASH), "pin_uv_auth_protocol": 2}
    assertion = get_assertion(channel, RP, allow_list=[credential.descriptor], **by_token)
    token = auth(CM, None)
    param = platform.protocol.authenticate(token, b"\x01")
    status, members = channel.ctap2(CREDENTIAL_MANAGEMENT, {1: 1, 3: 2, 4: param})
    assert (status, members[1]) == (OK, 1)
    return credential, assertion


class TestWithAPin:
    def test_what_is_bound_to_the_recorded_secrets_is_told_and_left_out(self, traced, replay):
        key, path = traced("--pin", PIN)
        use_pin(key)
        key.stop()
        done = replay(path, "--pin", PIN, "--json")
        told = {line["command"]: line for line in answers(done) if line["verdict"] == "not replayed"}
        assert told.keys() == {
            "clientPIN getPinUvAuthTokenUsingPinWithPermissions", "makeCredential", "getAssertion",
            "credentialManagement getCredsMetadata",
        }
        assert "agreement key is another" in told["clientPIN getPinUvAuthTokenUsingPinWithPermissions"]["reason"]
        assert "pinUvAuthToken" in told["makeCredential"]["reason"]
        # A wrong PIN is refused by any key.
        assert ("clientPIN getPinToken", "same") in verdicts(done)
        assert done.returncode == 0

    def test_a_key_of_the_same_seed_does_it_all_again(self, traced, replay):
        key, path = traced("--pin", PIN, "--seed", "42")
        use_pin(key)
        key.stop()
        done = replay(path, "--pin", PIN, "--seed", "42", "--json")
        assert done.returncode == 0 and {verdict for _, verdict in verdicts(done)} == {"same"}
        # Not even what differs between keys does.
        assert not {member for line in answers(done) for member in line["notCompared"]}


class TestSeed:
    def test_two_runs_of_a_seed_give_the_same_bytes_for_the_same_requests(self, traced, replay, new_key):
        names = {-7: "ES256", -8: "EdDSA", -35: "ES384", -257: "RS256", -47: "ES256K"}
        offered = {algorithm["alg"] for algorithm in get_info(new_key().channel())[10]}  # without libcrypto there is no RS256
        algorithms = ",".join(name for number, name in names.items() if number in offered)
        key, path = traced("--seed", "7", "--algorithms", algorithms)
        channel = key.channel()
        get_info(channel)
        for algorithm in sorted(offered & names.keys(), reverse=True):
            made = make_credential(channel, RP, options={"rk": True}, key_params=[{"type": "public-key", "alg": algorithm}],
                                   user={"id": bytes([-algorithm % 256]), "name": "alice"})
            get_assertion(channel, RP, allow_list=[made.descriptor])
        key.stop()
        recorded = [line["raw"] for line in lines_of(path) if line.get("kind") == "packet" and line["dir"] == "out"]

        again, second = traced("--seed", "7", "--algorithms", algorithms)
        assert replay(path, "--to", again.address).returncode == 0
        again.stop()
        repeated = [line["raw"] for line in lines_of(second) if line.get("kind") == "packet" and line["dir"] == "out"]

        def answers_of(packets):
            return [packet for packet in packets if packet[8:10] != "bb"]  # without keepalives, which are as it happens

        assert answers_of(repeated) == answers_of(recorded)
        other, third = traced("--seed", "8", "--algorithms", algorithms)
        assert replay(path, "--to", other.address).returncode == 0
        other.stop()
        different = [line["raw"] for line in lines_of(third) if line.get("kind") == "packet" and line["dir"] == "out"]
        assert answers_of(different) != answers_of(recorded)

    def test_it_is_said_loudly_and_never_for_a_lasting_key(self, program, new_key):
        key = new_key("--seed", "7")
        assert "THE KEY IS NO SECRET (--seed 7)" in key.log_tail()
        done = subprocess.run([program, "run", "--seed", "7"], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "--ephemeral" in done.stderr


class StandInDaemon(Daemon):
    """fauxkey replay FILE --as-key, which says ready and ends as fauxkey run does."""

    def __init__(self, program, folder, trace):
        self.folder, self.log_path = folder, os.path.join(folder, "log")
        self._program, self._opened, self.terminal = program, [], None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [program, "replay", trace, "--as-key", f"unix:{os.path.join(folder, 'stand-in.sock')}"],
                stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )
        self._keyless = False
        self.address, _ = self._wait_until_ready(False)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=20)
        self.close_connections()
        return self.process.returncode, rest.decode()


class TestInPlaceOfAKey:
    @pytest.fixture
    def stand_in(self, starter, program):
        started = []

        def start(trace):
            started.append(StandInDaemon(program, starter.folder(), trace))
            return started[-1]

        yield start
        for daemon in started:
            if daemon.process.poll() is None:
                daemon.process.kill()
            daemon.process.wait()

    def test_the_recorded_answers_are_given_to_the_same_requests(self, traced, stand_in):
        key, path = traced()
        channel = key.channel()
        info = get_info(channel)
        user = {"id": b"1", "name": "alice"}
        made = make_credential(channel, RP, user=user)
        recorded = get_assertion(channel, RP, allow_list=[made.descriptor])
        key.stop()

        daemon = stand_in(path)
        channel = daemon.channel()
        assert get_info(channel) == info and get_info(channel) == info
        assert make_credential(channel, RP, user=user).id == made.id
        assertion = get_assertion(channel, RP, allow_list=[made.descriptor])
        assert assertion.members == recorded.members
        assertion.verify(made)
        assert channel.call(PING, b"live") == b"live"
        assert daemon.end() == (0, "")

    def test_what_it_has_no_answer_for_is_told(self, traced, stand_in):
        key, path = traced()
        get_info(key.channel())
        key.stop()
        daemon = stand_in(path)
        status, _ = daemon.channel().ctap2(GET_ASSERTION, get_assertion_request(RP))
        assert status == 0x7F
        status, told = daemon.end()
        assert status == 1 and told.startswith(f'no answer for: getAssertion {{"rpId":"{RP}"')

    def test_another_request_of_the_same_command_gets_the_next_answer(self, traced, stand_in):
        key, path = traced()
        channel = key.channel()
        make_credential(channel, RP, options={"rk": True})
        get_assertion(channel, RP)
        key.stop()
        daemon = stand_in(path)
        status, members = daemon.channel().ctap2(GET_ASSERTION, get_assertion_request(RP, client_data_hash=b"x" * 32))
        assert status == OK and Assertion(members).id
        assert daemon.end()[0] == 0


class TestUse:
    @pytest.mark.parametrize(
        ("arguments", "status", "sentence"),
        [
            (["/nonexistent"], 1, "no trace that can be read"),
            (["{trace}", "--to", "unix:/nonexistent"], 1, "There is no key at unix:/nonexistent"),
            (["{trace}", "--to", "nonsense"], 1, "none of /dev/hidrawN"),
            (["{trace}", "--to", "/dev/null"], 1, "it is no FIDO device"),
            (["{trace}", "--to", "/dev/hidraw999"], 1, "No such file"),
            (["{trace}", "--to", "unix:/x", "--pin", "1234"], 2, "the key that replay makes itself"),
            (["{trace}", "--as-key", "unix:/x", "--timing"], 2, "--as-key"),
            (["{trace}", "--device", "other"], 1, "no device other"),
            (["{trace}", "--pin", "1"], 2, "--pin"),
            ([], 2, "needs FILE"),
        ],
    )
    def test_mistakes_are_told_in_a_sentence(self, traced, replay, arguments, status, sentence):
        key, path = traced()
        get_info(key.channel())
        key.stop()
        done = replay(*[argument.format(trace=path) for argument in arguments])
        assert done.returncode == status and sentence in done.stderr

    def test_a_key_over_udp_can_be_asked(self, starter, traced, replay):
        key, path = traced()
        get_info(key.channel())
        key.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"udp:127.0.0.1:{probe.getsockname()[1]}"
        starter.start("--transport", address)
        assert replay(path, "--to", address).returncode == 0
