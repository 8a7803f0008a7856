// What kind of key a virtual key is: what its model can do, how much it holds, how it behaves and what hosts
// are told of it. What a model lacks is really absent: getInfo does not name it, its command answers
// INVALID_COMMAND, its subcommand INVALID_SUBCOMMAND, and its extension is ignored.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"

namespace fauxkey {

/// Versions that getInfo may name (CTAP 2.3, 6.4); there is no FIDO_2_2.
enum class CtapVersion : std::uint8_t { fido_2_0, fido_2_1, fido_2_3 };

/// What not every model has.
struct Features {
  // Extensions (CTAP 2.3, 12); those for large blobs and uvm are members of KeyConfig.
  bool cred_blob = true;
  bool cred_protect = true;
  bool hmac_secret = true;
  bool hmac_secret_mc = true;
  bool min_pin_length = true;
  bool pin_complexity_policy = true;
  bool third_party_payment = true;
  // Options of getInfo (6.4), with the commands and subcommands that they are about.
  bool plat = false;
  bool pin_uv_auth_token = true;  ///< tokens with permissions: clientPIN's subcommands 6 and 9
  bool cred_mgmt = true;
  bool credential_mgmt_preview = true;  ///< as FIDO_2_1_PRE numbered the command
  bool per_cred_mgmt_ro = true;         ///< the persistent pinUvAuthToken
  bool authnr_cfg = true;
  bool always_uv = true;  ///< can be switched
  bool make_cred_uv_not_rqd = true;
  bool set_min_pin_length = true;
  // Only where the key verifies its user by itself.
  bool uv_acfg = true;
  bool uv_bio_enroll = true;
  bool user_verification_mgmt_preview = true;
  // Versions besides the newest one.
  bool u2f = true;
  bool fido_2_1_pre = false;

  friend bool operator==(const Features&, const Features&) = default;
};

/// How much a model takes and holds: numbers of getInfo (6.4), where nothing else is said.
struct Limits {
  std::size_t max_msg_size = 7609;  ///< what CTAPHID can carry (11.2.4: 57 + 128 × 59); 1024 at least
  /// With ids of 255 bytes, so many descriptors fit into a message.
  std::size_t max_credential_count_in_list = 24;
  std::size_t max_credential_id_length = 255;
  std::size_t max_discoverable_credentials =
      1'000'000;  ///< remainingDiscoverableCredentials counts down from it
  std::size_t max_cred_blob_length = 64;
  std::size_t max_serialized_large_blob_array = std::size_t{16} * 1024;
  /// A blob of the largeBlob extension: an assertion with it and the longest signature fits into a message.
  std::size_t max_large_blob_length = 3072;
  std::size_t min_pin_length = 4;                      ///< of a new key; code points
  std::size_t max_rp_ids_for_set_min_pin_length = 16;  ///< also those that may read the policy
  std::uint8_t preferred_platform_uv_attempts = 3;

  friend bool operator==(const Limits&, const Limits&) = default;
};

/// How long a model works at least, by the key's clock, once its user has approved.
struct Timings {
  std::chrono::milliseconds registration{0};
  std::chrono::milliseconds assertion{0};

  friend bool operator==(const Timings&, const Timings&) = default;
};

/// Signature counters (WebAuthn 6.1.1).
enum class CounterStyle : std::uint8_t {
  per_credential,
  global,  ///< one for the whole key: a site sees how often the key was used elsewhere
  zero,    ///< none: always 0
};

/// What a host's operating system is told of the device.
struct UsbIdentity {
  std::string product = "fauxkey";  ///< ≤ 127 bytes
  /// pid.codes' vendor number, and a product number that is not assigned there.
  std::uint16_t vendor_id = 0x1209;
  std::uint16_t product_id = 0xf1d0;

  friend bool operator==(const UsbIdentity&, const UsbIdentity&) = default;
};

struct Persona {
  std::string name = "fauxkey";
  /// A random (version 4) UUID made for this project; no vendor's.
  Aaguid aaguid{0x0f, 0xa0, 0x7b, 0x1e, 0x5d, 0x3c, 0x4e, 0x8a,
                0x9c, 0x61, 0xf2, 0xd4, 0x27, 0xb8, 0x90, 0x5e};
  std::uint32_t firmware_version = 1;
  /// What came later than this specification is not there: members of getInfo, commands, subcommands.
  CtapVersion level = CtapVersion::fido_2_3;
  Features features{};
  Limits limits{};
  Timings timings{};
  CounterStyle counter = CounterStyle::per_credential;
  /// PIN/UV auth protocols, the preferred one first.
  std::vector<std::uint8_t> pin_uv_auth_protocols{2, 1};
  /// What getInfo names (WebAuthn 5.8.4); the device is on USB all the same.
  std::vector<std::string> transports{"usb"};
  UsbIdentity usb{};

  friend bool operator==(const Persona&, const Persona&) = default;
};

}  // namespace fauxkey
