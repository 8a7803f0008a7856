#include "authenticator/authenticator.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <limits>
#include <mutex>
#include <stdexcept>

#include "authenticator/credential_keys.h"
#include "authenticator/store_status.h"

namespace fauxkey {
namespace {

Result<void> result_of(UserAnswer answer) {
  switch (answer) {
    case UserAnswer::approved:
      return {};
    case UserAnswer::denied:
      return fail(Status::operation_denied, "the user said no");
    case UserAnswer::not_verified:
      return fail(Status::uv_invalid, "built-in user verification: it is not the right person");
    case UserAnswer::timed_out:
      return fail(Status::user_action_timeout, "the user did not answer in time");
    case UserAnswer::cancelled:
      return fail(Status::keepalive_cancel, "the host cancelled the request while the user was asked");
  }
  return fail(Status::other, "the user gate gave an answer that there is not");
}

/// Whatever they are.
constexpr std::size_t kMaxStored = 1'000'000;

KeyConfig with_algorithms(KeyConfig config) {
  if (config.algorithms.empty()) {
    std::ranges::copy_if(kAlgorithms, std::back_inserter(config.algorithms), is_available);
  }
  for (const auto algorithm : config.algorithms) {
    if (is_available(algorithm)) continue;
    throw std::runtime_error{std::string{"This machine's libraries have no "} + name_of(algorithm) +
                             ": leave it out, or install a build with OpenSSL (for ML-DSA: 3.5 or newer)."};
  }
  return config;
}

}  // namespace

Authenticator::Authenticator(KeyConfig config, Ports ports)
    : config_{with_algorithms(std::move(config))},
      ports_{ports},
      pin_{ports.store},
      built_in_uv_{ports.store},
      fingerprints_{ports.store},
      settings_{stored_settings()},
      identity_{ports.store, ports.random},
      attestation_{Attestation::load_or_create(ports.store, config_, ports.random, ports.clock)},
      attestation_keys_{attestation_, config_, ports.store, ports.random},
      wrap_key_{load_or_create_wrap_key()},
      powered_up_{ports.clock.now()} {}

Result<void> Authenticator::change_settings(const Settings& settings) {
  if (auto kept = save_settings(ports_.store, settings); !kept) return kept;
  settings_ = settings;
  return {};
}

Settings Authenticator::initial_settings() const {
  Settings settings;
  settings.always_uv = config_.always_uv;
  settings.min_pin_length = limits().min_pin_length;
  return settings;
}

Settings Authenticator::stored_settings() const {
  auto settings = load_settings(ports_.store, initial_settings());
  // The keystore may be of a key of another model.
  settings.min_pin_length = std::max<std::uint64_t>(settings.min_pin_length, limits().min_pin_length);
  return settings;
}

Result<void> Authenticator::work(std::chrono::milliseconds least, const Exchange& exchange) {
  if (least.count() == 0) return {};
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  const auto until = ports_.clock.now() + least;
  ports_.clock.wait(never, lock, exchange.stop, until, [] { return false; });
  if (exchange.stop.stop_requested())
    return fail(Status::keepalive_cancel, "the host cancelled the request while the key was at work");
  return {};
}

template <class Answer>
Answer Authenticator::ask(Answer (UserGate::*question)(const Prompt&, std::stop_token, Clock::TimePoint),
                          const Prompt& prompt, const Exchange& exchange, std::chrono::milliseconds timeout) {
  const auto tell = [&](Waiting waiting) {
    if (exchange.on_waiting) exchange.on_waiting(waiting);
  };
  tell(Waiting::user_presence);
  const auto answer = (ports_.user.*question)(prompt, exchange.stop, ports_.clock.now() + timeout);
  tell(Waiting::processing);
  return answer;
}

Result<void> Authenticator::confirm_presence(const Prompt& prompt, const Exchange& exchange) {
  return result_of(ask(&UserGate::confirm_presence, prompt, exchange, config_.presence_timeout));
}

UserAnswer Authenticator::ask_to_verify(const Prompt& prompt, const Exchange& exchange) {
  if (!supports_fingerprints())
    return ask(&UserGate::verify_user, prompt, exchange, config_.presence_timeout);
  const auto scan = ask(&UserGate::scan_finger, prompt, exchange, config_.presence_timeout);
  if (scan.answer != UserAnswer::approved) return scan.answer;
  const bool known = scan.sample == SampleStatus::good && fingerprints_.has(scan.finger);
  return known ? UserAnswer::approved : UserAnswer::not_verified;
}

Result<FingerScan> Authenticator::scan_finger(const Prompt& prompt, const Exchange& exchange,
                                              const std::uint64_t* milliseconds) {
  auto timeout = config_.presence_timeout;
  if (milliseconds != nullptr && *milliseconds < static_cast<std::uint64_t>(timeout.count())) {
    timeout = std::chrono::milliseconds{*milliseconds};
  }
  const auto scan = ask(&UserGate::scan_finger, prompt, exchange, timeout);
  if (scan.answer == UserAnswer::approved || scan.answer == UserAnswer::timed_out) return scan;
  return fail(result_of(scan.answer).error());
}

Result<std::size_t> Authenticator::choose_account(const Prompt& prompt, const Exchange& exchange) {
  const auto choice = ask(&UserGate::choose_account, prompt, exchange, config_.presence_timeout);
  if (choice.answer == UserAnswer::approved && choice.account < prompt.accounts.size()) return choice.account;
  if (choice.answer == UserAnswer::cancelled) return fail(result_of(choice.answer).error());
  const bool late = choice.answer == UserAnswer::timed_out;
  return fail(Status::operation_denied,
              std::string{"6.2.2 step 12: the user chose none of the accounts on the key's display"} +
                  (late ? " in time" : ""));
}

Result<void> Authenticator::verify_user(const Prompt& prompt, const Exchange& exchange) {
  if (auto allowed = built_in_uv_.spend_try(); !allowed) return allowed;
  const auto answer = ask_to_verify(prompt, exchange);
  // Only a wrong person costs a try; whoever approves gives all of them back.
  if (answer != UserAnswer::not_verified) {
    if (auto restored = built_in_uv_.restore(answer == UserAnswer::approved); !restored) return restored;
  } else if (built_in_uv_.retries() == 0) {
    return fail(Status::uv_blocked, "built-in user verification: not the right person, and no try is left");
  }
  return result_of(answer);
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
  credential.cred_blob = std::move(wanted.cred_blob);
  credential.third_party_payment = wanted.third_party_payment;
  credential.supports_large_blob = wanted.supports_large_blob;
  if (wanted.large_blob_key) credential.large_blob_key = SecretBytes::copy_of(ports_.random.secret<32>());
  credential.created_at = ports_.clock.unix_time();
  credential.private_key = generate_private_key(credential.algorithm, ports_.random);
  if (!credential.discoverable && !config_.keeps_all) {
    wrap(credential, wrap_key_, ports_.random);
    // What has no room in an id of this model's lies in the store.
    if (credential.id.size() <= limits().max_credential_id_length) return credential;
  }
  // Only what is stored can be copied.
  credential.backup_eligible = config_.backup_eligible;
  credential.backed_up = config_.backup_eligible && config_.backed_up;
  credential.counts_signatures = !config_.backup_eligible && persona().counter != CounterStyle::zero;
  const auto id = ports_.random.bytes<32>();
  credential.id.assign(id.begin(), id.end());
  credential.cred_random_without_uv = ports_.random.secret<32>();
  credential.cred_random_with_uv = ports_.random.secret<32>();
  if (const auto room = check_room(credential); !room) return fail(room.error());
  if (auto stored = checked(ports_.store.put(credential)); !stored) return fail(stored.error());
  return credential;
}

Result<void> Authenticator::check_room(const Credential& credential) {
  const auto count = discoverable_count();
  if (!count) return fail(count.error());
  // The model's number is of discoverable ones; others take no place of theirs.
  const auto most = credential.discoverable ? limits().max_discoverable_credentials : kMaxStored;
  if (*count < most) return {};
  if (credential.discoverable) {
    const auto others = find_by_rp(credential.rp_id_hash);
    if (!others) return fail(others.error());
    const auto of_same_account = [&](const Credential& other) {
      return other.discoverable && other.user.id == credential.user.id;
    };
    if (std::ranges::any_of(*others, of_same_account)) return {};
  }
  return fail(Status::key_store_full,
              "the key holds " + std::to_string(*count) + " credentials and takes no more");
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
  // Counted all the same, for the store remembers when it was.
  const auto count = checked(ports_.store.next_sign_count(credential.id));
  if (!count) return count;
  if (!counts(credential)) return 0;
  return persona().counter == CounterStyle::global ? next_global_count() : count;
}

Result<std::uint32_t> Authenticator::first_sign_count(const Credential& credential) {
  if (persona().counter != CounterStyle::global || !counts(credential)) return 0;
  return next_global_count();
}

bool Authenticator::counts(const Credential& credential) const {
  return credential.counts_signatures && persona().counter != CounterStyle::zero;
}

Result<std::uint32_t> Authenticator::next_global_count() {
  const auto last = checked(ports_.store.sign_counter(kGlobalCounter));
  if (!last) return fail(last.error());
  if (last->count == std::numeric_limits<std::uint32_t>::max())
    return fail(Status::other, "the key's counter of signatures is at its end; a reset begins it anew");
  const auto next = last->count + 1;
  if (const auto kept = checked(ports_.store.raise_sign_count(kGlobalCounter, next)); !kept)
    return fail(kept.error());
  return next;
}

Result<std::size_t> Authenticator::discoverable_count() { return checked(ports_.store.count()); }

void Authenticator::power_cycle() {
  pin_.power_cycle();
  powered_up_ = ports_.clock.now();
}

Result<void> Authenticator::reset() {
  if (auto erased = checked(ports_.store.reset()); !erased) return erased;
  pin_.forget();
  built_in_uv_.forget();
  fingerprints_.forget();
  settings_ = initial_settings();
  // The old key is gone from the store; without a new one in it no wrapped credential would outlive this
  // process.
  auto fresh = ports_.random.secret<WrapKey::size()>();
  if (auto saved = checked(ports_.store.save(RecordKind::wrap_key, fresh)); !saved) return saved;
  wrap_key_ = std::move(fresh);
  return identity_.renew();
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
