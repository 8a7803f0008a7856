#include "control/faults/wrap.h"

#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "control/faults/action.h"
#include "control/faults/line.h"
#include "control/faults/signed_answer.h"
#include "fauxkey/status.h"

namespace fauxkey::control::faults {
namespace {

/// A device's requests and answers.
class Desk {
 public:
  Desk(ctaphid::Handlers handlers, Rules& rules, VirtualKey& key, Clock& clock, Hooks hooks,
       std::shared_ptr<Line> line)
      : handlers_{std::move(handlers)},
        rules_{rules},
        key_{key},
        clock_{clock},
        hooks_{std::move(hooks)},
        line_{std::move(line)} {}

  [[nodiscard]] Bytes cbor(ByteView message, const Exchange& exchange) {
    if (!message.empty() && message[0] == kGetAssertion) remember(exchange.channel, message);
    if (is_idle()) return handlers_.cbor(message, exchange);
    return process(describe_ctap(message, remembered(exchange.channel)),
                   {.handler = handlers_.cbor, .message = message, .exchange = exchange, .clock = clock_});
  }

  [[nodiscard]] Bytes msg(ByteView apdu, const Exchange& exchange) {
    if (is_idle()) return handlers_.msg(apdu, exchange);
    return process(
        describe_u2f(apdu),
        {.handler = handlers_.msg, .message = apdu, .exchange = exchange, .clock = clock_, .u2f = true});
  }

 private:
  [[nodiscard]] bool is_idle() const { return rules_.empty() && !rules_.has_told_counters(); }

  // What getNextAssertion goes on with: the last getAssertion of each channel. The key itself remembers as
  // many.
  static constexpr std::size_t kMaxRemembered = 16;
  void remember(std::uint32_t channel, ByteView message) {
    std::erase_if(get_assertions_, [&](const auto& one) { return one.first == channel; });
    if (get_assertions_.size() >= kMaxRemembered) get_assertions_.pop_front();
    get_assertions_.emplace_back(channel, Bytes{message.begin(), message.end()});
  }
  [[nodiscard]] ByteView remembered(std::uint32_t channel) const {
    for (const auto& [known, message] : get_assertions_) {
      if (known == channel) return message;
    }
    return {};
  }

  void use(Hit& hit) const {
    hit.use();
    if (hooks_.on_hit) hooks_.on_hit(hit.rule(), hit.action().description());
  }

  /// Calls `apply` with those of one layer, and uses those for which it returns true.
  template <class Function, class Apply>
  void apply_each(std::vector<Hit>& hits, Apply apply) const {
    for (auto& hit : hits) {
      const auto* const fault = std::get_if<Function>(&hit.action().row->fault);
      if (fault != nullptr && apply(*fault, hit.action().arguments)) use(hit);
    }
  }

  [[nodiscard]] Bytes process(const Request& request, Call call) {
    auto hits = rules_.match(request, clock_.now());
    auto answer = on_the_way_in(hits, call);
    if (!answer) answer = call.process();
    change_what_it_says(hits, request, *answer);
    change_encoding(hits, *answer);
    change_packets(hits, call, *answer);
    return *std::move(answer);
  }

  [[nodiscard]] std::optional<Bytes> on_the_way_in(std::vector<Hit>& hits, Call& call) const {
    for (auto& hit : hits) {
      const auto* const fault = std::get_if<MessageFault>(&hit.action().row->fault);
      if (fault == nullptr) continue;
      use(hit);  // before, as it may take its time
      if (auto answer = (*fault)(call, hit.action().arguments)) {
        if (call.exchange.on_refusal)
          call.exchange.on_refusal("fault " + std::to_string(hit.rule()) + ", which was asked for");
        return answer;
      }
    }
    return std::nullopt;
  }

  void change_what_it_says(std::vector<Hit>& hits, const Request& request, Bytes& answer) {
    const bool wanted = std::ranges::any_of(
        hits, [](const Hit& hit) { return std::holds_alternative<WebAuthnFault>(hit.action().row->fault); });
    if (!wanted && !rules_.has_told_counters()) return;
    auto said = read_signed(request, answer);
    if (!said) return;
    const bool counts = !said->is_registration();
    said->last_counter =
        rules_.told_counter(said->original_id).value_or(said->data.counter > 0 ? said->data.counter - 1 : 0);
    // A fault that finds nothing to change may still have begun to.
    std::vector<Hit*> applied;
    for (auto& hit : hits) {
      const auto* const fault = std::get_if<WebAuthnFault>(&hit.action().row->fault);
      if (fault == nullptr) continue;
      auto changed = *said;
      if (!(*fault)(changed, hit.action().arguments)) continue;
      said = std::move(changed);
      applied.push_back(&hit);
    }
    if (!applied.empty()) {
      auto signed_anew = sign_anew(*said, key_);
      if (!signed_anew) return;
      answer = *std::move(signed_anew);
      for (auto* const hit : applied) use(*hit);
    }
    if (counts && (said->data.counter != said->original.counter || rules_.has_told_counters()))
      rules_.tell_counter(said->original_id, said->data.counter);
  }

  void change_encoding(std::vector<Hit>& hits, Bytes& answer) const {
    if (answer.size() < 2 || answer[0] != static_cast<std::uint8_t>(Status::ok)) return;
    Bytes encoded{answer.begin() + 1, answer.end()};
    apply_each<CborFault>(
        hits, [&](CborFault fault, const Arguments& arguments) { return fault(encoded, arguments); });
    answer.resize(1);
    append(answer, encoded);
  }

  void change_packets(std::vector<Hit>& hits, const Call& call, const Bytes& answer) const {
    if (answer.empty() || answer.size() > ctaphid::kMaxMessageSize) return;  // CTAPHID_ERROR
    const auto command = call.u2f ? ctaphid::Command::msg : ctaphid::Command::cbor;
    const std::size_t count = ctaphid::packet_count(answer.size());
    Packets packets;
    for (std::size_t i = 0; i < count; ++i)
      packets.reports.push_back(ctaphid::make_packet(call.exchange.channel, command, answer, i));
    bool changed = false;
    apply_each<PacketFault>(hits, [&](PacketFault fault, const Arguments& arguments) {
      if (!fault(packets, arguments)) return false;
      changed = true;
      return true;
    });
    if (!changed) return;
    line_->replace_answer(call.exchange.channel, std::move(packets), count);
    // An INIT's reply leaves after the stop that it requests, and would take this back, too.
    if (call.exchange.stop.stop_requested()) line_->keep_answer();
  }

  const ctaphid::Handlers handlers_;
  Rules& rules_;
  VirtualKey& key_;
  Clock& clock_;
  const Hooks hooks_;
  const std::shared_ptr<Line> line_;
  std::deque<std::pair<std::uint32_t, Bytes>> get_assertions_;  ///< the worker's alone
};

class FaultyTransport final : public transport::Transport {
 public:
  FaultyTransport(std::unique_ptr<transport::Transport> inner, std::shared_ptr<Line> line, Hooks hooks)
      : inner_{std::move(inner)}, line_{std::move(line)}, hooks_{std::move(hooks)} {}

  [[nodiscard]] int fd() const override { return inner_->fd(); }
  [[nodiscard]] std::optional<transport::Report> read() override {
    auto report = inner_->read();
    // Unplugged, it hears nothing; what waits is taken all the same, or the descriptor would stay readable.
    while (report && line_->is_unplugged()) report = inner_->read();
    return report;
  }
  void write(const transport::Report& report) override {
    const auto output = line_->pass(report);
    if (hooks_.on_packet) hooks_.on_packet(report, output.reports);
    for (const auto& one : output.reports) inner_->write(one);
    if (output.unplug && hooks_.unplug) hooks_.unplug();
  }
  [[nodiscard]] transport::Pacing pacing() const override { return inner_->pacing(); }
  [[nodiscard]] std::string address() const override { return inner_->address(); }

 private:
  const std::unique_ptr<transport::Transport> inner_;
  const std::shared_ptr<Line> line_;
  const Hooks hooks_;
};

}  // namespace

Wrapped wrap(std::unique_ptr<transport::Transport> transport, ctaphid::Handlers handlers, Rules& rules,
             VirtualKey& key, Clock& clock, Hooks hooks) {
  const auto line = std::make_shared<Line>();
  auto wink = handlers.wink;
  const bool speaks_ctap = static_cast<bool>(handlers.cbor);
  const bool speaks_u2f = static_cast<bool>(handlers.msg);
  const auto desk = std::make_shared<Desk>(std::move(handlers), rules, key, clock, hooks, line);
  Wrapped wrapped{
      .transport = std::make_unique<FaultyTransport>(std::move(transport), line, std::move(hooks)),
      .handlers = {.cbor = {}, .msg = {}, .wink = std::move(wink)}};
  if (speaks_u2f) {
    wrapped.handlers.msg = [desk](ByteView apdu, const Exchange& exchange) {
      return desk->msg(apdu, exchange);
    };
  }
  if (speaks_ctap) {
    wrapped.handlers.cbor = [desk](ByteView message, const Exchange& exchange) {
      return desk->cbor(message, exchange);
    };
  }
  return wrapped;
}

}  // namespace fauxkey::control::faults
