#include "control/faults/line.h"

#include <utility>

namespace fauxkey::control::faults {

using ctaphid::Command;

void Line::replace_answer(std::uint32_t channel, Packets packets, std::size_t count) {
  const std::lock_guard lock{mutex_};
  replacement_ = Replacement{.channel = channel, .packets = std::move(packets), .count = count};
}

void Line::keep_answer() {
  const std::lock_guard lock{mutex_};
  replacement_.reset();
}

bool Line::is_unplugged() const {
  const std::lock_guard lock{mutex_};
  return unplugged_;
}

bool Line::is_of_answer(const ctaphid::Report& report) {
  if (!replacement_ || ctaphid::channel_of(report) != replacement_->channel) return false;
  if (!ctaphid::is_initial(report)) return replacement_->seen > 0;
  const auto command = ctaphid::command_of(report);
  // Who begins anew gets no answer to what was before.
  if (command == Command::init) replacement_.reset();
  return command == Command::cbor || command == Command::msg;
}

Line::Output Line::pass(const ctaphid::Report& report) {
  const std::lock_guard lock{mutex_};
  if (unplugged_) return {};
  if (!is_of_answer(report)) return {.reports = {report}};

  // One for one, so that what feeds a host slowly enough goes on to; the rest with the last.
  Output output;
  auto& [channel, packets, count, seen, sent] = *replacement_;
  const bool last = ++seen == count;
  while (sent < packets.reports.size() && (last || output.reports.empty()))
    output.reports.push_back(packets.reports[sent++]);
  if (packets.unplug && sent == packets.reports.size()) {
    output.unplug = true;
    unplugged_ = true;
  }
  if (last || unplugged_) replacement_.reset();
  return output;
}

}  // namespace fauxkey::control::faults
