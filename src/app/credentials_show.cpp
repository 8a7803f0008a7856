#include <iostream>
#include <memory>

#include "app/credential_view.h"
#include "app/credentials_commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

struct ShowOptions {
  StoreOptions store;
  std::string id;
  bool json = false;
};

const char* described(CredProtect level) {
  switch (level) {
    case CredProtect::optional:
      return "1 (used without user verification)";
    case CredProtect::optional_with_credential_id_list:
      return "2 (used without user verification by a site that knows its id)";
    case CredProtect::required:
      return "3 (used with user verification only)";
  }
  return "?";
}

void print(const CredentialView& credential) {
  const auto line = [](const char* name, const std::string& value) {
    constexpr std::size_t kLongest = 512;
    const std::string label{name};
    std::cout << label << std::string(16 - label.size(), ' ')
              << user::display_text(value, kLongest, user::Shorten::end) << "\n";
  };
  line("id", hex(credential.id));
  line("site", credential.rp_id);
  if (credential.rp_name) line("site name", *credential.rp_name);
  if (credential.user.name) line("account", *credential.user.name);
  if (credential.user.display_name) line("display name", *credential.user.display_name);
  line("user id", hex(credential.user.id));
  line("algorithm", name_of(credential.algorithm));
  line("credProtect", described(credential.cred_protect));
  line("created", date_and_time(credential.created_at));
  if (credential.counter) {
    const auto& [count, last_used] = *credential.counter;
    line("last used", last_used != 0 ? date_and_time(last_used)
                      : count != 0   ? "at an unknown time"
                                     : "never");
    line("counter", std::to_string(count));
  } else {
    line("counter", "damaged, so that it cannot log in: register at that site again");
  }
  if (credential.cred_blob) line("credBlob", "yes");
  if (credential.large_blob) line("large blob", "yes");
  if (credential.third_party_payment) line("payment", "yes");
  if (credential.backup_eligible) line("copies", credential.backed_up ? "there are some" : "may be made");
  if (!credential.discoverable) line("discoverable", "no");
}

int show(const ShowOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  const auto credential = view_of(find_credential(*store, options.id), *store);
  if (options.json) {
    std::cout << to_json(credential).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
  } else {
    print(credential);
  }
  finish_output();
  return kDone;
}

}  // namespace

void add_credentials_show(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand("show", "Show one in full");
  const auto options = std::make_shared<ShowOptions>();
  add_store_options(command, options->store);
  command.add_option("id", options->id, "Its id, or as much of the id's beginning as no other has")
      ->required()
      ->type_name("ID");
  command.add_flag("--json", options->json, "As JSON");
  command.callback([&action, options] { action = [options] { return show(*options); }; });
}

}  // namespace fauxkey::app
