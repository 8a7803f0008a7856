#ifdef FAUXKEY_HAS_SYSTEMD
#include "user/session_bus.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace fauxkey::user {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as sd-bus has it

int keep_reply(sd_bus_message* message, void* place, sd_bus_error* /*error*/) {
  static_cast<BusMessage*>(place)->reset(sd_bus_message_ref(message));
  return 0;
}

int pass_signal(sd_bus_message* message, void* place, sd_bus_error* /*error*/) {
  (*static_cast<std::function<void(sd_bus_message*)>*>(place))(message);
  return 0;
}

}  // namespace

bool SessionBus::open() {
  sd_bus* bus = nullptr;
  if (sd_bus_open_user(&bus) < 0) return false;
  bus_.reset(bus);
  return sd_bus_set_exit_on_disconnect(bus, 0) >= 0;
}

bool SessionBus::listen(const std::vector<std::string>& rules,
                        std::function<void(sd_bus_message*)> on_signal) {
  on_signal_ = std::move(on_signal);
  for (const auto& rule : rules) {
    sd_bus_slot* slot = nullptr;
    if (sd_bus_add_match_async(bus_.get(), &slot, rule.c_str(), pass_signal, nullptr, &on_signal_) < 0)
      return false;
    listening_.emplace_back(slot);
  }
  return true;
}

BusMessage SessionBus::request(const char* service, const char* path, const char* interface,
                               const char* member) {
  sd_bus_message* message = nullptr;
  if (sd_bus_message_new_method_call(bus_.get(), &message, service, path, interface, member) < 0) return {};
  return BusMessage{message};
}

BusMessage SessionBus::call(BusMessage request, milliseconds patience, Stop stop) {
  if (!request) return {};
  BusMessage reply;
  sd_bus_slot* slot = nullptr;
  const auto timeout = std::chrono::duration_cast<std::chrono::microseconds>(patience);
  if (sd_bus_call_async(bus_.get(), &slot, request.get(), keep_reply, &reply,
                        static_cast<std::uint64_t>(timeout.count())) < 0)
    return {};
  const std::unique_ptr<sd_bus_slot, BusUnref> waiting{slot};
  if (wait(Steady::now() + patience, [&] { return reply != nullptr; }, stop) != Woken::ready) return {};
  if (sd_bus_message_is_method_error(reply.get(), nullptr) != 0) return {};
  return reply;
}

SessionBus::Woken SessionBus::wait(Moment until, const std::function<bool()>& ready, Stop stop) {
  const int stopped = stop == Stop::heeded ? stopped_ : -1;
  for (;;) {
    if (ready()) return Woken::ready;
    const int done = sd_bus_process(bus_.get(), nullptr);
    if (done < 0) return Woken::gone;
    if (done > 0) continue;
    const auto now = Steady::now();
    if (now >= until) return Woken::late;
    auto wake = until;
    std::uint64_t timeout = UINT64_MAX;
    if (sd_bus_get_timeout(bus_.get(), &timeout) >= 0 && timeout != UINT64_MAX)
      wake = std::min(wake, Moment{std::chrono::microseconds{timeout}});
    const int events = sd_bus_get_events(bus_.get());
    if (events < 0) return Woken::gone;
    std::array<pollfd, 2> polled{
        {{sd_bus_get_fd(bus_.get()), static_cast<short>(events), 0}, {stopped, POLLIN, 0}}};
    const auto left = std::max(std::chrono::ceil<milliseconds>(wake - now), milliseconds{0});
    const auto limit = std::min<milliseconds::rep>(left.count(), std::numeric_limits<int>::max());
    if (::poll(polled.data(), polled.size(), static_cast<int>(limit)) < 0 && errno != EINTR)
      return Woken::gone;
    if (polled[1].revents != 0) return Woken::stopped;
  }
}

std::vector<std::string> strings_in(sd_bus_message* message) {
  std::vector<std::string> strings;
  if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s") < 0) return strings;
  const char* text = nullptr;
  while (sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, static_cast<void*>(&text)) > 0)
    strings.emplace_back(text);
  return strings;
}

}  // namespace fauxkey::user
#endif
