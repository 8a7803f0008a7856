// The socket transports, seen from a client.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "transport/file_descriptor.h"
#include "transport/transport.h"
#include "transport/udp.h"
#include "transport/unix_socket.h"

namespace transport_socket_test {

using namespace fauxkey;
using namespace fauxkey::transport;
namespace {

Report numbered(std::uint8_t number) {
  Report report{};
  report.fill(number);
  return report;
}

/// A folder that goes with the test.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "fauxkey-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

FileDescriptor connect_to(const std::string& path, int type = SOCK_SEQPACKET) {
  FileDescriptor client{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return client;
}

bool readable(int fd, int milliseconds = 0) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, milliseconds) == 1;
}

bool send_bytes(const FileDescriptor& socket, const void* data, std::size_t size) {
  return ::send(socket.get(), data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

bool send_report(const FileDescriptor& socket, const Report& report) {
  return send_bytes(socket, report.data(), report.size());
}

/// The number in the next report for this client, or -1.
int receive_number(const FileDescriptor& socket) {
  Report report{};
  const ssize_t size = ::recv(socket.get(), report.data(), report.size(), MSG_DONTWAIT);
  return size == static_cast<ssize_t>(report.size()) ? report[0] : -1;
}

int read_number(Transport& transport) {
  const auto report = transport.read();
  return report ? (*report)[0] : -1;
}

std::string message_of(const std::string& spec) {
  try {
    (void)open_transport(spec);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("transport: a malformed address is refused with what to write instead") {
  CHECK_THROWS_AS((void)open_transport("carrier-pigeon"), std::invalid_argument);
  CHECK(message_of("carrier-pigeon").find("udp:HOST:PORT") != std::string::npos);
  CHECK_THROWS_AS((void)open_transport("unix:"), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport("unix:/" + std::string(200, 'x')), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport("udp:7000"), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport("udp:127.0.0.1:http"), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport("udp:"), std::invalid_argument);
}

TEST_CASE("transport: without /dev/uhid the reason is told by a type of its own") {
  if (std::filesystem::exists("/dev/uhid")) return;
  CHECK_THROWS_AS((void)open_transport("uhid"), TransportUnavailable);
  CHECK(message_of("uhid").find("uhid") != std::string::npos);
}

TEST_CASE("transport: a Unix socket is its owner's alone, and goes with the key") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  {
    const auto transport = open_transport("unix:" + path);
    CHECK(transport->address() == "unix:" + path);
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0600U);
    CHECK_FALSE(transport->read());
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("transport: a socket left behind is replaced, one in use and other files are not") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  {
    const FileDescriptor left{::socket(AF_UNIX, SOCK_SEQPACKET, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  const auto transport = open_transport("unix:" + path);
  CHECK_THROWS_AS((void)open_transport("unix:" + path), std::runtime_error);
  const FileDescriptor client = connect_to(path);  // and the one in use still works
  REQUIRE(send_report(client, numbered(7)));
  CHECK(read_number(*transport) == 7);

  const std::string file = folder.path / "letter.txt";
  std::ofstream{file} << "dear";
  CHECK_THROWS_AS((void)open_transport("unix:" + file), std::runtime_error);
  CHECK(std::filesystem::file_size(file) == 4);
}

TEST_CASE("transport: every client of a Unix socket sees every report") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  const auto transport = open_transport("unix:" + path);
  const FileDescriptor one = connect_to(path);
  const FileDescriptor two = connect_to(path);
  CHECK(readable(transport->fd()));
  CHECK_FALSE(transport->read());  // takes the connections
  CHECK_FALSE(readable(transport->fd()));

  REQUIRE(send_report(one, numbered(1)));
  CHECK(readable(transport->fd()));
  CHECK(read_number(*transport) == 1);
  REQUIRE(send_report(two, numbered(2)));
  CHECK(read_number(*transport) == 2);
  CHECK_FALSE(transport->read());

  transport->write(numbered(3));
  CHECK(receive_number(one) == 3);
  CHECK(receive_number(two) == 3);
}

TEST_CASE("transport: messages of another size than a report are ignored") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  const auto transport = open_transport("unix:" + path);
  const FileDescriptor client = connect_to(path);
  const std::array<char, 100> junk{};
  for (const std::size_t size : {0U, 1U, 63U, 65U, 100U}) REQUIRE(send_bytes(client, junk.data(), size));
  REQUIRE(send_report(client, numbered(9)));
  CHECK(read_number(*transport) == 9);
  CHECK_FALSE(transport->read());
}

TEST_CASE("transport: a client that does not read loses reports and holds up nobody") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  const auto transport = open_transport("unix:" + path);
  const FileDescriptor lazy = connect_to(path);
  const FileDescriptor eager = connect_to(path);
  CHECK_FALSE(transport->read());
  for (int i = 0; i < 5000; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    transport->write(numbered(number));
    REQUIRE(receive_number(eager) == number);
  }
  CHECK(receive_number(lazy) == 0);
}

TEST_CASE("transport: clients that leave make room; more than 32 at once are turned away") {
  const Folder folder;
  const std::string path = folder.path / "key.sock";
  const auto transport = open_transport("unix:" + path);
  for (int round = 0; round < 3; ++round) {
    std::vector<FileDescriptor> clients;
    for (std::size_t i = 0; i < kMaxSocketClients; ++i) {
      clients.push_back(connect_to(path));
      CHECK_FALSE(transport->read());
    }
    const FileDescriptor surplus = connect_to(path);
    CHECK_FALSE(transport->read());
    CHECK(receive_number(surplus) == -1);
    char byte = 0;
    CHECK(::recv(surplus.get(), &byte, 1, MSG_DONTWAIT) == 0);  // closed
    REQUIRE(send_report(clients.back(), numbered(5)));
    CHECK(read_number(*transport) == 5);
    clients.clear();
    CHECK_FALSE(transport->read());
    CHECK_FALSE(readable(transport->fd()));
  }
}

TEST_CASE("transport: UDP answers the peers that it has heard, and only on this machine") {
  const auto transport = open_transport("udp:127.0.0.1:0");
  const std::string address = transport->address();
  REQUIRE(address.rfind("udp:127.0.0.1:", 0) == 0);
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  CHECK(port > 0);
  const auto peer = [port] {
    FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(port));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0);
    return socket;
  };
  const FileDescriptor one = peer();
  const FileDescriptor silent = peer();
  transport->write(numbered(1));  // nobody is there
  REQUIRE(send_bytes(one, "short", 5));
  CHECK_FALSE(transport->read());
  REQUIRE(send_report(one, numbered(2)));
  CHECK(read_number(*transport) == 2);
  transport->write(numbered(3));
  CHECK(readable(one.get(), 1000));
  CHECK(receive_number(one) == 3);
  CHECK(receive_number(silent) == -1);

  std::vector<FileDescriptor> others;  // as many as are remembered: the first is forgotten
  for (std::size_t i = 0; i < kMaxDatagramPeers; ++i) {
    others.push_back(peer());
    REQUIRE(send_report(others.back(), numbered(4)));
    CHECK(read_number(*transport) == 4);
  }
  transport->write(numbered(5));
  CHECK(readable(others.front().get(), 1000));
  CHECK(receive_number(others.front()) == 5);
  CHECK(receive_number(one) == -1);

  CHECK_THROWS_AS((void)open_transport("udp:0.0.0.0:7000"), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport("udp:192.0.2.1:7000"), std::invalid_argument);
  CHECK_THROWS_AS((void)open_transport(address), std::runtime_error);  // the port is taken
}

}  // namespace transport_socket_test
