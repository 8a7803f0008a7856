// Looks at FIDO devices as a host does, by hidapi: finds them, opens them and asks who they are.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "cbor/cbor.h"

namespace fauxkey::app {

struct FidoDevice {
  std::string node;  ///< "/dev/hidraw3"
  std::string product;
  std::string serial;
  std::uint16_t vendor = 0;
  std::uint16_t product_id = 0;
};

/// All HID devices of usage page 0xF1D0 (CTAP 2.3, 11.2.8.2).
[[nodiscard]] std::vector<FidoDevice> find_fido_devices();

struct ProbeAnswer {
  std::uint8_t capabilities = 0;        ///< CTAPHID_INIT's
  std::optional<cbor::Value> get_info;  ///< nothing where the device speaks U2F only
};

/// CTAPHID_INIT and, where the device speaks CTAP2, getInfo. The error is a sentence.
[[nodiscard]] std::expected<ProbeAnswer, std::string> probe(const FidoDevice& device);

}  // namespace fauxkey::app
