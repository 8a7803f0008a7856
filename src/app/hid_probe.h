// Looks at a FIDO device as a host does, by hidapi: opens it and asks who it is.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "cbor/cbor.h"

namespace fauxkey::app {

struct ProbeAnswer {
  std::uint8_t capabilities = 0;        ///< CTAPHID_INIT's
  std::optional<cbor::Value> get_info;  ///< nothing where the device speaks U2F only
};

/// CTAPHID_INIT and, where the device at this hidraw node speaks CTAP2, getInfo. The error is a sentence's
/// end.
[[nodiscard]] std::expected<ProbeAnswer, std::string> probe(const std::string& node);

}  // namespace fauxkey::app
