// Random sequences of valid and broken commands on two channels: whatever a host sends, the key answers by a
// status that the specification names for that command, in well-formed CBOR, keeps the channels' states
// apart, and still serves afterwards.
//   FAUXKEY_SEQUENCES=N  how many (10,000)
//   FAUXKEY_SEED=N       the first one's seed; each failure prints its own
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "platform.h"

namespace sequences_test {

using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using cbor::Value;

constexpr int kCommandsInSequence = 12;
constexpr int kSequencesPerKey = 100;  // then the next key, of another kind

/// What section 6 names for each command, beside what any of them may say of a malformed request.
using Statuses = std::set<Status>;
const Statuses& of_any_command() {
  using enum Status;
  static const Statuses kStatuses{ok,
                                  invalid_parameter,
                                  invalid_length,
                                  cbor_unexpected_type,
                                  invalid_cbor,
                                  missing_parameter,
                                  limit_exceeded,
                                  request_too_large,
                                  keepalive_cancel};
  return kStatuses;
}

const std::map<std::uint8_t, Statuses>& named_statuses() {
  using enum Status;
  static const Statuses kByToken{pin_invalid,    pin_not_set,      pin_auth_invalid,   pin_auth_blocked,
                                 pin_blocked,    puat_required,    uv_blocked,         unsupported_option,
                                 invalid_option, operation_denied, user_action_timeout};
  const auto with_token = [](Statuses more) {
    more.insert(kByToken.begin(), kByToken.end());
    return more;
  };
  static const std::map<std::uint8_t, Statuses> kStatuses{
      {0x01, with_token({credential_excluded, unsupported_algorithm, key_store_full, not_allowed})},
      {0x02, with_token({no_credentials, not_allowed})},
      {0x04, {}},
      {0x06, with_token({invalid_subcommand, not_allowed, pin_policy_violation, unauthorized_permission,
                         uv_invalid})},
      {0x07, {operation_denied, user_action_timeout, not_allowed}},
      {0x08, {not_allowed}},
      {0x09, with_token({invalid_subcommand, not_allowed, fp_database_full})},
      {0x0A, with_token({invalid_subcommand, not_allowed, no_credentials, key_store_full})},
      {0x0B, {operation_denied, user_action_timeout}},
      {0x0C, with_token({invalid_seq, large_blob_storage_full, integrity_failure})},
      {0x0D, with_token({invalid_subcommand, not_allowed, pin_policy_violation, key_store_full})},
      {0x40, with_token({invalid_subcommand, not_allowed, fp_database_full})},
      {0x41, with_token({invalid_subcommand, not_allowed, no_credentials, key_store_full})}};
  return kStatuses;
}

bool is_named(std::uint8_t command, Status status) {
  const auto row = named_statuses().find(command);
  if (row == named_statuses().end()) return status == Status::invalid_command;
  if (of_any_command().contains(status) || row->second.contains(status)) return true;
  // Commands that a key of this kind lacks.
  return status == Status::invalid_command && (command == 0x09 || command == 0x40 || command == 0x0C);
}

KeyConfig kind(int number) {
  KeyConfig config;
  config.algorithms = {Algorithm::es256, Algorithm::eddsa};
  switch (number % 5) {
    case 1:
      config.built_in_uv = BuiltInUvKind::prompt;
      break;
    case 2:
      config.built_in_uv = BuiltInUvKind::fingerprint;
      break;
    case 3:
      config.large_blobs = LargeBlobKind::extension;
      config.enterprise = Enterprise{{"a.example"}};
      break;
    case 4:
      config.always_uv = true;
      config.attestation = AttestationStyle::packed_self;
      break;
    default:
      break;
  }
  return config;
}

/// A person who answers as the dice fall, at once.
class MoodyUser final : public UserGate {
 public:
  explicit MoodyUser(std::mt19937_64& dice) : dice_{dice} {}
  [[nodiscard]] UserAnswer confirm_presence(const Prompt&, std::stop_token, Clock::TimePoint) override {
    const auto fallen = dice_() % 20;
    if (fallen == 0) return UserAnswer::denied;
    if (fallen == 1) return UserAnswer::timed_out;
    return UserAnswer::approved;
  }
  [[nodiscard]] UserAnswer verify_user(const Prompt&, std::stop_token, Clock::TimePoint) override {
    return dice_() % 5 == 0 ? UserAnswer::not_verified : UserAnswer::approved;
  }

 private:
  std::mt19937_64& dice_;
};

/// A host's side: what it knows of the key, and how it makes requests of it.
class Host {
 public:
  Host(VirtualKey& key, std::mt19937_64& dice, Random& random) : key_{key}, dice_{dice}, random_{random} {}

  /// Some accounts to begin with, so that sequences have something to go on with.
  void register_accounts() {
    for (const char* rp_id : {"a.example", "b.example", "c.example"}) {
      for (const char* account : {"x", "y", "z"}) {
        Bytes message{0x01};
        append(message, cbor::encode(test::Bench::registration(account, true, rp_id)));
        static_cast<void>(key_.process_cbor(message, on(3)));
      }
    }
  }

  void sequence() {
    log_.clear();
    for (int i = 0; i < kCommandsInSequence; ++i) step();
    // Whatever that was: a well-formed request is served.
    const auto info = key_.process_cbor(Bytes{0x04}, on(1));
    check(info.size() > 1 && info[0] == 0, "getInfo does not work any more");
  }

  [[nodiscard]] std::size_t failures() const { return failures_; }
  [[nodiscard]] const std::map<std::pair<std::uint8_t, Status>, int>& seen() const { return seen_; }
  std::uint64_t seed = 0;

 private:
  static Exchange on(std::uint32_t channel) { return {.channel = channel, .stop = {}, .on_waiting = {}}; }
  std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[roll(list.size())];
  }

  void check(bool holds, const std::string& rule) {
    if (holds) return;
    ++failures_;
    std::string commands;
    for (const auto& line : log_) commands += "\n    " + line;
    FAIL_CHECK("FAUXKEY_SEED=", seed, ": ", rule, commands);
  }

  void step() {
    const std::uint32_t channel = 1 + static_cast<std::uint32_t>(roll(2));
    static const std::vector<std::uint8_t> kCommands{0x01, 0x01, 0x02, 0x02, 0x02, 0x04, 0x06,
                                                     0x06, 0x06, 0x06, 0x08, 0x08, 0x09, 0x0A,
                                                     0x0A, 0x0A, 0x0B, 0x0C, 0x0D, 0x40, 0x41};
    std::uint8_t command = roll(50) == 0 ? static_cast<std::uint8_t>(dice_()) : one_of(kCommands);
    if (left_[channel] > 0 && roll(2) == 0) command = 0x08;
    Bytes message{command};
    Map request = request_for(command);
    if (roll(5) == 0) request = broken(request);
    if (!request.empty()) append(message, cbor::encode(request));
    if (roll(20) == 0) break_bytes(message);
    const std::uint8_t sent = message.empty() ? 0 : message[0];

    const Bytes answer = key_.process_cbor(message, on(channel));
    check(!answer.empty(), "no answer");
    if (answer.empty()) return;
    const auto status = static_cast<Status>(answer[0]);
    log_.push_back("channel " + std::to_string(channel) + " " + hex(message) + " -> " + name_of(status));
    ++seen_[{sent, status}];
    if (!message.empty())
      check(is_named(sent, status), "a status that the specification does not name for the command");
    check(answer.size() <= 7609, "an answer beyond maxMsgSize");
    check(status == Status::ok || answer.size() == 1, "an error with data");
    if (status == Status::ok && answer.size() > 1) {
      const auto decoded = cbor::decode(ByteView{answer}.subspan(1));
      check(decoded.has_value() && decoded->as<Map>() != nullptr, "an answer that is not strict CBOR");
      if (decoded && decoded->as<Map>() != nullptr) learn(command, *decoded->as<Map>());
    }
    // 6.3: only directly after an assertion on the same channel that left more.
    if (sent == 0x08 && status == Status::ok)
      check(left_[channel] > 0, "an assertion out of another channel's sequence");
    // No bytes are no command.
    if (!message.empty()) left_[channel] = left_after(sent, status, answer, left_[channel]);
  }

  static int left_after(std::uint8_t command, Status status, const Bytes& answer, int before) {
    if (status != Status::ok) return 0;
    if (command == 0x08) return before - 1;
    if (command != 0x02) return 0;
    const auto decoded = cbor::decode(ByteView{answer}.subspan(1));
    const auto* count = decoded ? cbor::find(*decoded->as<Map>(), 5) : nullptr;
    return count != nullptr ? static_cast<int>(*count->as<std::uint64_t>()) - 1 : 0;
  }

  /// Keeps what later requests can use.
  void learn(std::uint8_t command, const Map& answer) {
    if (command == 0x01) {
      const auto* auth_data = cbor::find(answer, 2)->as<Bytes>();
      const std::size_t size = static_cast<std::size_t>((*auth_data)[53] << 8 | (*auth_data)[54]);
      ids_.push_back({auth_data->begin() + 55, auth_data->begin() + 55 + static_cast<std::ptrdiff_t>(size)});
      if (ids_.size() > 20) ids_.erase(ids_.begin());
    }
    const auto* token = command == 0x06 ? cbor::find(answer, 2) : nullptr;
    if (token != nullptr && agreement_) {
      const auto* sealed = token->as<Bytes>();
      if (sealed == nullptr || sealed->size() != 48) return;
      std::array<std::uint8_t, 16> iv{};
      std::copy_n(sealed->begin(), iv.size(), iv.begin());
      token_ = crypto::aes256_cbc_decrypt(agreement_->aes_key.view(), iv, ByteView{*sealed}.subspan(16));
    }
  }

  // --- requests, well-formed

  Map request_for(std::uint8_t command) {
    switch (command) {
      case 0x01:
        return make_credential();
      case 0x02:
        return get_assertion();
      case 0x06:
        return client_pin();
      case 0x09:
      case 0x40:
        return bio_enrollment();
      case 0x0A:
      case 0x41:
        return credential_management();
      case 0x0C:
        return large_blobs();
      case 0x0D:
        return config();
      default:
        return {};
    }
  }

  Bytes some_bytes(std::size_t size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(dice_());
    return bytes;
  }
  std::string rp_id() { return one_of(std::vector<std::string>{"a.example", "b.example", "c.example"}); }
  Value descriptor() {
    const Bytes id = ids_.empty() || roll(4) == 0 ? some_bytes(1 + roll(70)) : one_of(ids_);
    return Map{{"id", id}, {"type", roll(8) == 0 ? "other" : "public-key"}};
  }
  Array descriptors() {
    Array list;
    for (auto left = 1 + roll(4); left > 0; --left) list.push_back(descriptor());
    return list;
  }

  /// Members `first` and the next: pinUvAuthParam over `message`, and its protocol.
  void authenticate(Map& request, int first, ByteView message, bool protocol_first = false) {
    if (!token_ || roll(5) == 0) return;
    Value param = cbor::Value::bytes(crypto::hmac_sha256(*token_, {message}));
    if (roll(8) == 0) param = some_bytes(roll(40));
    if (roll(20) == 0) param = Bytes{};
    request.emplace_back(protocol_first ? first + 1 : first, std::move(param));
    request.emplace_back(protocol_first ? first : first + 1, roll(10) == 0 ? 1 : 2);
  }

  Map make_credential() {
    const Bytes hash(32, 0xCD);
    Map request{
        {1, hash},
        {2, Map{{"id", rp_id()}, {"name", "Example"}}},
        {3, Map{{"id", some_bytes(1 + roll(8) % 3)}, {"name", "alice"}, {"displayName", "Alice"}}},
        {4, Array{Map{{"alg", roll(6) == 0 ? -999 : (roll(2) == 0 ? -7 : -8)}, {"type", "public-key"}}}}};
    if (roll(4) == 0) request.emplace_back(5, descriptors());
    if (roll(2) == 0) {
      Map extensions;
      if (roll(2) == 0) extensions.emplace_back("credProtect", static_cast<std::uint64_t>(1 + roll(4)));
      if (roll(2) == 0) extensions.emplace_back("hmac-secret", roll(2) == 0);
      if (roll(3) == 0) extensions.emplace_back("credBlob", some_bytes(roll(40)));
      if (roll(3) == 0) extensions.emplace_back("largeBlobKey", true);
      if (roll(4) == 0)
        extensions.emplace_back("largeBlob", Map{{"support", roll(2) == 0 ? "preferred" : "required"}});
      if (roll(3) == 0) extensions.emplace_back("minPinLength", true);
      if (roll(3) == 0) extensions.emplace_back("thirdPartyPayment", true);
      if (roll(4) == 0) extensions.emplace_back("hmac-secret-mc", hmac_secret());
      request.emplace_back(6, std::move(extensions));
    }
    if (roll(3) != 0) request.emplace_back(7, options({"rk", "rk", "up", "uv"}));
    authenticate(request, 8, hash);
    if (roll(8) == 0) request.emplace_back(10, static_cast<std::uint64_t>(roll(4)));
    if (roll(8) == 0) request.emplace_back(11, Array{"none", "packed"});
    return request;
  }

  Map get_assertion() {
    const Bytes hash(32, 0xCD);
    Map request{{1, rp_id()}, {2, hash}};
    if (roll(3) == 0) request.emplace_back(3, descriptors());
    if (roll(3) == 0) {
      Map extensions;
      if (roll(2) == 0) extensions.emplace_back("hmac-secret", hmac_secret());
      if (roll(2) == 0) extensions.emplace_back("credBlob", true);
      if (roll(2) == 0) extensions.emplace_back("largeBlobKey", true);
      if (roll(3) == 0) extensions.emplace_back("largeBlob", Map{{"read", true}});
      if (roll(2) == 0) extensions.emplace_back("thirdPartyPayment", true);
      request.emplace_back(4, std::move(extensions));
    }
    if (roll(5) == 0)
      request.emplace_back(
          5, options(roll(10) == 0 ? std::vector<std::string>{"rk"} : std::vector<std::string>{"up", "uv"}));
    authenticate(request, 6, hash);
    return request;
  }

  Map options(const std::vector<std::string>& names) {
    Map map;
    for (const auto& name : names) {
      if (roll(2) == 0 && cbor::find(map, name) == nullptr) map.emplace_back(name, roll(4) != 0);
    }
    return map;
  }

  Map hmac_secret() {
    if (!agreement_) return {{1, Map{}}, {2, some_bytes(32)}, {3, some_bytes(16)}};
    const Bytes salt_enc = encrypt(some_bytes(roll(2) == 0 ? 32 : 64));
    const auto mac = crypto::hmac_sha256(agreement_->hmac_key, {salt_enc});
    return {{1, agreement_->cose}, {2, salt_enc}, {3, Value::bytes(mac)}, {4, 2}};
  }

  Map client_pin() {
    static const std::vector<int> kSubcommands{1, 2, 2, 3, 4, 5, 5, 6, 7, 9, 9, 9, 8, 10};
    const int subcommand = one_of(kSubcommands);
    if (subcommand == 2 || !agreement_) {
      agree();
      return {{1, 2}, {2, 2}};
    }
    Map request{{1, 2}, {2, subcommand}};
    if (subcommand == 1 || subcommand == 7 || subcommand > 9) return request;
    request.emplace_back(3, agreement_->cose);
    const std::string pin = roll(8) == 0 ? "wrong" : kPin;
    const Bytes hash_enc = encrypt(test::Bench::pin_hash(pin));
    if (subcommand == 3 || subcommand == 4) {
      Bytes padded{kPin, kPin + 4};
      padded.resize(64);
      const Bytes new_pin = encrypt(padded);
      Bytes covered = new_pin;
      if (subcommand == 4) append(covered, hash_enc);
      request.emplace_back(4, Value::bytes(crypto::hmac_sha256(agreement_->hmac_key, {covered})));
      request.emplace_back(5, new_pin);
      if (subcommand == 4) request.emplace_back(6, hash_enc);
    }
    if (subcommand == 5 || subcommand == 9) request.emplace_back(6, hash_enc);
    if (subcommand == 6 || subcommand == 9) {
      static const std::vector<int> kPermissions{1, 2, 3, 4, 8, 16, 32, 64, 7, 7, 7, 4, 0x1C, 0x14, 0, 0x3F};
      request.emplace_back(9, one_of(kPermissions));
      if (roll(3) == 0) request.emplace_back(10, rp_id());
    }
    return request;
  }

  Map with_subcommand(std::uint8_t subcommand, const Map& params, int protocol_member, Bytes covered) {
    Map request{{1, subcommand}};
    if (!params.empty()) {
      request.emplace_back(2, params);
      append(covered, cbor::encode(params));
    }
    authenticate(request, protocol_member, covered, true);
    return request;
  }

  Map credential_management() {
    const auto subcommand = static_cast<std::uint8_t>(roll(9));
    Map params;
    if (subcommand == 4) {
      const auto hash = crypto::sha256(rp_id());
      params = {{1, Value::bytes(hash)}};
    } else if (subcommand == 6) {
      params = {{2, descriptor()}};
    } else if (subcommand == 7) {
      params = {{2, descriptor()}, {3, Map{{"id", some_bytes(1)}, {"name", "bob"}}}};
    }
    return with_subcommand(subcommand, params, 3, Bytes{subcommand});
  }

  Map bio_enrollment() {
    const auto subcommand = static_cast<std::uint8_t>(roll(9));
    if (subcommand == 0) return {{roll(2) == 0 ? 6 : 1, true}};
    Map params;
    if (subcommand == 2 || subcommand >= 5) params = {{1, some_bytes(2)}};
    if (subcommand == 5) params.emplace_back(2, "finger");
    Map request{{1, 1}, {2, subcommand}};
    Bytes covered{0x01, subcommand};
    if (!params.empty()) {
      request.emplace_back(3, params);
      append(covered, cbor::encode(params));
    }
    authenticate(request, 4, covered, true);
    return request;
  }

  Map large_blobs() {
    if (roll(2) == 0)
      return {{1, static_cast<std::uint64_t>(roll(2000))}, {3, static_cast<std::uint64_t>(roll(50))}};
    const Bytes fragment = some_bytes(17 + roll(100));
    return {{2, fragment}, {3, 0}, {4, static_cast<std::uint64_t>(fragment.size() + roll(3) * 200)}};
  }

  Map config() {
    const auto subcommand = static_cast<std::uint8_t>(1 + roll(5));
    Map params;
    // A length that the PIN in use always has.
    if (subcommand == 3) params = {{1, 4}, {2, Array{"a.example"}}};
    Bytes covered(32, 0xff);
    covered.push_back(0x0d);
    covered.push_back(subcommand);
    return with_subcommand(subcommand, params, 3, covered);
  }

  void agree() {
    const Bytes message = [] {
      Bytes bytes{0x06};
      append(bytes, cbor::encode(Map{{1, 2}, {2, 2}}));
      return bytes;
    }();
    const Bytes answer = key_.process_cbor(message, on(3));
    check(answer.size() > 1 && answer[0] == 0, "no key agreement");
    const auto decoded = cbor::decode(ByteView{answer}.subspan(1));
    const auto& theirs = *cbor::find(*decoded->as<Map>(), 1)->as<Map>();
    crypto::p256::PublicKey point;
    std::ranges::copy(*cbor::find(theirs, -2)->as<Bytes>(), point.x.begin());
    std::ranges::copy(*cbor::find(theirs, -3)->as<Bytes>(), point.y.begin());
    const auto mine = crypto::p256::generate(random_);
    const auto my_point = crypto::p256::public_key(mine);
    const auto z = crypto::p256::ecdh(mine, point);
    const Bytes salt(32, 0);
    agreement_.emplace(test::Bench::Agreement{
        Map{{1, 2}, {3, -25}, {-1, 1}, {-2, Value::bytes(my_point.x)}, {-3, Value::bytes(my_point.y)}},
        crypto::hkdf_sha256(*z, salt, "CTAP2 HMAC key"), crypto::hkdf_sha256(*z, salt, "CTAP2 AES key")});
  }
  Bytes encrypt(ByteView plaintext) {
    const auto iv = random_.bytes<16>();
    Bytes out{iv.begin(), iv.end()};
    append(out, crypto::aes256_cbc_encrypt(agreement_->aes_key.view(), iv, plaintext));
    return out;
  }

  // --- and broken ones

  Value any_value() {
    switch (roll(8)) {
      case 0:
        return Value{static_cast<std::uint64_t>(dice_())};
      case 1:
        return Value{-1 - static_cast<int>(roll(300))};
      case 2:
        return Value{some_bytes(roll(80))};
      case 3:
        return Value{std::string(roll(70), 'x')};
      case 4:
        return Value{Array{Value{1}, Value{"two"}}};
      case 5:
        return Value{Map{{1, 2}, {"id", Bytes{3}}}};
      case 6:
        return Value{roll(2) == 0};
      default:
        return Value{};
    }
  }

  Map broken(Map request) {
    for (auto times = 1 + roll(2); times > 0; --times) {
      if (request.empty()) return {{static_cast<std::uint64_t>(1 + roll(12)), any_value()}};
      auto& [key, value] = request[roll(request.size())];
      switch (roll(5)) {
        case 0:
          request.erase(request.begin() + static_cast<std::ptrdiff_t>(roll(request.size())));
          break;
        case 1:
          value = any_value();
          break;
        case 2:
          if (auto* map = value.as<Map>(); map != nullptr && !map->empty()) {
            Map inner = *map;
            value = broken(std::move(inner));
          } else {
            value = any_value();
          }
          break;
        case 3:
          key = any_value();
          if (key.as<Map>() != nullptr || key.as<Array>() != nullptr) key = Value{0x7f};
          break;
        default:
          if (const Value extra{static_cast<std::uint64_t>(13 + roll(200))}; true)
            request.emplace_back(extra, any_value());
      }
    }
    // The encoder makes no key twice; break_bytes does now and then.
    for (auto at = request.begin(); at != request.end();) {
      const bool again =
          std::any_of(request.begin(), at, [&](const auto& pair) { return pair.first == at->first; });
      at = again ? request.erase(at) : at + 1;
    }
    return request;
  }

  void break_bytes(Bytes& message) {
    switch (roll(4)) {
      case 0:
        message.resize(roll(message.size() + 1));
        break;
      case 1:
        append(message, some_bytes(1 + roll(20)));
        break;
      default:
        if (message.size() > 1) {
          auto& byte = message[1 + roll(message.size() - 1)];
          byte = static_cast<std::uint8_t>(byte ^ 1U << roll(8));
        }
    }
  }

  static constexpr char kPin[] = "1234";
  VirtualKey& key_;
  std::mt19937_64& dice_;
  Random& random_;
  std::vector<Bytes> ids_;
  std::optional<test::Bench::Agreement> agreement_;
  std::optional<SecretBytes> token_;
  std::map<std::uint32_t, int> left_;
  std::vector<std::string> log_;
  std::map<std::pair<std::uint8_t, Status>, int> seen_;
  std::size_t failures_ = 0;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST_CASE("random sequences of valid and broken commands: named statuses, strict answers, channels apart") {
  const auto sequences = number_from("FAUXKEY_SEQUENCES", 10'000);
  const auto first_seed = number_from("FAUXKEY_SEED", std::random_device{}());
  INFO("FAUXKEY_SEED=", first_seed);
  std::map<std::pair<std::uint8_t, Status>, int> seen;
  std::size_t failures = 0;
  for (std::uint64_t done = 0; done < sequences && failures < 5; done += kSequencesPerKey) {
    // A key's whole life follows from one seed, so that a failure can be had again.
    const std::uint64_t seed = first_seed + done / kSequencesPerKey;
    std::mt19937_64 dice{seed};
    ManualClock clock;
    SeededRandom random{seed};
    MemoryStore store;
    MoodyUser user{dice};
    VirtualKey key{kind(static_cast<int>(seed % 5)), Ports{store, user, clock, random}};
    Host host{key, dice, random};
    host.seed = seed;
    host.register_accounts();
    for (int i = 0; i < kSequencesPerKey; ++i) {
      host.sequence();
      clock.advance(std::chrono::seconds{dice() % 20});
      if (dice() % 4 == 0) key.power_cycle();
      if (dice() % 10 == 0) {
        key.power_cycle();
        static_cast<void>(key.process_cbor(Bytes{0x07}, {.channel = 1, .stop = {}, .on_waiting = {}}));
        host.register_accounts();
      }
    }
    failures += host.failures();
    for (const auto& [what, times] : host.seen()) seen[what] += times;
  }
  CHECK(failures == 0);
  // The sequences mean something only where each command also succeeds and fails.
  if (sequences >= 5'000) {
    for (const std::uint8_t command : Bytes{0x01, 0x02, 0x04, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D}) {
      CAPTURE(static_cast<int>(command));
      CHECK(seen[{command, Status::ok}] > 0);
    }
  }
  std::string table;
  for (const auto& [what, times] : seen)
    table += " " + std::to_string(what.first) + ":" + name_of(what.second) + "=" + std::to_string(times);
  if (std::getenv("FAUXKEY_SEQUENCES") != nullptr) MESSAGE(table);
}

}  // namespace sequences_test
