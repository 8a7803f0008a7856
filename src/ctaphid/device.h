// A CTAPHID device: one transport, its protocol state and the threads that drive it.
//
// The HID thread does nothing but take reports off the transport, answer what is short and send what is due:
// the kernel keeps only 32 unread reports for a uhid device and drops the rest. Requests go to one worker
// thread. Both sleep without any wake-up while no host asks for anything.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ctaphid/engine.h"
#include "fauxkey/bytes.h"
#include "fauxkey/virtual_key.h"
#include "transport/transport.h"

namespace fauxkey::ctaphid {

/// Thrown by a handler in the place of an answer.
struct NoAnswer : std::exception {
  explicit NoAnswer(std::optional<Error> code = {}) : error{code} {}
  [[nodiscard]] const char* what() const noexcept override { return "a request has no answer"; }
  std::optional<Error> error;  ///< the host gets CTAPHID_ERROR with it, or else nothing at all
};

/// What answers requests; without `cbor` the key speaks U2F alone, without `msg` it does not. They are called
/// on the worker's thread, one at a time, and may block until `Exchange::stop`; an empty answer, or any
/// exception but NoAnswer, becomes CTAPHID_ERROR. `wink` is called on the HID thread and has to be quick; it
/// may be empty.
struct Handlers {
  std::function<Bytes(ByteView message, const Exchange& exchange)> cbor;
  std::function<Bytes(ByteView apdu, const Exchange& exchange)> msg;
  std::function<void()> wink;
};

/// Sees what passes, on the HID thread, and has to be quick. Each may be empty.
struct Observer {
  std::function<void(Direction, const Report&)> packet;
  std::function<void(Direction, std::uint32_t channel, std::uint8_t command, ByteView payload)> message;
  /// Why the message that comes next, an answer on that channel, refuses what a host sent.
  std::function<void(std::uint32_t channel, std::string_view why)> refusal{};
  /// What goes over the wire in the place of the packet that comes next, one of the key's: other ones, or
  /// none. Told by who replaces it behind the device: a fault (control/faults/wrap.h).
  std::function<void(std::span<const Report> sent)> instead{};
};

class Device {
 public:
  struct Settings {
    std::array<std::uint8_t, 3> device_version{0, 1, 0};
    /// Where the channel numbers begin; random unless given, which makes a run repeatable.
    std::optional<std::uint32_t> channel_seed;
    /// From one packet of a message to the next; see KeyConfig.
    std::chrono::milliseconds packet_timeout{500};
    /// The key's, for CTAPHID_LOCK's seconds; nothing: the machine's. It outlives the device.
    const Clock* clock = nullptr;
  };

  Device(std::unique_ptr<transport::Transport> transport, Handlers handlers, Observer observer = {});
  Device(std::unique_ptr<transport::Transport> transport, Handlers handlers, Observer observer,
         const Settings& settings);
  /// Requests the stop of what is being processed, waits until it has ended, hands its answer to the host and
  /// unplugs the device.
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Begins to serve hosts. Once.
  void start();
  /// What a host opens; see Transport::address.
  [[nodiscard]] std::string address() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace fauxkey::ctaphid
