#include "keystore/argon2_cost.h"

#include <sodium.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "base/working.h"

namespace fauxkey::keystore {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMaxPasses = 64;
constexpr std::uint64_t kMaxWork = 3 * kMaxArgon2Memory;  // passes times memory
constexpr std::uint64_t kMinMemory = 8 * kMiB;
constexpr std::uint64_t kStep = 8 * kMiB;

constexpr std::uint64_t work(const Argon2Cost& cost) { return cost.passes * cost.memory; }

std::chrono::duration<double> time_once(const Argon2Cost& cost) {
  constexpr std::string_view kSample = "a passphrase to measure by";
  constexpr std::array<std::uint8_t, crypto_pwhash_argon2id_SALTBYTES> kSalt{};
  std::array<std::uint8_t, 32> out{};
  const auto begun = std::chrono::steady_clock::now();
  if (crypto_pwhash_argon2id(out.data(), out.size(), kSample.data(), kSample.size(), kSalt.data(),
                             cost.passes, static_cast<std::size_t>(cost.memory),
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return kArgon2Time;  // there is no memory for it: the least it is
  }
  return std::chrono::steady_clock::now() - begun;
}

/// The better of two, for other work of the machine may be in the way of one.
std::chrono::duration<double> measure(const Argon2Cost& cost) {
  return std::min(time_once(cost), time_once(cost));
}

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// The number that a file of the kernel's begins with; "max" and what cannot be read are none.
std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::uint64_t number = 0;
  return file >> number ? std::optional{number} : std::nullopt;
}

/// MemAvailable of /proc/meminfo (proc_meminfo(5)).
std::uint64_t machine_memory() {
  std::ifstream file{"/proc/meminfo"};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line};
    std::string name;
    std::uint64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == "MemAvailable:") return kibibytes * 1024;
  }
  return kUnlimited;
}

/// What the control groups (version 2) leave, from this process's own up.
std::uint64_t group_memory() {
  std::ifstream file{"/proc/self/cgroup"};
  std::string line;
  while (std::getline(file, line) && !line.starts_with("0::/")) continue;
  if (!line.starts_with("0::/")) return kUnlimited;
  const std::filesystem::path root{"/sys/fs/cgroup"};
  std::uint64_t least = kUnlimited;
  for (auto group = root / line.substr(4); group.string().size() > root.string().size();
       group = group.parent_path()) {
    const auto limit = number_in(group / "memory.max");
    const auto used = number_in(group / "memory.current");
    if (limit && used) least = std::min(least, *limit - std::min(*limit, *used));
  }
  return least;
}

std::uint64_t process_limit() {
  std::uint64_t least = kUnlimited;
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
      least = std::min(least, std::uint64_t{limit.rlim_cur});
  }
  return least;
}

}  // namespace

bool is_bearable(const Argon2Cost& cost) {
  return cost.passes >= 1 && cost.passes <= kMaxPasses && cost.memory >= kMinMemory &&
         cost.memory <= kMaxArgon2Memory && work(cost) <= kMaxWork;
}

Argon2Cost choose_argon2_cost(std::uint64_t available, const Argon2Stopwatch& stopwatch) {
  const std::uint64_t most_memory = std::clamp(available / 4 / kStep * kStep, kMinMemory, kMaxArgon2Memory);
  Argon2Cost cost{kLeastArgon2Cost.passes, std::min(kLeastArgon2Cost.memory, most_memory)};
  const double taken = std::max(stopwatch(cost).count(), 1e-6);
  // Time goes with passes times memory.
  const double affordable =
      std::min(std::chrono::duration<double>{kArgon2Time}.count() / taken * static_cast<double>(work(cost)),
               static_cast<double>(kMaxWork));
  const auto total = static_cast<std::uint64_t>(affordable);
  cost.memory = std::clamp(total / cost.passes / kStep * kStep, cost.memory, most_memory);
  cost.passes = std::clamp(total / cost.memory, cost.passes, kMaxPasses);
  return cost;
}

Argon2Cost measured_argon2_cost() {
  const Working working{"Measuring how hard guesses at the passphrase can be made here"};
  return choose_argon2_cost(available_memory(), measure);
}

Argon2Cost raised(const Argon2Cost& stored, const Argon2Cost& chosen) {
  Argon2Cost cost{chosen.passes, std::max(stored.memory, chosen.memory)};
  while (work(cost) < work(stored)) ++cost.passes;
  return is_bearable(cost) ? cost : stored;
}

std::uint64_t available_memory() { return std::min({machine_memory(), group_memory(), process_limit()}); }

}  // namespace fauxkey::keystore
