#include "control/trace.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace fauxkey::control {
namespace {

constexpr std::size_t kMaxQueuedBytes = std::size_t{4} << 20U;

}  // namespace

Trace::Trace(const std::filesystem::path& file, bool secrets)
    : file_{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600)},
      pairing_{secrets} {
  const auto refuse = [&](int error) {
    return std::runtime_error{"The trace cannot be written to " + file.string() + " (" +
                              std::strerror(error) +
                              "): give --trace a file in a folder that you can write to."};
  };
  if (!file_) throw refuse(errno);
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) throw refuse(errno);
  if (S_ISREG(status.st_mode) && ::fchmod(file_.get(), 0600) != 0) throw refuse(errno);
  writer_ = file.extension() == ".pcapng" ? make_pcapng_writer(start_, std::chrono::system_clock::now())
                                          : make_json_writer(start_);
  thread_ = std::jthread{[this] { write_batches(); }};
}

Trace::Trace(std::unique_ptr<TraceWriter> writer) : pairing_{false}, writer_{std::move(writer)} {
  thread_ = std::jthread{[this] { write_batches(); }};
}

Trace::~Trace() {
  {
    const std::scoped_lock lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
}

ctaphid::Observer Trace::observer(const std::string& device) {
  TraceEvent event{
      .kind = TraceEvent::Kind::device, .time = Clock::now(), .bytes = {}, .why = {}, .decoded = {}};
  {
    const std::scoped_lock lock{mutex_};
    event.device = devices_++;
    event.bytes.assign(device.begin(), device.end());
    queue_.push_back(event);  // never left out: all that follows refers to it
  }
  changed_.notify_one();
  event.bytes.clear();
  ctaphid::Observer observer;
  // One thread tells all of a device, what belongs to a packet or an answer right before it.
  const auto sent = std::make_shared<std::optional<std::vector<transport::Report>>>();
  observer.packet = [this, event, sent](ctaphid::Direction direction,
                                        const transport::Report& report) mutable {
    event.kind = TraceEvent::Kind::packet;
    event.time = Clock::now();
    event.direction = direction;
    event.sent = std::exchange(*sent, std::nullopt);
    enqueue(event, report);
  };
  observer.instead = [sent](std::span<const transport::Report> reports) {
    sent->emplace(reports.begin(), reports.end());
  };
  const auto why = std::make_shared<std::string>();
  observer.message = [this, event, why](ctaphid::Direction direction, std::uint32_t channel,
                                        std::uint8_t command, ByteView payload) mutable {
    event.kind = TraceEvent::Kind::message;
    event.time = Clock::now();
    event.direction = direction;
    event.channel = channel;
    event.command = command;
    event.why = std::exchange(*why, {});
    enqueue(event, payload);
  };
  observer.refusal = [why](std::uint32_t /*channel*/, std::string_view text) { *why = text; };
  return observer;
}

void Trace::enqueue(TraceEvent event, ByteView bytes) {
  const std::size_t size = sizeof event + bytes.size() + event.why.size() +
                           (event.sent ? event.sent->size() * sizeof(transport::Report) : 0);
  {
    const std::scoped_lock lock{mutex_};
    if (queued_bytes_ + size > kMaxQueuedBytes) {
      ++dropped_;
      return;
    }
    event.bytes.assign(bytes.begin(), bytes.end());
    queue_.push_back(std::move(event));
    queued_bytes_ += size;
  }
  changed_.notify_one();
}

void Trace::write_batches() {
  bool failed = false;
  const auto put = [&](const std::string& bytes) {
    if (failed || write(bytes)) return;
    failed = true;
    spdlog::error("The trace ends here, it cannot be written any more ({}): see that its disk has room.",
                  std::strerror(errno));
  };
  put(writer_->begin());
  while (true) {
    std::vector<TraceEvent> batch;
    std::uint64_t dropped = 0;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return ending_ || !queue_.empty() || dropped_ > 0; });
      if (queue_.empty() && dropped_ == 0) break;
      batch.swap(queue_);
      queued_bytes_ = 0;
      dropped = std::exchange(dropped_, 0);
    }
    if (failed) continue;
    std::string bytes;
    for (auto& event : batch) {
      for (const auto& ready : pairing_.take(std::move(event))) bytes += writer_->write(ready);
    }
    if (dropped > 0) bytes += writer_->dropped(Clock::now(), dropped);
    put(bytes);
  }
  std::string bytes;
  for (const auto& event : pairing_.rest()) bytes += writer_->write(event);
  put(bytes);
}

bool Trace::write(const std::string& bytes) const {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace fauxkey::control
