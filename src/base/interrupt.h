// What is put in order where a signal ends the program in the middle of something: unfinished files are
// removed and the terminal gets back the mode that it had. Without handle_signals() all of this does nothing.
#pragma once

#include <csignal>
#include <cstddef>

struct termios;

namespace fauxkey::interrupt {

/// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored) put things in order and then end the process
/// as they do by themselves, so that a shell says 130 for Ctrl-C.
void handle_signals();

/// Ends the process as Ctrl-C does, where the terminal hands it over as a byte. Comes back where signals are
/// not handled.
void end_as_by_control_c();

/// What was written to the terminal and is to be erased; runs within a signal's handler (signal-safety(7)).
void set_last_words(void (*last_words)());

/// A file, with what SQLite has beside it, that is to go unless it gets finished.
class UnfinishedFile {
 public:
  /// `path` outlives this.
  explicit UnfinishedFile(const char* path);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t slot_ = kNone;
};

/// A terminal's mode while it has another.
class TerminalMode {
 public:
  TerminalMode(int terminal, const termios& mode);
  ~TerminalMode();
  TerminalMode(const TerminalMode&) = delete;
  TerminalMode& operator=(const TerminalMode&) = delete;
};

/// Signals wait while this lives: for a few steps of which all are to be done or none.
class Hold {
 public:
  Hold();
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace fauxkey::interrupt
