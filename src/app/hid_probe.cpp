#include "app/hid_probe.h"

#include <hidapi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "ctaphid/assembler.h"
#include "ctaphid/packet.h"
#include "fauxkey/random.h"

namespace fauxkey::app {
namespace {

using ctaphid::Command;
using ctaphid::Report;
using ProbeClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeLimit{3};
constexpr std::uint8_t kGetInfo = 0x04;

bool begins_with(ByteView bytes, ByteView with) {
  return bytes.size() >= with.size() && std::ranges::equal(bytes.first(with.size()), with);
}

struct HidClose {
  void operator()(hid_device* device) const { hid_close(device); }
};
using Handle = std::unique_ptr<hid_device, HidClose>;

/// A host's side of CTAPHID, for one request after the other.
class Connection {
 public:
  explicit Connection(Handle handle) : handle_{std::move(handle)} {}

  /// The answer's payload; the error is a sentence's end.
  std::expected<Bytes, std::string> exchange(std::uint32_t channel, Command command, ByteView message) {
    for (std::size_t i = 0; i < ctaphid::packet_count(message.size()); ++i) {
      const auto packet = ctaphid::make_packet(channel, command, message, i);
      std::array<std::uint8_t, ctaphid::kReportSize + 1> numbered{};  // report number 0 first
      std::copy(packet.begin(), packet.end(), numbered.begin() + 1);
      if (hid_write(handle_.get(), numbered.data(), numbered.size()) < 0)
        return std::unexpected{"takes no reports"};
    }
    const auto deadline = ProbeClock::now() + kTimeLimit;
    std::optional<ctaphid::Assembler> assembler;
    while (const auto report = read(deadline)) {
      if (ctaphid::channel_of(*report) != channel) continue;
      if (ctaphid::is_initial(*report)) {
        if (ctaphid::command_of(*report) == Command::keepalive) continue;
        if (ctaphid::command_of(*report) == Command::error)
          return std::unexpected{"answers with CTAPHID_ERROR"};
        if (ctaphid::command_of(*report) != command ||
            ctaphid::message_size_of(*report) > ctaphid::kMaxMessageSize)
          continue;
        // Other hosts' answers on the broadcast channel have another nonce.
        if (command == Command::init && !begins_with(ctaphid::initial_payload_of(*report), message)) continue;
        assembler.emplace(*report);
      } else if (!assembler || !assembler->add(*report)) {
        continue;
      }
      if (assembler->complete()) return assembler->take();
    }
    return std::unexpected{"does not answer within 3 s"};
  }

 private:
  std::optional<Report> read(ProbeClock::time_point deadline) {
    Report report{};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - ProbeClock::now());
    if (left.count() <= 0) return {};
    const int size =
        hid_read_timeout(handle_.get(), report.data(), report.size(), static_cast<int>(left.count()));
    if (size != static_cast<int>(report.size())) return {};
    return report;
  }

  Handle handle_;
};

}  // namespace

std::expected<ProbeAnswer, std::string> probe(const std::string& node) {
  if (::access(node.c_str(), R_OK | W_OK) != 0)
    return std::unexpected{std::string{"cannot be opened ("} + std::strerror(errno) + ")"};
  Handle handle{hid_open_path(node.c_str())};
  if (!handle) return std::unexpected{"cannot be opened"};
  Connection connection{std::move(handle)};

  constexpr std::size_t kNonceSize = 8, kInitAnswerSize = 17;
  const auto nonce = SystemRandom{}.bytes<kNonceSize>();
  const auto init = connection.exchange(ctaphid::kBroadcastChannel, Command::init, nonce);
  if (!init) return std::unexpected{init.error()};
  if (init->size() < kInitAnswerSize) return std::unexpected{"answers CTAPHID_INIT with too few bytes"};
  std::uint32_t channel = 0;
  for (std::size_t i = kNonceSize; i < kNonceSize + 4; ++i) channel = channel << 8U | (*init)[i];
  ProbeAnswer answer{(*init)[kInitAnswerSize - 1], {}};
  if ((answer.capabilities & ctaphid::kCapabilityCbor) == 0) return answer;

  const auto info = connection.exchange(channel, Command::cbor, Bytes{kGetInfo});
  if (!info) return std::unexpected{info.error()};
  if (info->empty() || info->front() != 0) return std::unexpected{"refuses getInfo"};
  auto decoded = cbor::decode(ByteView{*info}.subspan(1));
  if (!decoded) return std::unexpected{"answers getInfo with CBOR that is not canonical"};
  answer.get_info = *std::move(decoded);
  return answer;
}

}  // namespace fauxkey::app
