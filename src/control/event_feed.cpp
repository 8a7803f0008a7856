#include "control/event_feed.h"

#include <utility>
#include <vector>

namespace fauxkey::control {
namespace {

class EventWriter final : public TraceWriter {
 public:
  explicit EventWriter(EventHub& events) : events_{events} {}

  [[nodiscard]] std::string write(const TraceEvent& event) override {
    if (event.kind == TraceEvent::Kind::device) {
      keys_.emplace_back(event.bytes.begin(), event.bytes.end());
    } else if (event.kind == TraceEvent::Kind::message) {
      const std::string layer = event.decoded->value("layer", "hid");
      events_.publish(layer + (event.direction == ctaphid::Direction::in ? ".request" : ".answer"),
                      keys_.at(event.device), *event.decoded);
    }
    return {};
  }
  [[nodiscard]] std::string dropped(TraceEvent::Clock::time_point /*now*/, std::uint64_t events) override {
    events_.publish("events.dropped", "", {{"events", events}});
    return {};
  }

 private:
  EventHub& events_;
  std::vector<std::string> keys_;  ///< by device
};

/// Calls what is there of two functions.
template <class... Arguments>
std::function<void(Arguments...)> both_of(std::function<void(Arguments...)> one,
                                          std::function<void(Arguments...)> other) {
  if (!one) return other;
  if (!other) return one;
  return [one = std::move(one), other = std::move(other)](Arguments... arguments) {
    one(arguments...);
    other(arguments...);
  };
}

}  // namespace

std::unique_ptr<TraceWriter> make_event_writer(EventHub& events) {
  return std::make_unique<EventWriter>(events);
}

ctaphid::Observer both(ctaphid::Observer one, ctaphid::Observer other) {
  return {.packet = both_of(std::move(one.packet), std::move(other.packet)),
          .message = both_of(std::move(one.message), std::move(other.message)),
          .refusal = both_of(std::move(one.refusal), std::move(other.refusal)),
          .instead = both_of(std::move(one.instead), std::move(other.instead))};
}

}  // namespace fauxkey::control
