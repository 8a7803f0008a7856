#include <algorithm>
#include <array>
#include <ctime>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/credentials_exchange.h"
#include "app/error.h"
#include "app/process.h"
#include "app/store_options.h"
#include "user/display_text.h"

namespace fauxkey::app {
namespace {

using Json = nlohmann::ordered_json;
using user::Shorten;

struct ListOptions {
  StoreOptions store;
  bool json = false;
};

std::string hex(ByteView bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

/// "2026-03-01T12:00:00Z"
std::string date_and_time(std::int64_t unix_time) {
  const std::time_t time{unix_time};
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&time, &utc) == nullptr) return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

const char* algorithm_name(Algorithm algorithm) { return algorithm == Algorithm::es256 ? "ES256" : "EdDSA"; }

Json to_json(const Credential& credential) {
  Json json{{"id", hex(credential.id)},
            {"rpId", credential.rp_id},
            {"rpName", nullptr},
            {"user", {{"id", hex(credential.user.id)}, {"name", nullptr}, {"displayName", nullptr}}},
            {"algorithm", algorithm_name(credential.algorithm)},
            {"credProtect", static_cast<int>(credential.cred_protect)},
            {"createdAt", date_and_time(credential.created_at)}};
  if (credential.rp_name) json["rpName"] = *credential.rp_name;
  if (credential.user.name) json["user"]["name"] = *credential.user.name;
  if (credential.user.display_name) json["user"]["displayName"] = *credential.user.display_name;
  return json;
}

using Row = std::array<std::string, 5>;

Row to_row(const Credential& credential) {
  constexpr std::size_t kMaxWidth = 40;
  const auto account =
      credential.user.name ? *credential.user.name : credential.user.display_name.value_or("");
  return {user::display_text(credential.rp_id, kMaxWidth, Shorten::start),
          user::display_text(account, kMaxWidth, Shorten::end), algorithm_name(credential.algorithm),
          date_and_time(credential.created_at), hex(credential.id).substr(0, 16) + "…"};
}

/// Columns that a UTF-8 text takes, but for wide characters.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void print_table(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      std::cout << row[i] << std::string(widths[i] - width(row[i]) + 2, ' ');
    std::cout << row.back() << "\n";
  }
}

int list(const ListOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  Json json = Json::array();
  std::vector<Row> rows{{"SITE", "ACCOUNT", "ALGORITHM", "MADE", "CREDENTIAL"}};
  std::uint64_t cursor = 0;
  do {
    auto page = store->page(cursor, 100);
    if (!page) throw Failure{page.error().message};
    for (const auto& credential : page->credentials) {
      if (options.json)
        json.push_back(to_json(credential));
      else
        rows.push_back(to_row(credential));
    }
    cursor = page->next_cursor;
  } while (cursor != 0);

  if (options.json)
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  else if (rows.size() == 1)
    std::cout << "The key holds no discoverable credentials.\n";
  else
    print_table(rows);
  std::cout << std::flush;
  if (!std::cout) throw Failure{"The list could not be written: see that its target takes it."};
  return kDone;
}

}  // namespace

void add_credentials(CLI::App& program, Action& action) {
  auto& credentials = *program.add_subcommand("credentials", "What the keystore holds");
  credentials.require_subcommand(1);
  auto& command = *credentials.add_subcommand("list",
                                              "List the discoverable credentials (others are kept by the "
                                              "sites alone); no key may run on the keystore meanwhile");
  const auto options = std::make_shared<ListOptions>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "As JSON, in full");
  command.callback([&action, options] { action = [options] { return list(*options); }; });
  add_credentials_export(credentials, action);
  add_credentials_import(credentials, action);
}

}  // namespace fauxkey::app
