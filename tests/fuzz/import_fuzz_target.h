// Any bytes as a file of one format: they are refused with a sentence, or give credentials that keep the
// store's rules and go out again and come back the same.
#pragma once

#include <cstdlib>
#include <vector>

#include "crypto/pkcs8.h"
#include "keystore/exchange/exchange.h"
#include "keystore/exchange/exporter.h"

namespace fauxkey::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::vector<exchange::Moving> read(ByteView file, std::optional<exchange::Format> format,
                                          Random& random) {
  std::vector<exchange::Moving> all;
  exchange::ReadTerms terms{.random = random, .now = 1};
  terms.rp_id = "example.com";
  const exchange::Document document{file, format};
  document.read(terms, [&](exchange::Moving&& moving, const std::string& /*place*/) {
    all.push_back(std::move(moving));
  });
  return all;
}

inline void check(const exchange::Moving& moving) {
  const Credential& credential = moving.credential;
  require(!credential.id.empty() && credential.id.size() <= 255);
  require(!credential.rp_id.empty() && credential.rp_id.find('\n') == std::string::npos);
  require(credential.user.id.size() <= 64);
  require(!credential.discoverable || !credential.user.id.empty());
  require(credential.backup_eligible || !credential.backed_up);
  require(credential.counts_signatures || moving.sign_count == 0);
  require(credential.cred_blob.size() <= 64);
  // Its key is a key.
  require(!crypto::pkcs8::encode_public(credential.algorithm, credential.private_key).empty());
}

/// Of which format they are is a question that has an answer or none.
inline void recognize(ByteView file) {
  try {
    const exchange::Document document{file, std::nullopt};
    require(document.row().name != nullptr);
  } catch (const exchange::FormatError&) {
  }
}

inline int import_any(const std::uint8_t* data, std::size_t size, exchange::Format format) {
  SeededRandom random{1};
  recognize({data, size});
  std::vector<exchange::Moving> all;
  try {
    all = read({data, size}, format, random);
  } catch (const exchange::FormatError& error) {
    require(std::string_view{error.what()}.size() > 10);
    return 0;
  }
  for (const auto& moving : all) check(moving);
  exchange::Exporter exporter{exchange::row_of(exchange::Format::fauxkey), {.random = random, .now = 1}};
  for (const auto& moving : all) exporter.add(moving.credential, moving.sign_count);
  require(exporter.left_out().empty());
  const auto files = exporter.finish();
  if (files.empty()) return 0;
  const auto again = read(files[0].content, exchange::Format::fauxkey, random);
  require(again.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(again[i].credential.id == all[i].credential.id);
    require(again[i].credential.user.name == all[i].credential.user.name);
    require(again[i].sign_count == all[i].sign_count);
  }
  return 0;
}

}  // namespace fauxkey::fuzz
