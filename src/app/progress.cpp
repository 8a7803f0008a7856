#include "app/progress.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/text.h"
#include "base/interrupt.h"
#include "base/working.h"

namespace fauxkey::app {
namespace {

using std::chrono::milliseconds;

/// Shorter work is not worth a line.
constexpr milliseconds kPatience{400};
constexpr milliseconds kTick{150};
constexpr std::string_view kErase = "\r\x1b[K";

// For the handler of a signal, which may run in the midst of a write to the terminal.
std::atomic<bool> over{false};
std::atomic<bool> writing{false};
std::atomic<bool> visible{false};

void write_to_terminal(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void last_words() {
  over = true;
  // The write that is under way, if the terminal takes it (Ctrl-S stops it).
  for (int i = 0; writing && i < 100; ++i) {
    const timespec moment{0, 1'000'000};
    ::nanosleep(&moment, nullptr);
  }
  if (visible) write_to_terminal(kErase);
}

class Line : public WorkObserver {
 public:
  void begun(const Working& work) override {
    const std::scoped_lock lock{mutex_};
    works_.push_back({&work, std::chrono::steady_clock::now()});
    if (works_.size() > 1) return;
    const interrupt::Hold hold;  // handlers run on threads that have nothing to do with the terminal
    thread_ = std::jthread{[this](const std::stop_token& stop) { draw_until(stop); }};
  }

  void ended(const Working& work) override {
    std::jthread done;
    {
      const std::scoped_lock lock{mutex_};
      std::erase_if(works_, [&](const Work& one) { return one.work == &work; });
      if (!works_.empty()) return;
      done = std::move(thread_);
    }
    done.request_stop();
    done.join();
    erase();
  }

  void erase() {
    const std::scoped_lock lock{mutex_};
    if (visible.exchange(false)) put(kErase);
  }

 private:
  struct Work {
    const Working* work;
    std::chrono::steady_clock::time_point since;
  };

  void draw_until(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    auto wait = kPatience;
    for (std::size_t turn = 0; !waking_.wait_for(lock, stop, wait, [] { return false; }); ++turn) {
      if (stop.stop_requested() || works_.empty()) return;
      wait = kTick;
      visible = true;
      put(std::string{kErase} + text(turn));
    }
  }

  [[nodiscard]] std::string text(std::size_t turn) const {
    constexpr std::array kTurns{'|', '/', '-', '\\'};
    const auto& [work, since] = works_.back();
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - since);
    std::string line{kTurns.at(turn % kTurns.size())};
    line.append(" ").append(work->what());
    if (work->done() > 0) line.append(": ").append(std::to_string(work->done()));
    line.append(" (").append(std::to_string(seconds.count())).append(" s)");
    // A line that wraps could not be erased.
    return line.substr(0, std::max<std::size_t>(terminal_columns(STDERR_FILENO), 2) - 1);
  }

  static void put(std::string_view text) {
    writing = true;
    if (!over) write_to_terminal(text);
    writing = false;
  }

  std::mutex mutex_;
  std::condition_variable_any waking_;
  std::vector<Work> works_;
  std::jthread thread_;
};

/// Lives as long as the process: work may end after main.
Line& line() {
  static auto* const only = new Line;  // NOLINT(cppcoreguidelines-owning-memory)
  return *only;
}

std::atomic<bool> shown_at_all{false};

}  // namespace

void show_progress(bool quiet) {
  if (quiet || !is_terminal(STDERR_FILENO)) return;
  interrupt::set_last_words(last_words);
  observe_work(&line());
  shown_at_all = true;
}

void erase_progress() {
  if (shown_at_all) line().erase();
}

}  // namespace fauxkey::app
