// A key's credentials a page at a time: a key may have more than anybody wants in one answer.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "control/bench_store.h"
#include "control/credentials.h"
#include "control/http.h"

namespace fauxkey::control {

/// Which credentials are wanted, and how many of them.
struct Listing {
  std::optional<std::string> rp_id;
  /// In the relying party's id or name, the account's names or the credential's id (base64url); upper and
  /// lower case of ASCII are the same. Empty: all.
  std::string search;
  BenchStore::Place from;
  std::size_t given = 0;   ///< so many of the page that begins there were looked at before
  std::size_t offset = 0;  ///< so many that are wanted are passed over first
  std::size_t limit = SIZE_MAX;
  bool private_keys = true;
};

struct ListedCredentials {
  exchange::JsonOut credentials = exchange::JsonOut::array();
  std::optional<std::string> next;  ///< the query's `cursor` for what follows; nothing at the end
};

/// Throws BadRequest.
[[nodiscard]] Listing read_listing(const HttpRequest& request);
/// A walk gives each credential once, in an order that stays while none is put or erased. Ends early when
/// `stopped()` holds. Throws std::runtime_error where the store cannot be read.
[[nodiscard]] ListedCredentials list_credentials(BenchStore& store, Listing listing,
                                                 const std::function<bool()>& stopped);

}  // namespace fauxkey::control
