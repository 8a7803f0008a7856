// The keystore: who else may read or write its files, whether its unlock source is there, and whether it is
// sound.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "app/doctor/checks.h"
#include "app/error.h"
#include "app/text.h"
#include "keystore/snapshots.h"
#include "keystore/sqlite_store.h"
#include "keystore/store_file.h"
#include "keystore/store_info.h"

namespace fauxkey::app::doctor {
namespace {

namespace fs = std::filesystem;

/// A sentence "so it is: do this." in its two halves.
Finding from_sentence(Result result, const std::string& sentence) {
  const std::string text = sentence.ends_with('.') ? sentence.substr(0, sentence.size() - 1) : sentence;
  const auto colon = text.rfind(": ");
  if (colon == std::string::npos) return {result, "", "", text, "", ""};
  return {result, "", "", text.substr(0, colon), text.substr(colon + 2), ""};
}

bool is_there(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

/// SQLite gives the files beside it the keystore's own mode, so it is not opened before that is mended.
std::optional<Finding> open_to_others(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return Finding{Result::note,
                 "",
                 "",
                 "the keystore was not opened, as others may read it",
                 "see the check keystore-files",
                 ""};
}

/// The options that name this keystore, for a command about it.
std::string store_words(const Machine& machine) {
  std::string words;
  if (!machine.store.store.empty()) words += " --store " + shell_word(machine.store.store);
  if (!machine.store.unlock.empty()) words += " --unlock " + shell_word(machine.store.unlock);
  return words;
}

/// What keeps the store from being looked into for a good reason; the finding says so.
std::optional<Finding> no_look_inside(const Machine& machine) {
  const auto path = machine.store_path();
  if (!path)
    return from_sentence(Result::note, "This user has no home folder for a keystore: name one by --store.");
  if (is_there(*path)) return {};
  Finding none{Result::ok, "", "", "there is no keystore yet; the first start makes it at " + path->string(),
               "",         ""};
  if (machine.store.store.empty() && machine.is_root() && machine.variable("SUDO_USER")) {
    none.result = Result::note;
    none.text = "there is no keystore at " + path->string() + ", and this looked for root's, by sudo";
    none.what_to_do = "run it without sudo for your own:";
    none.command = "fauxkey doctor";
  }
  return none;
}

bool is_in_use(const StoreError& error) { return error.message.find(" is in use by ") != std::string::npos; }

/// "process 12 (fauxkey run)", out of the lock's sentence.
std::string user_in(const StoreError& error) {
  const std::string_view mark = " is in use by ";
  const auto begin = error.message.find(mark) + mark.size();
  return error.message.substr(begin, error.message.find(": ", begin) - begin);
}

/// A key file or the keystore as this user would have it: nobody else's, and closed to others.
void look_at_file(const Machine& machine, const fs::path& path, Findings& findings) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  const bool folder = S_ISDIR(status.st_mode);
  if (!folder && !S_ISREG(status.st_mode)) return;
  if (status.st_uid != machine.user && status.st_uid != 0) {
    findings.push_back(
        {Result::problem, "", path.string(), "it is another user's", "make it yours:",
         machine.command("SUDO chown " + shell_word(machine.user_name) + " " + shell_word(path.string()))});
  } else if (const auto open = status.st_mode & (folder ? S_IWGRP | S_IWOTH : S_IRWXG | S_IRWXO); open != 0) {
    const bool writable = (open & (S_IWGRP | S_IWOTH)) != 0;
    findings.push_back({Result::problem, "", path.string(),
                        writable ? "others may write it" : "others may read it", "close it to them:",
                        std::string{"chmod "} + (folder ? "go-w " : "600 ") + shell_word(path.string())});
  } else if (::access(path.c_str(), folder ? R_OK | W_OK | X_OK : R_OK | W_OK) != 0) {
    findings.push_back({Result::problem, "", path.string(), "it cannot be written", "let yourself write it:",
                        std::string{"chmod "} + (folder ? "700 " : "600 ") + shell_word(path.string())});
  }
}

void look_at_disk(const fs::path& folder, Findings& findings) {
  constexpr std::uint64_t kEnough = std::uint64_t{16} << 20U;
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  const auto left = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if ((disk.f_flag & ST_RDONLY) != 0) {
    findings.push_back({Result::problem, "", folder.string(),
                        "its file system is read-only, so no credential can be added",
                        "see why, and mount it for writing, or name another keystore by --store:",
                        "findmnt --target " + shell_word(folder.string())});
  } else if (left < kEnough) {
    findings.push_back({Result::problem, "", folder.string(),
                        "its disk is almost full (" + file_size(left) + " left)",
                        "make room:", "df -h " + shell_word(folder.string())});
  }
}

std::string counted_damages(const SqliteStore::Health& health) {
  std::string text;
  const auto add = [&](std::size_t number, const char* noun, const char* state) {
    if (number > 0) text += (text.empty() ? "" : ", ") + counted(number, noun) + " " + state;
  };
  add(health.damaged_credentials, "credential", "damaged");
  add(health.missing_credentials, "credential", "missing");
  add(health.damaged_counters, "counter", "damaged");
  add(health.missing_counters, "counter", "missing");
  add(health.damaged_records.size(), "other record", "damaged");
  if (!health.file_damage.empty())
    text += std::string{text.empty() ? "" : ", "} + "the file itself is damaged";
  return text.empty() ? "something is damaged" : text;
}

}  // namespace

Findings look_at_keystore_files(const Machine& machine) {
  if (auto none = no_look_inside(machine)) return {*std::move(none)};
  const auto path = *machine.store_path();
  Findings findings;
  look_at_file(machine, path.parent_path(), findings);
  for (const char* const suffix : {"", "-wal", ".lock"}) {
    fs::path file = path;
    file += suffix;
    look_at_file(machine, file, findings);
  }
  if (const auto source = machine.store.source(); source.kind == UnlockSource::Kind::key_file)
    look_at_file(machine, source.name, findings);
  look_at_disk(path.parent_path(), findings);
  if (findings.empty())
    findings.push_back({Result::ok, "", "", "the keystore's files are this user's alone", "", ""});
  return findings;
}

Findings look_at_unlock(const Machine& machine) {
  if (const auto none = no_look_inside(machine))
    return {{Result::ok, "", "", "there is no keystore to open", "", ""}};
  const auto path = *machine.store_path();
  if (auto others = open_to_others(path)) return {*std::move(others)};
  const auto source = machine.store.source();
  const auto info = keystore::store_info(path);
  const bool by_key = source.kind == UnlockSource::Kind::key_file;
  const auto secret = by_key ? keystore::UnlockSecret::Kind::key : keystore::UnlockSecret::Kind::passphrase;
  if (info && info->wrapping.kind != secret) {
    if (!by_key) {
      return {{Result::problem, "", "", "the keystore opens with a key file, not with a passphrase",
               "leave --unlock away, or name the file:", "fauxkey doctor --unlock keyfile:FILE"}};
    }
    const auto store = machine.store.store.empty() ? "" : " --store " + shell_word(machine.store.store);
    return {{machine.store.unlock.empty() ? Result::note : Result::problem, "", "",
             "the keystore opens with a passphrase",
             "have it asked for, here and at fauxkey run:", "fauxkey doctor" + store + " --unlock ask"}};
  }
  if (!by_key) return {{Result::ok, "", "", "the passphrase comes from " + to_string(source), "", ""}};
  if (!is_there(source.name)) {
    return {{Result::problem, "", source.name,
             "the key file is missing, without which the keystore cannot be opened by anybody",
             "put it back from a backup, or name the right one with --unlock keyfile:FILE; only if it is "
             "lost for good, begin anew:",
             "mv " + shell_word(path.string()) + " " + shell_word(path.string() + ".lost-key")}};
  }
  return {{Result::ok, "", source.name, "the key file is there", "", ""}};
}

Findings look_at_keystore(const Machine& machine) {
  if (const auto none = no_look_inside(machine))
    return {{Result::ok, "", "", "there is no keystore to look into", "", ""}};
  const auto path = *machine.store_path();
  if (auto others = open_to_others(path)) return {*std::move(others)};
  const auto source = machine.store.source();
  const auto info = keystore::store_info(path);
  if (!info) {
    if (is_in_use(info.error()))
      return {{Result::ok, "", "",
               "it is open in " + user_in(info.error()) + ", so its records were not read", "", ""}};
    return {from_sentence(Result::problem, info.error().message)};
  }
  if (info->format < keystore::kFormatVersion)
    return {{Result::ok, "", "", "it gets today's format at the next start", "", ""}};
  const bool by_key = source.kind == UnlockSource::Kind::key_file;
  const auto secret = by_key ? keystore::UnlockSecret::Kind::key : keystore::UnlockSecret::Kind::passphrase;
  if (info->wrapping.kind != secret || (by_key && !is_there(source.name)))
    return {{Result::note, "", "", "it was not opened, so its records were not read", "see the check unlock",
             ""}};
  SystemRandom random;
  SystemClock clock;
  const auto store = SqliteStore::open(path, source, random, clock);
  if (!store) return {from_sentence(Result::problem, store.error().message)};
  const auto health = (*store)->check();
  if (!health) return {from_sentence(Result::problem, health.error().message)};
  if (health->sound()) {
    return {
        {Result::ok, "", "", "it opens and is sound: " + counted(health->credentials, "credential"), "", ""}};
  }
  const auto snapshots = keystore::list_snapshots(path);
  std::string advice = "put back a backup, or go on without what is damaged; what it is, says:";
  if (snapshots && !snapshots->empty())
    advice = "put back the snapshot " + snapshots->back().name + " (fauxkey keystore snapshot restore " +
             snapshots->back().name + ") or a backup, or go on without what is damaged; what it is, says:";
  return {{Result::problem, "", "", counted_damages(*health), advice,
           "fauxkey keystore check" + store_words(machine)}};
}

}  // namespace fauxkey::app::doctor
