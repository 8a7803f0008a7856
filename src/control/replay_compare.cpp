// What two answers have to have in common, and what cannot be the same.
#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/text.h"
#include "cbor/cbor.h"
#include "control/replay.h"

namespace fauxkey::control {
namespace {

// By the last part of a member's name. A signature, key, certificate or ciphertext is another one with every
// key, most even with every run; a counter goes on where it was.
constexpr std::array<std::string_view, 17> kMayDiffer{"signature",
                                                      "sig",
                                                      "x5c",
                                                      "credentialPublicKey",
                                                      "publicKey",
                                                      "signCount",
                                                      "counter",
                                                      "newChannel",
                                                      "keyAgreement",
                                                      "pinUvAuthToken",
                                                      "largeBlobKey",
                                                      "hmac-secret",
                                                      "hmac-secret-mc",
                                                      "encIdentifier",
                                                      "encCredStoreState",
                                                      "certificateAndSignature",
                                                      "deviceVersion"};

/// Which say who or how long, not what.
constexpr std::array<std::string_view, 2> kNoContent{"channel", "size"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::optional<Bytes> bytes_of(const Json& json) {
  const auto* text = json.get_ptr<const std::string*>();
  if (text == nullptr || text->size() % 2 != 0) return {};
  Bytes bytes;
  for (std::size_t i = 0; i < text->size(); i += 2) {
    const auto value = [&](char c) {
      return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    const int high = value((*text)[i]);
    const int low = value((*text)[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string shown(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

class Comparer {
 public:
  Comparer(const IdMap& ids, Comparison& result) : ids_{ids}, result_{result} {}

  void values(const std::string& path, std::string_view name, const Json* recorded,
              const Json* live) {  // NOLINT(misc-no-recursion)
    if (recorded != nullptr && live != nullptr) {
      if (*recorded == *live) return;
      // An output that is there or not is another thing than its bytes; booleans say whether it is. Of a key
      // its kind has to be the same.
      const bool content =
          !recorded->is_boolean() && !recorded->is_object() && recorded->type() == live->type();
      if (content && contains(kMayDiffer, name)) return leave_out(path);
      if (const auto key = key_in(path); !key.empty() && recorded->is_string() && live->is_string())
        return leave_out(key);
      if (recorded->is_object() && live->is_object()) return objects(path, *recorded, *live);
      if (recorded->is_array() && live->is_array() && recorded->size() == live->size()) {
        for (std::size_t i = 0; i < recorded->size(); ++i)
          values(std::string{path}.append("[").append(std::to_string(i)).append("]"), name, &(*recorded)[i],
                 &(*live)[i]);
        return;
      }
      const auto* text = recorded->get_ptr<const std::string*>();
      const auto* other = live->get_ptr<const std::string*>();
      if (text != nullptr && other != nullptr && ids_.same(*text, *other)) return;
    }
    result_.differences.push_back(
        {path, recorded != nullptr ? shown(*recorded) : "absent", live != nullptr ? shown(*live) : "absent"});
  }

  void objects(const std::string& path, const Json& recorded,
               const Json& live) {  // NOLINT(misc-no-recursion)
    const auto member = [](const Json& object, const std::string& name) {
      const auto found = object.find(name);
      return found != object.end() ? &*found : nullptr;
    };
    std::vector<std::string> names;
    for (const auto* object : {&recorded, &live}) {
      for (const auto& item : object->items()) {
        if (std::ranges::find(names, item.key()) == names.end()) names.push_back(item.key());
      }
    }
    for (const auto& name : names) {
      if (path.empty() && contains(kNoContent, name)) continue;
      std::string inner = path;
      if (!inner.empty()) inner += '.';
      inner += name;
      values(inner, name, member(recorded, name), member(live, name));
    }
  }

 private:
  void leave_out(const std::string& path) {
    if (std::ranges::find(result_.left_out, path) == result_.left_out.end()) result_.left_out.push_back(path);
  }

  /// The path of the COSE_Key that a member belongs to; empty where it belongs to none.
  static std::string key_in(const std::string& path) {
    for (const std::string_view key : {"credentialPublicKey", "publicKey", "keyAgreement"}) {
      const auto at = path.find(std::string{key} + ".");
      if (at != std::string::npos) return path.substr(0, at + key.size());
    }
    return {};
  }

  const IdMap& ids_;
  Comparison& result_;
};

/// Replaces byte strings by others, wherever they stand.
bool replace(cbor::Value& value, const std::map<Bytes, Bytes>& ids) {  // NOLINT(misc-no-recursion)
  if (const auto* bytes = value.as<Bytes>()) {
    const auto found = ids.find(*bytes);
    if (found == ids.end()) return false;
    value = found->second;
    return true;
  }
  bool changed = false;
  if (const auto* array = value.as<cbor::Array>()) {
    auto copy = *array;
    for (auto& element : copy) changed = replace(element, ids) || changed;
    if (changed) value = std::move(copy);
  } else if (const auto* map = value.as<cbor::Map>()) {
    auto copy = *map;
    for (auto& entry : copy) changed = replace(entry.second, ids) || changed;
    if (changed) value = std::move(copy);
  }
  return changed;
}

}  // namespace

void IdMap::learn(const Bytes& recorded, const Bytes& live) {
  if (recorded.empty() || recorded == live) return;
  ids_[recorded] = live;
  as_hex_[hex(recorded)] = hex(live);
}

void IdMap::learn(const Json& recorded, const Json& live) {
  for (const char* member :
       {"/response/authData/credentialId", "/response/keyHandle", "/response/templateId"}) {
    const Json::json_pointer place{member};
    if (!recorded.contains(place) || !live.contains(place)) continue;
    const auto from = bytes_of(recorded.at(place));
    const auto to = bytes_of(live.at(place));
    if (from && to) learn(*from, *to);
  }
}

Bytes IdMap::translated(ctaphid::Command command, const Bytes& request) const {
  if (ids_.empty()) return request;
  if (command == ctaphid::Command::cbor && request.size() > 1) {
    auto decoded = cbor::decode(ByteView{request}.subspan(1));
    if (!decoded || !replace(*decoded, ids_)) return request;
    Bytes message{request[0]};
    append(message, cbor::encode(*decoded));
    return message;
  }
  if (command == ctaphid::Command::msg) {
    // A key handle stands in an APDU whose lengths count it: it can be replaced by one of the same length.
    for (const auto& [recorded, live] : ids_) {
      const auto at = std::search(request.begin(), request.end(), recorded.begin(), recorded.end());
      if (at == request.end() || recorded.size() != live.size()) continue;
      Bytes message = request;
      std::ranges::copy(live, message.begin() + (at - request.begin()));
      return message;
    }
  }
  return request;
}

bool IdMap::same(const std::string& recorded, const std::string& live) const {
  const auto found = as_hex_.find(recorded);
  return found != as_hex_.end() && found->second == live;
}

Comparison compare(const Json& recorded, const Json& live, const IdMap& ids) {
  Comparison result;
  // What else an answer of another status says has nothing to be compared with.
  for (const char* member : {"layer", "command", "statusName", "status", "errorName", "error"}) {
    const auto mine = recorded.value(member, Json{});
    const auto theirs = live.value(member, Json{});
    if (mine == theirs) continue;
    result.differences.push_back({member, shown(mine), shown(theirs)});
    return result;
  }
  Comparer{ids, result}.objects("", recorded, live);
  return result;
}

}  // namespace fauxkey::control
