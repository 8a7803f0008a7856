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

using user::Shorten;

struct ListOptions {
  StoreOptions store;
  bool json = false;
};

/// Of an id, enough to tell it from others mostly.
constexpr std::size_t kShownDigits = 16;

Row to_row(const CredentialView& credential) {
  const auto date = [](std::int64_t time) { return date_and_time(time).substr(0, 10); };
  std::string last_used = "?";
  std::string count = "?";
  if (credential.counter) {
    count = std::to_string(credential.counter->count);
    last_used = credential.counter->last_used != 0 ? date(credential.counter->last_used) : "-";
  }
  return {credential.rp_id,
          account_of(credential.user),
          date(credential.created_at),
          last_used,
          count,
          flags_of(credential),
          hex(credential.id).substr(0, kShownDigits)};
}

int list(const ListOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  const auto credentials = all_credentials(*store);
  if (options.json) {
    // One at a time, for there may be many.
    const char* separator = "[\n  ";
    for (const auto& credential : credentials) {
      std::cout << separator
                << to_json(credential).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
      separator = ",\n  ";
    }
    std::cout << (credentials.empty() ? "[]\n" : "\n]\n");
  } else if (credentials.empty()) {
    std::cout << "The key holds no discoverable credentials.\n";
  } else {
    std::vector<Row> rows;
    rows.reserve(credentials.size());
    for (const auto& credential : credentials) rows.push_back(to_row(credential));
    print_table({{.title = "SITE", .least = 12, .shorten = Shorten::start},
                 {.title = "ACCOUNT", .least = 8},
                 {.title = "CREATED", .spare = 1},
                 {.title = "LAST USED", .spare = 2},
                 {.title = "COUNT", .right = true, .spare = 4},
                 {.title = "FLAGS", .least = 5, .spare = 3},
                 {.title = "ID", .least = 8}},
                rows);
  }
  finish_output();
  return kDone;
}

}  // namespace

void add_credentials_list(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand("list", "List them, by site and account");
  const auto options = std::make_shared<ListOptions>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "As JSON, in full");
  command.callback([&action, options] { action = [options] { return list(*options); }; });
}

}  // namespace fauxkey::app
