#include "control/snapshots.h"

#include <algorithm>
#include <stdexcept>

#include "control/http.h"

namespace fauxkey::control {

Snapshots::Info Snapshots::save(const std::string& name, BenchStore& store) {
  auto copy = store.copy(clock_);
  if (!copy) throw std::runtime_error{copy.error().message};
  const auto count = (*copy)->count();
  const Info info{
      .name = name, .saved_at = clock_.unix_time(), .discoverable_credentials = count.value_or(0)};
  const std::scoped_lock lock{mutex_};
  if (std::ranges::any_of(entries_, [&](const Entry& entry) { return entry.info.name == name; })) {
    throw HttpError{409, "The key has a snapshot of the name " + name +
                             " already: give another name, or delete that one first."};
  }
  if (entries_.size() >= kMax)
    throw HttpError{409, "The key has 100 snapshots, as many as it may have: delete some."};
  entries_.push_back({.info = info, .store = *std::move(copy)});
  return info;
}

std::vector<Snapshots::Info> Snapshots::list() const {
  const std::scoped_lock lock{mutex_};
  std::vector<Info> infos;
  infos.reserve(entries_.size());
  for (const auto& entry : entries_) infos.push_back(entry.info);
  return infos;
}

std::vector<Snapshots::Entry>::const_iterator Snapshots::find(const std::string& name) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& one) { return one.info.name == name; });
  if (found == entries_.end())
    throw HttpError{404, "The key has no snapshot of this name: list its snapshots."};
  return found;
}

std::shared_ptr<BenchStore> Snapshots::at(const std::string& name) const {
  const std::scoped_lock lock{mutex_};
  return find(name)->store;
}

void Snapshots::remove(const std::string& name) {
  const std::scoped_lock lock{mutex_};
  entries_.erase(find(name));
}

}  // namespace fauxkey::control
