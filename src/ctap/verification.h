// Whether and how a request verifies its user.
#pragma once

#include <cstdint>

namespace fauxkey::ctap {

enum class Verification : std::uint8_t {
  none,
  token,     ///< by a pinUvAuthToken
  built_in,  ///< by the key's own means
};

}  // namespace fauxkey::ctap
