#include "authenticator/fingerprints.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "authenticator/store_status.h"
#include "cbor/cbor.h"

namespace fauxkey {
namespace {

// Members of one template in the record, which is an array of them.
constexpr int kId = 1, kName = 2, kFinger = 3;

constexpr const char* kUnknown = "no enrolled fingerprint has this templateId";

std::optional<Fingerprint> read(const cbor::Value& value) {
  const auto* map = value.as<cbor::Map>();
  if (map == nullptr) return std::nullopt;
  const auto* id = cbor::find(*map, kId);
  const auto* name = cbor::find(*map, kName);
  const auto* finger = cbor::find(*map, kFinger);
  if (id == nullptr || id->as<Bytes>() == nullptr || name == nullptr || name->as<std::string>() == nullptr ||
      finger == nullptr || finger->as_unsigned() == nullptr) {
    return std::nullopt;
  }
  return Fingerprint{*id->as<Bytes>(), *name->as<std::string>(),
                     static_cast<std::uint32_t>(*finger->as_unsigned())};
}

}  // namespace

Fingerprints::Fingerprints(CredentialStore& store) : store_{store} {
  const auto record = store.load(RecordKind::fingerprints);
  if (!record) throw std::runtime_error{record.error().message};
  if (!*record) return;
  const std::runtime_error unknown{
      "The keystore's fingerprints are not ones that this version understands; use the fauxkey that wrote "
      "them."};
  const auto decoded = cbor::decode(**record);
  const auto* list = decoded ? decoded->as<cbor::Array>() : nullptr;
  if (list == nullptr) throw unknown;
  for (const auto& element : *list) {
    auto fingerprint = read(element);
    if (!fingerprint) throw unknown;
    fingerprints_.push_back(*std::move(fingerprint));
  }
}

bool Fingerprints::has(std::uint32_t finger) const {
  return std::ranges::find(fingerprints_, finger, &Fingerprint::finger) != fingerprints_.end();
}

Result<void> Fingerprints::add(Fingerprint fingerprint) {
  auto changed = fingerprints_;
  changed.push_back(std::move(fingerprint));
  return keep(std::move(changed));
}

Result<void> Fingerprints::rename(ByteView id, const std::string& name) {
  auto changed = fingerprints_;
  const auto found =
      std::ranges::find_if(changed, [&](const auto& one) { return std::ranges::equal(one.id, id); });
  if (found == changed.end()) return fail(Status::invalid_option, kUnknown);
  found->name = name;
  return keep(std::move(changed));
}

Result<void> Fingerprints::remove(ByteView id) {
  auto changed = fingerprints_;
  if (std::erase_if(changed, [&](const auto& one) { return std::ranges::equal(one.id, id); }) == 0) {
    return fail(Status::invalid_option, kUnknown);
  }
  return keep(std::move(changed));
}

Result<void> Fingerprints::keep(std::vector<Fingerprint> fingerprints) {
  cbor::Array list;
  for (const auto& one : fingerprints) {
    list.emplace_back(cbor::Map{{kId, one.id}, {kName, one.name}, {kFinger, one.finger}});
  }
  if (auto saved = checked(store_.save(RecordKind::fingerprints, cbor::encode(list))); !saved) return saved;
  fingerprints_ = std::move(fingerprints);
  return {};
}

}  // namespace fauxkey
