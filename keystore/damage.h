// What can be told of records that cannot be read.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"

namespace fauxkey::keystore {

class CredentialTable;
class Keys;

/// One damaged record, and what others tell of it.
struct Damage {
  enum class What : std::uint8_t { credential, counter, record };
  What what{};
  RecordKind kind{};      ///< of a record
  std::string rp_id{};    ///< of a credential or a counter; empty where it is not known
  std::string account{};  ///< user name of a counter's credential
  Bytes credential_id{};  ///< of a counter; empty where it is not known
};

/// What damaged rows are found by.
struct DamagedTags {
  std::vector<std::array<std::uint8_t, 16>> rp_tags;
  std::vector<std::array<std::uint8_t, 16>> counter_tags;
};

/// One for each tag, with what the readable credentials tell of it.
[[nodiscard]] std::vector<Damage> name_damages(const DamagedTags& damaged, CredentialTable& credentials,
                                               const Keys& keys);

}  // namespace fauxkey::keystore
