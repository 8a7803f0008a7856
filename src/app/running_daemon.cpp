#include "app/running_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/error.h"
#include "app/paths.h"
#include "transport/file_descriptor.h"

namespace fauxkey::app {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kHttp = "http://";

/// The file's first word; empty where it cannot be read.
std::string word_in(const std::filesystem::path& file) {
  std::string word;
  std::ifstream{file} >> word;
  return word;
}

/// A daemon that was killed leaves its socket behind.
bool somebody_listens_at(const std::string& path) {
  sockaddr_un name{};
  if (path.size() >= sizeof name.sun_path) return false;
  name.sun_family = AF_UNIX;
  std::ranges::copy(path, name.sun_path);
  const transport::FileDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

DaemonAddress at(std::string address) {
  if (address.starts_with(kUnix)) return {.socket = address.substr(kUnix.size()), .token = {}};
  if (!address.starts_with(kHttp)) address.insert(0, kHttp);
  const auto file = runtime_folder() / "control.token";
  auto token = word_in(file);
  if (token.empty()) {
    throw Failure{"The token of the daemon at " + address + " is not in " + file.string() +
                  ": see that it runs, and that XDG_RUNTIME_DIR is the same here as there."};
  }
  return {.socket = {}, .url = std::move(address), .token = std::move(token)};
}

}  // namespace

DaemonAddress find_daemon(const std::string& address) {
  if (!address.empty()) return at(address);
  if (const auto folder = runtime_folder(); !folder.empty()) {
    const auto socket = (folder / "control.sock").string();
    if (somebody_listens_at(socket)) return {.socket = socket, .token = {}};
    if (auto said = word_in(folder / "control.address"); !said.empty()) return at(std::move(said));
  }
  throw Failure{"No fauxkey of this user runs with a control interface: start one with fauxkey run."};
}

HttpCall call_to(const DaemonAddress& daemon, const std::string& method, const std::string& target) {
  HttpCall call{
      .method = method, .url = daemon.url + target, .socket = daemon.socket, .headers = {}, .body = {}};
  if (!daemon.token.empty()) call.headers.push_back("Authorization: Bearer " + daemon.token);
  return call;
}

}  // namespace fauxkey::app
