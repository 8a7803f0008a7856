// pcapng (draft-ietf-opsawg-pcapng) with the packets of link type 220, as Linux's usbmon captures USB: so
// Wireshark shows a trace as it shows a capture of a real key. Each device is an interface of the file and a
// device of the bus. What its hosts would have asked at the start, its descriptors, stands first: by them
// Wireshark (and the dissectors for CTAPHID that people add to it, which go by vendor and product) knows what
// it is.
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "control/trace_event.h"
#include "transport/transport.h"

namespace fauxkey::control {
namespace {

using ctaphid::Direction;

/// Little-endian, which the section header declares.
class Writer {
 public:
  template <class Integer>
  void put(Integer value) {
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof value; ++i, rest >>= 8U) bytes_ += static_cast<char>(rest & 0xFFU);
  }
  void put_bytes(ByteView bytes) { bytes_.append(bytes.begin(), bytes.end()); }
  void put_text(std::string_view text) { bytes_ += text; }
  void pad() { bytes_.resize((bytes_.size() + 3) / 4 * 4); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// --- Blocks (section 3 and 4 of the draft)

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A, kInterfaceDescription = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kUserApplication = 4, kInterfaceName = 2,
                        kTimestampResolution = 9, kDropCount = 4;
constexpr std::uint16_t kLinkTypeUsbLinuxMmapped = 220;
constexpr std::size_t kMaxComment = 2000;

void put_option(Writer& body, std::uint16_t code, std::string_view value) {
  body.put(code);
  body.put(static_cast<std::uint16_t>(value.size()));
  body.put_text(value);
  body.pad();
}

/// Type and length stand before the body, and the length once more behind it.
std::string block(std::uint32_t type, Writer body) {
  body.pad();
  const auto length = static_cast<std::uint32_t>(12 + body.size());
  Writer whole;
  whole.put(type);
  whole.put(length);
  whole.put_text(body.take());
  whole.put(length);
  return whole.take();
}

// --- usbmon's packets (Documentation/usb/usbmon.rst, struct mon_bin_hdr)

constexpr std::uint8_t kSubmitted = 'S', kCompleted = 'C';
// In the place of flags that are 0: no setup, or no data, of an IN or OUT transfer.
constexpr std::uint8_t kNoSetup = '-', kNoDataIn = '<', kNoDataOut = '>';
constexpr std::uint8_t kInterrupt = 1, kControl = 2;
constexpr std::uint8_t kIn = 0x80;
constexpr std::uint8_t kEndpoint = 1;
constexpr std::uint16_t kBus = 1;
constexpr std::int32_t kInProgress = -115;  // -EINPROGRESS

struct Urb {
  std::uint64_t id = 0;  ///< the same of a submission and its completion
  std::uint8_t type = kSubmitted;
  std::uint8_t transfer = kInterrupt;
  std::uint8_t endpoint = 0;  ///< bit 7: IN
  std::uint8_t device = 0;
  std::optional<std::array<std::uint8_t, 8>> setup;  ///< of a control transfer's submission
  std::uint32_t length = 0;                          ///< asked for, or transferred
  ByteView data;
};

std::string encode(const Urb& urb, std::chrono::nanoseconds unix_time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(unix_time);
  Writer out;
  out.put(urb.id);
  out.put(urb.type);
  out.put(urb.transfer);
  out.put(urb.endpoint);
  out.put(urb.device);
  out.put(kBus);
  out.put(urb.setup ? std::uint8_t{0} : kNoSetup);
  const auto no_data = (urb.endpoint & kIn) != 0 ? kNoDataIn : kNoDataOut;
  out.put(urb.data.empty() ? no_data : std::uint8_t{0});
  out.put(std::int64_t{seconds.count()});
  out.put(static_cast<std::int32_t>((unix_time - seconds).count() / 1000));
  out.put(urb.type == kSubmitted ? kInProgress : std::int32_t{0});
  out.put(urb.length);
  out.put(static_cast<std::uint32_t>(urb.data.size()));
  out.put_bytes(urb.setup.value_or(std::array<std::uint8_t, 8>{}));
  for (int i = 0; i < 4; ++i) out.put(std::uint32_t{0});  // interval, start frame, flags, iso descriptors
  out.put_bytes(urb.data);
  return out.take();
}

// --- The device's descriptors (USB 2.0, 9.6; HID 1.11, 6.2.1; CTAP 2.3, 11.2.8)

constexpr auto low(std::size_t value) { return static_cast<std::uint8_t>(value & 0xFFU); }
constexpr auto high(std::size_t value) { return static_cast<std::uint8_t>(value >> 8U); }

constexpr std::array<std::uint8_t, 18> kDeviceDescriptor{18,
                                                         0x01,
                                                         0x00,
                                                         0x02,
                                                         0,
                                                         0,
                                                         0,
                                                         64,
                                                         low(transport::kVendor),
                                                         high(transport::kVendor),
                                                         low(transport::kProduct),
                                                         high(transport::kProduct),
                                                         0x00,
                                                         0x01,
                                                         0,
                                                         0,
                                                         0,
                                                         1};
constexpr std::array<std::uint8_t, 41> kConfigurationDescriptor{
    9,
    0x02,
    41,
    0,
    1,
    1,
    0,
    0x80,
    50,  // configuration
    9,
    0x04,
    0,
    0,
    2,
    3,
    0,
    0,
    0,  // interface: HID
    9,
    0x21,
    0x11,
    0x01,
    0,
    1,
    0x22,
    low(transport::kReportDescriptor.size()),
    0,  // HID 1.11
    7,
    0x05,
    kIn | kEndpoint,
    3,
    64,
    0,
    5,  // interrupt IN
    7,
    0x05,
    kEndpoint,
    3,
    64,
    0,
    5,  // interrupt OUT
};

struct DescriptorRequest {
  std::uint8_t request_type;
  std::uint8_t descriptor_type;
  ByteView descriptor;
};

const std::array<DescriptorRequest, 3>& descriptor_requests() {
  static const std::array<DescriptorRequest, 3> kRequests{{
      {0x80, 0x01, kDeviceDescriptor},
      {0x80, 0x02, kConfigurationDescriptor},
      {0x81, 0x22, transport::kReportDescriptor},
  }};
  return kRequests;
}

/// A message in one line: what Wireshark shows as the packet's comment.
std::string summary(const Json& message) {
  std::string text = message.value("command", "");
  if (message.value("layer", "") != "hid") text += message["dir"] == "in" ? " request" : " answer";
  for (const char* member : {"statusName", "errorName", "why"}) {
    if (message.contains(member)) text += ": " + message[member].get<std::string>();
  }
  Json rest = message;
  for (const char* member :
       {"layer", "dir", "channel", "kind", "command", "size", "status", "statusName", "errorName", "why"})
    rest.erase(member);
  // ASCII alone, so that no text of a host can pass for ours or be cut in two.
  if (!rest.empty()) text += " " + rest.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxComment) {
    text.resize(kMaxComment);
    text += "...";
  }
  return text;
}

class PcapngWriter final : public TraceWriter {
 public:
  PcapngWriter(TraceEvent::Clock::time_point start, std::chrono::system_clock::time_point unix_start)
      : start_{start}, unix_start_{unix_start.time_since_epoch()} {}

  std::string begin() override {
    Writer body;
    body.put(kByteOrderMagic);
    body.put(std::uint16_t{1});
    body.put(std::uint16_t{0});
    body.put(~std::uint64_t{0});  // the section's length is not known
    put_option(body, kUserApplication, "fauxkey");
    put_option(body, kEndOfOptions, {});
    return block(kSectionHeader, std::move(body));
  }

  std::string write(const TraceEvent& event) override {
    switch (event.kind) {
      case TraceEvent::Kind::device:
        return interface(event) + descriptors(event);
      case TraceEvent::Kind::packet:
        return packets(event);
      case TraceEvent::Kind::message:
        return {};  // its last packet tells it
    }
    return {};
  }

  std::string dropped(TraceEvent::Clock::time_point /*now*/, std::uint64_t events) override {
    dropped_ += events;  // the next packet tells it
    return {};
  }

 private:
  static std::string interface(const TraceEvent& event) {
    Writer body;
    body.put(kLinkTypeUsbLinuxMmapped);
    body.put(std::uint16_t{0});
    body.put(std::uint32_t{0});  // no limit to a packet's length
    put_option(body, kInterfaceName, {reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size()});
    put_option(body, kTimestampResolution, "\x09");  // nanoseconds
    put_option(body, kEndOfOptions, {});
    return block(kInterfaceDescription, std::move(body));
  }

  /// Each request of a descriptor and its answer.
  std::string descriptors(const TraceEvent& event) {
    std::string blocks;
    for (const auto& request : descriptor_requests()) {
      const auto length = static_cast<std::uint32_t>(request.descriptor.size());
      Urb urb{.id = ++last_urb_,
              .type = kSubmitted,
              .transfer = kControl,
              .endpoint = kIn,
              .device = device_number(event),
              .setup = std::array<std::uint8_t, 8>{request.request_type, 0x06, 0, request.descriptor_type, 0,
                                                   0, low(length), 0},
              .length = length,
              .data = {}};
      blocks += packet(event, urb, {});
      urb.type = kCompleted;
      urb.setup.reset();
      urb.data = request.descriptor;
      blocks += packet(event, urb, {});
    }
    return blocks;
  }

  /// The packet itself; or what a fault sent in its place.
  std::string packets(const TraceEvent& event) {
    const auto message = event.decoded ? summary(*event.decoded) : std::string{};
    if (!event.sent) return packet(event, interrupt(event), message);
    std::string blocks;
    for (const auto& report : *event.sent) {
      TraceEvent one = event;
      one.bytes.assign(report.begin(), report.end());
      blocks += packet(event, interrupt(one), "by a fault" + (message.empty() ? "" : "; " + message));
    }
    return blocks;
  }

  /// What a host submits with its report, and what completes with one of the key's.
  Urb interrupt(const TraceEvent& event) {
    const bool in = event.direction == Direction::out;  // the key's out is USB's IN
    return {.id = ++last_urb_,
            .type = in ? kCompleted : kSubmitted,
            .transfer = kInterrupt,
            .endpoint = static_cast<std::uint8_t>(kEndpoint | (in ? kIn : 0)),
            .device = device_number(event),
            .setup = {},
            .length = static_cast<std::uint32_t>(event.bytes.size()),
            .data = event.bytes};
  }

  std::string packet(const TraceEvent& event, const Urb& urb, const std::string& comment) {
    const auto time = unix_start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(event.time - start_);
    const auto ticks = static_cast<std::uint64_t>(time.count());
    const auto bytes = encode(urb, time);
    Writer body;
    body.put(static_cast<std::uint32_t>(event.device));
    body.put(static_cast<std::uint32_t>(ticks >> 32U));
    body.put(static_cast<std::uint32_t>(ticks));
    body.put(static_cast<std::uint32_t>(bytes.size()));
    body.put(static_cast<std::uint32_t>(bytes.size()));
    body.put_text(bytes);
    body.pad();
    if (!comment.empty()) put_option(body, kComment, comment);
    if (const auto dropped = std::exchange(dropped_, 0); dropped > 0) {
      Writer count;
      count.put(dropped);
      put_option(body, kDropCount, count.take());
    }
    put_option(body, kEndOfOptions, {});
    return block(kEnhancedPacket, std::move(body));
  }

  /// USB has 127 on a bus.
  static std::uint8_t device_number(const TraceEvent& event) {
    return static_cast<std::uint8_t>(1 + event.device % 127);
  }

  TraceEvent::Clock::time_point start_;
  std::chrono::nanoseconds unix_start_;
  std::uint64_t last_urb_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace

std::unique_ptr<TraceWriter> make_pcapng_writer(TraceEvent::Clock::time_point start,
                                                std::chrono::system_clock::time_point unix_start) {
  return std::make_unique<PcapngWriter>(start, unix_start);
}

}  // namespace fauxkey::control
