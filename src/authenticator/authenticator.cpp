#include "authenticator/authenticator.h"

#include <stdexcept>

#include "authenticator/credential_keys.h"
#include "authenticator/store_status.h"

namespace fauxkey {

Authenticator::Authenticator(KeyConfig config, Ports ports)
    : config_{std::move(config)},
      ports_{ports},
      pin_{ports.store},
      attestation_{Attestation::load_or_create(ports.store, config_.persona, ports.random, ports.clock)},
      wrap_key_{load_or_create_wrap_key()},
      powered_up_{ports.clock.now()} {}

Result<void> Authenticator::confirm_presence(const Prompt& prompt, const Exchange& exchange) {
  const auto tell = [&](Waiting waiting) {
    if (exchange.on_waiting) exchange.on_waiting(waiting);
  };
  tell(Waiting::user_presence);
  const auto answer =
      ports_.user.confirm_presence(prompt, exchange.stop, ports_.clock.now() + config_.presence_timeout);
  tell(Waiting::processing);
  switch (answer) {
    case UserAnswer::approved:
      return {};
    case UserAnswer::denied:
      return fail(Status::operation_denied);
    case UserAnswer::timed_out:
      return fail(Status::user_action_timeout);
    case UserAnswer::cancelled:
      return fail(Status::keepalive_cancel);
  }
  return fail(Status::other);
}

Result<Credential> Authenticator::create(NewCredential wanted) {
  Credential credential;
  credential.rp_id_hash = wanted.rp_id_hash;
  credential.rp_id = std::move(wanted.rp_id);
  credential.rp_name = std::move(wanted.rp_name);
  credential.user = std::move(wanted.user);
  credential.algorithm = wanted.algorithm;
  credential.cred_protect = wanted.cred_protect;
  credential.discoverable = wanted.discoverable;
  credential.created_at = ports_.clock.unix_time();
  credential.private_key = generate_private_key(credential.algorithm, ports_.random);
  if (!credential.discoverable) {
    wrap(credential, wrap_key_, ports_.random);
    return credential;
  }
  const auto id = ports_.random.bytes<32>();
  credential.id.assign(id.begin(), id.end());
  credential.cred_random_without_uv = ports_.random.secret<32>();
  credential.cred_random_with_uv = ports_.random.secret<32>();
  const auto count = discoverable_count();
  if (!count) return fail(count.error());
  if (*count >= kMaxDiscoverableCredentials) return fail(Status::key_store_full);
  if (auto stored = checked(ports_.store.put(credential)); !stored) return fail(stored.error());
  return credential;
}

Result<std::optional<Credential>> Authenticator::find(ByteView id, const RpIdHash& rp_id_hash) {
  if (auto wrapped = unwrap(id, rp_id_hash, wrap_key_)) return wrapped;
  auto stored = checked(ports_.store.find(id));
  if (stored && *stored && (*stored)->rp_id_hash != rp_id_hash) return std::nullopt;
  return stored;
}

Result<std::vector<Credential>> Authenticator::find_by_rp(const RpIdHash& rp_id_hash) {
  return checked(ports_.store.find_by_rp(rp_id_hash));
}

Result<std::uint32_t> Authenticator::next_sign_count(const Credential& credential) {
  return checked(ports_.store.next_sign_count(credential.id));
}

Result<std::size_t> Authenticator::discoverable_count() { return checked(ports_.store.count()); }

void Authenticator::power_cycle() {
  pin_.power_cycle();
  powered_up_ = ports_.clock.now();
}

Result<void> Authenticator::reset() {
  if (auto erased = checked(ports_.store.reset()); !erased) return erased;
  pin_.forget();
  // The old key is gone from the store; without a new one in it no wrapped credential would outlive this
  // process.
  auto fresh = ports_.random.secret<WrapKey::size()>();
  auto saved = checked(ports_.store.save(RecordKind::wrap_key, fresh));
  wrap_key_ = std::move(fresh);
  return saved;
}

WrapKey Authenticator::load_or_create_wrap_key() {
  auto record = ports_.store.load(RecordKind::wrap_key);
  if (!record) throw std::runtime_error{record.error().message};
  if (*record) {
    if ((*record)->size() == WrapKey::size()) return WrapKey::copy_of(**record);
    throw std::runtime_error{
        "The keystore's wrapping key is not one that this version understands; use the fauxkey that wrote "
        "it."};
  }
  auto fresh = ports_.random.secret<WrapKey::size()>();
  if (const auto saved = ports_.store.save(RecordKind::wrap_key, fresh); !saved) {
    throw std::runtime_error{saved.error().message};
  }
  return fresh;
}

}  // namespace fauxkey
