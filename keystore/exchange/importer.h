// Puts the credentials of files into a store: looks at all of them first, leaves out what is there already,
// and then puts the others in, all or none.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "fauxkey/credential_store.h"
#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

/// So many go into the store in one step: each has secrets in guarded pages of memory, of which the kernel
/// gives a process a limited number. An import of more takes several steps, each of them whole; what the
/// steps before an error have put in is there already when the import is run again.
inline constexpr std::size_t kMaxStep = 1000;

struct Source {
  std::string name;  ///< for errors: "'passkeys.json'"
  const Document* document = nullptr;
  ReadTerms terms;
};

struct Skipped {
  enum class Reason : std::uint8_t {
    same_id,       ///< the store has a credential of this id
    same_account,  ///< the store has another credential of this site and user handle
    twice,         ///< the files have it, or another of its account, twice
  };
  std::string rp_id;  ///< these two as the file has them: to be escaped where they are shown
  std::string account;
  Reason reason{};
};

struct ImportResult {
  std::size_t imported = 0;
  std::vector<Skipped> skipped;
};

/// Reads all of them and does nothing with it. Throws FormatError as import_all does.
void check(std::span<const Source> sources);

/// `replace`: a credential of the store makes way for one of the same id or account. Throws FormatError, a
/// whole sentence that begins with the source's name.
[[nodiscard]] StoreResult<ImportResult> import_all(CredentialStore& store, std::span<const Source> sources,
                                                   bool replace);

}  // namespace fauxkey::exchange
