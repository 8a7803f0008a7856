// The one thread that processes requests, one after the other; it sleeps while there is none.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "ctaphid/engine.h"

namespace fauxkey::ctaphid {

class Worker {
 public:
  /// Called on the worker's thread; what it throws ends the program, so it throws nothing.
  using Process = std::function<void(const Request&, std::stop_token)>;

  explicit Worker(Process process) : process_{std::move(process)} {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Processes `request` next. At most one request waits: the one before was started or abandoned.
  void submit(Request request);
  /// Requests the stop of this exchange, whether it runs or waits; it still gets its answer.
  void cancel(ExchangeId exchange);
  /// As `cancel`, and one that has not begun never will.
  void abandon(ExchangeId exchange);
  /// Requests the stop of what runs, drops what waits, and returns when the thread has ended.
  void stop();

 private:
  struct Job {
    Request request;
    std::stop_source stop;
  };
  void run();
  /// The stop source of that exchange, without effect where there is none.
  [[nodiscard]] std::stop_source source_of(ExchangeId exchange);

  Process process_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> waiting_;
  ExchangeId running_ = 0;
  std::stop_source running_stop_{std::nostopstate};
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fauxkey::ctaphid
