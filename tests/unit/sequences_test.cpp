#include "ctap/session.h"

#include <doctest/doctest.h>

namespace {

using namespace fauxkey;
using namespace fauxkey::ctap;

PendingCredentials pending(std::uint8_t mark) { return {{Bytes{mark}}}; }

bool is_open(const Sequence& sequence, std::uint8_t mark) {
  const auto* found = std::get_if<PendingCredentials>(&sequence);
  return found != nullptr && found->credential_ids.front() == Bytes{mark};
}

TEST_CASE("a sequence belongs to one channel and is over once taken") {
  const ManualClock clock;
  Sequences sequences{clock};
  sequences.put(1, pending(10));
  sequences.put(2, pending(20));
  CHECK(std::holds_alternative<std::monostate>(sequences.take(3)));
  CHECK(is_open(sequences.take(1), 10));
  CHECK(std::holds_alternative<std::monostate>(sequences.take(1)));
  CHECK(is_open(sequences.take(2), 20));
}

TEST_CASE("a sequence is over 30 s after its last step") {
  ManualClock clock;
  Sequences sequences{clock};
  sequences.put(1, pending(10));
  clock.advance(std::chrono::seconds{30});
  CHECK(is_open(sequences.take(1), 10));
  sequences.put(1, pending(10));
  clock.advance(std::chrono::seconds{31});
  CHECK(std::holds_alternative<std::monostate>(sequences.take(1)));
}

TEST_CASE("channels beyond the limit end the oldest sequence, so that hosts cannot fill the memory") {
  const ManualClock clock;
  Sequences sequences{clock};
  for (std::uint32_t channel = 0; channel <= Sequences::kMaxChannels; ++channel)
    sequences.put(channel, pending(1));
  CHECK(std::holds_alternative<std::monostate>(sequences.take(0)));
  CHECK(is_open(sequences.take(1), 1));
}

}  // namespace
