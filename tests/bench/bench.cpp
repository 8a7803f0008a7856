// Measures a key: how long its answers take, how that compares with a bare echo, and what is lost.
//   fauxkey_bench --key ADDRESS [--echo ADDRESS] [--rounds N] [--no-ctap] [--json FILE]
#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "client.h"
#include "requests.h"

namespace {

using namespace fauxkey;
using namespace fauxkey::bench;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

/// An echo takes each packet by itself: with more than this under way it would lose some (the kernel keeps
/// 32).
constexpr std::size_t kEchoWindow = 24;
constexpr milliseconds kLimit{3000};

struct Options {
  std::string key;
  std::string echo;
  std::string json;
  int rounds = 200;
  bool ctap = true;
};

struct Times {
  double median = 0;
  double p95 = 0;
};

Times summary(std::vector<double> times) {
  if (times.empty()) throw std::runtime_error{"no round was answered"};
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  return {.median = at(0.5), .p95 = at(0.95)};
}

/// Times `round` in µs; the rounds in which it says false do not count.
Times measure(int rounds, const std::function<bool()>& round) {
  std::vector<double> times;
  for (int i = -rounds / 10; i < rounds; ++i) {  // the first tenth warms up
    const auto before = Steady::now();
    const bool good = round();
    const Microseconds took = Steady::now() - before;
    if (good && i >= 0) times.push_back(took.count());
  }
  return summary(std::move(times));
}

class Report {
 public:
  void add(const std::string& name, Times times, std::optional<Times> echo) {
    std::cout << std::left << std::setw(26) << name << std::right << std::fixed << std::setprecision(0)
              << std::setw(10) << times.median << std::setw(10) << times.p95;
    nlohmann::json row{{"name", name}, {"median_us", times.median}, {"p95_us", times.p95}};
    if (echo) {
      const double ratio = times.median / echo->median;
      const double p95_ratio = times.p95 / echo->p95;
      std::cout << std::setw(10) << echo->median << std::setprecision(2) << std::setw(9) << ratio
                << std::setw(9) << p95_ratio;
      row["echo_median_us"] = echo->median;
      row["echo_p95_us"] = echo->p95;
      row["ratio"] = ratio;
      row["p95_ratio"] = p95_ratio;
    }
    std::cout << std::endl;
    json_["times"].push_back(row);
  }
  void add_losses(const std::string& name, int rounds, const std::map<std::string, std::size_t>& counts) {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(6) << rounds << " rounds";
    nlohmann::json row{{"name", name}, {"rounds", rounds}};
    for (const auto& [what, count] : counts) {
      std::cout << ", " << what << ' ' << count;
      row[what] = count;
    }
    std::cout << std::endl;
    json_["losses"].push_back(row);
  }
  void save(const std::string& file) const {
    if (!file.empty()) std::ofstream{file} << json_.dump(2) << '\n';
  }

 private:
  nlohmann::json json_;
};

Times measure_echo(const Wire& echo, std::size_t size, int rounds) {
  return measure(rounds, [&] { return echo_round(echo, size, kEchoWindow) == ctaphid::packet_count(size); });
}

/// One command, which has to succeed each time.
Times measure_command(Client& key, const Bytes& request, int rounds) {
  return measure(rounds, [&] {
    const Reply reply = key.transact(Command::cbor, request, kLimit);
    if (reply.outcome != Outcome::answered || reply.payload.empty()) {
      key.resynchronize();
      return false;
    }
    if (reply.payload[0] != 0) {
      throw std::runtime_error{"CTAP command " + std::to_string(request[0]) + " ended with status " +
                               std::to_string(reply.payload[0])};
    }
    return true;
  });
}

/// The commands are compared with the echo of one 64-byte message: what the way alone costs.
void measure_ctap(Report& report, Client& key, const std::optional<Times>& echo, int rounds) {
  report.add("getInfo", measure_command(key, get_info(), rounds), echo);
  const int fewer = std::max(rounds / 2, 10);
  for (const bool discoverable : {false, true}) {
    const std::string kind = discoverable ? " (rk)" : "";
    report.add("makeCredential" + kind, measure_command(key, make_credential(discoverable), fewer), echo);
  }
  const Reply made = key.transact(Command::cbor, make_credential(false), kLimit);
  const Bytes id = credential_id_of(made.payload);
  if (id.empty()) throw std::runtime_error{"makeCredential's answer holds no credential id"};
  report.add("getAssertion (rk)", measure_command(key, get_assertion({}), fewer), echo);
  report.add("getAssertion (allow list)", measure_command(key, get_assertion(id), fewer), echo);
}

void count_losses(Report& report, Client& key, std::size_t size, int rounds) {
  std::map<Outcome, std::size_t> count;
  const Bytes message(size, 0xA5);
  for (int i = 0; i < rounds; ++i) {
    Reply reply = key.transact(Command::ping, message, kLimit);
    if (reply.outcome == Outcome::answered && reply.payload != message) reply.outcome = Outcome::incomplete;
    ++count[reply.outcome];
    if (reply.outcome != Outcome::answered) key.resynchronize();
  }
  report.add_losses("key, PING " + std::to_string(size), rounds,
                    {{"failed", static_cast<std::size_t>(rounds) - count[Outcome::answered]},
                     {"lost to the key", count[Outcome::refused]},
                     {"lost to the host", count[Outcome::incomplete]},
                     {"silent", count[Outcome::silent]}});
}

void count_echo_losses(Report& report, const Wire& echo, std::size_t size, int rounds) {
  const std::size_t packets = ctaphid::packet_count(size);
  std::size_t failed = 0;
  std::size_t lost = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::size_t returned = echo_round(echo, size, 0);
    failed += returned < packets ? 1U : 0U;
    lost += packets - returned;
  }
  report.add_losses("echo, PING " + std::to_string(size), rounds,
                    {{"failed", failed}, {"reports lost", lost}});
}

void run(const Options& options) {
  Report report;
  Client key{options.key};
  std::optional<Wire> echo;
  if (!options.echo.empty()) echo.emplace(options.echo);

  std::cout << "times in microseconds        median       p95      echo    ratio  (p95)" << std::endl;
  std::optional<Times> short_echo;
  for (const std::size_t size : {64U, 1024U, 7609U}) {
    std::optional<Times> reference;
    if (echo) reference = measure_echo(*echo, size, options.rounds);
    if (!short_echo) short_echo = reference;
    const Bytes message(size, 0x5A);
    report.add("PING " + std::to_string(size),
               measure(options.rounds,
                       [&] {
                         const Reply reply = key.transact(Command::ping, message, kLimit);
                         if (reply.outcome == Outcome::answered) return true;
                         key.resynchronize();
                         return false;
                       }),
               reference);
  }
  if (options.ctap) measure_ctap(report, key, short_echo, options.rounds);

  std::cout << "\nlosses, when all packets are written as fast as it goes" << std::endl;
  for (const std::size_t size : {1024U, 3000U, 7609U}) {
    count_losses(report, key, size, options.rounds);
    if (echo) count_echo_losses(report, *echo, size, options.rounds / 4);
  }
  report.save(options.json);
}

std::optional<Options> parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--no-ctap") {
      options.ctap = false;
    } else if (i + 1 == arguments.size()) {
      return std::nullopt;
    } else if (arguments[i] == "--key") {
      options.key = arguments[++i];
    } else if (arguments[i] == "--echo") {
      options.echo = arguments[++i];
    } else if (arguments[i] == "--json") {
      options.json = arguments[++i];
    } else if (arguments[i] == "--rounds") {
      options.rounds = std::max(10, std::stoi(arguments[++i]));
    } else {
      return std::nullopt;
    }
  }
  if (options.key.empty()) return std::nullopt;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = parse({argv + 1, argv + argc});
    if (!options) {
      std::cerr
          << "usage: fauxkey_bench --key ADDRESS [--echo ADDRESS] [--rounds N] [--no-ctap] [--json FILE]\n";
      return 2;
    }
    run(*options);
  } catch (const std::exception& error) {
    std::cerr << "fauxkey_bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
