#include "app/seeded.h"

#include <spdlog/spdlog.h>

#include "crypto/deterministic.h"

namespace fauxkey::app {

Sources make_sources(std::optional<std::uint64_t> seed) {
  if (!seed) return {std::make_unique<SystemRandom>(), std::make_unique<SystemClock>(), std::nullopt};
  spdlog::warn(
      "THE KEY IS NO SECRET (--seed {}): whoever knows the seed knows every private key of it. For tests "
      "alone.",
      *seed);
  crypto::make_signatures_deterministic();
  return {std::make_unique<SeededRandom>(*seed), std::make_unique<SeededClock>(),
          static_cast<std::uint32_t>(*seed ^ (*seed >> 32U))};
}

}  // namespace fauxkey::app
