// Where a key has its time and its random numbers from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "fauxkey/clock.h"
#include "fauxkey/random.h"

namespace fauxkey::control {

/// The system's; with a seed, what makes a run that can be had again: the same bytes for the same requests.
struct Sources {
  explicit Sources(std::optional<std::uint64_t> seed);

  /// With a seed its date stands still, for certificates and credentials carry it.
  AdjustableClock clock;
  std::unique_ptr<Random> random;
  std::optional<std::uint32_t> channel_seed;  ///< see ctaphid::Device::Settings
};

}  // namespace fauxkey::control
