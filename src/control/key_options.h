// What a key of the control interface is made with, as JSON has it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/wiping.h"
#include "control/json.h"
#include "fauxkey/key_config.h"
#include "personas/names.h"
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

/// `personas`: the user's folder of persona files; may be empty. Throws BadRequest.
[[nodiscard]] KeyOptions read_key_options(const JsonIn& json, const std::filesystem::path& personas = {});
/// Without the PIN.
[[nodiscard]] Json to_json(const KeyOptions& options);

/// Changes what is named; throws BadRequest. `reader` is asked to be done by the caller.
void read_behaviour(JsonReader& reader, user::Behaviour& behaviour);
[[nodiscard]] Json to_json(const user::Behaviour& behaviour);
/// Of an answer or a behaviour; throws BadRequest. Nothing where none is named, or null.
[[nodiscard]] std::optional<user::AccountName> read_account(JsonReader& reader);
[[nodiscard]] std::optional<SampleStatus> sample_named(std::string_view name);

// The names of values, as persona files have them, too.
using personas::kAttestationNames;
using personas::kBuiltInUvNames;
using personas::kCtapVersionNames;
using personas::kLargeBlobNames;
inline constexpr std::int64_t kMaxAttestationChain = 2;

}  // namespace fauxkey::control
