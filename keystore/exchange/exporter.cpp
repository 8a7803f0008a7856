#include "keystore/exchange/exporter.h"

#include <algorithm>
#include <set>
#include <utility>

#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

/// For a file's name: of one of a site's or an account's texts.
std::string letters_of(std::string_view text) {
  constexpr std::size_t kMaxLetters = 80;
  constexpr std::string_view kOthers = ".-_@";
  std::string letters;
  for (const char c : text.substr(0, kMaxLetters)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    letters += letter || kOthers.find(c) != std::string_view::npos ? c : '_';
  }
  // No hidden file, and none that a program takes for an option.
  if (!letters.empty() && (letters[0] == '.' || letters[0] == '-')) letters[0] = '_';
  return letters;
}

}  // namespace

void Exporter::add(const Credential& credential, std::uint32_t sign_count) {
  const Moving moving{credential.clone(), credential.counts_signatures ? sign_count : 0};
  const auto account = account_of(credential);
  if (auto why = why_not(format_, moving)) {
    left_out_.push_back({credential.rp_id, account, *std::move(why)});
    return;
  }
  elements_.push_back(format_.write_one(moving, terms_));
  if (format_.one_each) {
    names_.push_back(letters_of(credential.rp_id) + (account.empty() ? "" : "-" + letters_of(account)));
  }
  ++carried_;
  lost_ = static_cast<Features>(lost_ | lost(format_, moving));
  if (!credential.backup_eligible) ++not_eligible_;
  if (credential.backup_eligible && !credential.backed_up) newly_backed_up_.push_back(credential.id);
}

std::vector<OutFile> Exporter::finish() {
  std::vector<OutFile> files;
  if (carried_ == 0) return files;
  if (!format_.one_each) {
    files.push_back({"fauxkey-credentials", format_.finish(std::move(elements_), terms_)});
    return files;
  }
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::string name = names_[i];
    for (int number = 2; !taken.insert(name).second; ++number)
      name = names_[i] + "-" + std::to_string(number);
    files.push_back({name, format_.finish(JsonOut::array({std::move(elements_[i])}), terms_)});
  }
  return files;
}

StoreResult<void> mark_backed_up(CredentialStore& store, std::span<const Bytes> ids) {
  for (const Bytes& id : ids) {
    auto credential = store.find(id);
    if (!credential) return std::unexpected{credential.error()};
    if (!*credential || !(*credential)->backup_eligible || (*credential)->backed_up) continue;
    (*credential)->backed_up = true;
    if (auto updated = store.update(**credential); !updated) return std::unexpected{updated.error()};
  }
  return {};
}

}  // namespace fauxkey::exchange
