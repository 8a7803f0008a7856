#include <iostream>
#include <memory>
#include <optional>

#include "app/credential_view.h"
#include "app/credentials_commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"
#include "cbor/utf8.h"

namespace fauxkey::app {
namespace {

/// What authenticators keep of a name (CTAP 2.3, 6.1.2).
constexpr std::size_t kMaxName = 64;

struct RenameOptions {
  StoreOptions store;
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> display_name;

  void check() const {
    if (!name && !display_name)
      throw UsageError{"Nothing to rename it to is given: give --name, --display-name or both."};
    for (const auto& text : {name, display_name}) {
      if (text && (text->size() > kMaxName || !cbor::is_utf8(*text)))
        throw UsageError{"A name is UTF-8 of at most 64 bytes: give a shorter one."};
    }
  }
};

/// An empty name is none.
void set(std::optional<std::string>& field, const std::optional<std::string>& to) {
  if (to) field = to->empty() ? std::nullopt : to;
}

int rename(const RenameOptions& options) {
  options.check();
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  auto credential = find_credential(*store, options.id);
  set(credential.user.name, options.name);
  set(credential.user.display_name, options.display_name);
  const auto updated = store->update(credential);
  if (!updated) throw Failure{updated.error().message};
  std::cout << "Renamed the credential " << hex(credential.id) << ".\n";
  finish_output();
  return kDone;
}

}  // namespace

void add_credentials_rename(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand(
      "rename", "Change the names that a person sees of it; the site does not learn of it");
  const auto options = std::make_shared<RenameOptions>();
  add_store_options(command, options->store);
  command.add_option("id", options->id, "Its id, or as much of the id's beginning as no other has")
      ->required()
      ->type_name("ID");
  command.add_option("--name", options->name, "The account's name, such as an email address; empty: none")
      ->type_name("TEXT");
  command.add_option("--display-name", options->display_name, "The person's name; empty: none")
      ->type_name("TEXT");
  command.callback([&action, options] { action = [options] { return rename(*options); }; });
}

}  // namespace fauxkey::app
