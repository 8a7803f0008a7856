#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/credential_view.h"
#include "app/credentials_commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

struct DeleteOptions {
  StoreOptions store;
  std::vector<std::string> ids;
};

int remove(const DeleteOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  // All are looked for before any is deleted, so that a mistyped one changes nothing.
  std::vector<CredentialView> credentials;
  credentials.reserve(options.ids.size());
  for (const auto& id : options.ids) credentials.push_back(view_of(find_credential(*store, id), *store));
  for (const auto& credential : credentials) {
    const auto erased = store->erase(credential.id);
    if (!erased) throw Failure{erased.error().message};
    if (!*erased) continue;  // it was given twice
    constexpr std::size_t kLongest = 64;
    std::cout << "Deleted " << hex(credential.id) << " of "
              << user::display_text(credential.rp_id, kLongest, user::Shorten::start) << " ("
              << user::display_text(account_of(credential.user), kLongest, user::Shorten::end) << ").\n";
  }
  finish_output();
  return kDone;
}

}  // namespace

void add_credentials_delete(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand("delete", "Delete one or more, for good");
  const auto options = std::make_shared<DeleteOptions>();
  add_store_options(command, options->store);
  command.add_option("id", options->ids, "Their ids, or as much of each id's beginning as no other has")
      ->required()
      ->type_name("ID...");
  command.callback([&action, options] { action = [options] { return remove(*options); }; });
}

}  // namespace fauxkey::app
