#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

using Json = nlohmann::ordered_json;
using Damage = SqliteStore::Damage;

struct CheckOptions {
  StoreOptions store;
  bool json = false;
  bool repair = false;
};

struct KindName {
  RecordKind kind;
  const char* name;
  const char* description;
};
constexpr KindName kKindNames[] = {
    {RecordKind::wrap_key, "wrapKey", "the key that wraps credentials which sites keep"},
    {RecordKind::pin, "pin", "the PIN and its tries"},
    {RecordKind::attestation, "attestation", "the attestation certificates and keys"},
    {RecordKind::config, "config", "the settings"},
    {RecordKind::large_blobs, "largeBlobs", "the large-blob array"},
    {RecordKind::identity, "identity", "the device's identifiers"},
    {RecordKind::fingerprints, "fingerprints", "the enrolled fingers"},
    {RecordKind::built_in_uv, "builtInUv", "the tries of built-in user verification"},
    {RecordKind::revision, "revision", "the count of changes"},
    {RecordKind::enterprise, "enterprise", "the enterprise attestation"},
    {RecordKind::generation, "generation", "the mark against older copies"},
};

const KindName* name_of_kind(RecordKind kind) {
  for (const auto& row : kKindNames) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

/// "A credential of example.com (alice)"
std::string described(const Damage& damage) {
  std::string text;
  switch (damage.what) {
    case Damage::What::credential:
      text = "a credential";
      break;
    case Damage::What::counter:
      text = "the signature counter of a credential";
      break;
    case Damage::What::record: {
      const auto* const row = name_of_kind(damage.kind);
      return row != nullptr
                 ? row->description
                 : "a record of the unknown kind " + std::to_string(static_cast<unsigned>(damage.kind));
    }
  }
  constexpr std::size_t kLongest = 64;
  if (damage.rp_id.empty()) return text;
  text += " of " + user::display_text(damage.rp_id, kLongest, user::Shorten::start);
  if (!damage.account.empty())
    text += " (" + user::display_text(damage.account, kLongest, user::Shorten::end) + ")";
  return text;
}

Json to_json(const Damage& damage) {
  switch (damage.what) {
    case Damage::What::credential:
      return {{"what", "credential"}, {"rpId", damage.rp_id}};
    case Damage::What::counter:
      return {{"what", "counter"},
              {"credential", hex(damage.credential_id)},
              {"rpId", damage.rp_id},
              {"account", damage.account}};
    case Damage::What::record:
      break;
  }
  const auto* const row = name_of_kind(damage.kind);
  Json json{{"what", "record"}, {"kind", static_cast<unsigned>(damage.kind)}};
  if (row != nullptr) json["kind"] = row->name;
  return json;
}

int check(const CheckOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  if (options.repair) {
    if (const auto repaired = store->repair(); !repaired) throw Failure{repaired.error().message};
  }
  const auto found = store->check();
  if (!found) throw Failure{found.error().message};
  const auto& health = *found;
  if (options.json) {
    Json json{{"sound", health.sound()},
              {"credentials", health.credentials},
              {"counters", health.counters},
              {"records", health.records},
              {"missingCredentials", health.missing_credentials},
              {"missingCounters", health.missing_counters},
              {"damaged", Json::array()},
              {"file", nullptr}};
    for (const auto& damage : health.damages) json["damaged"].push_back(to_json(damage));
    if (!health.file_damage.empty()) json["file"] = health.file_damage;
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << "Sound: " << counted(health.credentials, "credential") << ", "
              << counted(health.counters, "counter") << ", " << counted(health.records, "other record")
              << ".\n";
    const auto missing = [](std::size_t number, const char* noun) {
      if (number > 0) std::cout << "Missing: " << counted(number, noun) << ".\n";
    };
    missing(health.missing_credentials, "credential");
    missing(health.missing_counters, "counter");
    for (const auto& damage : health.damages) std::cout << "Damaged: " << described(damage) << ".\n";
    if (!health.file_damage.empty()) {
      std::cout << "Damaged: the file itself ("
                << user::display_text(health.file_damage, 200, user::Shorten::end) << ").\n";
    }
  }
  finish_output();
  if (health.sound()) return kDone;
  throw Failure{
      "The keystore is damaged: put back a backup or a snapshot, or go on without what is damaged and "
      "register at those sites again."};
}

}  // namespace

void add_keystore_check(CLI::App& keystore, Action& action) {
  auto& command = *keystore.add_subcommand(
      "check", "Verify every record and name the damaged ones; changes nothing of them");
  const auto options = std::make_shared<CheckOptions>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "As JSON");
  command.add_flag("--repair", options->repair,
                   "First take what is left for all that there was, so that nothing is missing any more; it "
                   "may be the PIN that was");
  command.callback([&action, options] { action = [options] { return check(*options); }; });
}

}  // namespace fauxkey::app
