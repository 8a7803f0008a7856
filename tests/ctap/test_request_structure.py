"""Members of the wrong type or missing, in makeCredential and getAssertion (CTAP 2.3, 6.1 and 6.2)."""

import pytest
from ctap2 import (
    CREDENTIAL_EXCLUDED,
    GET_ASSERTION,
    INVALID_LENGTH,
    INVALID_OPTION,
    INVALID_PARAMETER,
    LIMIT_EXCEEDED,
    MAKE_CREDENTIAL,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    OK,
    UNEXPECTED_TYPE,
    UNSUPPORTED_ALGORITHM,
    UNSUPPORTED_OPTION,
    UP,
    UV,
    descriptor,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
    params,
)
from fido2.webauthn import AuthenticatorData

USER_ID = b"0123456789abcdef"


def rows(*rows):
    return pytest.mark.parametrize("change, expected", [pytest.param(c, e, id=name) for name, c, e in rows])


def without(name):
    return {name: None}


class TestMakeCredential:
    def test_chk_043_a_well_formed_request_is_answered(self, channel, rp_id):
        assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id))[0] == OK

    @rows(
        ("chk_044_clientDataHash_absent", without("client_data_hash"), MISSING_PARAMETER),
        ("chk_045_clientDataHash_not_bytes", {"client_data_hash": "text"}, UNEXPECTED_TYPE),
        ("chk_046_rp_absent", without("rp"), MISSING_PARAMETER),
        ("chk_047_rp_not_a_map", {"rp": "example.org"}, UNEXPECTED_TYPE),
        ("chk_048_user_absent", without("user"), MISSING_PARAMETER),
        ("chk_049_user_not_a_map", {"user": USER_ID}, UNEXPECTED_TYPE),
        ("chk_050_pubKeyCredParams_absent", without("key_params"), MISSING_PARAMETER),
        ("chk_051_pubKeyCredParams_not_an_array", {"key_params": params(-7)[0]}, UNEXPECTED_TYPE),
        ("chk_052_excludeList_not_an_array", {"exclude_list": descriptor(b"x")}, UNEXPECTED_TYPE),
        ("chk_053_extensions_not_a_map", {"extensions": ["credProtect"]}, UNEXPECTED_TYPE),
        ("chk_054_options_not_a_map", {"options": ["rk"]}, UNEXPECTED_TYPE),
        ("chk_055_rp_id_not_text", {"rp": {"id": b"example.org"}}, UNEXPECTED_TYPE),
        ("chk_056_rp_name_not_text", {"rp": {"id": "example.org", "name": b"Example"}}, UNEXPECTED_TYPE),
        ("chk_057_user_id_not_bytes", {"user": {"id": "alice", "name": "alice"}}, UNEXPECTED_TYPE),
        ("chk_058_user_name_not_text", {"user": {"id": USER_ID, "name": 1}}, UNEXPECTED_TYPE),
        ("chk_059_user_displayName_not_text", {"user": {"id": USER_ID, "displayName": b"A"}}, UNEXPECTED_TYPE),
        ("chk_060_params_element_not_a_map", {"key_params": [-7]}, UNEXPECTED_TYPE),
        ("chk_061_params_element_without_type", {"key_params": [{"alg": -7}]}, INVALID_PARAMETER),
        ("chk_062_params_type_not_text", {"key_params": [{"alg": -7, "type": b"public-key"}]}, UNEXPECTED_TYPE),
        ("chk_063_params_element_without_alg", {"key_params": [{"type": "public-key"}]}, INVALID_PARAMETER),
        ("chk_064_params_alg_not_an_integer", {"key_params": [{"alg": "ES256", "type": "public-key"}]}, UNEXPECTED_TYPE),
        ("chk_065_only_an_unknown_algorithm", {"key_params": params(-65535)}, UNSUPPORTED_ALGORITHM),
        ("chk_066_only_an_unknown_type", {"key_params": [{"alg": -7, "type": "private-key"}]}, UNSUPPORTED_ALGORITHM),
        ("params_empty", {"key_params": []}, UNSUPPORTED_ALGORITHM),
        ("params_element_behind_a_match_is_checked_too", {"key_params": [*params(-7), {"alg": -8}]}, INVALID_PARAMETER),
        ("chk_071_excludeList_entry_not_a_map", {"exclude_list": [b"x"]}, UNEXPECTED_TYPE),
        ("chk_072_excludeList_entry_without_type", {"exclude_list": [{"id": b"x"}]}, MISSING_PARAMETER),
        ("chk_073_excludeList_type_not_text", {"exclude_list": [{"id": b"x", "type": 1}]}, UNEXPECTED_TYPE),
        ("chk_074_excludeList_entry_without_id", {"exclude_list": [{"type": "public-key"}]}, MISSING_PARAMETER),
        ("chk_075_excludeList_id_not_bytes", {"exclude_list": [{"id": "x", "type": "public-key"}]}, UNEXPECTED_TYPE),
        ("chk_080_up_false", {"options": {"up": False}}, INVALID_OPTION),
        ("uv_true_without_built_in_user_verification", {"options": {"uv": True}}, INVALID_OPTION),
        ("option_rk_not_a_boolean", {"options": {"rk": 1}}, UNEXPECTED_TYPE),
        ("rp_without_id", {"rp": {"name": "Example"}}, MISSING_PARAMETER),
        ("user_without_id", {"user": {"name": "alice"}}, MISSING_PARAMETER),
        ("user_id_of_65_bytes", {"user": {"id": bytes(65)}}, INVALID_LENGTH),
        ("clientDataHash_of_31_bytes", {"client_data_hash": bytes(31)}, INVALID_LENGTH),
        ("clientDataHash_of_33_bytes", {"client_data_hash": bytes(33)}, INVALID_LENGTH),
        ("pinUvAuthParam_not_bytes", {"pin_uv_auth_param": "x", "pin_uv_auth_protocol": 2}, UNEXPECTED_TYPE),
        ("pinUvAuthProtocol_not_an_integer", {"pin_uv_auth_param": b"x", "pin_uv_auth_protocol": "2"}, UNEXPECTED_TYPE),
        ("pinUvAuthProtocol_negative", {"pin_uv_auth_param": b"x", "pin_uv_auth_protocol": -2}, UNEXPECTED_TYPE),
        ("chk_120_enterpriseAttestation_1_for_a_consumer", {"enterprise_attestation": 1}, INVALID_PARAMETER),
        ("chk_121_enterpriseAttestation_2_for_a_consumer", {"enterprise_attestation": 2}, INVALID_PARAMETER),
        ("enterpriseAttestation_not_an_integer", {"enterprise_attestation": "1"}, UNEXPECTED_TYPE),
        ("attestationFormatsPreference_not_an_array", {"attestation_formats_preference": "packed"}, UNEXPECTED_TYPE),
        ("attestationFormatsPreference_element_not_text", {"attestation_formats_preference": [1]}, UNEXPECTED_TYPE),
        ("credProtect_not_an_integer", {"extensions": {"credProtect": "2"}}, UNEXPECTED_TYPE),
        ("chk_128_hmac_secret_not_a_boolean", {"extensions": {"hmac-secret": 1}}, UNEXPECTED_TYPE),
    )  # fmt: skip
    def test_a_broken_request_is_refused(self, channel, rp_id, change, expected):
        status, _ = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **change))
        assert status == expected, f"{status:#04x}"
        assert get_info(channel)

    @rows(
        ("chk_067_excludeList_entry_of_unknown_type", {"exclude_list": [{"id": b"x", "type": "secret"}]}, OK),
        ("chk_068_attestation_format_packed", {"attestation_formats_preference": ["packed", "tpm"]}, OK),
        ("chk_069_attestation_format_none", {"attestation_formats_preference": ["none"]}, OK),
        ("attestation_formats_all_unknown", {"attestation_formats_preference": ["tpm"]}, OK),
        ("chk_077_unknown_option", {"options": {"levitate": True}}, OK),
        ("chk_079_up_true", {"options": {"up": True}}, OK),
        ("uv_false", {"options": {"uv": False}}, OK),
        ("rk_false", {"options": {"rk": False}}, OK),
        ("unknown_extension", {"extensions": {"com.example.unknown": {"a": [1]}}}, OK),
        ("hmac_secret_false", {"extensions": {"hmac-secret": False}}, OK),
        ("unknown_members_in_rp_and_user", {"rp": {"id": "unknown.example", "icon": "x"},
                                            "user": {"id": USER_ID, "icon": "x"}}, OK),
        ("user_with_id_only", {"user": {"id": USER_ID}}, OK),
        ("user_id_of_1_byte", {"user": {"id": b"1"}}, OK),
        ("user_id_of_64_bytes", {"user": {"id": bytes(64)}}, OK),
        ("names_empty", {"user": {"id": USER_ID, "name": "", "displayName": ""}}, OK),
        ("names_with_every_kind_of_character", {"user": {"id": USER_ID, "name": "\x1b[2J‮ę字😀\n", "displayName": "‏x"}}, OK),
        ("names_of_1000_bytes", {"user": {"id": USER_ID, "name": "n" * 1000, "displayName": "d" * 1000}}, OK),
        ("excludeList_empty", {"exclude_list": []}, OK),
        ("excludeList_with_an_id_of_nobody", {"exclude_list": [descriptor(b"nobody's"), descriptor(b"")]}, OK),
        ("descriptor_with_transports", {"exclude_list": [{**descriptor(b"x"), "transports": ["usb"]}]}, OK),
        ("algorithms_in_any_company", {"key_params": params(-257, -37, -7)}, OK),
    )  # fmt: skip
    def test_what_the_specification_allows_is_taken(self, channel, rp_id, change, expected):
        status, members = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **change))
        assert status == expected, f"{status:#04x}"
        assert AuthenticatorData(members[2]).flags & UP

    def test_chk_076_a_credential_of_the_excludeList_is_not_made_again(self, channel, rp_id):
        for options in ({"rk": False}, {"rk": True}):
            made = make_credential(channel, rp_id, options=options)
            exclude = make_credential_request(rp_id, exclude_list=[descriptor(b"other"), made.descriptor])
            assert channel.ctap2(MAKE_CREDENTIAL, exclude)[0] == CREDENTIAL_EXCLUDED

    def test_the_excludeList_concerns_the_same_relying_party_only(self, channel, rp_id):
        made = make_credential(channel, rp_id)
        request = make_credential_request("other." + rp_id, exclude_list=[made.descriptor])
        assert channel.ctap2(MAKE_CREDENTIAL, request)[0] == OK

    def test_a_list_longer_than_getInfo_says_is_refused(self, channel, rp_id):
        too_many = [descriptor(bytes([n, n])) for n in range(get_info(channel)[7] + 1)]
        assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, exclude_list=too_many))[0] == LIMIT_EXCEEDED
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id, allow_list=too_many))[0] == LIMIT_EXCEEDED
        as_many = too_many[1:]
        assert channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, exclude_list=as_many))[0] == OK


class TestGetAssertion:
    @pytest.fixture
    def credential(self, channel, rp_id):
        return make_credential(channel, rp_id)

    @rows(
        ("chk_088_rpId_absent", without("rp_id"), MISSING_PARAMETER),
        ("chk_089_rpId_not_text", {"rp_id": b"example.org"}, UNEXPECTED_TYPE),
        ("chk_090_clientDataHash_absent", without("client_data_hash"), MISSING_PARAMETER),
        ("chk_091_clientDataHash_not_bytes", {"client_data_hash": "text"}, UNEXPECTED_TYPE),
        ("clientDataHash_of_16_bytes", {"client_data_hash": bytes(16)}, INVALID_LENGTH),
        ("chk_092_allowList_not_an_array", {"allow_list": descriptor(b"x")}, UNEXPECTED_TYPE),
        ("chk_093_098_allowList_entry_not_a_map", {"allow_list": [b"x"]}, UNEXPECTED_TYPE),
        ("chk_099_allowList_entry_without_type", {"allow_list": [{"id": b"x"}]}, MISSING_PARAMETER),
        ("chk_100_allowList_type_not_text", {"allow_list": [{"id": b"x", "type": 1}]}, UNEXPECTED_TYPE),
        ("chk_101_allowList_entry_without_id", {"allow_list": [{"type": "public-key"}]}, MISSING_PARAMETER),
        ("chk_102_allowList_id_not_bytes", {"allow_list": [{"id": "x", "type": "public-key"}]}, UNEXPECTED_TYPE),
        ("extensions_not_a_map", {"extensions": []}, UNEXPECTED_TYPE),
        ("options_not_a_map", {"options": True}, UNEXPECTED_TYPE),
        ("option_up_not_a_boolean", {"options": {"up": "yes"}}, UNEXPECTED_TYPE),
        ("option_rk", {"options": {"rk": True}}, UNSUPPORTED_OPTION),
        ("uv_true_without_built_in_user_verification", {"options": {"uv": True}}, INVALID_OPTION),
        ("hmac_secret_not_a_map", {"extensions": {"hmac-secret": True}}, UNEXPECTED_TYPE),
    )  # fmt: skip
    def test_a_broken_request_is_refused(self, channel, credential, change, expected):
        request = get_assertion_request(credential.rp_id, **{"allow_list": [credential.descriptor], **change})
        status, _ = channel.ctap2(GET_ASSERTION, request)
        assert status == expected, f"{status:#04x}"

    @rows(
        ("chk_087_well_formed", {}, UP),
        ("chk_094_unknown_option", {"options": {"levitate": True}}, UP),
        ("chk_095_up_true", {"options": {"up": True}}, UP),
        ("up_false", {"options": {"up": False}}, 0),
        ("unknown_extension", {"extensions": {"com.example.unknown": 1}}, UP),
    )
    def test_what_the_specification_allows_is_taken(self, channel, credential, change, expected):
        assertion = get_assertion(channel, credential.rp_id, allow_list=[credential.descriptor], **change)
        assert assertion.flags & (UP | UV) == expected
        assertion.verify(credential)

    def test_chk_097_an_allowList_entry_of_unknown_type_is_passed_over(self, channel, credential):
        unknown = {"type": "secret", "id": credential.id}
        get_assertion(channel, credential.rp_id, allow_list=[unknown, credential.descriptor]).verify(credential)
        alone = get_assertion_request(credential.rp_id, allow_list=[unknown])
        assert channel.ctap2(GET_ASSERTION, alone)[0] == NO_CREDENTIALS

    def test_chk_103_without_allowList_and_discoverable_credentials_there_are_none(self, channel, credential):
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(credential.rp_id))[0] == NO_CREDENTIALS
