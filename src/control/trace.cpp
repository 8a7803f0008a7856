#include "control/trace.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace fauxkey::control {
namespace {

constexpr std::size_t kMaxQueuedBytes = std::size_t{4} << 20U;

std::string as_line(const Json& json) {
  // Texts of a host may be anything; what is no UTF-8 shows as U+FFFD.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Trace::Trace(const std::filesystem::path& file)
    : file_{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600)} {
  const auto refuse = [&](int error) {
    return std::runtime_error{"The trace cannot be written to " + file.string() + " (" +
                              std::strerror(error) +
                              "): give --trace a file in a folder that you can write to."};
  };
  if (!file_) throw refuse(errno);
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) throw refuse(errno);
  if (S_ISREG(status.st_mode) && ::fchmod(file_.get(), 0600) != 0) throw refuse(errno);
  writer_ = std::jthread{[this] { write_batches(); }};
}

Trace::~Trace() {
  {
    const std::scoped_lock lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
}

ctaphid::Observer Trace::observer(std::string device) {
  std::size_t index = 0;
  {
    const std::scoped_lock lock{mutex_};
    index = devices_.size();
    devices_.push_back(std::move(device));
  }
  ctaphid::Observer observer;
  observer.packet = [this, index](ctaphid::Direction direction, const transport::Report& report) {
    enqueue({Clock::now(), index, false, direction, 0, 0, {}}, report);
  };
  observer.message = [this, index](ctaphid::Direction direction, std::uint32_t channel, std::uint8_t command,
                                   ByteView payload) {
    enqueue({Clock::now(), index, true, direction, channel, command, {}}, payload);
  };
  return observer;
}

void Trace::enqueue(Event event, ByteView bytes) {
  const std::size_t size = sizeof event + bytes.size();
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
  while (true) {
    std::vector<Event> batch;
    std::uint64_t dropped = 0;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return ending_ || !queue_.empty() || dropped_ > 0; });
      if (queue_.empty() && dropped_ == 0) return;
      batch.swap(queue_);
      queued_bytes_ = 0;
      dropped = std::exchange(dropped_, 0);
    }
    if (failed) continue;
    std::string text;
    for (const auto& event : batch) text += line(event);
    if (dropped > 0) {
      const std::chrono::duration<double> time = Clock::now() - start_;
      text +=
          as_line({{"t", std::round(time.count() * 1e6) / 1e6}, {"layer", "trace"}, {"dropped", dropped}});
    }
    if (!write(text)) {
      failed = true;
      spdlog::error("The trace ends here, it cannot be written any more ({}): see that its disk has room.",
                    std::strerror(errno));
    }
  }
}

std::string Trace::line(const Event& event) {
  const std::chrono::duration<double> time = event.time - start_;
  Json json = Json::object();
  json["t"] = std::round(time.count() * 1e6) / 1e6;
  {
    const std::scoped_lock lock{mutex_};
    json["device"] = devices_[event.device];
  }
  json.update(event.is_message
                  ? decoder_.message(event.direction, event.device, event.channel, event.command, event.bytes)
                  : TraceDecoder::packet(event.direction, event.bytes));
  return as_line(json);
}

bool Trace::write(const std::string& text) const {
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace fauxkey::control
