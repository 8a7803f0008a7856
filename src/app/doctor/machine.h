// The machine that the doctor looks at: its files, and what can only be asked of the kernel. A test hands
// over a tree of its own and its own answers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/hid_probe.h"
#include "app/store_options.h"

namespace fauxkey::app::doctor {

struct Ran {
  int status = 0;
  std::string output;  ///< of stdout
};

struct Process {
  pid_t id = 0;
  std::string name;                ///< "systemd-udevd": 15 characters at most
  std::vector<std::string> words;  ///< its command line; empty where that cannot be read
};

struct Machine {
  std::filesystem::path root{"/"};  ///< all paths below are within it
  StoreOptions store;
  uid_t user = 0;
  std::string user_name;
  std::vector<gid_t> groups;
  std::string kernel;  ///< its release, as uname(2) has it
  std::int64_t now = 0;
  std::int64_t program_date = 0;  ///< when the program's file was written
  bool clock_synchronised = true;
  bool random_ready = true;
  bool has_terminal = false;
  std::function<std::optional<std::string>(const char* name)> variable;
  /// Opens a device for reading and writing and closes it again: 0, or why not (errno). Opening /dev/uhid
  /// makes none.
  std::function<int(const std::string& path)> open_device;
  std::function<std::expected<ProbeAnswer, std::string>(const std::string& node)> probe;
  /// Runs a program of $PATH; nothing where there is none, or it does not end within 3 s.
  std::function<std::optional<Ran>(const std::vector<std::string>& words)> run;

  /// `path` begins with "/".
  [[nodiscard]] std::filesystem::path at(std::string_view path) const;
  [[nodiscard]] bool has(std::string_view path) const;
  /// Nothing where the user has no home folder and no option names one. Not within `root`.
  [[nodiscard]] std::optional<std::filesystem::path> store_path() const;
  /// The first `most` bytes; empty where it cannot be read. Never waits.
  [[nodiscard]] std::string read(std::string_view path, std::size_t most = std::size_t{1} << 20U) const;
  /// The last `most` bytes.
  [[nodiscard]] std::string read_end(std::string_view path, std::size_t most) const;
  /// The first line of it, without spaces at its ends.
  [[nodiscard]] std::string read_line(std::string_view path) const;
  /// The names in a folder, sorted.
  [[nodiscard]] std::vector<std::string> list(std::string_view folder) const;
  [[nodiscard]] std::vector<Process> processes() const;
  [[nodiscard]] bool is_root() const { return user == 0; }
  /// Whether this process may use a Linux capability(7), by its number.
  [[nodiscard]] bool is_capable(unsigned capability) const;
  /// The soft limit of a process by its name in /proc/PID/limits; nothing where it cannot be read. Unlimited
  /// is the largest number.
  [[nodiscard]] std::optional<std::uint64_t> limit(std::string_view process, std::string_view name) const;
  [[nodiscard]] bool in_container() const;
  /// Where a program stands in $PATH.
  [[nodiscard]] std::optional<std::string> find_program(std::string_view name) const;
  /// A command for a person to paste: each "SUDO " in it becomes "sudo ", or nothing for root.
  [[nodiscard]] std::string command(std::string_view text) const;
};

/// The one that this process runs on.
[[nodiscard]] Machine this_machine(const StoreOptions& store);

/// One word for a shell.
[[nodiscard]] std::string shell_word(const std::string& text);

/// The lines of a text, without their ends.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

}  // namespace fauxkey::app::doctor
