// What the key is measured against: a device that sends every report back, and does nothing else.
//   fauxkey_bench_echo TRANSPORT             the bare echo
//   fauxkey_bench_echo TRANSPORT --ctaphid   a CTAPHID device whose requests are answered by themselves
#include <poll.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string_view>

#include "ctaphid/device.h"
#include "transport/transport.h"

namespace {

using namespace fauxkey;

volatile std::sig_atomic_t ended = 0;

void echo(transport::Transport& wire) {
  while (ended == 0) {
    while (const auto report = wire.read()) wire.write(*report);
    pollfd waiting{.fd = wire.fd(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 1000);
  }
}

void serve(std::unique_ptr<transport::Transport> wire) {
  const auto mirror = [](ByteView request, const Exchange&) { return Bytes{request.begin(), request.end()}; };
  ctaphid::Device device{std::move(wire), {.cbor = mirror, .msg = mirror, .wink = {}}};
  device.start();
  while (ended == 0) ::poll(nullptr, 0, 1000);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || (argc == 3 && std::string_view{argv[2]} != "--ctaphid") || argc > 3) {
    std::cerr << "usage: fauxkey_bench_echo TRANSPORT [--ctaphid]\n";
    return 2;
  }
  struct sigaction action{};
  action.sa_handler = [](int) { ended = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  try {
    auto wire = transport::open_transport(argv[1], {.name = "fauxkey bench echo", .serial = "bench"});
    std::cout << "ready: " << wire->address() << std::endl;
    if (argc == 3) {
      serve(std::move(wire));
    } else {
      echo(*wire);
    }
  } catch (const transport::TransportUnavailable& error) {
    std::cerr << error.what() << '\n';
    return 77;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
