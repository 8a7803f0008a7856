#include <cmath>
#include <vector>

#include "control/trace_event.h"

namespace fauxkey::control {
namespace {

class JsonWriter final : public TraceWriter {
 public:
  explicit JsonWriter(TraceEvent::Clock::time_point start) : start_{start} {}

  std::string write(const TraceEvent& event) override {
    if (event.kind == TraceEvent::Kind::device) {
      devices_.resize(std::max(devices_.size(), event.device + 1));
      devices_[event.device].assign(event.bytes.begin(), event.bytes.end());
      return {};
    }
    Json json{{"t", seconds(event.time)}, {"device", devices_.at(event.device)}};
    if (event.kind == TraceEvent::Kind::packet)
      json.update(TraceDecoder::packet(event.direction, event.bytes));
    else
      json.update(*event.decoded);
    if (event.sent) {
      json["sent"] = Json::array();
      for (const auto& report : *event.sent)
        json["sent"].push_back(TraceDecoder::packet(event.direction, report)["raw"]);
    }
    return as_line(json);
  }

  std::string dropped(TraceEvent::Clock::time_point now, std::uint64_t events) override {
    return as_line({{"t", seconds(now)}, {"layer", "trace"}, {"dropped", events}});
  }

 private:
  /// To the microsecond.
  [[nodiscard]] double seconds(TraceEvent::Clock::time_point time) const {
    const std::chrono::duration<double> since = time - start_;
    return std::round(since.count() * 1e6) / 1e6;
  }
  static std::string as_line(const Json& json) {
    // Texts of a host may be anything; what is no UTF-8 shows as U+FFFD.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  TraceEvent::Clock::time_point start_;
  std::vector<std::string> devices_;
};

}  // namespace

std::unique_ptr<TraceWriter> make_json_writer(TraceEvent::Clock::time_point start) {
  return std::make_unique<JsonWriter>(start);
}

}  // namespace fauxkey::control
