// What a browser does between a site and a key, deviating where a scenario says so: options in, the
// response's JSON out (Web Authentication Level 3, 5.1.3, 5.1.4, 5.5, 6.3).
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "attack/scenario.h"
#include "attack/site.h"
#include "attack/soft_key.h"
#include "attack/variables.h"

namespace fauxkey::attack {

/// What a scenario changes of one ceremony. Nothing: the ceremony is correct.
struct Deviation {
  const Scenario* scenario = nullptr;
  const std::vector<Json>* faults = nullptr;  ///< in the place of the scenario's
};

/// A response that can be posted.
struct Response {
  Json json;
  Bytes credential_id;  ///< as the key made or used it
  Bytes user_handle;
};

class SoftClient {
 public:
  /// `origin` and `key` outlive it.
  SoftClient(const Origin& origin, SoftKey& key) : origin_{origin}, key_{key} {}

  /// `variables`: what the scenario's ${names} stand for; challenge and rp-id are set by the options. The
  /// error says what could not be done, or that nothing deviated.
  [[nodiscard]] std::expected<Response, std::string> create(const Json& options, Variables& variables,
                                                            const Deviation& deviation);
  /// `credential_id`: which one answers; nothing: whichever the key has.
  [[nodiscard]] std::expected<Response, std::string> get(const Json& options,
                                                         const std::optional<Bytes>& credential_id,
                                                         Variables& variables, const Deviation& deviation);

 private:
  [[nodiscard]] std::vector<std::int64_t> algorithms(const Json& options, const Scenario* scenario) const;

  const Origin& origin_;
  SoftKey& key_;
};

/// The client data (5.8.1) of a ceremony of `type`.
[[nodiscard]] std::string client_data(const char* type, const std::string& challenge,
                                      const std::string& origin);
/// SubjectPublicKeyInfo of a COSE key of ES256 or EdDSA; nothing for others.
[[nodiscard]] std::optional<Bytes> public_key_info(ByteView cose_key);

}  // namespace fauxkey::attack
