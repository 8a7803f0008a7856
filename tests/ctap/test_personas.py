"""Personas (docs/personas.md): what each tells hosts, what each is without, and the limits at which each stops.

The golden files tests/ctap/personas/NAME.txt are written anew by
    cd tests && ../build/python/bin/python -m pytest -q ctap/test_personas.py --write-personas --fauxkey ../build/fauxkey
"""

import os
import re
import threading
import time
import tomllib
from hashlib import sha256

import pytest
from control import Key
from ctap2 import (
    AT,
    BE,
    BS,
    CLIENT_PIN,
    CREDENTIAL_MANAGEMENT,

    INVALID_COMMAND,
    INVALID_PARAMETER,
    INVALID_SUBCOMMAND,
    KEEPALIVE_CANCEL,
    LIMIT_EXCEEDED,
    MAKE_CREDENTIAL,
    OK,
    PUAT_REQUIRED,
    SELECTION,
    UNAUTHORIZED_PERMISSION,
    UNSUPPORTED_ALGORITHM,
    Platform,
    descriptor,
    get_assertion,

    get_info,
    make_credential,
    make_credential_request,
    params,
)
from daemon import REPOSITORY
from fido2.ctap1 import ApduError, Ctap1
from fido2 import cbor
from hid import CANCEL, CBOR, HidError
from persona_table import load, table
from persona_text import ALGORITHMS, describe
from plugged import daemon  # noqa: F401 - a fixture
from visitor import Site

FOLDER = os.path.join(REPOSITORY, "src/personas")
NAMES = sorted(name.removesuffix(".toml") for name in os.listdir(FOLDER) if name.endswith(".toml"))
GOLDEN = os.path.join(REPOSITORY, "tests/ctap/personas")
BIO_ENROLLMENT, LARGE_BLOBS, CONFIG, PREVIEW_BIO, PREVIEW_MANAGEMENT = 0x09, 0x0C, 0x0D, 0x40, 0x41
KEY_STORE_FULL, REQUEST_TOO_LARGE = 0x28, 0x39


def file_of(name):
    with open(os.path.join(FOLDER, name + ".toml"), "rb") as file:
        return tomllib.load(file)


FILES = {name: file_of(name) for name in NAMES}
CTAP = [name for name, file in FILES.items() if file["versions"] != ["U2F_V2"]]


@pytest.fixture
def plug_in(daemon):  # noqa: F811
    """A key of a persona, whose clock runs fast enough that its timings are no pause for the test."""
    keys = []

    def plug(name, quick=True, **options):
        key = Key(daemon.control, persona=name, **options)
        keys.append(key)
        if quick:
            key.patch("/clock", {"scale": 1000})
        return key

    yield plug
    for key in keys:
        key.close()
        daemon.control.delete(key.path)
    daemon.assert_alive()


@pytest.fixture(params=CTAP)
def persona(request):
    return request.param


def works(channel, command, *sub_command):
    """Whether the key has a command (or a subcommand of clientPIN)."""
    status, _ = channel.ctap2(command, {2: sub_command[0], 1: 1} if sub_command else {})
    return status != (INVALID_SUBCOMMAND if sub_command else INVALID_COMMAND)


def discoverable(channel):
    """Options of a registration that each key takes: one that verifies its user by itself is asked to."""
    return {"rk": True, **({"uv": True} if get_info(channel)[4].get("uv") else {})}


# What hosts are told


@pytest.mark.parametrize("name", NAMES)
def test_what_a_persona_tells_hosts_is_its_golden_file(request, plug_in, name):
    told = describe(plug_in(name).fido2_device(), "algorithms" not in FILES[name])
    path = os.path.join(GOLDEN, name + ".txt")
    if request.config.getoption("--write-personas"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(told)
    with open(path, encoding="utf-8") as file:
        assert told == file.read()


def test_each_golden_file_has_its_persona():
    assert sorted(os.listdir(GOLDEN)) == [name + ".txt" for name in NAMES]


def test_a_key_without_a_persona_is_persona_fauxkey(plug_in, daemon):
    plain = Key(daemon.control)
    try:
        assert describe(plain.fido2_device(), True) == describe(plug_in("fauxkey").fido2_device(), True)
        assert plain.state["options"] == {**plug_in("fauxkey").state["options"]}
    finally:
        plain.close()
        daemon.control.delete(plain.path)


def test_the_document_s_table_and_keys_are_those_of_the_files():
    with open(os.path.join(REPOSITORY, "docs/personas.md"), encoding="utf-8") as file:
        page = file.read()
    assert table() in page, "the table is another: python tests/support/persona_table.py prints it"
    assert set(load()) == set(NAMES)
    with open(os.path.join(REPOSITORY, "src/personas/parse.cpp"), encoding="utf-8") as file:
        source = file.read()
    keys = set(re.findall(r'(?:Switch|Limit)\{"([\w-]+)"', source))
    for known in re.findall(r'const (?:Table|auto) ?\w*\{[^;]*?\{((?:"\w+",?\s*)+)\}\)?\}', source):
        keys |= set(re.findall(r'"(\w+)"', known))
    assert {"maxMsgSize", "counter", "style", "vendor_id", "rk", "aaguid", "credBlob"} <= keys, "they are found in the source"
    assert {key for key in keys if f"`{key}`" not in page and f"`[{key}]`" not in page} == set()


# What is not there


def test_commands_that_get_info_does_not_tell_of_are_not_there(plug_in, persona):
    channel = plug_in(persona).channel()
    info = get_info(channel)
    options = info[4]
    assert works(channel, CREDENTIAL_MANAGEMENT) == options.get("credMgmt", False)
    assert works(channel, PREVIEW_MANAGEMENT) == options.get("credentialMgmtPreview", False)
    assert works(channel, BIO_ENROLLMENT) == ("bioEnroll" in options)
    assert works(channel, PREVIEW_BIO) == ("userVerificationMgmtPreview" in options)
    assert works(channel, LARGE_BLOBS) == options.get("largeBlobs", False)
    assert works(channel, CONFIG) == options.get("authnrCfg", False)
    assert works(channel, CLIENT_PIN) == (6 in info)
    assert works(channel, SELECTION) == (FILES[persona].get("level", "2.1") != "2.0" and 9 in info)


def test_subcommands_of_client_pin_that_options_do_not_tell_of_are_not_there(plug_in, persona):
    channel = plug_in(persona).channel()
    options = get_info(channel)[4]
    tokens = options.get("pinUvAuthToken", False)
    for sub_command, present in {
        1: "clientPin" in options, 2: True, 3: "clientPin" in options, 5: "clientPin" in options,
        6: tokens and "uv" in options, 7: tokens and "uv" in options, 9: tokens and "clientPin" in options,
    }.items():  # fmt: skip
        assert works(channel, CLIENT_PIN, sub_command) == present, sub_command


def test_pin_protocols_that_get_info_does_not_tell_of_are_not_there(plug_in, persona):
    channel = plug_in(persona).channel()
    protocols = get_info(channel)[6]
    for protocol in (1, 2, 3):
        assert channel.ctap2(CLIENT_PIN, {1: protocol, 2: 2})[0] == (OK if protocol in protocols else INVALID_PARAMETER)


def test_extensions_that_get_info_does_not_tell_of_are_ignored(plug_in, persona, rp_id):
    channel = plug_in(persona).channel()
    asked = {"credProtect": 2, "credBlob": b"blob", "hmac-secret": True, "minPinLength": True, "thirdPartyPayment": True,
             "pinComplexityPolicy": True, "uvm": True}
    outputs = make_credential(channel, rp_id, extensions=asked, options=discoverable(channel)).auth_data.extensions or {}
    assert outputs.keys() == {"credProtect", "credBlob", "hmac-secret"} & set(get_info(channel)[2])
    # What there is not may hold anything; what there is may not.
    status, _ = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, extensions={"credProtect": "high"}))
    assert (status == OK) == ("credProtect" not in get_info(channel)[2])


def test_permissions_of_what_is_not_there_are_not_given(plug_in, persona):
    channel = plug_in(persona).channel()
    options = get_info(channel)[4]
    if "clientPin" not in options or not options.get("pinUvAuthToken"):
        return
    platform = Platform(channel, 2)
    needs = {0x04: "credMgmt", 0x08: "bioEnroll", 0x10: "largeBlobs", 0x20: "authnrCfg", 0x40: "perCredMgmtRO"}
    for permission, option in needs.items():
        status, _ = platform.call(9, key_agreement=platform.agree()[0], pin_hash_enc=bytes(32), permissions=permission)
        assert (status == UNAUTHORIZED_PERMISSION) == (option not in options), option


def test_algorithms_are_those_that_get_info_tells_of(plug_in, persona, rp_id):
    if "algorithms" not in FILES[persona]:
        return
    channel = plug_in(persona).channel()
    for number, name in ALGORITHMS.items():
        status, _ = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, key_params=params(number)))
        assert status == (OK if name in FILES[persona]["algorithms"] else UNSUPPORTED_ALGORITHM), name


def test_a_key_without_u2f_says_so_and_does_not_speak_it(plug_in):
    channel = plug_in("platform-apple").channel()
    with pytest.raises(HidError) as error:
        channel.call(3, bytes([0, 3, 0, 0]))
    assert error.value.code == 1, "INVALID_CMD"


def test_u2f_only_speaks_u2f_alone(plug_in, rp_id):
    key = plug_in("u2f-only", quick=True)
    with pytest.raises(HidError) as error:
        key.channel().ctap2(4)
    assert error.value.code == 1, "INVALID_CMD"
    ctap1 = Ctap1(key.fido2_device())
    application, challenge = sha256(rp_id.encode()).digest(), bytes(32)

    def patiently(call, *arguments):
        deadline = time.monotonic() + 20
        while True:
            try:
                return call(*arguments)
            except ApduError as error:
                assert error.code == 0x6985 and time.monotonic() < deadline, hex(error.code)

    registration = patiently(ctap1.register, challenge, application)
    registration.verify(application, challenge)
    first, second = (patiently(ctap1.authenticate, challenge, application, registration.key_handle) for _ in range(2))
    for assertion in (first, second):
        assertion.verify(application, challenge, registration.public_key)
    assert second.counter == first.counter + 1


def test_without_make_cred_uv_not_rqd_a_protected_key_always_wants_verification(plug_in, rp_id):
    """CTAP 2.0 knew no other way."""
    plain = make_credential_request(rp_id)
    assert plug_in("fido-2.0").channel().ctap2(MAKE_CREDENTIAL, plain)[0] == OK
    assert plug_in("fido-2.0", pin="1234").channel().ctap2(MAKE_CREDENTIAL, plain)[0] == PUAT_REQUIRED
    assert plug_in("fido-2.1", pin="1234").channel().ctap2(MAKE_CREDENTIAL, plain)[0] == OK


@pytest.mark.parametrize("name", ["fido-2.0", "yubikey-5", "yubikey-bio", "titan-2", "synced-passkey", "platform-tpm", "solo-2"])
def test_python_fido2_s_client_registers_and_logs_in_with_each(plug_in, name):
    options = FILES[name].get("options", {})
    pin = "1234" if options.get("clientPin") else None
    key = plug_in(name, quick=False, **({"pin": pin} if pin else {}))  # tokens end by the same clock
    if options.get("uv") == "fingerprint":
        key.post("/fingers", {"finger": 1})
    site = Site(key, f"{name}.example", pin)
    data = site.register(resident_key_requirement="required", user_verification="required")
    assert data.is_user_verified()
    authenticator_data, _, _ = site.log_in(usernameless=True, user_verification="required")
    assert authenticator_data.is_user_verified()


# Limits


def test_the_101st_discoverable_credential_has_no_room_on_a_yubikey_5(plug_in, rp_id):
    channel = plug_in("yubikey-5").channel()
    for number in range(100):
        assert get_info(channel)[0x14] == 100 - number
        make_credential(channel, rp_id, options={"rk": True}, user={"id": b"%d" % number, "name": "alice"})
    assert get_info(channel)[0x14] == 0
    more = {"options": {"rk": True}, "user": {"id": b"100", "name": "bob"}}
    assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **more))[0] == KEY_STORE_FULL
    make_credential(channel, rp_id, options={"rk": True}, user={"id": b"7", "name": "alice"})  # in the place of her old one
    make_credential(channel, rp_id, user={"id": b"100", "name": "bob"})  # which lies in its id
    assert get_info(channel)[0x14] == 0


def test_lists_and_messages_have_the_persona_s_limits(plug_in, persona, rp_id):
    channel = plug_in(persona).channel()
    info = get_info(channel)
    limits = FILES[persona].get("limits", {})
    most = limits.get("maxCredentialCountInList", 24)
    assert info.get(7, most) == most
    exclude = [descriptor(bytes([number]) * 16) for number in range(most + 1)]
    assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, exclude_list=exclude[1:]))[0] == OK
    assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, exclude_list=exclude))[0] == LIMIT_EXCEEDED
    if info[5] < 7609:
        assert channel.ctap2(MAKE_CREDENTIAL, raw=bytes(info[5] - 1))[0] != REQUEST_TOO_LARGE
        assert channel.ctap2(MAKE_CREDENTIAL, raw=bytes(info[5]))[0] == REQUEST_TOO_LARGE


def test_credential_ids_are_no_longer_than_the_persona_says(plug_in, persona, rp_id):
    channel = plug_in(persona).channel()
    info = get_info(channel)
    for algorithm in [entry["alg"] for entry in info.get(0x0A, params(-7))]:
        for resident in (True, False):
            options = {**discoverable(channel), "rk": resident}
            credential = make_credential(channel, rp_id, key_params=params(algorithm), options=options)
            assert len(credential.id) <= info.get(8, 255)
            get_assertion(channel, rp_id, allow_list=[credential.descriptor]).verify(credential)


def test_ids_that_are_kept_outside_the_key_keep_to_its_limit_too(starter):
    """Of `fauxkey run`, whose credentials lie in their ids; of JSON keys they do not."""
    key = starter.start("--persona", "yubikey-5", "--algorithms", "ES256,ES384,ES512,RS256", control="unix:" + starter.folder() + "/c")
    key.control.patch("/v1/keys/main/clock", {"scale": 1000})
    channel = key.channel()
    for algorithm in (-7, -35, -36, -257):
        credential = make_credential(channel, "a.example", key_params=params(algorithm))
        assert len(credential.id) <= 128
        get_assertion(channel, "a.example", allow_list=[credential.descriptor]).verify(credential)


def test_blobs_have_the_persona_s_limit(plug_in, rp_id):
    channel = plug_in("titan-2").channel()
    for size, kept in ((32, True), (33, False)):
        request = make_credential_request(rp_id, options={"rk": True}, extensions={"credBlob": bytes(size)})
        assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == OK
        outputs = make_credential(channel, rp_id, options={"rk": True}, extensions={"credBlob": bytes(size)}).auth_data.extensions
        assert outputs == {"credBlob": kept}
    too_long = get_info(channel)[0x0B] + 1
    assert channel.ctap2(LARGE_BLOBS, {2: bytes(17), 3: 0, 4: too_long})[0] == 0x18, "LARGE_BLOB_STORAGE_FULL"


def test_a_pin_is_as_long_as_the_persona_wants(starter):
    folder = starter.folder()
    path = os.path.join(folder, "careful.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            'aaguid = "01234567-89ab-4cde-8f01-23456789abcd"\nversions = ["FIDO_2_0"]\nlevel = "2.1"\nextensions = ["hmac-secret"]\n'
            "[options]\nclientPin = true\n[limits]\nminPINLength = 6\n"
        )
    key = starter.start("--persona", path, control=f"unix:{folder}/c")
    assert get_info(key.channel())[0x0D] == 6
    assert key.control.request("PATCH", "/v1/keys/main/pin", {"pin": "12345"}).status == 400
    key.control.patch("/v1/keys/main/pin", {"pin": "123456"})
    assert key.control.get("/v1/keys/main")["options"]["persona"] == "careful"


# Counters and backup flags


def test_a_global_counter_counts_all_credentials_together(plug_in):
    channel = plug_in("yubikey-5").channel()
    first = make_credential(channel, "a.example")
    second = make_credential(channel, "b.example", options={"rk": True})
    told = [first.auth_data.counter, second.auth_data.counter]
    for credential in (first, second, second, first):
        told.append(get_assertion(channel, credential.rp_id, allow_list=[credential.descriptor]).counter)
    assert told == list(range(told[0], told[0] + 6)) and told[0] > 0


def test_a_counter_of_its_own_says_nothing_of_other_credentials(plug_in):
    channel = plug_in("titan-2").channel()
    first, second = (make_credential(channel, rp_id) for rp_id in ("a.example", "b.example"))
    assert first.auth_data.counter == second.auth_data.counter == 0
    counters = [get_assertion(channel, one.rp_id, allow_list=[one.descriptor]).counter for one in (first, second, first)]
    assert counters == [1, 1, 2]


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("name", ["synced-passkey", "platform-apple"])
def test_a_counter_may_be_always_zero(plug_in, rp_id, name, resident):
    channel = plug_in(name).channel()
    credential = make_credential(channel, rp_id, options={"rk": resident, "uv": True})
    assert credential.auth_data.counter == 0
    for _ in range(2):
        assert get_assertion(channel, rp_id, allow_list=[credential.descriptor]).verify(credential).counter == 0


@pytest.mark.parametrize("resident", ["required", "discouraged"])
def test_two_devices_with_one_synced_passkey_both_log_in(plug_in, daemon, resident):
    """A fork is the user's second device; the counter stays 0, so no site takes it for a clone."""
    first = plug_in("synced-passkey")
    site = Site(first, "synced.example")
    data = site.register(resident_key_requirement=resident, user_verification="required")
    assert data.flags & (BE | BS | AT) == BE | BS | AT and data.counter == 0
    name = first.post("/fork")["name"]
    second = object.__new__(Key)
    second.control, second.path, second._opened = daemon.control, f"/v1/keys/{name}", []
    try:
        other = Site(second, "synced.example")
        other.accounts = site.accounts
        for device in (site, other, site, other):
            told, _, _ = device.log_in(usernameless=resident == "required", user_verification="required")
            assert told.counter == 0 and told.flags & (BE | BS) == BE | BS
    finally:
        second.close()
        daemon.control.delete(second.path)


def test_only_a_synced_persona_says_that_it_is_backed_up(plug_in, persona, rp_id):
    channel = plug_in(persona).channel()
    flags = make_credential(channel, rp_id, options=discoverable(channel)).auth_data.flags
    assert bool(flags & (BE | BS)) == (persona == "synced-passkey")


# Timings


def test_registration_and_login_take_as_long_as_the_persona_says(plug_in, rp_id):
    channel = plug_in("platform-tpm", quick=False).channel()
    begin = time.monotonic()
    credential = make_credential(channel, rp_id)
    registered = time.monotonic()
    get_assertion(channel, rp_id, allow_list=[credential.descriptor])
    assert registered - begin >= 0.8
    assert time.monotonic() - registered >= 0.3


def test_timings_go_by_the_key_s_clock_and_end_with_a_cancel(plug_in, rp_id):
    key = plug_in("yubikey-5", quick=False)
    key.patch("/clock", {"frozen": True})
    channel = key.channel()
    made = []
    thread = threading.Thread(target=lambda: made.append(make_credential(channel, rp_id, options={"rk": True})))
    thread.start()
    time.sleep(0.6)
    assert not made, "a clock that stands still does not get there"
    key.patch("/clock", {"advanceMs": 299})
    time.sleep(0.2)
    assert not made
    key.patch("/clock", {"advanceMs": 1})
    thread.join(20)
    assert made
    channel.send(CBOR, b"\x01" + cbor.encode(make_credential_request("b.example", options={"rk": True})))
    time.sleep(0.3)
    channel.send(CANCEL)
    _, answer = channel.wire.receive_answer(channel.cid)
    assert answer == bytes([KEEPALIVE_CANCEL])
    assert key.get()["discoverableCredentials"] == 1, "what was cancelled is not kept"


# What options add


def test_options_go_before_what_the_persona_says(starter):
    aaguid = "11111111-2222-4333-8444-555555555555"
    key = starter.start("--persona", "yubikey-5", "--algorithms", "ES384", "--ctap", "2.0", "--aaguid", aaguid, "--uv", "--large-blobs", "none")
    info = get_info(key.channel())
    assert info[1] == ["U2F_V2", "FIDO_2_0"]
    assert info[3].hex() == aaguid.replace("-", "")
    assert info[0x0A] == params(-35)
    assert info[4]["uv"] is True
    assert "largeBlobs" not in info[4] and "largeBlobKey" not in info[2]
    assert info[5] == 1280, "what no option says is as the persona has it"


def test_options_of_json_go_before_what_the_persona_says(plug_in):
    key = plug_in("platform-apple", alwaysUv=False, userVerification="none", clientPin=True, algorithms=["EdDSA"])
    info = get_info(key.channel())
    assert "alwaysUv" not in info[4], "it is off, and nothing there can switch it on"
    assert "uv" not in info[4] and info[4]["clientPin"] is False
    assert info[0x0A] == params(-8)
    assert key.state["options"]["persona"] == "platform-apple"


def test_a_prompt_names_the_persona(starter, rp_id):
    key = starter.start("--persona", "titan-2", approve="ask", terminal=True)
    channel = key.channel()
    channel.start(MAKE_CREDENTIAL, make_credential_request(rp_id))
    key.read_terminal("(Key: main, titan-2)")
    channel.send(CANCEL)
    assert channel.finish()[0] == KEEPALIVE_CANCEL


@pytest.mark.parametrize("options, said", [
    ({"persona": "yubikey5"}, "is yubikey-5 meant?"),
    ({"persona": "../yubikey-5"}, "There is no persona"),
    ({"persona": 5}, "persona"),
    ({"aaguid": "1234"}, "aaguid"),
    ({"persona": "platform-tpm", "pin": "1234"}, "clientPin"),
])  # fmt: skip
def test_a_persona_that_there_is_not_is_refused(daemon, options, said):
    answer = daemon.control.request("POST", "/v1/keys", {"transports": ["unix"], **options})
    assert answer.status == 400 and said in answer.text, answer.text


def test_a_version_that_the_persona_has_not_the_features_of_is_refused_with_its_rule(daemon):
    answer = daemon.control.request("POST", "/v1/keys", {"transports": ["unix"], "persona": "fido-2.0", "ctapVersion": "2.1"})
    assert answer.status == 409 and "CTAP 2.3, 9" in answer.text, answer.text
