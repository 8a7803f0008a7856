"""The persistent token, which reads what credentials there are and no more (CTAP 2.3, 6.5.3.2 and 6.8)."""

from hashlib import sha256

import pytest
from authorized import COUNT, CREDENTIALS_BEGIN, PCMR, RPS_BEGIN, RPS_NEXT, manage, uv_token
from conformance import check
from daemon import PIN
from ctap2 import MC, OK, PIN_AUTH_INVALID, Platform, get_info, make_credential

RP_IDS = ("a.example", "b.example")


@pytest.fixture(params=[1, 2], ids=["protocol_1", "protocol_2"])
def version(request):
    return request.param


@pytest.fixture
def platform(new_key, version):
    """A key with PIN and a discoverable credential at each of two relying parties."""
    platform = Platform(new_key("--pin", PIN).channel(), version)
    assert get_info(platform.channel)[4]["perCredMgmtRO"] is True
    for rp_id in RP_IDS:
        authorization = platform.authorization(platform.token(PIN, MC, rp_id))
        make_credential(platform.channel, rp_id, options={"rk": True}, **authorization)
    return platform


@check("CHK-243", "a token with the permission pcmr is given")
def test_chk_243_it_is_given_for_the_pin(platform):
    status, token = platform.request_token(PIN, PCMR)
    assert status == OK and len(token) == 32


@check("CHK-248", "a token with the permission pcmr is given for built-in user verification")
def test_chk_248_it_is_given_for_built_in_verification(new_key, version):
    platform = Platform(new_key("--uv").channel(), version)
    token = uv_token(platform, PCMR)
    assert manage(platform, token, COUNT)[0] == OK


@check("CHK-231", "changePIN ends the persistent token: PIN_AUTH_INVALID")
def test_chk_231_a_new_pin_ends_it(platform):
    token = platform.token(PIN, PCMR)
    assert manage(platform, token, COUNT)[0] == OK
    assert platform.change_pin(PIN, "a new PIN") == OK
    assert manage(platform, token, COUNT)[0] == PIN_AUTH_INVALID
    new = platform.token("a new PIN", PCMR)
    assert new != token
    assert manage(platform, new, COUNT)[0] == OK


@check("CHK-262", "getCredsMetadata by the persistent token (made after registrations by another: it cannot register)")
def test_chk_262_it_counts(platform):
    status, members = manage(platform, platform.token(PIN, PCMR), COUNT)
    assert status == OK
    assert members[1] == len(RP_IDS) and members[2] > 1


@check("CHK-263", "enumerateRPsBegin by the persistent token")
@check("CHK-264", "enumerateRPsGetNextRP by the persistent token")
def test_chk_263_264_it_lists_relying_parties(platform):
    status, first = manage(platform, platform.token(PIN, PCMR), RPS_BEGIN)
    assert status == OK and first[5] == len(RP_IDS)
    status, second = platform.channel.ctap2(0x0A, {1: RPS_NEXT})
    assert status == OK
    assert {entry[3]["id"]: entry[4] for entry in (first, second)} == {
        rp_id: sha256(rp_id.encode()).digest() for rp_id in RP_IDS
    }


@check("CHK-267", "enumerateCredentialsBegin by the persistent token")
def test_chk_267_it_lists_credentials(platform):
    params = {1: sha256(RP_IDS[0].encode()).digest()}
    status, members = manage(platform, platform.token(PIN, PCMR), CREDENTIALS_BEGIN, params)
    assert status == OK and members[9] == 1
    assert members.keys() >= {6, 7, 8}
