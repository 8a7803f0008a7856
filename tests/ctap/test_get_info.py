"""authenticatorGetInfo (CTAP 2.3, 6.4): every member is right and fits the others."""

import pytest
from daemon import PIN
from ctap2 import GET_INFO, INVALID_LENGTH, get_info, make_credential
from fido2.ctap2 import Ctap2

TYPES = {
    0x01: list, 0x02: list, 0x03: bytes, 0x04: dict, 0x05: int, 0x06: list, 0x07: int, 0x08: int, 0x09: list, 0x0A: list,
    0x0B: int, 0x0C: bool, 0x0D: int, 0x0E: int, 0x0F: int, 0x10: int, 0x11: int, 0x12: int, 0x13: dict, 0x14: int,
    0x15: list, 0x16: list, 0x17: int, 0x18: bool, 0x19: bytes, 0x1A: list, 0x1B: bool, 0x1C: bytes, 0x1D: int,
    0x1E: bytes, 0x1F: list,
}  # fmt: skip


@pytest.fixture
def info(channel):
    return get_info(channel)


def test_chk_038_every_member_is_known_and_of_its_type(info):
    for number, value in info.items():
        assert number in TYPES, f"member {number:#x} is not in the specification"
        assert type(value) is TYPES[number], f"member {number:#x} is {value!r}"


def test_versions_are_all_that_there_are(info):
    assert info[1] == ["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_3"], "there is no FIDO_2_2"


def test_a_key_asked_to_do_so_does_not_name_ctap_2_3_and_is_the_same_otherwise(new_key, info):
    older = get_info(new_key("--ctap", "2.1").channel())
    assert older[1] == ["U2F_V2", "FIDO_2_0", "FIDO_2_1"]
    assert older.keys() == info.keys() and older[2] == info[2] and older[10] == info[10]


def test_lists_are_not_empty_and_hold_nothing_twice(info):
    for number, value in info.items():
        if isinstance(value, list):
            assert value, f"member {number:#x}"
            assert len({repr(element) for element in value}) == len(value), f"member {number:#x}: {value}"


def test_the_aaguid_is_a_random_uuid_of_this_project(info):
    assert len(info[3]) == 16
    assert info[3][6] >> 4 == 4 and info[3][8] >> 6 == 2, "a version 4 UUID"


def test_chk_039_options_are_booleans(info):
    assert all(type(value) is bool for value in info[4].values()), info[4]


def test_options_say_what_this_key_is(info):
    options = info[4]
    assert options["rk"] and options["up"] and not options.get("plat", False)
    assert options["pinUvAuthToken"] and options["makeCredUvNotRqd"]
    assert "ep" not in options  # CHK-119: a consumer's key


def test_client_pin_is_false_without_a_pin_and_true_with_one(channel, pin_channel):
    assert get_info(channel)[4]["clientPin"] is False
    assert get_info(pin_channel)[4]["clientPin"] is True


def test_both_pin_protocols_are_there_and_the_second_is_preferred(info):
    assert info[6] == [2, 1]


def test_es256_is_the_preferred_algorithm_and_eddsa_is_there(info):
    assert info[0x0A][:2] == [{"alg": -7, "type": "public-key"}, {"alg": -8, "type": "public-key"}]


def test_limits_are_such_that_clients_can_work_with_them(info):
    assert info[5] >= 1024
    assert info[7] >= 8
    assert 64 <= info[8] <= 255  # CTAP1's key handles have a length byte
    assert 4 <= info[0x0D] <= 8
    assert info.get(0x1D, 63) >= 8
    assert info[0x14] > 0


def test_the_only_transport_is_usb(info):
    assert info[9] == ["usb"]


def test_mandatory_features_of_fido_2_1_go_together(info):
    """CTAP 2.3, 9 "Mandatory features"."""
    options, extensions = info[4], info[2]
    assert "hmac-secret" in extensions
    assert "credProtect" in extensions  # there is user verification
    assert options["credMgmt"]  # there are discoverable credentials
    assert 2 in info[6]


@pytest.mark.parametrize(
    "extension, option", [("largeBlobKey", "largeBlobs"), ("minPinLength", "setMinPINLength")]
)
def test_an_extension_is_claimed_with_its_command_only(info, extension, option):
    assert (extension in info[2]) <= info[4].get(option, False)


@pytest.mark.parametrize("member, option", [(0x0B, "largeBlobs"), (0x10, "setMinPINLength"), (0x1F, "authnrCfg")])
def test_a_member_is_given_with_its_option_only(info, member, option):
    assert (member in info) <= info[4].get(option, False)


def test_attestation_formats_do_not_list_none(info):
    assert "none" not in info.get(0x16, ["packed"])


def test_remaining_discoverable_credentials_go_down_with_each(new_key, rp_id):
    channel = new_key().channel()
    before = get_info(channel)[0x14]
    make_credential(channel, rp_id, options={"rk": True})
    assert get_info(channel)[0x14] == before - 1
    make_credential(channel, rp_id)  # not discoverable: lives in its id
    assert get_info(channel)[0x14] == before - 1


def test_get_info_takes_no_parameters(channel):
    assert channel.ctap2(GET_INFO, raw=b"\xa0")[0] == INVALID_LENGTH


def test_python_fido2_understands_it(key):
    info = Ctap2(key.fido2_device()).info
    assert info.max_creds_in_list and info.max_cred_id_length
    assert info.options["rk"]


def test_a_pin_given_at_the_start_is_the_keys_pin(pin_key):
    from fido2.ctap2.pin import ClientPin

    assert ClientPin(Ctap2(pin_key.fido2_device())).get_pin_token(PIN, ClientPin.PERMISSION.MAKE_CREDENTIAL, "a.example")
