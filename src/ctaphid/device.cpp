#include "ctaphid/device.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "ctaphid/worker.h"
#include "transport/file_descriptor.h"

namespace fauxkey::ctaphid {
namespace {

/// Reports taken in one go before timers and answers get their turn, so that a host that never stops sending
/// cannot hold up the others.
constexpr int kMaxReportsInARow = 256;
/// How long the last answer may take to leave when the device is unplugged.
constexpr std::chrono::milliseconds kFarewell{200};

/// No signal handler of the program is to run on a thread of ours.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// A busy machine must not keep this thread from draining the kernel's short queue (a normal thread was seen
/// to lose reports of every long message). Without the permission it goes on as a normal thread.
void prefer_this_thread() {
  pthread_setname_np(pthread_self(), "fauxkey-hid");
  const sched_param lowest{.sched_priority = sched_get_priority_min(SCHED_FIFO)};
  pthread_setschedparam(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
  // A pause of 0.5 ms would otherwise be 0.05 ms longer.
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
}

timespec until(Time deadline, Time now) {
  const auto left = std::max(std::chrono::nanoseconds{deadline - now}, std::chrono::nanoseconds{0});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

std::function<Time()> key_time(const Clock* clock) {
  if (clock == nullptr) return {};
  return [clock] { return Time{clock->now().time_since_epoch()}; };
}

std::uint32_t random_seed() { return std::random_device{}(); }

}  // namespace

class Device::Loop {
 public:
  Loop(std::unique_ptr<transport::Transport> transport, Handlers handlers, Observer observer,
       const Settings& settings)
      : transport_{std::move(transport)},
        handlers_{std::move(handlers)},
        observer_{std::move(observer)},
        engine_{{.device_version = settings.device_version,
                 .channel_seed = settings.channel_seed ? *settings.channel_seed : random_seed(),
                 .pacing = transport_->pacing(),
                 .cbor = static_cast<bool>(handlers_.cbor),
                 .msg = static_cast<bool>(handlers_.msg),
                 .packet_timeout = settings.packet_timeout,
                 .key_time = key_time(settings.clock)},
                observer_.message,
                observer_.refusal},
        worker_{[this](const Request& request, const std::stop_token& stop) { process(request, stop); }},
        wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (!wake_) throw std::system_error{errno, std::generic_category(), "eventfd"};
  }
  ~Loop() {
    worker_.stop();
    post(Goodbye{});
    if (thread_.joinable()) thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start() {
    const SignalsBlocked blocked;
    worker_.start();
    thread_ = std::thread{[this] { run(); }};
  }
  [[nodiscard]] std::string address() const { return transport_->address(); }

 private:
  // What other threads tell the HID thread.
  struct Answered {
    ExchangeId exchange;
    Bytes bytes;
    std::string why;
  };
  struct Unanswered {
    ExchangeId exchange;
    std::optional<Error> error;
  };
  struct Waits {
    ExchangeId exchange;
    Waiting waiting;
  };
  struct Goodbye {};
  using Event = std::variant<Answered, Unanswered, Waits, Goodbye>;

  void post(Event event) {
    {
      const std::lock_guard lock{mutex_};
      events_.push_back(std::move(event));
    }
    ::eventfd_write(wake_.get(), 1);
  }

  // On the worker's thread.
  void process(const Request& request, const std::stop_token& stop) {
    Exchange exchange;
    exchange.channel = request.channel;
    exchange.stop = stop;
    exchange.on_waiting = [this, id = request.exchange](Waiting waiting) {
      post(Waits{.exchange = id, .waiting = waiting});
    };
    std::string why;
    exchange.on_refusal = [&why](std::string_view text) { why = text; };
    const auto& handler = request.command == Command::cbor ? handlers_.cbor : handlers_.msg;
    Bytes answer;
    try {
      if (handler) answer = handler(request.message, exchange);
    } catch (const NoAnswer& none) {
      return post(Unanswered{.exchange = request.exchange, .error = none.error});
    } catch (...) {
      answer.clear();  // the engine answers CTAPHID_ERROR
    }
    post(Answered{.exchange = request.exchange, .bytes = std::move(answer), .why = std::move(why)});
  }

  // On the HID thread.
  void run() {
    prefer_this_thread();
    std::optional<Time> end;
    for (;;) {
      // Timers go by the time before: on a busy machine this thread may stand still after it has read, and a
      // packet that came meanwhile is not late.
      const Time looked = now();
      const bool more = drain();
      if (take_events() && !end) end = now() + kFarewell;
      engine_.on_timer(looked);
      flush();
      const std::optional<Time> next = engine_.next_deadline();
      if (end && (now() >= *end || !engine_.answering())) return;
      if (!more) sleep(end && (!next || *end < *next) ? end : next);
    }
  }

  static Time now() { return std::chrono::steady_clock::now(); }

  /// False when the transport has no more for now.
  bool drain() {
    for (int i = 0; i < kMaxReportsInARow; ++i) {
      const std::optional<Report> report = transport_->read();
      if (!report) return false;
      if (observer_.packet) observer_.packet(Direction::in, *report);
      carry_out(engine_.on_report(*report, now()));
      flush();
    }
    return true;
  }

  void carry_out(Effects effects) {
    if (effects.abandon) worker_.abandon(*effects.abandon);
    if (effects.cancel) worker_.cancel(*effects.cancel);
    if (effects.start) worker_.submit(std::move(*effects.start));
    if (effects.wink && handlers_.wink) handlers_.wink();
  }

  void flush() {
    while (const std::optional<Report> report = engine_.next_report(now())) {
      if (observer_.packet) observer_.packet(Direction::out, *report);
      transport_->write(*report);
    }
  }

  /// True when it is time to go.
  bool take_events() {
    std::vector<Event> events;
    {
      const std::lock_guard lock{mutex_};
      events.swap(events_);
    }
    bool goodbye = false;
    for (Event& event : events) {
      if (auto* const answered = std::get_if<Answered>(&event)) {
        engine_.on_answer(answered->exchange, std::move(answered->bytes), answered->why);
      } else if (const auto* const unanswered = std::get_if<Unanswered>(&event)) {
        engine_.on_no_answer(unanswered->exchange, unanswered->error);
      } else if (const auto* const waits = std::get_if<Waits>(&event)) {
        engine_.on_waiting(waits->exchange, waits->waiting, now());
      } else {
        goodbye = true;
      }
    }
    return goodbye;
  }

  void sleep(std::optional<Time> deadline) {
    std::array<pollfd, 2> sources{{{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = transport_->fd(), .events = POLLIN, .revents = 0}}};
    // A transport that has failed for good is ready for ever; it is not looked at again.
    const nfds_t watched = transport_failed_ ? 1 : 2;
    const timespec timeout = deadline ? until(*deadline, now()) : timespec{};
    if (::ppoll(sources.data(), watched, deadline ? &timeout : nullptr, nullptr) <= 0) return;
    if (sources[0].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
    }
    transport_failed_ = transport_failed_ || (sources[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  }

  std::unique_ptr<transport::Transport> transport_;
  Handlers handlers_;
  Observer observer_;
  Engine engine_;
  Worker worker_;
  transport::FileDescriptor wake_;
  std::mutex mutex_;
  std::vector<Event> events_;
  bool transport_failed_ = false;
  std::thread thread_;
};

Device::Device(std::unique_ptr<transport::Transport> transport, Handlers handlers, Observer observer)
    : Device{std::move(transport), std::move(handlers), std::move(observer), Settings{}} {}

Device::Device(std::unique_ptr<transport::Transport> transport, Handlers handlers, Observer observer,
               const Settings& settings)
    : loop_{
          std::make_unique<Loop>(std::move(transport), std::move(handlers), std::move(observer), settings)} {}

Device::~Device() = default;

void Device::start() { loop_->start(); }

std::string Device::address() const { return loop_->address(); }

}  // namespace fauxkey::ctaphid
