"""authenticatorBioEnrollment (CTAP 2.3, 6.7), on simulated fingers."""

import pytest
from authorized import (
    BE,
    BIO_ENROLLMENT,
    ENROLL_BEGIN,
    ENROLL_CANCEL,
    ENROLL_NEXT,
    ENUMERATE,
    REMOVE,
    SENSOR_INFO,
    SET_NAME,
    enroll,
)
from conformance import check
from daemon import PIN
from ctap2 import INVALID_OPTION, NOT_ALLOWED, OK, Platform, get_info

MODALITY, TEMPLATE_ID, SAMPLE_STATUS, REMAINING, TEMPLATES = 1, 4, 5, 6, 7  # of an answer
FINGERPRINT = 1
GOOD = 0
SAMPLE_STATUSES = range(0x00, 0x0F)


class Fingers:
    """A host that enrolls fingers at a key of the test's own."""

    def __init__(self, key, version):
        self.platform = Platform(key.channel(), version)
        assert "bioEnroll" in self.info[4]

    def call(self, sub_command, params=None):
        return enroll(self.platform, self.platform.token(PIN, BE), sub_command, params)

    @property
    def info(self):
        return get_info(self.platform.channel)

    def plain(self, request):
        """Without a token."""
        return self.platform.channel.ctap2(BIO_ENROLLMENT, request)

    def begin(self):
        status, members = self.call(ENROLL_BEGIN, {3: 10_000})
        assert status == OK and members.keys() == {TEMPLATE_ID, SAMPLE_STATUS, REMAINING}
        return members

    def enroll(self):
        """The template's id."""
        members = self.begin()
        template_id, remaining = members[TEMPLATE_ID], members[REMAINING]
        while remaining:
            status, members = self.call(ENROLL_NEXT, {1: template_id, 3: 10_000})
            assert status == OK and members.keys() == {SAMPLE_STATUS, REMAINING}
            assert members[SAMPLE_STATUS] in SAMPLE_STATUSES
            assert members[REMAINING] <= remaining
            remaining = members[REMAINING]
        assert members[SAMPLE_STATUS] == GOOD
        return template_id

    def enrolled(self):
        """Friendly names by template id."""
        status, members = self.call(ENUMERATE)
        assert status == OK and members.keys() == {TEMPLATES}
        return {entry[1]: entry[2] for entry in members[TEMPLATES]}


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def fingers(new_key, request):
    return Fingers(new_key("--uv", "fingerprint", "--pin", PIN), request.param)


@check("CHK-277", "getModality tells the modality, fingerprint, and nothing more")
def test_chk_277_the_modality(fingers):
    assert fingers.plain({6: True}) == (OK, {MODALITY: FINGERPRINT})


@check("CHK-278", "getFingerprintSensorInfo tells touch or swipe, how many samples it needs and how long a name may be")
def test_chk_278_the_sensor(fingers):
    status, members = fingers.plain({1: FINGERPRINT, 2: SENSOR_INFO})
    assert status == OK
    kind, samples, name_length = members[2], members[3], members[8]
    assert kind in (1, 2) and samples > 0 and name_length > 0


@check("CHK-279", "enrollBegin gives a template's id, a sample's status and how many more are due; it can be cancelled")
def test_chk_279_an_enrollment_is_begun_and_cancelled(fingers):
    members = fingers.begin()
    assert len(members[TEMPLATE_ID]) >= 1
    assert members[SAMPLE_STATUS] in SAMPLE_STATUSES
    assert members[REMAINING] > 0
    assert fingers.plain({1: FINGERPRINT, 2: ENROLL_CANCEL})[0] == OK
    assert fingers.call(ENROLL_NEXT, {1: members[TEMPLATE_ID]})[0] == NOT_ALLOWED
    assert fingers.call(ENUMERATE)[0] == INVALID_OPTION


@check("CHK-280", "enrollCaptureNextSample is repeated until no sample is due; the last one was good")
def test_chk_280_a_finger_is_enrolled(fingers):
    assert fingers.info[4]["bioEnroll"] is False
    fingers.enroll()
    assert fingers.info[4]["bioEnroll"] is True


@check("CHK-281", "enumerateEnrollments lists the enrolled template with its friendly name")
@check("CHK-282", "setFriendlyName gives a template another name")
def test_chk_281_282_an_enrolled_finger_is_listed_and_renamed(fingers):
    template_id = fingers.enroll()
    found = fingers.enrolled()
    assert found.keys() == {template_id} and type(found[template_id]) is str
    for name in ("right thumb", "linker Daumen – é"):
        assert fingers.call(SET_NAME, {1: template_id, 2: name})[0] == OK
        assert fingers.enrolled() == {template_id: name}


@check("CHK-283", "after removeEnrollment of the only one, enumerateEnrollments answers INVALID_OPTION")
def test_chk_283_a_removed_finger_is_gone(fingers):
    template_id = fingers.enroll()
    assert fingers.call(REMOVE, {1: template_id})[0] == OK
    assert fingers.call(ENUMERATE)[0] == INVALID_OPTION
    assert fingers.info[4]["bioEnroll"] is False
