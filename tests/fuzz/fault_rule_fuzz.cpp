// Any JSON as a fault rule: it is refused by a sentence, or is a rule whose list reads as the same rule
// again, and whose action does to an answer what actions may do.
#include <array>
#include <cstdlib>
#include <string>

#include "cbor/cbor.h"
#include "control/faults/action.h"
#include "control/faults/rules.h"

namespace {

using namespace fauxkey;
using namespace fauxkey::control::faults;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Without what a list adds.
Json rule_of(const Json& listed) {
  return {{"match", listed["match"]}, {"action", listed["action"]}, {"times", listed["times"]}};
}

void check(const Action& action) {
  require(!action.description().empty());
  if (const auto* const fault = std::get_if<CborFault>(&action.row->fault)) {
    const Bytes before =
        cbor::encode(cbor::Map{{1, "packed"}, {2, Bytes(40, 1)}, {3, cbor::Map{{"sig", 1}}}});
    Bytes encoded = before;
    const bool changed = (*fault)(encoded, action.arguments);
    require(changed == (encoded != before));
  }
  if (const auto* const fault = std::get_if<PacketFault>(&action.row->fault)) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{200}, ctaphid::kMaxMessageSize}) {
      Packets packets;
      for (std::size_t i = 0; i < ctaphid::packet_count(size); ++i)
        packets.reports.push_back(ctaphid::make_packet(7, ctaphid::Command::cbor, Bytes(size, 1), i));
      (void)(*fault)(packets, action.arguments);
      require(packets.reports.size() <= ctaphid::packet_count(size) + 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = Json::parse(data, data + size, nullptr, false);
  if (json.is_discarded()) return 0;
  Rules rules;
  try {
    rules.add(json);
  } catch (const RuleError& error) {
    const std::string sentence{error.what()};
    require(sentence.ends_with('.') && sentence.find('\n') == std::string::npos);
    return 0;
  }
  const auto listed = rules.list().at(0);
  const auto text = listed.dump();
  Rules again;
  again.add(rule_of(Json::parse(text)));
  require(again.list().at(0).dump() == text);
  for (const std::uint8_t command : std::to_array<std::uint8_t>({1, 2, 4, 6, 8, 10})) {
    const Bytes message{command, 0xA1, 0x02, 0x05};
    for (auto& hit : rules.match(describe_ctap(message, {}), {})) {
      check(hit.action());
      hit.use();
    }
  }
  return 0;
}
