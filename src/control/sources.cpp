#include "control/sources.h"

namespace fauxkey::control {
namespace {

constexpr std::int64_t kSeededDate = 1'767'225'600;  // 2026-01-01

}  // namespace

Sources::Sources(std::optional<std::uint64_t> seed)
    : clock{seed ? std::optional{kSeededDate} : std::nullopt} {
  if (!seed) {
    random = std::make_unique<SystemRandom>();
    return;
  }
  random = std::make_unique<SeededRandom>(*seed);
  channel_seed = static_cast<std::uint32_t>(*seed ^ (*seed >> 32U));
}

}  // namespace fauxkey::control
