#include "ctap/extensions/cred_protect.h"

namespace fauxkey::ctap {

std::optional<CredProtect> read_cred_protect(Reader& extensions) {
  const auto* level = extensions.optional<std::uint64_t>(kCredProtect);
  if (level == nullptr) return std::nullopt;
  if (*level < static_cast<std::uint64_t>(CredProtect::optional) ||
      *level > static_cast<std::uint64_t>(CredProtect::required)) {
    extensions.note(Status::invalid_parameter,
                    "12.1: credProtect is " + std::to_string(*level) + ", not 1, 2 or 3");
    return std::nullopt;
  }
  return static_cast<CredProtect>(*level);
}

bool is_visible(const Credential& credential, bool user_verified, bool named) {
  if (user_verified) return true;
  switch (credential.cred_protect) {
    case CredProtect::optional:
      return true;
    case CredProtect::optional_with_credential_id_list:
      return named;
    case CredProtect::required:
      return false;
  }
  return false;
}

}  // namespace fauxkey::ctap
