#include <deque>
#include <iostream>
#include <memory>
#include <set>
#include <vector>

#include "app/credentials_commands.h"
#include "app/error.h"
#include "app/exchange_files.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"
#include "keystore/exchange/age.h"
#include "keystore/exchange/importer.h"

namespace fauxkey::app {
namespace {

using exchange::Skipped;
using user::Shorten;

struct ImportOptions {
  StoreOptions store;
  std::vector<std::string> files;
  std::string format;
  std::string passphrase;
  bool replace = false;
  std::optional<bool> backup_eligible;
  std::string rp_id, credential_id, user_handle, user_name, user_display_name;
};

std::string shown(const std::string& text) { return user::display_text(text, 64, Shorten::start); }

std::optional<std::string> optional_text(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<Bytes> optional_base64(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto bytes = exchange::decode_base64(text, exchange::Base64::url_or_padded);
  if (!bytes) throw UsageError{std::string{option} + " takes base64url, as WebAuthn's JSON has it."};
  return Bytes{bytes->begin(), bytes->end()};
}

exchange::ReadTerms terms_of(const ImportOptions& options, Random& random, Clock& clock) {
  return {.random = random,
          .now = clock.unix_time(),
          .backup_eligible = options.backup_eligible,
          .rp_id = optional_text(options.rp_id),
          .credential_id = optional_base64("--credential-id", options.credential_id),
          .user_handle = optional_base64("--user-handle", options.user_handle),
          .user_name = optional_text(options.user_name),
          .user_display_name = optional_text(options.user_display_name)};
}

exchange::Document read_document(const std::string& path, const exchange::FormatRow* format,
                                 Passphrase& passphrase) {
  auto content = read_exchange_file(path);
  if (exchange::age::is_age(content)) content = passphrase.decrypt(path, content);
  try {
    return exchange::Document{content, format != nullptr ? std::optional{format->format} : std::nullopt};
  } catch (const exchange::FormatError& error) {
    throw Failure{"'" + path + "' " + error.what() + "; nothing was imported."};
  }
}

const char* reason_of(Skipped::Reason reason) {
  switch (reason) {
    case Skipped::Reason::same_id:
      return "the keystore has this credential already (--replace takes this one for it)";
    case Skipped::Reason::same_account:
      return "the keystore has another credential of this account (--replace takes this one for it)";
    case Skipped::Reason::twice:
      break;
  }
  return "the files have this credential, or another of this account, twice, and the first one counts";
}

int run_import(const ImportOptions& options) {
  const exchange::FormatRow* format = nullptr;
  if (!options.format.empty()) format = exchange::find_format(options.format);
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto terms = terms_of(options, random, clock);
  Passphrase passphrase{options.passphrase, random};
  // The files first: a keystore is not made for one that cannot be read.
  std::deque<exchange::Document> documents;
  std::vector<exchange::Source> sources;
  for (const auto& file : options.files) {
    documents.push_back(read_document(file, format, passphrase));
    sources.push_back({"'" + file + "'", &documents.back(), terms});
  }
  std::unique_ptr<CredentialStore> store;
  StoreResult<exchange::ImportResult> result;
  try {
    exchange::check(sources);
    store = open_store(options.store, true, random, clock);
    result = exchange::import_all(*store, sources, options.replace);
  } catch (const exchange::FormatError& error) {
    throw Failure{error.what()};
  }
  if (!result) throw Failure{result.error().message};

  for (const auto& [rp_id, account, reason] : result->skipped) {
    std::cerr << "fauxkey: " << shown(rp_id) << (account.empty() ? "" : ", " + shown(account))
              << " was skipped: " << reason_of(reason) << ".\n";
  }
  const auto number = result->imported;
  std::cout << "Imported " << number << (number == 1 ? " credential" : " credentials");
  if (sources.size() == 1) std::cout << " from " << documents[0].row().title << " file";
  if (!result->skipped.empty()) std::cout << "; " << result->skipped.size() << " skipped";
  std::cout << ".\n" << std::flush;
  return kDone;
}

}  // namespace

void add_credentials_import(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand(
      "import", "Take credentials from files, all or none; what is encrypted as age -p does it is decrypted");
  const auto options = std::make_shared<ImportOptions>();
  add_store_options(command, options->store);
  command.add_option("file", options->files, "The files; - is stdin")->required()->type_name("FILE...");
  std::set<std::string> names;
  for (const auto& row : exchange::formats()) names.insert(row.name);
  command.add_option("--format", options->format, "What format they have (default: it is recognized)")
      ->check(CLI::IsMember(names))
      ->type_name("FORMAT");
  command
      .add_option(
          "--passphrase", options->passphrase,
          "Where the passphrase comes from: ask (default, at the terminal), env:NAME, fd:N, credential:NAME")
      ->type_name("SOURCE");
  command.add_flag("--replace", options->replace, "Take what the keystore has already anew from the files");
  command
      .add_option_function<std::string>(
          "--backup-eligible",
          [options](const std::string& answer) { options->backup_eligible = answer == "yes"; },
          "Whether sites know the credentials as ones that may be backed up, where the files do not say it "
          "(default: what the program that wrote them tells sites)")
      ->check(CLI::IsMember(std::set<std::string>{"yes", "no"}))
      ->type_name("yes|no");
  command.add_option("--rp", options->rp_id, "For a bare private key: its site")->type_name("RP_ID");
  command
      .add_option("--credential-id", options->credential_id,
                  "For a bare private key: its credential id, base64url (default: a new one)")
      ->type_name("ID");
  command
      .add_option("--user-handle", options->user_handle,
                  "For a bare private key: its user handle, base64url (without: it is not discoverable)")
      ->type_name("HANDLE");
  command.add_option("--user", options->user_name, "For a bare private key: the account's name")
      ->type_name("NAME");
  command
      .add_option("--display-name", options->user_display_name, "For a bare private key: the person's name")
      ->type_name("NAME");
  command.callback([&action, options] { action = [options] { return run_import(*options); }; });
}

}  // namespace fauxkey::app
