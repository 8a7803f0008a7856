// The platform's side of CTAP2 for tests of a VirtualKey: requests from values, answers to values, and PIN/UV
// auth protocol two.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <string_view>

#include "cbor/cbor.h"
#include "crypto/aes.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"
#include "keystore/memory_store.h"

namespace fauxkey::test {

/// Answers each prompt by the next of its answers, then by `otherwise`; remembers the prompts. Moves the
/// clock to the deadline where the answer is timed_out.
class ScriptedGate final : public UserGate {
 public:
  explicit ScriptedGate(ManualClock& clock) : clock_{clock} {}
  [[nodiscard]] UserAnswer confirm_presence(const Prompt& prompt, std::stop_token stop,
                                            Clock::TimePoint deadline) override {
    prompts.push_back(prompt);
    UserAnswer answer = otherwise;
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    if (stop.stop_requested()) return UserAnswer::cancelled;
    if (answer == UserAnswer::timed_out) clock_.advance(deadline - clock_.now());
    return answer;
  }

  std::deque<UserAnswer> answers;
  UserAnswer otherwise = UserAnswer::approved;
  std::vector<Prompt> prompts;

 private:
  ManualClock& clock_;
};

struct Answer {
  Status status;
  cbor::Value value;
  std::string why{};  ///< of a refusal

  [[nodiscard]] const cbor::Value& operator[](int member) const {
    const auto* map = value.as<cbor::Map>();
    REQUIRE(map != nullptr);
    const auto* found = cbor::find(*map, member);
    REQUIRE(found != nullptr);
    return *found;
  }
  [[nodiscard]] bool has(int member) const {
    const auto* map = value.as<cbor::Map>();
    return map != nullptr && cbor::find(*map, member) != nullptr;
  }
};

/// A key in this process with a clock that stands still, a scripted user, and a memory store.
struct Bench {
  ManualClock clock;
  SystemRandom random;
  MemoryStore store;
  ScriptedGate user{clock};
  VirtualKey key;
  std::uint32_t channel = 1;

  explicit Bench(KeyConfig config = {}) : key{std::move(config), Ports{store, user, clock, random}} {}

  Answer send(std::uint8_t command, const cbor::Map& parameters = {}) {
    return send_on(channel, command, parameters);
  }
  Answer send_on(std::uint32_t on_channel, std::uint8_t command, const cbor::Map& parameters = {}) {
    Bytes message{command};
    if (!parameters.empty()) append(message, cbor::encode(parameters));
    return send_bytes(on_channel, message);
  }
  /// Whatever is refused is explained, once.
  Answer send_bytes(std::uint32_t on_channel, const Bytes& message, const std::stop_token& stop = {}) {
    std::vector<std::string> reasons;
    const Bytes bytes = key.process_cbor(
        message,
        {.channel = on_channel, .stop = stop, .on_waiting = {}, .on_refusal = [&](std::string_view why) {
           reasons.emplace_back(why);
         }});
    REQUIRE_FALSE(bytes.empty());
    Answer answer{static_cast<Status>(bytes[0]), {}};
    REQUIRE(reasons.size() == (answer.status == Status::ok ? 0 : 1));
    if (!reasons.empty()) answer.why = reasons.front();
    CHECK(answer.why.empty() == (answer.status == Status::ok));
    if (bytes.size() > 1) {
      auto decoded = cbor::decode(ByteView{bytes}.subspan(1));
      REQUIRE(decoded.has_value());
      answer.value = *std::move(decoded);
    }
    return answer;
  }

  static Bytes client_data_hash() { return Bytes(32, 0xCD); }
  static cbor::Map registration(const char* user_id, bool discoverable, const char* rp_id = "example.com") {
    const std::string id{user_id};
    return {{1, client_data_hash()},
            {2, cbor::Map{{"id", rp_id}}},
            {3, cbor::Map{{"id", Bytes{id.begin(), id.end()}}, {"name", user_id}}},
            {4, cbor::Array{cbor::Map{{"alg", -7}, {"type", "public-key"}}}},
            {7, cbor::Map{{"rk", discoverable}}}};
  }
  static cbor::Map login(const char* rp_id = "example.com") { return {{1, rp_id}, {2, client_data_hash()}}; }

  // PIN/UV auth protocol two.
  struct Agreement {
    cbor::Map cose;
    Secret<32> hmac_key;
    Secret<32> aes_key;
  };
  Agreement agree() {
    const auto answer = send(0x06, {{1, 2}, {2, 2}});
    REQUIRE(answer.status == Status::ok);
    const auto& theirs = *answer[1].as<cbor::Map>();
    crypto::p256::PublicKey point;
    std::ranges::copy(*cbor::find(theirs, -2)->as<Bytes>(), point.x.begin());
    std::ranges::copy(*cbor::find(theirs, -3)->as<Bytes>(), point.y.begin());
    const auto mine = crypto::p256::generate(random);
    const auto my_point = crypto::p256::public_key(mine);
    const auto z = crypto::p256::ecdh(mine, point);
    REQUIRE(z.has_value());
    const Bytes salt(32, 0);
    return {cbor::Map{{1, 2},
                      {3, -25},
                      {-1, 1},
                      {-2, cbor::Value::bytes(my_point.x)},
                      {-3, cbor::Value::bytes(my_point.y)}},
            crypto::hkdf_sha256(*z, salt, "CTAP2 HMAC key"), crypto::hkdf_sha256(*z, salt, "CTAP2 AES key")};
  }
  Bytes encrypt(const Agreement& agreement, ByteView plaintext) {
    const auto iv = random.bytes<16>();
    Bytes out{iv.begin(), iv.end()};
    append(out, crypto::aes256_cbc_encrypt(agreement.aes_key.view(), iv, plaintext));
    return out;
  }
  static Bytes pin_hash(std::string_view pin) {
    const auto digest = crypto::sha256(pin);
    return {digest.begin(), digest.begin() + 16};
  }
  Answer set_pin(std::string_view pin) {
    const auto agreement = agree();
    Bytes padded{pin.begin(), pin.end()};
    padded.resize(64);
    const Bytes new_pin_enc = encrypt(agreement, padded);
    const auto param = crypto::hmac_sha256(agreement.hmac_key, {new_pin_enc});
    return send(0x06,
                {{1, 2}, {2, 3}, {3, agreement.cose}, {4, cbor::Value::bytes(param)}, {5, new_pin_enc}});
  }
  /// getPinUvAuthTokenUsingPinWithPermissions; fills `token` on success. Without `rp_id` it is bound to none.
  Status get_token(std::string_view pin, int permissions, SecretBytes& token,
                   const char* rp_id = "example.com") {
    const auto agreement = agree();
    cbor::Map request{
        {1, 2}, {2, 9}, {3, agreement.cose}, {6, encrypt(agreement, pin_hash(pin))}, {9, permissions}};
    if (rp_id != nullptr) request.emplace_back(10, rp_id);
    const auto answer = send(0x06, request);
    if (answer.status != Status::ok) return answer.status;
    const auto& sealed = *answer[2].as<Bytes>();
    std::array<std::uint8_t, 16> iv{};
    std::copy_n(sealed.begin(), iv.size(), iv.begin());
    token = crypto::aes256_cbc_decrypt(agreement.aes_key.view(), iv, ByteView{sealed}.subspan(16));
    return Status::ok;
  }
  /// The request with a pinUvAuthParam over its clientDataHash; 8 and 9 are makeCredential's members, 6 and 7
  /// getAssertion's.
  static cbor::Map with_token(cbor::Map request, const SecretBytes& token, int param_member) {
    const auto param = crypto::hmac_sha256(token, {client_data_hash()});
    request.emplace_back(param_member, cbor::Value::bytes(param));
    request.emplace_back(param_member + 1, 2);
    return request;
  }
};

/// The flags byte of authenticator data.
inline std::uint8_t flags_of(const Answer& answer, int auth_data_member = 2) {
  const auto* auth_data = answer[auth_data_member].as<Bytes>();
  REQUIRE(auth_data != nullptr);
  REQUIRE(auth_data->size() >= 37);
  return (*auth_data)[32];
}

}  // namespace fauxkey::test
