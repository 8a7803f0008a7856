#include "app/process.h"

#include <malloc.h>
#include <pthread.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/progress.h"
#include "app/text.h"

namespace fauxkey::app {

void protect_memory() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    spdlog::warn("Core dumps could not be switched off; a crash may leave secrets on the disk.");
  // Secrets live in libsodium's memory. What libraries copy of them to the heap meanwhile (CBOR values, big
  // numbers) is overwritten as it is freed.
  constexpr int kOverwrite = 0xa5;
  ::mallopt(M_PERTURB, kOverwrite);
}

void raise_file_limit() {
  constexpr rlim_t kPlenty = 16384;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kPlenty) return;
  files.rlim_cur = std::min(files.rlim_max, kPlenty);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

namespace {

/// Leaves no rest of a progress line before a message.
class Log : public spdlog::sinks::stderr_color_sink_mt {
 public:
  explicit Log(bool colours) {
    set_color_mode(colours ? spdlog::color_mode::always : spdlog::color_mode::never);
  }
  void log(const spdlog::details::log_msg& message) override {
    erase_progress();
    spdlog::sinks::stderr_color_sink_mt::log(message);
  }
};

}  // namespace

void set_up_log(int verbosity) {
  using spdlog::level::level_enum;
  // trace 0, debug 1, info 2, warn 3, err 4
  const int level = std::clamp(static_cast<int>(level_enum::info) - verbosity,
                               static_cast<int>(level_enum::trace), static_cast<int>(level_enum::err));
  auto logger =
      std::make_shared<spdlog::logger>("fauxkey", std::make_shared<Log>(has_colours(STDERR_FILENO)));
  logger->set_pattern("%H:%M:%S.%e %^%l%$: %v");
  logger->set_level(static_cast<level_enum>(level));
  spdlog::set_default_logger(std::move(logger));
}

EndSignals::EndSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action{};
    ::sigaction(number, nullptr, &action);
    const bool ignored = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
    if (number != SIGHUP || !ignored) sigaddset(&signals_, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

EndSignals::~EndSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

const char* EndSignals::wait() const {
  int number = 0;
  while (sigwait(&signals_, &number) != 0) continue;
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  std::signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  switch (number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGHUP";
  }
}

}  // namespace fauxkey::app
