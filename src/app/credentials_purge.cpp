#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/credentials_commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"
#include "crypto/hash.h"

namespace fauxkey::app {
namespace {

struct PurgeOptions {
  StoreOptions store;
  std::string rp_id;
  bool yes = false;
};

/// Asks at the terminal; no answer is no.
bool confirmed(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::vector<Bytes> credential_ids(CredentialStore& store, const RpIdHash& rp_id_hash) {
  constexpr std::size_t kPage = 100;
  std::vector<Bytes> ids;
  std::uint64_t cursor = 0;
  do {
    auto page = store.page_by_rp(rp_id_hash, cursor, kPage);
    if (!page) throw Failure{page.error().message};
    for (auto& credential : page->credentials) ids.push_back(std::move(credential.id));
    cursor = page->next_cursor;
  } while (cursor != 0);
  return ids;
}

int purge(const PurgeOptions& options) {
  protect_memory();
  if (!options.yes && ::isatty(STDIN_FILENO) != 1)
    throw UsageError{"There is no terminal to confirm at: give --yes if all of that site's are to go."};
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  const auto rp_id_hash = crypto::sha256(std::string_view{options.rp_id});
  const auto site = user::display_text(options.rp_id, 256, user::Shorten::start);
  const auto ids = credential_ids(*store, rp_id_hash);
  if (ids.empty()) throw Failure{"There is no credential of " + site + ": see fauxkey credentials list."};
  const auto many = counted(ids.size(), "credential");
  if (!options.yes && !confirmed("Delete " + many + " of " + site + ", for good?"))
    throw Failure{"Nothing was deleted, as you did not say y: start again if it was a mistake."};
  for (const auto& id : ids) {
    if (const auto erased = store->erase(id); !erased) throw Failure{erased.error().message};
  }
  std::cout << "Deleted " << many << " of " << site << ".\n";
  finish_output();
  return kDone;
}

}  // namespace

void add_credentials_purge(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand("purge", "Delete all of one site, for good");
  const auto options = std::make_shared<PurgeOptions>();
  add_store_options(command, options->store);
  command.add_option("--rp", options->rp_id, "The site's RP ID, mostly its domain")
      ->required()
      ->type_name("RP_ID");
  command.add_flag("--yes", options->yes, "Do not ask first");
  command.callback([&action, options] { action = [options] { return purge(*options); }; });
}

}  // namespace fauxkey::app
