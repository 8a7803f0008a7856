#include "control/trace_names.h"

#include <array>

namespace fauxkey::control {
namespace {

using Kind = Shape::Kind;
constexpr auto kText = Member::kTextKey;

// --- CTAP 2.3, 6: members of requests and answers

constexpr std::array kCoseKeyMembers{
    Member{1, "kty"}, Member{2, "kid"}, Member{3, "alg"}, Member{-1, "crv"}, Member{-2, "x"}, Member{-3, "y"},
};
constexpr Shape kCoseKey{Kind::map, kCoseKeyMembers, {}};

constexpr Shape kAuthenticatorData{Kind::authenticator_data, {}, {}};

constexpr std::array kHmacSecretMembers{
    Member{1, "keyAgreement", &kCoseKey},
    Member{2, "saltEnc"},
    Member{3, "saltAuth"},
    Member{4, "pinUvAuthProtocol"},
};
constexpr Shape kHmacSecret{Kind::map, kHmacSecretMembers, {}};
constexpr std::array kExtensionMembers{
    Member{kText, "hmac-secret", &kHmacSecret},
    Member{kText, "hmac-secret-mc", &kHmacSecret},
};
constexpr Shape kExtensions{Kind::map, kExtensionMembers, {}};

constexpr std::array kMakeCredentialRequest{
    Member{0x01, "clientDataHash"},
    Member{0x02, "rp"},
    Member{0x03, "user"},
    Member{0x04, "pubKeyCredParams"},
    Member{0x05, "excludeList"},
    Member{0x06, "extensions", &kExtensions},
    Member{0x07, "options"},
    Member{0x08, "pinUvAuthParam"},
    Member{0x09, "pinUvAuthProtocol"},
    Member{0x0A, "enterpriseAttestation"},
    Member{0x0B, "attestationFormatsPreference"},
};
constexpr std::array kMakeCredentialResponse{
    Member{0x01, "fmt"},          Member{0x02, "authData", &kAuthenticatorData},
    Member{0x03, "attStmt"},      Member{0x04, "epAtt"},
    Member{0x05, "largeBlobKey"}, Member{0x06, "unsignedExtensionOutputs"},
};
constexpr std::array kGetAssertionRequest{
    Member{0x01, "rpId"},
    Member{0x02, "clientDataHash"},
    Member{0x03, "allowList"},
    Member{0x04, "extensions", &kExtensions},
    Member{0x05, "options"},
    Member{0x06, "pinUvAuthParam"},
    Member{0x07, "pinUvAuthProtocol"},
    Member{0x08, "enterpriseAttestation"},
    Member{0x09, "attestationFormatsPreference"},
};
constexpr std::array kGetAssertionResponse{
    Member{0x01, "credential"},   Member{0x02, "authData", &kAuthenticatorData}, Member{0x03, "signature"},
    Member{0x04, "user"},         Member{0x05, "numberOfCredentials"},           Member{0x06, "userSelected"},
    Member{0x07, "largeBlobKey"}, Member{0x08, "unsignedExtensionOutputs"},      Member{0x09, "epAtt"},
    Member{0x0A, "attStmt"},
};
constexpr std::array kGetInfoResponse{
    Member{0x01, "versions"},
    Member{0x02, "extensions"},
    Member{0x03, "aaguid"},
    Member{0x04, "options"},
    Member{0x05, "maxMsgSize"},
    Member{0x06, "pinUvAuthProtocols"},
    Member{0x07, "maxCredentialCountInList"},
    Member{0x08, "maxCredentialIdLength"},
    Member{0x09, "transports"},
    Member{0x0A, "algorithms"},
    Member{0x0B, "maxSerializedLargeBlobArray"},
    Member{0x0C, "forcePINChange"},
    Member{0x0D, "minPINLength"},
    Member{0x0E, "firmwareVersion"},
    Member{0x0F, "maxCredBlobLength"},
    Member{0x10, "maxRPIDsForSetMinPINLength"},
    Member{0x11, "preferredPlatformUvAttempts"},
    Member{0x12, "uvModality"},
    Member{0x13, "certifications"},
    Member{0x14, "remainingDiscoverableCredentials"},
    Member{0x15, "vendorPrototypeConfigCommands"},
    Member{0x16, "attestationFormats"},
    Member{0x17, "uvCountSinceLastPinEntry"},
    Member{0x18, "longTouchForReset"},
    Member{0x19, "encIdentifier"},
    Member{0x1A, "transportsForReset"},
    Member{0x1B, "pinComplexityPolicy"},
    Member{0x1C, "pinComplexityPolicyURL"},
    Member{0x1D, "maxPINLength"},
    Member{0x1E, "encCredStoreState"},
    Member{0x1F, "authenticatorConfigCommands"},
};

constexpr std::array kClientPinSubCommands{
    ValueName{0x01, "getPINRetries"}, ValueName{0x02, "getKeyAgreement"},
    ValueName{0x03, "setPIN"},        ValueName{0x04, "changePIN"},
    ValueName{0x05, "getPinToken"},   ValueName{0x06, "getPinUvAuthTokenUsingUvWithPermissions"},
    ValueName{0x07, "getUVRetries"},  ValueName{0x09, "getPinUvAuthTokenUsingPinWithPermissions"},
};
constexpr Shape kClientPinSubCommand{Kind::named_value, {}, kClientPinSubCommands};
constexpr std::array kPermissionBits{
    ValueName{0x01, "mc"},  ValueName{0x02, "ga"},   ValueName{0x04, "cm"},   ValueName{0x08, "be"},
    ValueName{0x10, "lbw"}, ValueName{0x20, "acfg"}, ValueName{0x40, "pcmr"},
};
constexpr Shape kPermissions{Kind::bits, {}, kPermissionBits};
constexpr std::array kClientPinRequest{
    Member{0x01, "pinUvAuthProtocol"},
    Member{0x02, "subCommand", &kClientPinSubCommand},
    Member{0x03, "keyAgreement", &kCoseKey},
    Member{0x04, "pinUvAuthParam"},
    Member{0x05, "newPinEnc"},
    Member{0x06, "pinHashEnc"},
    Member{0x09, "permissions", &kPermissions},
    Member{0x0A, "rpId"},
};
constexpr std::array kClientPinResponse{
    Member{0x01, "keyAgreement", &kCoseKey}, Member{0x02, "pinUvAuthToken"}, Member{0x03, "pinRetries"},
    Member{0x04, "powerCycleState"},         Member{0x05, "uvRetries"},
};

constexpr std::array kCredentialManagementSubCommands{
    ValueName{0x01, "getCredsMetadata"},
    ValueName{0x02, "enumerateRPsBegin"},
    ValueName{0x03, "enumerateRPsGetNextRP"},
    ValueName{0x04, "enumerateCredentialsBegin"},
    ValueName{0x05, "enumerateCredentialsGetNextCredential"},
    ValueName{0x06, "deleteCredential"},
    ValueName{0x07, "updateUserInformation"},
};
constexpr Shape kCredentialManagementSubCommand{Kind::named_value, {}, kCredentialManagementSubCommands};
constexpr std::array kCredentialManagementParameters{
    Member{0x01, "rpIDHash"},
    Member{0x02, "credentialID"},
    Member{0x03, "user"},
};
constexpr Shape kCredentialManagementSubCommandParams{Kind::map, kCredentialManagementParameters, {}};
constexpr std::array kCredentialManagementRequest{
    Member{0x01, "subCommand", &kCredentialManagementSubCommand},
    Member{0x02, "subCommandParams", &kCredentialManagementSubCommandParams},
    Member{0x03, "pinUvAuthProtocol"},
    Member{0x04, "pinUvAuthParam"},
};
constexpr std::array kCredentialManagementResponse{
    Member{0x01, "existingResidentCredentialsCount"},
    Member{0x02, "maxPossibleRemainingResidentCredentialsCount"},
    Member{0x03, "rp"},
    Member{0x04, "rpIDHash"},
    Member{0x05, "totalRPs"},
    Member{0x06, "user"},
    Member{0x07, "credentialID"},
    Member{0x08, "publicKey", &kCoseKey},
    Member{0x09, "totalCredentials"},
    Member{0x0A, "credProtect"},
    Member{0x0B, "largeBlobKey"},
    Member{0x0C, "thirdPartyPayment"},
};

constexpr std::array kLargeBlobsRequest{
    Member{0x01, "get"},
    Member{0x02, "set"},
    Member{0x03, "offset"},
    Member{0x04, "length"},
    Member{0x05, "pinUvAuthParam"},
    Member{0x06, "pinUvAuthProtocol"},
};
constexpr std::array kLargeBlobsResponse{Member{0x01, "config"}};

constexpr std::array kConfigSubCommands{
    ValueName{0x01, "enableEnterpriseAttestation"},
    ValueName{0x02, "toggleAlwaysUv"},
    ValueName{0x03, "setMinPINLength"},
    ValueName{0x04, "enableLongTouchForReset"},
    ValueName{0xFF, "vendorPrototype"},
};
constexpr Shape kConfigSubCommand{Kind::named_value, {}, kConfigSubCommands};
constexpr std::array kConfigParameters{
    Member{0x01, "newMinPINLength"},
    Member{0x02, "minPinLengthRPIDs"},
    Member{0x03, "forceChangePin"},
    Member{0x04, "pinComplexityPolicy"},
};
constexpr Shape kConfigSubCommandParams{Kind::map, kConfigParameters, {}};
constexpr std::array kConfigRequest{
    Member{0x01, "subCommand", &kConfigSubCommand},
    Member{0x02, "subCommandParams", &kConfigSubCommandParams},
    Member{0x03, "pinUvAuthProtocol"},
    Member{0x04, "pinUvAuthParam"},
};

constexpr Shape kNoMembers{};
constexpr Shape kMakeCredentialRequestShape{Kind::map, kMakeCredentialRequest, {}};
constexpr Shape kMakeCredentialResponseShape{Kind::map, kMakeCredentialResponse, {}};
constexpr Shape kGetAssertionRequestShape{Kind::map, kGetAssertionRequest, {}};
constexpr Shape kGetAssertionResponseShape{Kind::map, kGetAssertionResponse, {}};
constexpr Shape kGetInfoResponseShape{Kind::map, kGetInfoResponse, {}};
constexpr Shape kClientPinRequestShape{Kind::map, kClientPinRequest, {}};
constexpr Shape kClientPinResponseShape{Kind::map, kClientPinResponse, {}};
constexpr Shape kCredentialManagementRequestShape{Kind::map, kCredentialManagementRequest, {}};
constexpr Shape kCredentialManagementResponseShape{Kind::map, kCredentialManagementResponse, {}};
constexpr Shape kLargeBlobsRequestShape{Kind::map, kLargeBlobsRequest, {}};
constexpr Shape kLargeBlobsResponseShape{Kind::map, kLargeBlobsResponse, {}};
constexpr Shape kConfigRequestShape{Kind::map, kConfigRequest, {}};

constexpr std::array kCommands{
    CommandNames{0x01, "makeCredential", &kMakeCredentialRequestShape, &kMakeCredentialResponseShape},
    CommandNames{0x02, "getAssertion", &kGetAssertionRequestShape, &kGetAssertionResponseShape},
    CommandNames{0x04, "getInfo", &kNoMembers, &kGetInfoResponseShape},
    CommandNames{0x06, "clientPIN", &kClientPinRequestShape, &kClientPinResponseShape},
    CommandNames{0x07, "reset", &kNoMembers, &kNoMembers},
    CommandNames{0x08, "getNextAssertion", &kNoMembers, &kGetAssertionResponseShape},
    CommandNames{0x09, "bioEnrollment", &kNoMembers, &kNoMembers},
    CommandNames{0x0A, "credentialManagement", &kCredentialManagementRequestShape,
                 &kCredentialManagementResponseShape},
    CommandNames{0x0B, "selection", &kNoMembers, &kNoMembers},
    CommandNames{0x0C, "largeBlobs", &kLargeBlobsRequestShape, &kLargeBlobsResponseShape},
    CommandNames{0x0D, "config", &kConfigRequestShape, &kNoMembers},
    CommandNames{0x41, "credentialManagement", &kCredentialManagementRequestShape,
                 &kCredentialManagementResponseShape},
};

// --- CTAPHID

constexpr std::array kCtaphidCommands{
    ValueName{0x01, "CTAPHID_PING"},   ValueName{0x03, "CTAPHID_MSG"},       ValueName{0x04, "CTAPHID_LOCK"},
    ValueName{0x06, "CTAPHID_INIT"},   ValueName{0x08, "CTAPHID_WINK"},      ValueName{0x10, "CTAPHID_CBOR"},
    ValueName{0x11, "CTAPHID_CANCEL"}, ValueName{0x3B, "CTAPHID_KEEPALIVE"}, ValueName{0x3F, "CTAPHID_ERROR"},
};
constexpr std::array kCtaphidErrors{
    ValueName{0x01, "ERR_INVALID_CMD"},   ValueName{0x02, "ERR_INVALID_PAR"},
    ValueName{0x03, "ERR_INVALID_LEN"},   ValueName{0x04, "ERR_INVALID_SEQ"},
    ValueName{0x05, "ERR_MSG_TIMEOUT"},   ValueName{0x06, "ERR_CHANNEL_BUSY"},
    ValueName{0x0A, "ERR_LOCK_REQUIRED"}, ValueName{0x0B, "ERR_INVALID_CHANNEL"},
    ValueName{0x7F, "ERR_OTHER"},
};
constexpr std::array kKeepaliveStatuses{
    ValueName{0x01, "STATUS_PROCESSING"},
    ValueName{0x02, "STATUS_UPNEEDED"},
};

// --- U2F

constexpr std::array kU2fInstructions{
    ValueName{0x01, "U2F_REGISTER"},
    ValueName{0x02, "U2F_AUTHENTICATE"},
    ValueName{0x03, "U2F_VERSION"},
};
constexpr std::array kU2fStatusWords{
    ValueName{0x9000, "SW_NO_ERROR"},          ValueName{0x6985, "SW_CONDITIONS_NOT_SATISFIED"},
    ValueName{0x6A80, "SW_WRONG_DATA"},        ValueName{0x6700, "SW_WRONG_LENGTH"},
    ValueName{0x6D00, "SW_INS_NOT_SUPPORTED"}, ValueName{0x6E00, "SW_CLA_NOT_SUPPORTED"},
};

// --- WebAuthn 6.1

constexpr std::array kFlags{
    ValueName{0x01, "UP"}, ValueName{0x04, "UV"}, ValueName{0x08, "BE"},
    ValueName{0x10, "BS"}, ValueName{0x40, "AT"}, ValueName{0x80, "ED"},
};

}  // namespace

std::string_view name_in(std::span<const ValueName> names, std::uint64_t value) {
  for (const auto& row : names) {
    if (row.value == value) return row.name;
  }
  return {};
}

const CommandNames* ctap_command(std::uint8_t command) {
  for (const auto& row : kCommands) {
    if (row.command == command) return &row;
  }
  return nullptr;
}

std::string_view ctaphid_command(std::uint8_t command) { return name_in(kCtaphidCommands, command); }
std::string_view ctaphid_error(std::uint8_t code) { return name_in(kCtaphidErrors, code); }
std::string_view keepalive_status(std::uint8_t status) { return name_in(kKeepaliveStatuses, status); }
std::string_view u2f_instruction(std::uint8_t instruction) { return name_in(kU2fInstructions, instruction); }
std::string_view u2f_status_word(std::uint16_t word) { return name_in(kU2fStatusWords, word); }
std::span<const ValueName> authenticator_data_flags() { return kFlags; }
const Shape& cose_key() { return kCoseKey; }

}  // namespace fauxkey::control
