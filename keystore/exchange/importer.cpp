#include "keystore/exchange/importer.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/working.h"
#include "keystore/exchange/fields.h"
#include "keystore/limits.h"

namespace fauxkey::exchange {
namespace {

/// Ends the reading of a document where the store fails.
struct StoreFailed {
  StoreError error;
};

template <class T>
T checked(StoreResult<T> result) {
  if (!result) throw StoreFailed{std::move(result).error()};
  return *std::move(result);
}
void require(StoreResult<void> result) {
  if (!result) throw StoreFailed{std::move(result).error()};
}

class Importer {
 public:
  Importer(CredentialStore& store, bool replace) : store_{store}, replace_{replace} {}

  /// Decides what becomes of a credential.
  void look_at(const Moving& moving) {
    const auto reason = why_skip(moving.credential);
    wanted_.push_back(!reason);
    if (reason) result_.skipped.push_back({moving.credential.rp_id, account_of(moving.credential), *reason});
  }

  /// The same credentials again, in the same order.
  void put(Moving&& moving) {
    if (!wanted_[next_++]) return;
    if (moving.sign_count > 0) {
      // Before the credential is there, so that it never signs with a count that its site has seen.
      require(store_.raise_sign_count(moving.credential.id, moving.sign_count));
    }
    step_.push_back(std::move(moving.credential));
    if (step_.size() == kMaxStep) finish_step();
  }

  void finish_step() {
    require(store_.put_all(step_));
    result_.imported += step_.size();
    step_.clear();
  }

  [[nodiscard]] ImportResult take_result() { return std::move(result_); }

 private:
  using Account = std::pair<RpIdHash, Bytes>;

  std::optional<Skipped::Reason> why_skip(const Credential& credential) {
    const Account account{credential.rp_id_hash, keystore::account_key(credential)};
    const bool first = ids_.insert(credential.id).second;
    if (!accounts_.insert(account).second || !first) return Skipped::Reason::twice;
    if (replace_) return std::nullopt;
    if (checked(store_.find(credential.id))) return Skipped::Reason::same_id;
    if (stored_accounts(credential.rp_id_hash).contains(account.second)) return Skipped::Reason::same_account;
    return std::nullopt;
  }

  const std::set<Bytes>& stored_accounts(const RpIdHash& rp_id_hash) {
    const auto [entry, first] = stored_accounts_.try_emplace(rp_id_hash);
    if (first) {
      for (const auto& stored : checked(store_.find_by_rp(rp_id_hash))) {
        entry->second.insert(keystore::account_key(stored));
      }
    }
    return entry->second;
  }

  CredentialStore& store_;
  bool replace_;
  std::set<Bytes> ids_;  ///< of this import, as the next
  std::set<Account> accounts_;
  std::map<RpIdHash, std::set<Bytes>> stored_accounts_;
  std::vector<bool> wanted_;
  std::size_t next_ = 0;
  std::vector<Credential> step_;
  ImportResult result_;
};

void read_all(std::span<const Source> sources, const Sink& sink) {
  for (const Source& source : sources) {
    try {
      source.document->read(source.terms, sink);
    } catch (const FormatError& error) {
      throw FormatError{source.name + " " + error.what() + "; nothing was imported."};
    }
  }
}

}  // namespace

void check(std::span<const Source> sources) {
  read_all(sources, [](Moving&& /*moving*/, const std::string& /*place*/) {});
}

StoreResult<ImportResult> import_all(CredentialStore& store, std::span<const Source> sources, bool replace) {
  Importer importer{store, replace};
  try {
    read_all(sources, [&](Moving&& moving, const std::string& /*place*/) { importer.look_at(moving); });
    Working working{"Importing credentials"};
    read_all(sources, [&](Moving&& moving, const std::string& /*place*/) {
      importer.put(std::move(moving));
      working.count();
    });
    importer.finish_step();
  } catch (StoreFailed& failed) {
    return std::unexpected{std::move(failed.error)};
  }
  return importer.take_result();
}

}  // namespace fauxkey::exchange
