#include "control/trace_decoder.h"

#include <array>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "cbor/cbor.h"
#include "control/trace_names.h"
#include "fauxkey/status.h"

namespace fauxkey::control {
namespace {

using ctaphid::Direction;

constexpr std::uint8_t kMsg = 0x03, kLock = 0x04, kInit = 0x06, kCbor = 0x10, kKeepalive = 0x3B,
                       kError = 0x3F;
constexpr std::uint8_t kU2fRegister = 0x01, kU2fAuthenticate = 0x02;

std::string number(std::uint64_t value, int digits) {
  std::array<char, 24> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Two members, so that a reader can look for either: "status": "0x2e", "statusName": "NO_CREDENTIALS".
void add_code(Json& json, const std::string& member, std::uint64_t value, int digits, std::string_view name) {
  json[member] = number(value, digits);
  if (!name.empty()) json[member + "Name"] = name;
}

std::string name_or_number(std::string_view name, std::uint8_t value) {
  return name.empty() ? number(value, 2) : std::string{name};
}

/// Reads on from the front; what is not there any more reads as empty, and is noticed by `ok`.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_{bytes} {}
  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint32_t integer(std::size_t size) {
    std::uint32_t value = 0;
    for (const auto byte : take(size)) value = (value << 8U) | byte;
    return value;
  }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  ByteView rest_;
  bool ok_ = true;
};

Json to_json(const cbor::Value& value, const Shape* shape);

std::string key_of(const cbor::Value& key) {
  if (const auto* text = key.as<std::string>()) return *text;
  if (const auto integer = key.as_integer()) return std::to_string(*integer);
  if (const auto* bytes = key.as<Bytes>()) return hex(*bytes);
  return "?";
}

const Member* member_of(const Shape* shape, const cbor::Value& key) {
  if (shape == nullptr) return nullptr;
  const auto* text = key.as<std::string>();
  const auto integer = key.as_integer();
  for (const auto& member : shape->members) {
    const bool same = text != nullptr ? member.key == Member::kTextKey && member.name == *text
                                      : integer && member.key != Member::kTextKey && member.key == *integer;
    if (same) return &member;
  }
  return nullptr;
}

Json map_to_json(const cbor::Map& map, const Shape* shape) {
  Json json = Json::object();
  for (const auto& [key, value] : map) {
    const auto* const member = member_of(shape, key);
    json.emplace(member != nullptr ? std::string{member->name} : key_of(key),
                 to_json(value, member != nullptr ? member->shape : nullptr));
  }
  return json;
}

Json bit_names(std::uint64_t bits, std::span<const ValueName> names) {
  Json json = Json::array();
  for (const auto& row : names) {
    if ((bits & row.value) != 0) json.push_back(row.name);
    bits &= ~row.value;
  }
  if (bits != 0) json.push_back(number(bits, 2));
  return json;
}

/// The first item of `bytes`, with its size; nothing where they begin with none. A canonical item ends in one
/// place only.
std::optional<std::pair<cbor::Value, std::size_t>> first_item(ByteView bytes) {
  constexpr std::size_t kMaxCoseKeySize = 2048;  // P-256 takes 77 bytes, RSA 270, ML-DSA-65 1964
  for (std::size_t size = 1; size <= std::min(bytes.size(), kMaxCoseKeySize); ++size) {
    if (auto item = cbor::decode(bytes.first(size))) return std::pair{*std::move(item), size};
  }
  return {};
}

/// WebAuthn 6.1 and, for the attested credential data, 6.5.1.
Json authenticator_data_to_json(ByteView bytes) {
  Json json;
  Cursor cursor{bytes};
  json["rpIdHash"] = hex(cursor.take(32));
  const auto flags = cursor.integer(1);
  json["flags"] = bit_names(flags, authenticator_data_flags());
  json["signCount"] = cursor.integer(4);
  constexpr std::uint32_t kAttested = 0x40, kExtensions = 0x80;
  if ((flags & kAttested) != 0) {
    json["aaguid"] = hex(cursor.take(16));
    json["credentialId"] = hex(cursor.take(cursor.integer(2)));
    if (const auto key = first_item(cursor.rest())) {
      json["credentialPublicKey"] = to_json(key->first, &cose_key());
      cursor.take(key->second);
    }
  }
  if ((flags & kExtensions) != 0) {
    if (const auto extensions = cbor::decode(cursor.rest())) {
      json["extensions"] = to_json(*extensions, nullptr);
      cursor.take(cursor.rest().size());
    }
  }
  if (!cursor.ok() || !cursor.rest().empty())
    return {{"error", "not authenticator data"}, {"data", hex(bytes)}};
  return json;
}

Json to_json(const cbor::Value& value, const Shape* shape) {
  const auto kind = shape != nullptr ? shape->kind : Shape::Kind::map;
  if (const auto* map = value.as<cbor::Map>()) return map_to_json(*map, shape);
  if (const auto* array = value.as<cbor::Array>()) {
    Json json = Json::array();
    for (const auto& element : *array) json.push_back(to_json(element, nullptr));
    return json;
  }
  if (const auto* bytes = value.as<Bytes>())
    return kind == Shape::Kind::authenticator_data ? authenticator_data_to_json(*bytes) : Json(hex(*bytes));
  if (const auto* unsigned_integer = value.as_unsigned()) {
    if (kind == Shape::Kind::bits) return bit_names(*unsigned_integer, shape->values);
    if (kind == Shape::Kind::named_value) {
      const auto name = name_in(shape->values, *unsigned_integer);
      return name.empty() ? Json(number(*unsigned_integer, 2)) : Json(name);
    }
    return *unsigned_integer;
  }
  if (const auto integer = value.as_integer()) return *integer;
  if (const auto* negative = value.as_negative()) return "-1-" + std::to_string(negative->argument);
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* boolean = value.as<bool>()) return *boolean;
  if (value.as<cbor::Null>() != nullptr) return nullptr;
  return "(of a type that CTAP2 does not use)";
}

/// Adds the map as `member`, or what is wrong with it.
void add_cbor(Json& json, const char* member, ByteView encoded, const Shape* shape) {
  if (encoded.empty()) return;
  if (const auto decoded = cbor::decode(encoded, cbor::kMaxAnswerNesting)) {
    json[member] = to_json(*decoded, shape);
  } else {
    json["error"] = decoded.error();
    json["data"] = hex(encoded);
  }
}

/// What a CTAPHID message other than MSG and CBOR says (CTAP 2.3, 11.2.9).
void add_hid_payload(Json& json, Direction direction, std::uint8_t command, ByteView payload) {
  if (command == kError && payload.size() == 1) {
    add_code(json, "error", payload[0], 2, ctaphid_error(payload[0]));
  } else if (command == kKeepalive && payload.size() == 1) {
    add_code(json, "status", payload[0], 2, keepalive_status(payload[0]));
  } else if (command == kLock && payload.size() == 1) {
    json["seconds"] = payload[0];
  } else if (command == kInit && direction == Direction::in && payload.size() == 8) {
    json["nonce"] = hex(payload);
  } else if (command == kInit && direction == Direction::out && payload.size() == 17) {
    constexpr std::array kCapabilities{ValueName{0x01, "WINK"}, ValueName{0x02, "LOCK"},
                                       ValueName{0x04, "CBOR"}, ValueName{0x08, "NMSG"}};
    Cursor cursor{payload};
    json["nonce"] = hex(cursor.take(8));
    json["newChannel"] = number(cursor.integer(4), 8);
    json["protocolVersion"] = cursor.integer(1);
    json["deviceVersion"] = hex(cursor.take(3));
    json["capabilities"] = bit_names(cursor.integer(1), kCapabilities);
  } else if (!payload.empty()) {
    json["data"] = hex(payload);
  }
}

void add_u2f_request(Json& json, ByteView apdu, std::uint8_t instruction) {
  // ISO 7816-4: CLA INS P1 P2, then Lc in one byte or, after a zero, in two.
  Cursor cursor{apdu.subspan(std::min<std::size_t>(apdu.size(), 4))};
  std::size_t size = cursor.integer(1);
  if (size == 0 && cursor.rest().size() >= 2) size = cursor.integer(2);
  Cursor data{cursor.take(std::min(size, cursor.rest().size()))};
  if (instruction == kU2fRegister || instruction == kU2fAuthenticate) {
    Json parameters;
    if (instruction == kU2fAuthenticate) parameters["control"] = number(apdu[2], 2);
    parameters["challenge"] = hex(data.take(32));
    parameters["application"] = hex(data.take(32));
    if (instruction == kU2fAuthenticate) parameters["keyHandle"] = hex(data.take(data.integer(1)));
    if (data.ok()) {
      json["parameters"] = std::move(parameters);
      return;
    }
  }
  json["data"] = hex(apdu);
}

void add_u2f_response(Json& json, ByteView body, std::uint8_t instruction) {
  Cursor cursor{body};
  Json response;
  if (instruction == kU2fRegister) {
    cursor.take(1);
    response["publicKey"] = hex(cursor.take(65));
    response["keyHandle"] = hex(cursor.take(cursor.integer(1)));
    response["certificateAndSignature"] = hex(cursor.rest());
  } else if (instruction == kU2fAuthenticate) {
    response["userPresence"] = cursor.integer(1);
    response["counter"] = cursor.integer(4);
    response["signature"] = hex(cursor.rest());
  }
  if (!response.empty() && cursor.ok())
    json["response"] = std::move(response);
  else
    json["data"] = hex(body);
}

Json header(const char* layer, Direction direction, std::uint32_t channel) {
  return {
      {"layer", layer}, {"dir", direction == Direction::in ? "in" : "out"}, {"channel", number(channel, 8)}};
}

}  // namespace

Json TraceDecoder::packet(Direction direction, ByteView report) {
  // CTAP 2.3, 11.2.4: channel, then a command with the message's length, or a sequence number.
  Cursor cursor{report};
  auto json = header("hid", direction, cursor.integer(4));
  json["kind"] = "packet";
  const auto type = static_cast<std::uint8_t>(cursor.integer(1));
  if ((type & 0x80U) != 0) {
    const auto command = static_cast<std::uint8_t>(type & 0x7FU);
    json["command"] = name_or_number(ctaphid_command(command), command);
    json["length"] = cursor.integer(2);
  } else {
    json["seq"] = type;
  }
  json["raw"] = hex(report);
  return json;
}

Json TraceDecoder::message(Direction direction, std::size_t device, std::uint32_t channel,
                           std::uint8_t command, ByteView payload) {
  command &= 0x7FU;
  const Place place{device, channel};
  if (command != kCbor && command != kMsg) {
    auto json = header("hid", direction, channel);
    json["kind"] = "message";
    json["command"] = name_or_number(ctaphid_command(command), command);
    json["size"] = payload.size();
    add_hid_payload(json, direction, command, payload);
    return json;
  }

  auto json = header(command == kCbor ? "ctap" : "u2f", direction, channel);
  if (command == kCbor && direction == Direction::in) {
    const std::uint8_t request = payload.empty() ? std::uint8_t{0} : payload[0];
    expect_answer(place, request);
    const auto* const names = ctap_command(request);
    json["command"] = name_or_number(names != nullptr ? names->name : "", request);
    json["size"] = payload.size();
    if (!payload.empty())
      add_cbor(json, "parameters", payload.subspan(1), names != nullptr ? names->request : nullptr);
  } else if (command == kCbor) {
    const auto request = take_request(place);
    const auto* const names = ctap_command(request);
    json["command"] = name_or_number(names != nullptr ? names->name : "", request);
    json["size"] = payload.size();
    if (payload.empty()) return json;
    add_code(json, "status", payload[0], 2, name_of(static_cast<Status>(payload[0])));
    add_cbor(json, "response", payload.subspan(1), names != nullptr ? names->response : nullptr);
  } else if (direction == Direction::in) {
    const std::uint8_t instruction = payload.size() < 4 ? std::uint8_t{0} : payload[1];
    expect_answer(place, instruction);
    json["command"] = name_or_number(u2f_instruction(instruction), instruction);
    json["size"] = payload.size();
    if (payload.size() < 4)
      json["data"] = hex(payload);
    else
      add_u2f_request(json, payload, instruction);
  } else {
    const auto instruction = take_request(place);
    json["command"] = name_or_number(u2f_instruction(instruction), instruction);
    json["size"] = payload.size();
    if (payload.size() < 2) {
      json["data"] = hex(payload);
      return json;
    }
    const auto word = Cursor{payload.last(2)}.integer(2);
    add_code(json, "status", word, 4, u2f_status_word(static_cast<std::uint16_t>(word)));
    if (payload.size() > 2) add_u2f_response(json, payload.first(payload.size() - 2), instruction);
  }
  return json;
}

void TraceDecoder::expect_answer(Place place, std::uint8_t request) {
  if (pending_.size() >= kMaxPending) pending_.clear();
  pending_[place] = request;
}

std::uint8_t TraceDecoder::take_request(Place place) {
  const auto found = pending_.find(place);
  if (found == pending_.end()) return 0;
  const auto request = found->second;
  pending_.erase(found);
  return request;
}

}  // namespace fauxkey::control
