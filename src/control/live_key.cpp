#include "control/live_key.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "control/credentials.h"
#include "control/faults/wrap.h"
#include "control/http.h"
#include "transport/transport.h"

namespace fauxkey::control {
namespace {

/// What cannot be had is for who asked to mend, not a fault of the daemon's.
std::unique_ptr<transport::Transport> open(const std::string& spec, const transport::Identity& identity) {
  try {
    return transport::open_transport(spec, identity);
  } catch (const transport::TransportUnavailable&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw HttpError{409, error.what()};
  }
}

const char* event_name(BenchStore::Change change) {
  switch (change) {
    case BenchStore::Change::added:
      return "credential.added";
    case BenchStore::Change::updated:
      return "credential.updated";
    case BenchStore::Change::asserted:
      return "credential.asserted";
    case BenchStore::Change::deleted:
      return "credential.deleted";
    case BenchStore::Change::reset:
      break;
  }
  return "key.reset";
}

/// Packets of the key are told where they leave, since faults may send others in their place.
void tell_what_leaves(ctaphid::Observer& observer, faults::Hooks& hooks) {
  if (!observer.packet) return;
  hooks.on_packet = [packet = observer.packet, instead = observer.instead](
                        const ctaphid::Report& report, std::span<const ctaphid::Report> sent) {
    const bool as_meant = sent.size() == 1 && sent.front() == report;
    if (!as_meant && instead) instead(sent);
    packet(ctaphid::Direction::out, report);
  };
  observer.packet = [packet = observer.packet](ctaphid::Direction direction, const ctaphid::Report& report) {
    if (direction == ctaphid::Direction::in) packet(direction, report);
  };
}

}  // namespace

LiveKey::LiveKey(KeyOptions options, Surroundings& surroundings, const MakeStore& make_store)
    : options_{std::move(options)},
      surroundings_{surroundings},
      sources_{options_.seed},
      snapshots_{sources_.clock} {
  store_ = make_store
               ? make_store(*sources_.random, sources_.clock)
               : std::make_unique<BenchStore>(std::make_unique<MemoryStore>(sources_.clock), sources_.clock);
  gate_ = std::make_unique<user::ScriptedGate>(
      options_.name, sources_.clock, surroundings_.prompts, options_.user,
      surroundings_.gate ? surroundings_.gate(options_.name, sources_.clock) : nullptr);
  if (surroundings_.attestation_root) options_.config.attestation_root = surroundings_.attestation_root;
  options_.config.repeatable = options_.seed.has_value();
  key_ =
      std::make_unique<VirtualKey>(options_.config, Ports{*store_, *gate_, sources_.clock, *sources_.random});
  if (options_.pin) {
    try {
      key_->set_pin(bytes_of(*options_.pin));
    } catch (const std::invalid_argument& error) {
      throw BadRequest{error.what()};
    }
    options_.pin.reset();
  }
  if (!surroundings_.heard) return;
  store_->observe([this](BenchStore::Change change, ByteView id, const Credential* credential) {
    tell(event_name(change),
         change == BenchStore::Change::reset ? Json::object() : describe_event(id, credential, *store_));
  });
}

LiveKey::~LiveKey() {
  {
    const std::scoped_lock lock{soon_};
    if (unplugging_.joinable()) unplugging_.join();
  }
  const std::scoped_lock lock{plugging_};
  devices_.clear();
}

std::shared_ptr<LiveKey> LiveKey::fork(const std::string& name, std::vector<std::string> transports,
                                       BenchStore& held) {
  KeyOptions options = options_;
  options.name = name;
  options.transports = std::move(transports);
  options.user = gate_->behaviour();
  return std::make_shared<LiveKey>(std::move(options), surroundings_,
                                   [&held](Random& /*random*/, Clock& clock) {
                                     auto copy = held.copy(clock);
                                     if (!copy) throw std::runtime_error{copy.error().message};
                                     return *std::move(copy);
                                   });
}

void LiveKey::restore(const std::string& snapshot) {
  const auto held = snapshots_.at(snapshot);
  key_->begin_anew([&] { store_->become(*held); });
  tell("key.restored", {{"snapshot", snapshot}});
}

std::unique_ptr<ctaphid::Device> LiveKey::plug_in(const std::string& spec) {
  auto where = spec;
  if (spec == "unix") {
    if (surroundings_.socket_folder.empty())
      throw std::invalid_argument{
          "The daemon has no folder for sockets (XDG_RUNTIME_DIR): name a path, unix:PATH."};
    std::filesystem::create_directories(surroundings_.socket_folder);
    where = "unix:" + surroundings_.socket_folder + "/" + options_.name + ".sock";
  }
  const auto& usb = options_.config.persona.usb;
  auto transport = open(
      where, {.name = usb.product, .serial = serial(), .vendor = usb.vendor_id, .product = usb.product_id});
  const auto address = transport->address();
  ctaphid::Handlers handlers{
      .cbor = [this](ByteView message,
                     const Exchange& exchange) { return key_->process_cbor(message, exchange); },
      .msg = [this](ByteView apdu, const Exchange& exchange) { return key_->process_apdu(apdu, exchange); },
      .wink =
          [this, address] {
            spdlog::info("A host asks which key this is: {}, {} (wink).", options_.name, address);
            tell("key.wink", {{"address", address}});
          }};
  if (!options_.config.ctap) handlers.cbor = {};
  if (!options_.config.persona.features.u2f) handlers.msg = {};
  ctaphid::Device::Settings settings;
  settings.clock = &sources_.clock;
  settings.channel_seed = sources_.channel_seed;
  settings.packet_timeout = options_.config.packet_timeout;
  faults::Hooks hooks{.on_hit =
                          [this](faults::Id rule, const std::string& what) {
                            spdlog::info("Fault {}: {}.", rule, what);
                            tell("fault.hit", {{"fault", rule}, {"what", what}});
                          },
                      .unplug = [this] { unplug_soon(); }};
  auto observer =
      surroundings_.observer ? surroundings_.observer(options_.name, address) : ctaphid::Observer{};
  tell_what_leaves(observer, hooks);
  auto wrapped = faults::wrap(std::move(transport), std::move(handlers), faults_, *key_, sources_.clock,
                              std::move(hooks));
  auto device = std::make_unique<ctaphid::Device>(std::move(wrapped.transport), std::move(wrapped.handlers),
                                                  std::move(observer), settings);
  device->start();
  return device;
}

void LiveKey::plug_in() {
  {
    const std::scoped_lock lock{plugging_};
    if (!devices_.empty()) return;
    if (std::exchange(used_, true)) key_->power_cycle();
    std::vector<std::unique_ptr<ctaphid::Device>> devices;
    devices.reserve(options_.transports.size());
    for (const auto& spec : options_.transports) devices.push_back(plug_in(spec));
    devices_ = std::move(devices);
  }
  tell("key.plugged-in", {{"addresses", addresses()}, {"serial", serial()}});
}

void LiveKey::unplug() {
  {
    const std::scoped_lock lock{plugging_};
    if (devices_.empty()) return;
    devices_.clear();
  }
  tell("key.unplugged");
}

void LiveKey::unplug_soon() {
  const std::scoped_lock lock{soon_};
  if (unplugging_.joinable())
    unplugging_.join();  // of a time before: over, or this device would not be there
  unplugging_ = std::jthread{[this] { unplug(); }};
}

void LiveKey::power_cycle() {
  unplug();
  plug_in();
}

std::vector<std::string> LiveKey::addresses() const {
  const std::scoped_lock lock{plugging_};
  std::vector<std::string> addresses;
  addresses.reserve(devices_.size());
  for (const auto& device : devices_) addresses.push_back(device->address());
  return addresses;
}

std::string LiveKey::serial() const { return options_.serial.empty() ? key_->serial() : options_.serial; }

void LiveKey::tell(const char* event, const Json& data) const {
  surroundings_.events.publish(event, options_.name, data);
}

}  // namespace fauxkey::control
