// A key in this process, new and in memory, that goes wrong by the control interface's fault rules.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attack/file_reader.h"
#include "cbor/cbor.h"
#include "fauxkey/bytes.h"
#include "fauxkey/key_config.h"

namespace fauxkey::attack {

class SoftKey {
 public:
  struct NewCredential {
    std::string rp_id;
    std::string rp_name;
    Bytes user_handle;
    std::string user_name;
    std::string display_name;
    std::vector<std::int64_t> algorithms;  ///< the preferred one first
    bool discoverable = true;
    Sha256Hash client_data_hash{};
  };
  struct Made {
    Bytes authenticator_data;
    std::string format;
    cbor::Map statement;
  };
  struct Login {
    std::string rp_id;
    std::optional<Bytes> credential_id;  ///< nothing: the newest of the relying party
    Sha256Hash client_data_hash{};
  };
  struct Asserted {
    Bytes credential_id;
    Bytes authenticator_data;
    Bytes signature;
    std::optional<Bytes> user_handle;
  };

  explicit SoftKey(const KeyConfig& config);
  ~SoftKey();
  SoftKey(const SoftKey&) = delete;
  SoftKey& operator=(const SoftKey&) = delete;

  // The error is a sentence: what the key answered, or which of the faults found nothing to change.
  [[nodiscard]] std::expected<Made, std::string> make(const NewCredential& request,
                                                      const std::vector<Json>& faults);
  [[nodiscard]] std::expected<Asserted, std::string> log_in(const Login& request,
                                                            const std::vector<Json>& faults);

  /// Signs changed authenticator data as the answer was signed. Nothing where there is no such credential.
  [[nodiscard]] std::optional<Bytes> sign_as_credential(ByteView credential_id, const std::string& rp_id,
                                                        ByteView message);
  /// A packed statement by the key's attestation over these authenticator data.
  [[nodiscard]] std::optional<cbor::Map> attest(const Bytes& credential_id, const std::string& rp_id,
                                                const Bytes& authenticator_data,
                                                const Sha256Hash& client_data_hash);
  [[nodiscard]] std::vector<std::int64_t> algorithms() const;
  /// The root of its attestations, DER.
  [[nodiscard]] Bytes attestation_root() const;

 private:
  [[nodiscard]] std::expected<cbor::Map, std::string> ask(std::uint8_t command, const char* name,
                                                          const cbor::Map& request,
                                                          const std::vector<Json>& faults);
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fauxkey::attack
