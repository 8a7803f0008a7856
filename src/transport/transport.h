// Where 64-byte HID reports come from and go to. A transport knows nothing of what they mean.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fauxkey::transport {

/// CTAP 2.3, 11.2.8.1: full-speed interrupt endpoints, so reports of 64 bytes, without report numbers.
inline constexpr std::size_t kReportSize = 64;
using Report = std::array<std::uint8_t, kReportSize>;

/// CTAP 2.3, 11.2.8.2 "HID report descriptor": usage page FIDO alliance, usage CTAPHID, one input and one
/// output report of 64 bytes.
inline constexpr std::array<std::uint8_t, 34> kReportDescriptor{
    0x06, 0xD0, 0xF1,  // usage page 0xF1D0
    0x09, 0x01,        // usage CTAPHID
    0xA1, 0x01,        // collection: application
    0x09, 0x20,        //   usage: data in
    0x15, 0x00,        //   logical minimum 0
    0x26, 0xFF, 0x00,  //   logical maximum 255
    0x75, 0x08,        //   report size 8 bits
    0x95, 0x40,        //   report count 64
    0x81, 0x02,        //   input: data, variable, absolute
    0x09, 0x21,        //   usage: data out
    0x15, 0x00,        //   logical minimum 0
    0x26, 0xFF, 0x00,  //   logical maximum 255
    0x75, 0x08,        //   report size 8 bits
    0x95, 0x40,        //   report count 64
    0x91, 0x02,        //   output: data, variable, absolute
    0xC0,              // end collection
};

/// pid.codes' vendor number, and a product number that is not assigned there.
inline constexpr std::uint16_t kVendor = 0x1209, kProduct = 0xf1d0;

/// What hosts are told of the device.
struct Identity {
  std::string name = "fauxkey";  ///< product name, ≤ 127 bytes
  std::string serial;            ///< tells several keys apart, ≤ 63 bytes; may be empty
  std::uint16_t vendor = kVendor;
  std::uint16_t product = kProduct;
};

/// How fast a reader can be fed without losses: a pause after so many reports of one message.
struct Pacing {
  std::size_t reports = 0;  ///< 0: as fast as it goes
  std::chrono::nanoseconds pause{0};
};

/// One thread calls `read` and `write`; neither ever blocks.
class Transport {
 public:
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Readable (for poll) whenever `read` may have something to do. Stays the same.
  [[nodiscard]] virtual int fd() const = 0;
  /// The next report from a host; nothing once there is none at the moment.
  [[nodiscard]] virtual std::optional<Report> read() = 0;
  /// Hands a report to every host that listens. A host that does not keep up loses it.
  virtual void write(const Report& report) = 0;
  [[nodiscard]] virtual Pacing pacing() const = 0;
  /// What a host opens: "/dev/hidraw3", "unix:/run/user/1000/key.sock", "udp:127.0.0.1:7000".
  [[nodiscard]] virtual std::string address() const = 0;

 protected:
  Transport() = default;
};

/// This machine cannot have the transport, whatever the options (the program ends with status 77).
class TransportUnavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `spec`: "uhid", "unix:PATH" or "udp:HOST:PORT". Hosts can reach the key when it returns.
/// Throws std::invalid_argument for a malformed `spec`, TransportUnavailable where this machine lacks what
/// it takes, std::runtime_error otherwise; each says in one sentence what to do next.
[[nodiscard]] std::unique_ptr<Transport> open_transport(std::string_view spec, const Identity& identity = {});

}  // namespace fauxkey::transport
