// getInfo's answer: the numbers of its members (CTAP 2.3, 6.4), and the answer for a key as it is now.
#pragma once

#include "ctap/command.h"

namespace fauxkey::ctap::info {

inline constexpr int kVersions = 0x01, kExtensions = 0x02, kAaguid = 0x03, kOptions = 0x04,
                     kMaxMsgSize = 0x05, kPinUvAuthProtocols = 0x06, kMaxCredentialCountInList = 0x07,
                     kMaxCredentialIdLength = 0x08, kTransports = 0x09, kAlgorithms = 0x0A,
                     kMaxSerializedLargeBlobArray = 0x0B, kForcePinChange = 0x0C, kMinPinLength = 0x0D,
                     kFirmwareVersion = 0x0E, kMaxCredBlobLength = 0x0F, kMaxRpIdsForSetMinPinLength = 0x10,
                     kPreferredPlatformUvAttempts = 0x11, kUvModality = 0x12,
                     kRemainingDiscoverableCredentials = 0x14, kAttestationFormats = 0x16,
                     kUvCountSinceLastPinEntry = 0x17, kLongTouchForReset = 0x18, kEncIdentifier = 0x19,
                     kTransportsForReset = 0x1A, kPinComplexityPolicy = 0x1B, kMaxPinLength = 0x1D,
                     kEncCredStoreState = 0x1E, kAuthenticatorConfigCommands = 0x1F;

[[nodiscard]] Response describe(Authenticator& key);

}  // namespace fauxkey::ctap::info
