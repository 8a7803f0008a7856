// pinentry, the GnuPG project's dialogs: a program that is started for a dialog and spoken to over the Assuan
// protocol (https://www.gnupg.org/documentation/manuals/assuan/).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "fauxkey/secret.h"

namespace fauxkey {

/// What a dialog says, and where. What is empty is not said.
struct PinentryDialog {
  std::string description;  ///< may have several lines
  std::string prompt;       ///< before the passphrase's field
  std::string error;        ///< what was wrong with the last answer
  std::string approve;      ///< what stands on the buttons
  std::string refuse;
  std::optional<std::uint32_t> seconds;  ///< after which it goes away by itself
  std::string terminal;                  ///< for dialogs in text mode
};

struct PinentryReply {
  enum class Outcome : std::uint8_t {
    ok,
    cancelled,  ///< by the person: the other button, or the window was closed
    timed_out,
    too_long,  ///< the answer is longer than it may be, or none
    given_up,  ///< `wait` has said so
    refused,   ///< any other error: no display to show it on, an option that is not known
    broken,    ///< it has ended, or speaks no Assuan
  };
  Outcome outcome{};
  SecretBytes data{};
};

class Pinentry {
 public:
  /// Returns once the descriptor can be read; false to give up.
  using Wait = std::function<bool(int descriptor)>;

  /// Starts it. `program` is looked for in $PATH unless it names a folder.
  explicit Pinentry(const std::string& program, Wait wait = {});
  /// It ends, whatever it shows.
  ~Pinentry();
  Pinentry(const Pinentry&) = delete;
  Pinentry& operator=(const Pinentry&) = delete;

  /// False where there is no such program.
  [[nodiscard]] bool started() const { return child_ >= 0; }
  /// Says what the dialog is to show: `ok`, `broken` or `given_up`.
  [[nodiscard]] PinentryReply prepare(const PinentryDialog& dialog);
  /// Sends a command and reads its answer, whose data may have `longest` bytes.
  [[nodiscard]] PinentryReply ask(std::string_view command, std::size_t longest = 0);

 private:
  [[nodiscard]] bool send(std::string_view text) const;
  [[nodiscard]] PinentryReply read_reply(std::size_t longest);
  [[nodiscard]] bool wait() const;
  /// The next line without its end, valid until the next call; nothing where there is none, or it is longer
  /// than Assuan allows.
  [[nodiscard]] std::optional<std::string_view> line();

  Wait wait_;
  FileDescriptor own_;
  pid_t child_ = -1;
  SecretBytes buffer_;
  std::size_t begin_ = 0;  ///< of what no line was taken of yet
  std::size_t size_ = 0;   ///< of that
  bool given_up_ = false;
};

/// The program's name: what $FAUXKEY_PINENTRY says, or "pinentry".
[[nodiscard]] std::string pinentry_program();
/// Whether there is such a program to be started.
[[nodiscard]] bool is_program(const std::string& name);
/// The terminal that a dialog in text mode may use: one of the standard streams, or $GPG_TTY; empty: none.
[[nodiscard]] std::string terminal_for_pinentry();

}  // namespace fauxkey
