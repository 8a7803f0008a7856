// A connection to the user's session bus, for one thread that waits while it is used.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fauxkey::user {

struct BusUnref {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using BusMessage = std::unique_ptr<sd_bus_message, BusUnref>;

class SessionBus {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  enum class Woken : std::uint8_t {
    ready,
    stopped,  ///< the descriptor of the constructor can be read
    late,
    gone,  ///< there is no bus, or no longer
  };

  /// `stopped` ends every wait once it can be read; -1: nothing does.
  explicit SessionBus(int stopped) : stopped_{stopped} {}

  /// Finds $DBUS_SESSION_BUS_ADDRESS, or else $XDG_RUNTIME_DIR/bus.
  [[nodiscard]] bool open();
  /// Whoever tells something by signals that match these rules is heard while something waits.
  [[nodiscard]] bool listen(const std::vector<std::string>& rules,
                            std::function<void(sd_bus_message*)> on_signal);
  [[nodiscard]] BusMessage request(const char* service, const char* path, const char* interface,
                                   const char* member);
  /// Sends and waits for the reply; nothing where an error, nothing in time or a stop comes. `Stop::ignored`:
  /// what has been sent needs its reply, or is said after the stop.
  enum class Stop : std::uint8_t { heeded, ignored };
  [[nodiscard]] BusMessage call(BusMessage request, std::chrono::milliseconds patience,
                                Stop stop = Stop::heeded);
  /// Until `ready()` holds.
  [[nodiscard]] Woken wait(Moment until, const std::function<bool()>& ready, Stop stop = Stop::heeded);

 private:
  const int stopped_;
  std::unique_ptr<sd_bus, BusUnref> bus_;
  std::function<void(sd_bus_message*)> on_signal_;
  std::vector<std::unique_ptr<sd_bus_slot, BusUnref>> listening_;
};

/// The texts of a message that begins with an array of them.
[[nodiscard]] std::vector<std::string> strings_in(sd_bus_message* message);

}  // namespace fauxkey::user
