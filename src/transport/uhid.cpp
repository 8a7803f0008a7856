#include "transport/uhid.h"

#include <fcntl.h>
#include <linux/input.h>
#include <linux/uhid.h>
#include <poll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>

#include "transport/file_descriptor.h"
#include "transport/hidraw_node.h"

namespace fauxkey::transport {
namespace {

constexpr const char* kDevice = "/dev/uhid";

/// hidraw keeps 64 unread reports for each reader and drops further ones without a word. So after half of
/// that comes a pause in which the reader gets to read them: 0.5 ms was measured to do for a program that
/// only reads, and 5 ms not for an interpreted one on a busy, emulated machine. Messages of up to 32 reports
/// (all that CTAP2 usually says) know no pause, and longer ones come as fast as from a USB key, which hands
/// over one report a millisecond.
constexpr Pacing kPacing{.reports = 32, .pause = std::chrono::milliseconds{32}};

bool in_container() {
  std::error_code ignored;
  return std::filesystem::exists("/run/.containerenv", ignored) ||
         std::filesystem::exists("/.dockerenv", ignored) ||
         std::filesystem::exists("/run/systemd/container", ignored);
}

/// Whether the running kernel's modules hold uhid (loaded or not).
bool kernel_has_module() {
  utsname kernel{};
  if (::uname(&kernel) != 0) return false;
  std::ifstream modules{std::string{"/lib/modules/"} + kernel.release + "/modules.dep"};
  for (std::string line; std::getline(modules, line);) {
    if (line.find("/uhid.ko") != std::string::npos) return true;
  }
  return false;
}

[[noreturn]] void throw_unavailable(int error) {
  const std::string elsewhere =
      "or use --transport unix:PATH for programs that can talk to a socket (browsers cannot).";
  if (error == EACCES || error == EPERM) {
    throw TransportUnavailable{
        "There is no permission to open /dev/uhid: install the udev rule of the folder udev/ and log in "
        "again, "
        "or run fauxkey as root, " +
        elsewhere};
  }
  if (error != ENOENT && error != ENODEV && error != ENXIO) {
    throw TransportUnavailable{std::string{"/dev/uhid cannot be opened ("} + std::strerror(error) +
                               "): look at the kernel's log, " + elsewhere};
  }
  if (in_container()) {
    throw TransportUnavailable{
        "There is no /dev/uhid in this container: load the module uhid on its host and start the container "
        "with "
        "--device /dev/uhid, " +
        elsewhere};
  }
  if (kernel_has_module()) {
    throw TransportUnavailable{"The kernel module uhid is not loaded: run modprobe uhid as root, " +
                               elsewhere};
  }
  throw TransportUnavailable{
      "This kernel has no uhid module, so no program here can make a HID device: use a kernel that has it "
      "(tools/run starts one in a virtual machine), " +
      elsewhere};
}

template <std::size_t N>
void copy_text(__u8 (&target)[N],
               const std::string& text) {  // NOLINT(modernize-avoid-c-arrays): the kernel's
  std::copy_n(text.begin(), std::min(text.size(), N - 1), target);
}

/// Tells this device from every other one of this machine: uhid has no other handle on what it made.
std::string unique_phys() {
  static std::atomic<unsigned> count = 0;
  return "fauxkey/" + std::to_string(::getpid()) + "/" + std::to_string(count++);
}

class Uhid final : public Transport {
 public:
  explicit Uhid(const Identity& identity) : device_{::open(kDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK)} {
    if (!device_) throw_unavailable(errno);
    const std::string phys = unique_phys();
    create(identity, phys);
    wait_for_start();
    const auto node = wait_for_hidraw_node(phys, std::chrono::seconds{5});
    if (!node) {
      throw TransportUnavailable{
          "The kernel made no hidraw node for the key: load the module hidraw or use a kernel that has "
          "CONFIG_HIDRAW."};
    }
    address_ = *node;
  }
  ~Uhid() override {
    uhid_event event{};
    event.type = UHID_DESTROY;
    send(event, 0);
  }
  Uhid(const Uhid&) = delete;
  Uhid& operator=(const Uhid&) = delete;

  [[nodiscard]] int fd() const override { return device_.get(); }
  [[nodiscard]] Pacing pacing() const override { return kPacing; }
  [[nodiscard]] std::string address() const override { return address_; }

  [[nodiscard]] std::optional<Report> read() override {
    while (next_event()) {
      if (event_.type == UHID_OUTPUT) {
        // The report number comes first; it is 0, as the descriptor numbers no reports.
        const auto& output = event_.u.output;
        if (output.size != 1 + kReportSize || output.data[0] != 0) continue;
        Report report{};
        std::copy_n(output.data + 1, kReportSize, report.begin());
        return report;
      }
      refuse_control_transfer();
    }
    return std::nullopt;
  }

  void write(const Report& report) override {
    input_.u.input2.size = kReportSize;
    std::copy(report.begin(), report.end(), input_.u.input2.data);
    send(input_, offsetof(uhid_input2_req, data) + kReportSize);
  }

 private:
  void create(const Identity& identity, const std::string& phys) {
    uhid_event event{};
    event.type = UHID_CREATE2;
    auto& request = event.u.create2;
    copy_text(request.name, identity.name);
    copy_text(request.phys, phys);
    copy_text(request.uniq, identity.serial);
    request.rd_size = kReportDescriptor.size();
    request.bus = BUS_USB;
    request.vendor = identity.vendor;
    request.product = identity.product;
    std::copy(kReportDescriptor.begin(), kReportDescriptor.end(), request.rd_data);
    if (!send(event, sizeof request)) {
      throw std::runtime_error{std::string{"The kernel refused the HID device ("} + std::strerror(errno) +
                               "): look at the kernel's log."};
    }
  }

  void wait_for_start() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (std::chrono::steady_clock::now() < deadline) {
      pollfd waiting{.fd = device_.get(), .events = POLLIN, .revents = 0};
      ::poll(&waiting, 1, 100);
      while (next_event()) {
        if (event_.type == UHID_START) return;
        refuse_control_transfer();
      }
    }
    throw std::runtime_error{"The kernel did not start the HID device within 5 s: look at the kernel's log."};
  }

  /// Reads one event into `event_`; false where there is none now.
  bool next_event() {
    const ssize_t size = ::read(device_.get(), &event_, sizeof event_);
    return size >= static_cast<ssize_t>(sizeof event_.type);
  }

  /// There are no feature reports. Whoever asks by a control transfer blocks in the kernel until we answer.
  void refuse_control_transfer() {
    uhid_event reply{};
    if (event_.type == UHID_GET_REPORT) {
      reply.type = UHID_GET_REPORT_REPLY;
      reply.u.get_report_reply.id = event_.u.get_report.id;
      reply.u.get_report_reply.err = EIO;
      send(reply, offsetof(uhid_get_report_reply_req, data));
    } else if (event_.type == UHID_SET_REPORT) {
      reply.type = UHID_SET_REPORT_REPLY;
      reply.u.set_report_reply.id = event_.u.set_report.id;
      reply.u.set_report_reply.err = EIO;
      send(reply, sizeof reply.u.set_report_reply);
    }
  }

  /// The kernel takes an event's first bytes for the whole, the rest being zero.
  bool send(const uhid_event& event, std::size_t payload_size) {
    const std::size_t size = offsetof(uhid_event, u) + payload_size;
    return ::write(device_.get(), &event, size) == static_cast<ssize_t>(size);
  }

  FileDescriptor device_;
  std::string address_;
  uhid_event event_{};
  uhid_event input_{.type = UHID_INPUT2, .u = {}};
};

}  // namespace

std::unique_ptr<Transport> open_uhid(const Identity& identity) { return std::make_unique<Uhid>(identity); }

}  // namespace fauxkey::transport
