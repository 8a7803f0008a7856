// Makes files of credentials, and says what they have no place for.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "fauxkey/credential_store.h"
#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

struct OutFile {
  std::string name;  ///< for a folder; made of a site's and an account's letters, no two are the same
  WipingBytes content;
};

struct LeftOut {
  std::string rp_id;  ///< these two as the site gave them: to be escaped where they are shown
  std::string account;
  std::string why;  ///< the rest of a sentence
};

class Exporter {
 public:
  Exporter(const FormatRow& format, WriteTerms terms) : format_{format}, terms_{terms} {}

  /// `sign_count`: the store's.
  void add(const Credential& credential, std::uint32_t sign_count);
  /// One file, or one for each credential where the format has it so; none where nothing was carried.
  [[nodiscard]] std::vector<OutFile> finish();

  [[nodiscard]] std::size_t carried() const { return carried_; }
  [[nodiscard]] const std::vector<LeftOut>& left_out() const { return left_out_; }
  /// "the signature counter, credProtect": what the carried ones lose; empty where nothing.
  [[nodiscard]] std::string losses() const { return describe(lost_); }
  /// Carried, although their sites were told that there are no copies of them.
  [[nodiscard]] std::size_t not_eligible() const { return not_eligible_; }
  /// Those that are backed up as soon as the file is there.
  [[nodiscard]] std::span<const Bytes> newly_backed_up() const { return newly_backed_up_; }

 private:
  const FormatRow& format_;
  WriteTerms terms_;
  JsonOut elements_ = JsonOut::array();
  std::vector<std::string> names_;  ///< of the elements, where each is a file
  std::size_t carried_ = 0;
  std::vector<LeftOut> left_out_;
  Features lost_ = 0;
  std::size_t not_eligible_ = 0;
  std::vector<Bytes> newly_backed_up_;
};

/// Sets BS (WebAuthn 6.1.3) on stored credentials.
[[nodiscard]] StoreResult<void> mark_backed_up(CredentialStore& store, std::span<const Bytes> ids);

}  // namespace fauxkey::exchange
