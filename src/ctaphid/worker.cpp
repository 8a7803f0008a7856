#include "ctaphid/worker.h"

#include <pthread.h>

#include <utility>

namespace fauxkey::ctaphid {

void Worker::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Worker::submit(Request request) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.emplace(Job{.request = std::move(request), .stop = {}});
  }
  changed_.notify_one();
}

// A stop runs callbacks of whoever waits for it, so it is requested without the lock.
void Worker::cancel(ExchangeId exchange) {
  const std::stop_source stop = source_of(exchange);
  stop.request_stop();
}

void Worker::abandon(ExchangeId exchange) {
  const std::stop_source stop = source_of(exchange);
  {
    const std::lock_guard lock{mutex_};
    if (waiting_ && waiting_->request.exchange == exchange) waiting_.reset();
  }
  stop.request_stop();
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  const std::stop_source stop = [this] {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    waiting_.reset();
    return running_stop_;
  }();
  changed_.notify_one();
  stop.request_stop();
  thread_.join();
}

std::stop_source Worker::source_of(ExchangeId exchange) {
  const std::lock_guard lock{mutex_};
  if (waiting_ && waiting_->request.exchange == exchange) return waiting_->stop;
  if (running_ == exchange) return running_stop_;
  return std::stop_source{std::nostopstate};
}

void Worker::run() {
  pthread_setname_np(pthread_self(), "fauxkey-worker");
  std::unique_lock lock{mutex_};
  for (;;) {
    while (!stopping_ && !waiting_) changed_.wait(lock);
    if (stopping_ || !waiting_) return;
    const Job job = std::move(*waiting_);
    waiting_.reset();
    running_ = job.request.exchange;
    running_stop_ = job.stop;
    lock.unlock();
    process_(job.request, job.stop.get_token());
    lock.lock();
    running_ = 0;
    running_stop_ = std::stop_source{std::nostopstate};
  }
}

}  // namespace fauxkey::ctaphid
