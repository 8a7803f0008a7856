#include "control/faults/match.h"

#include <algorithm>

#include "crypto/hash.h"

namespace fauxkey::control::faults {
namespace {

constexpr std::size_t kMaxRpId = 253;  // of a domain name (RFC 1035, 2.3.4)
constexpr std::int64_t kMaxNth = 0xFFFF'FFFF;

void read_command(const Json& json, Match& match) {
  if (json.is_number()) {
    match.number = static_cast<std::uint8_t>(whole_number(json, "match.command", 0, 0xFF));
    const auto known = std::ranges::find_if(commands(), [&](const CommandRow& row) {
      return row.command == *match.number && (row.kind & kCtap) != 0;
    });
    if (known != commands().end()) match.row = &*known;
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& row : commands()) {
    if (json == row.name) match.row = &row;
    if (std::ranges::find(names, row.name) == names.end()) names.push_back(row.name);
    if (match.row != nullptr) return;
  }
  throw RuleError{"match.command",
                  "match.command has to be the number of a CTAP2 command or one of " + listed(names) + "."};
}

}  // namespace

Match Match::read(const Json& json) {
  check_members(json, "match", {"command", "subCommand", "rpId", "nth"});
  Match match{.json = json};
  if (const auto command = json.find("command"); command != json.end()) read_command(*command, match);
  if (const auto sub_command = json.find("subCommand"); sub_command != json.end()) {
    match.sub_command = static_cast<std::uint64_t>(whole_number(*sub_command, "match.subCommand", 0, 0xFF));
    if (match.row != nullptr && match.row->sub_command == 0) {
      throw RuleError{"match.subCommand", "match.subCommand: " + std::string{match.row->name} +
                                              " has no subcommands, so leave it out."};
    }
  }
  if (const auto rp_id = json.find("rpId"); rp_id != json.end())
    match.rp_id_hash = crypto::sha256(text(*rp_id, "match.rpId", kMaxRpId));
  if (const auto nth = json.find("nth"); nth != json.end())
    match.nth = static_cast<std::uint64_t>(whole_number(*nth, "match.nth", 1, kMaxNth));
  return match;
}

bool Match::holds(const Request& request) const {
  if (row != nullptr && row->name != request.name) return false;
  if (number && (request.is_u2f() || *number != request.command)) return false;
  if (sub_command && sub_command != request.sub_command) return false;
  return !rp_id_hash || rp_id_hash == request.rp_id_hash;
}

}  // namespace fauxkey::control::faults
