#include "control/key_ring.h"

#include <algorithm>

#include "control/http.h"

namespace fauxkey::control {

std::string KeyRing::reserve(std::string name) {
  const std::scoped_lock lock{mutex_};
  const auto taken = [&](const std::string& wanted) {
    return std::ranges::any_of(keys_, [&](const auto& key) { return key.first == wanted; });
  };
  if (keys_.size() >= kMaxKeys)
    throw HttpError{409, "There are 60 keys already, as many as a machine can have: remove some."};
  if (name.empty()) {
    do name = "key" + std::to_string(++last_number_);
    while (taken(name));
  } else if (taken(name)) {
    throw HttpError{409, "There is a key of the name " + name + " already: give another name."};
  }
  keys_.emplace_back(name, nullptr);
  return name;
}

template <class Make>
std::shared_ptr<LiveKey> KeyRing::make(std::string name, const Make& make_key) {
  name = reserve(std::move(name));
  const auto place = [&] {
    return std::ranges::find_if(keys_, [&](const auto& key) { return key.first == name; });
  };
  try {
    auto key = make_key(name);
    key->plug_in();
    const std::scoped_lock lock{mutex_};
    place()->second = key;
    return key;
  } catch (...) {
    const std::scoped_lock lock{mutex_};
    keys_.erase(place());
    throw;
  }
}

std::shared_ptr<LiveKey> KeyRing::add(KeyOptions options) {
  return make(options.name, [&](const std::string& name) {
    options.name = name;
    try {
      return std::make_shared<LiveKey>(std::move(options), surroundings_);
    } catch (const BadRequest&) {
      throw;
    } catch (
        const std::runtime_error& error) {  // a key that breaks a rule, or that the libraries here cannot be
      throw HttpError{409, error.what()};
    }
  });
}

void KeyRing::adopt(const std::shared_ptr<LiveKey>& key) {
  make(key->name(), [&](const std::string& /*name*/) { return key; });
}

std::shared_ptr<LiveKey> KeyRing::fork(LiveKey& original, std::string name,
                                       std::vector<std::string> transports, BenchStore& held) {
  return make(std::move(name), [&](const std::string& free_name) {
    return original.fork(free_name, std::move(transports), held);
  });
}

std::shared_ptr<LiveKey> KeyRing::at(const std::string& name) const {
  const std::scoped_lock lock{mutex_};
  const auto found = std::ranges::find_if(
      keys_, [&](const auto& key) { return key.first == name && key.second != nullptr; });
  if (found == keys_.end()) throw HttpError{404, "There is no key of this name: GET /v1/keys lists them."};
  return found->second;
}

std::shared_ptr<LiveKey> KeyRing::bench(const std::string& name) const {
  auto key = at(name);
  if (key->store().lasts()) {
    throw HttpError{
        403,
        "This key lasts on disk, so it is not for scripting: use one that is plugged in over the control "
        "interface, or fauxkey run --ephemeral."};
  }
  return key;
}

std::vector<std::shared_ptr<LiveKey>> KeyRing::all() const {
  const std::scoped_lock lock{mutex_};
  std::vector<std::shared_ptr<LiveKey>> keys;
  for (const auto& [name, key] : keys_) {
    if (key) keys.push_back(key);
  }
  return keys;
}

bool KeyRing::remove(const std::string& name) {
  std::shared_ptr<LiveKey> key;
  {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find_if(
        keys_, [&](const auto& entry) { return entry.first == name && entry.second != nullptr; });
    if (found == keys_.end()) return false;
    key = std::move(found->second);
    keys_.erase(found);
  }
  key->unplug();
  surroundings_.events.publish("key.removed", name, Json::object());
  return true;
}

void KeyRing::clear() {
  for (const auto& key : all()) remove(key->name());
}

}  // namespace fauxkey::control
