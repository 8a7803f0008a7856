// What the tests of moving credentials share: the files of other programs, and credentials of each algorithm.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <initializer_list>
#include <vector>

#include "authenticator/credential_keys.h"
#include "keystore/exchange/exchange.h"
#include "keystore/exchange/exporter.h"
#include "keystore_fixture.h"

namespace fauxkey::test {

inline constexpr std::int64_t kNow = 1'800'000'000;

/// A file of tests/keystore/exchange.
inline Bytes exchange_file(const std::string& name) {
  auto bytes = read_file(std::filesystem::path{FAUXKEY_SOURCE_DIR} / "tests/keystore/exchange" / name);
  REQUIRE_MESSAGE(!bytes.empty(), name);
  return bytes;
}

inline exchange::ReadTerms read_terms() {
  static SystemRandom random;
  return {.random = random, .now = kNow};
}
inline exchange::WriteTerms write_terms() {
  static SystemRandom random;
  return {.random = random, .now = kNow};
}

inline std::vector<exchange::Moving> read_all(const exchange::Document& document,
                                              const exchange::ReadTerms& terms = read_terms()) {
  std::vector<exchange::Moving> all;
  document.read(terms, [&](exchange::Moving&& moving, const std::string& /*place*/) {
    all.push_back(std::move(moving));
  });
  return all;
}

inline std::vector<exchange::Moving> read_all(ByteView content,
                                              std::optional<exchange::Format> format = std::nullopt) {
  return read_all(exchange::Document{content, format});
}

/// The message of the FormatError that reading gives; empty where it gives none.
inline std::string error_of(ByteView content, std::optional<exchange::Format> format = std::nullopt) {
  try {
    (void)read_all(content, format);
  } catch (const exchange::FormatError& error) {
    return error.what();
  }
  return {};
}

/// One with everything that a credential can have, and a real key.
inline Credential full_credential(Algorithm algorithm, Random& random) {
  auto credential = make_credential(random, "example.com", "alice");
  credential.algorithm = algorithm;
  credential.private_key = generate_private_key(algorithm, random);
  credential.cred_blob = {1, 2, 3};
  credential.large_blob_key = SecretBytes::copy_of(random.bytes<32>());
  credential.third_party_payment = true;
  credential.supports_large_blob = true;
  credential.large_blob = LargeBlob{{4, 5, 6, 7}, 99};
  credential.backup_eligible = true;
  credential.backed_up = true;
  return credential;
}

inline std::vector<Algorithm> available_algorithms() {
  std::vector<Algorithm> available;
  for (const auto algorithm : kAlgorithms) {
    if (is_available(algorithm)) available.push_back(algorithm);
  }
  return available;
}

template <class Credentials>
Bytes write_file_of_all(exchange::Format format, const Credentials& credentials,
                        std::uint32_t sign_count = 0) {
  exchange::Exporter exporter{exchange::row_of(format), write_terms()};
  for (const Credential& credential : credentials) exporter.add(credential, sign_count);
  const auto files = exporter.finish();
  REQUIRE(files.size() == 1);
  return {files[0].content.begin(), files[0].content.end()};
}
inline Bytes write_file_of(exchange::Format format,
                           std::initializer_list<std::reference_wrapper<const Credential>> credentials,
                           std::uint32_t sign_count = 0) {
  return write_file_of_all(format, credentials, sign_count);
}

}  // namespace fauxkey::test
