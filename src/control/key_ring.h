// The keys of a daemon, by name.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/live_key.h"

namespace fauxkey::control {

class KeyRing {
 public:
  /// The kernel has 64 hidraw devices; some are the machine's own.
  static constexpr std::size_t kMaxKeys = 60;

  explicit KeyRing(Surroundings surroundings) : surroundings_{std::move(surroundings)} {}
  ~KeyRing() { clear(); }
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  /// Makes a key and plugs it in. Throws HttpError (409 for a name that is taken, or too many keys),
  /// BadRequest and what LiveKey throws.
  std::shared_ptr<LiveKey> add(KeyOptions options);
  /// Plugs in one that is there already, under its name.
  void adopt(const std::shared_ptr<LiveKey>& key);
  /// See LiveKey::fork.
  std::shared_ptr<LiveKey> fork(LiveKey& original, std::string name, std::vector<std::string> transports,
                                BenchStore& held);
  /// Throws HttpError 404.
  [[nodiscard]] std::shared_ptr<LiveKey> at(const std::string& name) const;
  /// The same, for what belongs on a test bench alone: throws HttpError 403 for a key that lasts, whose
  /// secrets and whose user are nobody's to script.
  [[nodiscard]] std::shared_ptr<LiveKey> bench(const std::string& name) const;
  /// In the order in which they came.
  [[nodiscard]] std::vector<std::shared_ptr<LiveKey>> all() const;
  /// Unplugs it and forgets all that it knows; false where there is none.
  bool remove(const std::string& name);
  void clear();
  [[nodiscard]] Surroundings& surroundings() { return surroundings_; }

 private:
  /// Makes sure that nobody else takes the name meanwhile.
  [[nodiscard]] std::string reserve(std::string name);
  template <class Make>
  std::shared_ptr<LiveKey> make(std::string name, const Make& make_key);

  Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::shared_ptr<LiveKey>>> keys_;  ///< no key: reserved
  std::uint64_t last_number_ = 0;
};

}  // namespace fauxkey::control
