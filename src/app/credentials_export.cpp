#include <unistd.h>

#include <algorithm>
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
#include "base/interrupt.h"
#include "keystore/exchange/age.h"
#include "keystore/exchange/exporter.h"
#include "keystore/files.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;
using exchange::Exporter;

struct ExportOptions {
  StoreOptions store;
  std::string format = "fauxkey";
  std::vector<std::string> rp_ids;
  std::vector<std::string> ids;
  bool plain = false;
  std::string to;
  std::string passphrase;
};

/// In one go, so that who interrupts it finds a whole line or none.
void note(const std::string& sentence) { std::cerr << "fauxkey: " + sentence + "\n"; }

/// Which credentials are meant; every id has to be that of one.
class Selection {
 public:
  explicit Selection(const ExportOptions& options)
      : rp_ids_{options.rp_ids}, ids_{options.ids}, matches_(options.ids.size()) {
    for (auto& id : ids_) id = CLI::detail::to_lower(id);
  }

  [[nodiscard]] bool has(const Credential& credential) {
    if (ids_.empty()) {
      return rp_ids_.empty() || std::ranges::find(rp_ids_, credential.rp_id) != rp_ids_.end();
    }
    const auto id = hex(credential.id);
    bool meant = false;
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      if (!id.starts_with(ids_[i])) continue;
      ++matches_[i];
      meant = true;
    }
    return meant;
  }

  /// Throws Failure where an id was none, or the beginning of several.
  void check() const {
    for (std::size_t i = 0; i < matches_.size(); ++i) {
      if (matches_[i] == 1) continue;
      throw Failure{
          std::string{matches_[i] == 0 ? "There is no credential" : "There is more than one credential"} +
          " whose id begins with " + shown(ids_[i]) + ": see fauxkey credentials list."};
    }
  }

 private:
  std::vector<std::string> rp_ids_;
  std::vector<std::string> ids_;
  std::vector<std::size_t> matches_;
};

void collect(CredentialStore& store, const ExportOptions& options, Exporter& exporter) {
  Selection selection{options};
  std::uint64_t cursor = 0;
  do {
    const auto page = store.page(cursor, 200);
    if (!page) throw Failure{page.error().message};
    for (const auto& credential : page->credentials) {
      if (!selection.has(credential)) continue;
      const auto counter = store.sign_counter(credential.id);
      if (!counter) throw Failure{counter.error().message};
      exporter.add(credential, counter->count);
    }
    cursor = page->next_cursor;
  } while (cursor != 0);
  selection.check();
}

void say_what_is_lost(const Exporter& exporter, const exchange::FormatRow& format) {
  for (const auto& [rp_id, account, why] : exporter.left_out()) {
    note(shown(rp_id) + (account.empty() ? "" : ", " + shown(account)) + " was left out: " + why + ".");
  }
  if (exporter.carried() == 0) return;
  if (const auto losses = exporter.losses(); !losses.empty()) {
    note(std::string{format.title} +
         " has no place for all that these credentials have; left behind: " + losses + ".");
  }
  if (exporter.not_eligible() > 0) {
    note(counted(exporter.not_eligible(), "credential") +
         " told their sites at registration that there would be no copies (BE is 0): sites may refuse a "
         "program "
         "that says otherwise; register by fauxkey run --backup-eligible what is to be moved.");
  }
}

/// Where each file goes.
std::vector<fs::path> targets_of(const ExportOptions& options, const std::vector<exchange::OutFile>& files,
                                 const std::string& suffix) {
  std::error_code ignored;
  const bool folder = files.size() > 1 || fs::is_directory(options.to, ignored);
  if (!folder) return {options.to.empty() ? fs::path{files[0].name + suffix} : fs::path{options.to}};
  const fs::path to = options.to.empty() ? "fauxkey-credentials" : options.to;
  if (const auto made = keystore::make_folder(to); !made) throw Failure{made.error().message};
  std::vector<fs::path> targets;
  targets.reserve(files.size());
  for (const auto& file : files) targets.push_back(to / (file.name + suffix));
  return targets;
}

void write_to_stdout(ByteView content, bool encrypted) {
  if (encrypted && ::isatty(STDOUT_FILENO) != 0) {
    throw Failure{"An encrypted file is nothing for a terminal: redirect stdout, or name a file with --to."};
  }
  std::cout.write(reinterpret_cast<const char*>(content.data()),
                  static_cast<std::streamsize>(content.size()));
  std::cout.flush();
  if (!std::cout) throw Failure{"The credentials could not be written: see that stdout's target takes them."};
}

/// Only now there are copies.
void mark(CredentialStore& store, const Exporter& exporter) {
  if (const auto marked = exchange::mark_backed_up(store, exporter.newly_backed_up()); !marked)
    throw Failure{marked.error().message};
}

int run_export(const ExportOptions& options) {
  const auto* const format = exchange::find_format(options.format);
  if (format == nullptr)
    throw UsageError{"There is no format " + options.format + ": see fauxkey help credentials export."};
  if (options.plain && !options.passphrase.empty()) {
    throw UsageError{"--plain writes without a passphrase: give it or --passphrase."};
  }
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  Passphrase passphrase{options.passphrase, random};
  const auto store = open_store(options.store, false, random, clock);

  Exporter exporter{*format, {.random = random, .now = clock.unix_time()}};
  collect(*store, options, exporter);
  auto files = exporter.finish();
  say_what_is_lost(exporter, *format);
  if (files.empty()) {
    throw Failure{
        exporter.left_out().empty()
            ? "The keystore holds no such credential, so nothing was exported: see fauxkey credentials list."
            : "Nothing was left to export: choose another --format."};
  }

  const bool to_stdout = options.to == "-";
  if (to_stdout && files.size() > 1) {
    throw UsageError{std::string{format->title} +
                     " files hold one credential each: name one, or a folder with --to."};
  }
  const std::string suffix = std::string{format->suffix} + (options.plain ? "" : ".age");
  const auto targets = to_stdout ? std::vector<fs::path>{} : targets_of(options, files, suffix);
  for (const auto& target : targets) require_absent(target);
  if (!options.plain) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const auto& words = passphrase.for_new(to_stdout ? "the export" : targets[i].string());
      const auto encrypted = exchange::age::encrypt(files[i].content, words, random);
      files[i].content.assign(encrypted.begin(), encrypted.end());
    }
  }
  if (to_stdout) {
    write_to_stdout(files[0].content, !options.plain);
    mark(*store, exporter);
  } else {
    const interrupt::Hold all_or_none;
    for (std::size_t i = 0; i < files.size(); ++i) write_exchange_file(targets[i], files[i].content, random);
    mark(*store, exporter);
  }

  if (!to_stdout) {
    const auto& where = targets.size() == 1 ? targets[0] : targets[0].parent_path();
    std::cout << "Exported " << counted(exporter.carried(), "credential") << " to " << where.string()
              << (options.plain ? ", which is NOT encrypted: whoever reads it can log in with them.\n"
                                : ", encrypted (age -d opens it too).\n")
              << std::flush;
  }
  return exporter.left_out().empty() ? kDone : kFailed;
}

}  // namespace

void add_credentials_export(CLI::App& credentials, Action& action) {
  auto& command = *credentials.add_subcommand(
      "export",
      "Write credentials to a file, encrypted with a passphrase as age does it. A credential that sites know "
      "as one that may be backed up is one that is, from then on");
  const auto options = std::make_shared<ExportOptions>();
  add_store_options(command, options->store);
  std::set<std::string> names;
  for (const auto& row : exchange::formats()) names.insert(row.name);
  command
      .add_option(
          "--format", options->format,
          "fauxkey (default: FIDO's CXF with an extension, loses nothing), cxf (strictly CXF 1.0), cdp "
          "(Chrome's DevTools, WebDriver), playwright (storageState), keepassxc (.passkey), bitwarden "
          "(JSON), pkcs8 (PEM)")
      ->check(CLI::IsMember(names))
      ->type_name("FORMAT");
  auto* const rp =
      command.add_option("--rp", options->rp_ids, "Those of this site; may be given more than once")
          ->type_name("RP_ID")
          ->allow_extra_args(false);
  command.add_option("id", options->ids, "Those of these ids, or of ids that begin so (default: all)")
      ->type_name("ID...")
      ->excludes(rp);
  command.add_flag("--plain", options->plain, "Not encrypted: whoever reads the file can log in with it");
  command
      .add_option(
          "--to", options->to,
          "The file, which must not be there yet, or - for stdout; for formats of one credential a file, "
          "a folder (default: fauxkey-credentials and the format's ending, here)")
      ->type_name("FILE");
  command
      .add_option(
          "--passphrase", options->passphrase,
          "Where the passphrase comes from: ask (default, at the terminal), env:NAME, fd:N, credential:NAME")
      ->type_name("SOURCE");
  command.callback([&action, options] { action = [options] { return run_export(*options); }; });
}

}  // namespace fauxkey::app
