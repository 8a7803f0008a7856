#include "base/interrupt.h"

#include <pthread.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstring>

namespace fauxkey::interrupt {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::size_t kSlots = 16;

// What a handler reads, which may run between any two instructions: nothing here takes a lock.
std::atomic<pid_t> process{0};  // 0: signals are not handled
std::array<std::atomic<const char*>, kSlots> unfinished{};
std::atomic<void (*)()> final_words{nullptr};
std::atomic<int> terminal_in_use{-1};
termios terminal_mode{};

void remove(const char* path) {
  const std::size_t size = std::strlen(path);
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::array<char, PATH_MAX> name{};
    if (size + std::strlen(suffix) >= name.size()) return;
    std::memcpy(name.data(), path, size);
    std::memcpy(name.data() + size, suffix, std::strlen(suffix));
    ::unlink(name.data());
  }
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) sigaddset(&set, number);
  return set;
}

void put_in_order(int number) {
  if (process.load() == ::getpid()) {  // not between fork and exec of a child
    if (auto* const words = final_words.load()) words();
    if (const int terminal = terminal_in_use.exchange(-1); terminal >= 0) {
      ::tcsetattr(terminal, TCSANOW, &terminal_mode);
      constexpr char kLineEnd = '\n';
      [[maybe_unused]] const auto written = ::write(terminal, &kLineEnd, 1);
    }
    for (const auto& slot : unfinished) {
      if (const char* const path = slot.load()) remove(path);
    }
  }
  struct sigaction by_itself{};
  by_itself.sa_handler = SIG_DFL;
  ::sigaction(number, &by_itself, nullptr);
  ::raise(number);  // it comes once the handler has returned, as it is blocked meanwhile
}

}  // namespace

void handle_signals() {
  process = ::getpid();
  for (const int number : kSignals) {
    struct sigaction action{};
    ::sigaction(number, nullptr, &action);
    if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = put_in_order;
    action.sa_mask = handled_signals();
    ::sigaction(number, &action, nullptr);
  }
}

void end_as_by_control_c() {
  if (process.load() == ::getpid()) ::raise(SIGINT);
}

void set_last_words(void (*last_words)()) { final_words = last_words; }

UnfinishedFile::UnfinishedFile(const char* path) {
  for (std::size_t i = 0; i < unfinished.size(); ++i) {
    const char* nothing = nullptr;
    if (!unfinished[i].compare_exchange_strong(nothing, path)) continue;
    slot_ = i;
    return;
  }
}

UnfinishedFile::~UnfinishedFile() {
  if (slot_ != kNone) unfinished[slot_] = nullptr;
}

TerminalMode::TerminalMode(int terminal, const termios& mode) {
  const Hold hold;
  terminal_mode = mode;
  terminal_in_use = terminal;
}

TerminalMode::~TerminalMode() { terminal_in_use = -1; }

Hold::Hold() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

Hold::~Hold() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace fauxkey::interrupt
