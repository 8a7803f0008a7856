#include "control/virtual_authenticators.h"

#include "control/http.h"

namespace fauxkey::control {

std::string VirtualAuthenticators::add(const std::string& session, const AuthenticatorOptions& options) {
  KeyOptions key;
  key.transports = transports_;
  key.config.keeps_all = true;
  key.config.ctap = !options.u2f;
  key.config.newest_version = options.ctap_version;
  key.config.discoverable = options.has_resident_key;
  // Sites see no user verification where none was asked for; but from FIDO_2_1 on a key with discoverable
  // credentials must be able to have some (CTAP 2.3, 9), so that one may have a PIN, and has none yet.
  key.config.client_pin = options.has_resident_key && !options.has_user_verification &&
                          options.ctap_version != CtapVersion::fido_2_0;
  key.config.built_in_uv = options.has_user_verification ? BuiltInUvKind::prompt : BuiltInUvKind::none;
  key.config.backup_eligible = options.default_backup_eligibility;
  key.config.backed_up = options.default_backup_state;
  key.user.presence = options.is_user_consenting ? user::Presence::approve : user::Presence::deny;
  key.user.verified = options.is_user_verified ? user::Verified::yes : user::Verified::refused;
  const auto made = keys_.add(std::move(key));
  const std::scoped_lock lock{mutex_};
  owned_.emplace(session, made->name());
  return made->name();
}

std::shared_ptr<LiveKey> VirtualAuthenticators::find(const std::string& session,
                                                     const std::string& id) const {
  {
    const std::scoped_lock lock{mutex_};
    if (!owned_.contains({session, id})) return nullptr;
  }
  try {
    return keys_.at(id);
  } catch (const HttpError&) {  // removed as a key
    return nullptr;
  }
}

bool VirtualAuthenticators::remove(const std::string& session, const std::string& id) {
  {
    const std::scoped_lock lock{mutex_};
    if (owned_.erase({session, id}) == 0) return false;
  }
  return keys_.remove(id);
}

void VirtualAuthenticators::remove_session(const std::string& session) {
  std::vector<std::string> ids;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [owner, id] : owned_) {
      if (owner == session) ids.push_back(id);
    }
  }
  for (const auto& id : ids) remove(session, id);
}

void set_user_verified(LiveKey& key, bool verified) {
  auto behaviour = key.gate().behaviour();
  behaviour.verified = verified ? user::Verified::yes : user::Verified::refused;
  key.gate().set(behaviour);
}

}  // namespace fauxkey::control
