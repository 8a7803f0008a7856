"""authenticatorBioEnrollment (CTAP 2.3, 6.7) with the simulated sensor, by python-fido2's FPBioEnrollment and raw."""

import pytest
from ctap2 import (
    INVALID_COMMAND,
    INVALID_OPTION,
    INVALID_SUBCOMMAND,
    MISSING_PARAMETER,
    NOT_ALLOWED,
    OK,
    PIN_AUTH_INVALID,
    PUAT_REQUIRED,
    RESET,
    UNSUPPORTED_OPTION,
    UV,
    Platform,
    get_info,
    make_credential,
)
from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from fido2.ctap2.bio import BioEnrollment, FPBioEnrollment

BIO_ENROLLMENT, BE = 0x09, 0x08
FP_DATABASE_FULL = 0x17
PIN = "correct horse"


@pytest.fixture
def key(new_key):
    return new_key("--uv", "fingerprint", "--pin", PIN)


def enrollment_of(key):
    ctap = Ctap2(key.fido2_device())
    client_pin = ClientPin(ctap)
    token = client_pin.get_pin_token(PIN, ClientPin.PERMISSION.BIO_ENROLL)
    return FPBioEnrollment(ctap, client_pin.protocol, token)


def enroll(bio):
    context = bio.enroll()
    template_id = None
    while template_id is None:
        template_id = context.capture()
    return template_id


def call(platform, sub_command, params=None, permission=BE):
    """A raw request, with a token of its own as platforms have it."""
    token = platform.token(PIN, permission)
    message = bytes([1, sub_command]) + (cbor.encode(params) if params is not None else b"")
    request = {1: 1, 2: sub_command, 4: platform.version, 5: platform.protocol.authenticate(token, message)}
    if params is not None:
        request[3] = params
    return platform.channel.ctap2(BIO_ENROLLMENT, request)


def test_chk_277_the_modality_is_fingerprint(key):
    for command in (BIO_ENROLLMENT, 0x40):
        assert key.channel().ctap2(command, {6: True}) == (OK, {1: 1})
    assert BioEnrollment(Ctap2(key.fido2_device()), BioEnrollment.MODALITY.FINGERPRINT).get_modality() == 1


def test_chk_278_the_sensor_tells_what_it_is(key):
    status, info = key.channel().ctap2(BIO_ENROLLMENT, {1: 1, 2: 7})
    assert status == OK
    assert info[2] == 1 and info[3] > 0 and info[8] > 0


def test_chk_280_to_283_a_finger_is_enrolled_listed_renamed_and_removed(key):
    bio = enrollment_of(key)
    assert bio.ctap.get_info().options["bioEnroll"] is False
    assert bio.enumerate_enrollments() == {}
    template_id = enroll(bio)
    options = bio.ctap.get_info().options
    assert options["bioEnroll"] is True and options["uv"] is True
    assert list(bio.enumerate_enrollments()) == [template_id]
    bio.set_name(template_id, "right thumb")
    assert bio.enumerate_enrollments() == {template_id: "right thumb"}
    bio.remove_enrollment(template_id)
    assert bio.ctap.get_info().options["uv"] is False
    assert call(Platform(key.channel(), 2), 4)[0] == INVALID_OPTION


@pytest.mark.parametrize("command", [0x09, 0x40])
def test_chk_279_an_enrollment_can_be_cancelled(key, command):
    platform = Platform(key.channel(), 2)
    status, begun = call(platform, 1, {3: 10_000})
    assert status == OK and begun[4] and begun[5] == 0 and begun[6] > 0
    assert platform.channel.ctap2(command, {1: 1, 2: 3})[0] == OK
    assert call(platform, 2, {1: begun[4]})[0] == NOT_ALLOWED


def test_chk_280_each_sample_may_come_with_a_fresh_token(key):
    platform = Platform(key.channel(), 2)
    _, begun = call(platform, 1, {3: 10_000})
    remaining = begun[6]
    while remaining:
        status, captured = call(platform, 2, {1: begun[4], 3: 10_000})
        assert status == OK and captured[6] < remaining
        remaining = captured[6]
    assert captured[5] == 0
    assert call(platform, 4)[1] == {7: [{1: begun[4], 2: ""}]}


def test_an_enrollment_belongs_to_its_channel(key):
    first, second = Platform(key.channel(), 2), Platform(key.channel(), 2)
    _, begun = call(first, 1)
    assert call(second, 2, {1: begun[4]})[0] == NOT_ALLOWED
    assert second.channel.ctap2(BIO_ENROLLMENT, {1: 1, 2: 3})[0] == OK
    assert call(first, 2, {1: begun[4]})[0] == OK


def test_chk_236_only_a_token_for_it_will_do(key):
    platform = Platform(key.channel(), 2)
    assert call(platform, 4, permission=0x04)[0] == PIN_AUTH_INVALID
    for sub_command in (1, 2, 4, 5, 6):
        assert platform.channel.ctap2(BIO_ENROLLMENT, {1: 1, 2: sub_command})[0] == PUAT_REQUIRED


def test_requests_that_cannot_be(key):
    platform = Platform(key.channel(), 2)
    assert platform.channel.ctap2(BIO_ENROLLMENT, {2: 7})[0] == MISSING_PARAMETER
    assert platform.channel.ctap2(BIO_ENROLLMENT, {1: 2, 2: 7})[0] == UNSUPPORTED_OPTION
    assert platform.channel.ctap2(BIO_ENROLLMENT, {1: 1, 2: 8})[0] == INVALID_SUBCOMMAND
    assert call(platform, 5, {1: b"no such", 2: "name"})[0] == INVALID_OPTION
    assert call(platform, 6, {1: b"no such"})[0] == INVALID_OPTION
    assert call(platform, 5, {1: b"no such"})[0] == MISSING_PARAMETER


def test_the_database_has_an_end(key):
    bio = enrollment_of(key)
    for _ in range(5):
        enroll(bio)
    with pytest.raises(CtapError) as error:
        enroll(bio)
    assert error.value.code == FP_DATABASE_FULL


def test_an_enrolled_finger_verifies_the_user(key, rp_id):
    enroll(enrollment_of(key))
    channel = key.channel()
    made = make_credential(channel, rp_id, options={"uv": True})
    assert made.auth_data.flags & UV
    ctap = Ctap2(key.fido2_device())
    assert ClientPin(ctap).get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, rp_id)
    assert ctap.get_info().uv_modality == 2


def test_without_a_finger_there_is_no_uv(key, rp_id):
    with pytest.raises(CtapError, match="NOT_ALLOWED"):
        ClientPin(Ctap2(key.fido2_device())).get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, rp_id)


def test_a_reset_forgets_all_fingers(key):
    enroll(enrollment_of(key))
    assert key.channel().ctap2(RESET)[0] == OK
    assert get_info(key.channel())[4]["bioEnroll"] is False


def test_a_key_without_a_sensor_lacks_the_command(new_key):
    channel = new_key("--uv").channel()
    assert "bioEnroll" not in get_info(channel)[4]
    assert channel.ctap2(BIO_ENROLLMENT, {6: True})[0] == INVALID_COMMAND


def test_fingers_outlast_a_power_cycle(starter):
    key = starter.start("--uv", "fingerprint", store=True)
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    template_id = enroll(enrollment_of(key))
    key = starter.restart(key, "--uv", "fingerprint")
    assert list(enrollment_of(key).enumerate_enrollments()) == [template_id]
