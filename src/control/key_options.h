// What a key of the control interface is made with, as JSON has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/wiping.h"
#include "control/json.h"
#include "fauxkey/key_config.h"
#include "user/scripted_gate.h"

namespace fauxkey::control {

struct KeyOptions {
  std::string name;  ///< empty: one is found
  std::vector<std::string> transports{
      "uhid"};  ///< as open_transport takes them; "unix": at a path that is found
  KeyConfig config;
  std::optional<WipingString> pin;
  std::string serial;                 ///< empty: made from the attestation root
  std::optional<std::uint64_t> seed;  ///< of the random source
  user::Behaviour user;
};

inline constexpr std::size_t kMaxSerialLength = 63;  ///< uhid's uniq, with its final zero
/// What may be a key's name: it is part of paths.
[[nodiscard]] bool is_name(std::string_view text);
[[nodiscard]] bool is_serial(std::string_view text);

/// Throws BadRequest.
[[nodiscard]] KeyOptions read_key_options(const JsonIn& json);
/// Without the PIN.
[[nodiscard]] Json to_json(const KeyOptions& options);

/// Changes what is named; throws BadRequest. `reader` is asked to be done by the caller.
void read_behaviour(JsonReader& reader, user::Behaviour& behaviour);
[[nodiscard]] Json to_json(const user::Behaviour& behaviour);
/// Of an answer or a behaviour; throws BadRequest. Nothing where none is named, or null.
[[nodiscard]] std::optional<user::AccountName> read_account(JsonReader& reader);
[[nodiscard]] std::optional<SampleStatus> sample_named(std::string_view name);

// The names of values, for the command line too.
inline constexpr std::array kBuiltInUvNames{
    Named{std::string_view{"none"}, BuiltInUvKind::none},
    Named{std::string_view{"prompt"}, BuiltInUvKind::prompt},
    Named{std::string_view{"fingerprint"}, BuiltInUvKind::fingerprint}};
inline constexpr std::array kAttestationNames{
    Named{std::string_view{"packed"}, AttestationStyle::packed},
    Named{std::string_view{"self"}, AttestationStyle::packed_self},
    Named{std::string_view{"none"}, AttestationStyle::none},
    Named{std::string_view{"fido-u2f"}, AttestationStyle::fido_u2f},
    Named{std::string_view{"tpm"}, AttestationStyle::tpm},
    Named{std::string_view{"android-key"}, AttestationStyle::android_key},
    Named{std::string_view{"apple"}, AttestationStyle::apple},
    Named{std::string_view{"compound"}, AttestationStyle::compound}};
inline constexpr std::int64_t kMaxAttestationChain = 2;
inline constexpr std::array kLargeBlobNames{Named{std::string_view{"command"}, LargeBlobKind::command},
                                            Named{std::string_view{"extension"}, LargeBlobKind::extension}};
inline constexpr std::array kCtapVersionNames{Named{std::string_view{"2.0"}, CtapVersion::fido_2_0},
                                              Named{std::string_view{"2.1"}, CtapVersion::fido_2_1},
                                              Named{std::string_view{"2.3"}, CtapVersion::fido_2_3}};

}  // namespace fauxkey::control
