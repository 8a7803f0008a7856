// How hard Argon2id is made to work: about half a second on the machine at hand, within bounds.
#include <doctest/doctest.h>

#include "keystore/argon2_cost.h"

namespace keystore_argon2_test {

using namespace fauxkey::keystore;
using Seconds = std::chrono::duration<double>;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

/// A machine that goes through so many bytes of memory in a second.
struct Machine {
  double bytes_per_second;
  [[nodiscard]] Seconds seconds(const Argon2Cost& cost) const {
    return Seconds{static_cast<double>(cost.passes * cost.memory) / bytes_per_second};
  }
  [[nodiscard]] Argon2Cost choose(std::uint64_t available) const {
    int asked = 0;
    const auto cost = choose_argon2_cost(available, [&](const Argon2Cost& sample) {
      ++asked;
      return seconds(sample);
    });
    CHECK(asked == 1);
    CHECK(is_bearable(cost));
    return cost;
  }
};

constexpr Machine kUsual{1.5 * static_cast<double>(kGiB)};
constexpr Machine kSlow{0.05 * static_cast<double>(kGiB)};
constexpr Machine kFast{100 * static_cast<double>(kGiB)};

}  // namespace

TEST_CASE("Argon2id takes about half a second of a usual machine, in memory rather than passes") {
  const auto cost = kUsual.choose(16 * kGiB);
  CHECK(cost.passes == 3);
  CHECK(cost.memory == 256 * kMiB);
  CHECK(kUsual.seconds(cost).count() == doctest::Approx(0.5).epsilon(0.1));
}

TEST_CASE("Argon2id never takes more than a quarter of the memory that is available, but more passes then") {
  const auto cost = kUsual.choose(512 * kMiB);
  CHECK(cost.memory == 128 * kMiB);
  CHECK(cost.passes == 6);
  CHECK(kUsual.choose(128 * kMiB).memory == 32 * kMiB);
  CHECK(kUsual.choose(0).memory == 8 * kMiB);
}

TEST_CASE("Argon2id is no weaker than RFC 9106's second recommendation, however slow the machine") {
  CHECK(kSlow.choose(16 * kGiB) == kLeastArgon2Cost);
}

TEST_CASE("Argon2id takes 1 GiB at most, however fast the machine") {
  const auto cost = kFast.choose(64 * kGiB);
  CHECK(cost.memory == kGiB);
  CHECK(cost.passes == 3);
}

TEST_CASE("a raised cost is never below what is stored, neither in memory nor in work") {
  const Argon2Cost stored{3, 256 * kMiB};
  CHECK(raised(stored, {3, 512 * kMiB}) == Argon2Cost{3, 512 * kMiB});
  CHECK(raised(stored, {3, 128 * kMiB}) == stored);
  CHECK(raised(stored, {4, 128 * kMiB}) == Argon2Cost{4, 256 * kMiB});
  CHECK(raised({6, 128 * kMiB}, {3, 128 * kMiB}) == Argon2Cost{6, 128 * kMiB});
  CHECK(raised({3, kGiB}, {60, 8 * kMiB}) == Argon2Cost{3, kGiB});  // both together would be too much
}

TEST_CASE("a forged cost is bearable only up to three gibibytes gone through") {
  CHECK(is_bearable({3, kGiB}));
  CHECK(is_bearable({48, 64 * kMiB}));
  CHECK_FALSE(is_bearable({4, kGiB}));
  CHECK_FALSE(is_bearable({1, kGiB + 1}));
  CHECK_FALSE(is_bearable({65, 8 * kMiB}));
  CHECK_FALSE(is_bearable({0, 64 * kMiB}));
  CHECK_FALSE(is_bearable({1, 1024}));
  CHECK_FALSE(is_bearable({~std::uint64_t{0}, ~std::uint64_t{0}}));
}

TEST_CASE("what is available is no more than the machine has") {
  CHECK(available_memory() > 0);
  CHECK(available_memory() < std::uint64_t{1} << 50U);
}

}  // namespace keystore_argon2_test
