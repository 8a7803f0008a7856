// What a replay reads of a trace, compares and translates; and how a recording stands in for its key.
#include <doctest/doctest.h>

#include <sstream>

#include "cbor/cbor.h"
#include "control/replay.h"
#include "control/stand_in.h"
#include "ctaphid/packet.h"

namespace replay_test {

using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using control::compare;
using control::IdMap;
using control::Json;
using control::read_recording;
using control::RecordedStep;
using control::Recording;
using control::StandIn;
using control::TraceDecoder;
using ctaphid::Command;
using ctaphid::Direction;

/// A trace of one device, as text.
class TraceText {
 public:
  explicit TraceText(std::string device = "one") : device_{std::move(device)} {}

  TraceText& message(Direction direction, std::uint32_t channel, Command command, const Bytes& payload,
                     std::size_t packets = SIZE_MAX) {
    for (std::size_t i = 0; i < std::min(packets, ctaphid::packet_count(payload.size())); ++i) {
      auto json = TraceDecoder::packet(direction, ctaphid::make_packet(channel, command, payload, i));
      json["t"] = seconds_ += 0.25;
      json["device"] = device_;
      text_ += json.dump() + "\n";
    }
    return *this;
  }
  TraceText& exchange(const Bytes& request, const Bytes& answer, std::uint32_t channel = 7) {
    return message(Direction::in, channel, Command::cbor, request)
        .message(Direction::out, channel, Command::cbor, answer);
  }
  TraceText& line(const std::string& text) {
    text_ += text + "\n";
    return *this;
  }
  [[nodiscard]] Recording read(const std::string& device = {}) const {
    std::istringstream stream{text_};
    return read_recording(stream, device);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string device_;
  std::string text_;
  double seconds_ = 0;
};

Bytes with(std::uint8_t first, const Map& map) {
  Bytes message{first};
  append(message, cbor::encode(map));
  return message;
}

TEST_CASE("a recording is a trace's messages in order, keepalives left out, with their channels and times") {
  const Bytes request = with(0x02, {{1, std::string(100, 'r')}});
  const auto recording = TraceText{}
                             .message(Direction::in, 7, Command::cbor, request)
                             .message(Direction::out, 7, Command::keepalive, {2})
                             .message(Direction::out, 7, Command::cbor, Bytes(80, 0xAA))
                             .read();
  CHECK(recording.device == "one");
  REQUIRE(recording.steps.size() == 2);
  CHECK(recording.steps[0].kind == RecordedStep::Kind::request);
  CHECK(recording.steps[0].channel == 7);
  CHECK(recording.steps[0].message == request);
  CHECK(recording.steps[0].seconds ==
        doctest::Approx(0.25 * static_cast<double>(ctaphid::packet_count(request.size()))));
  CHECK(recording.steps[1].kind == RecordedStep::Kind::answer);
  CHECK(recording.steps[1].message == Bytes(80, 0xAA));
}

TEST_CASE("packets that make no message are kept as they were sent") {
  const auto recording = TraceText{}
                             .message(Direction::in, 7, Command::ping, Bytes(200, 1), 2)  // never ends
                             .message(Direction::out, 7, Command::error, {0x05})
                             .message(Direction::in, 7, Command::ping, Bytes(200, 1), 1)
                             .message(Direction::in, 7, Command::ping, {9})  // begins anew
                             .read();
  REQUIRE(recording.steps.size() == 4);
  CHECK(recording.steps[0].kind == RecordedStep::Kind::packets);
  CHECK(recording.steps[0].packets.size() == 2);
  CHECK(recording.steps[1].kind == RecordedStep::Kind::answer);
  CHECK(recording.steps[2].kind == RecordedStep::Kind::packets);
  CHECK(recording.steps[3].kind == RecordedStep::Kind::request);
}

TEST_CASE("what came between the packets of a message comes between them again") {
  const auto recording = TraceText{}
                             .message(Direction::in, 7, Command::ping, Bytes(100, 1), 1)
                             .message(Direction::in, 8, Command::ping, {9})
                             .message(Direction::out, 8, Command::error, {0x06})
                             .line([] {
                               auto json = TraceDecoder::packet(
                                   Direction::in, ctaphid::make_packet(7, Command::ping, Bytes(100, 1), 1));
                               json["t"] = 5;
                               json["device"] = "one";
                               return json.dump();
                             }())
                             .read();
  REQUIRE(recording.steps.size() == 4);
  CHECK(recording.steps[0].kind == RecordedStep::Kind::packets);
  CHECK(recording.steps[0].channel == 7);
  CHECK(recording.steps[1].channel == 8);
  CHECK(recording.steps[2].kind == RecordedStep::Kind::answer);
  CHECK(recording.steps[3].kind == RecordedStep::Kind::request);
  CHECK(recording.steps[3].message == Bytes(100, 1));
  CHECK(recording.steps[3].packets.size() == 1);
}

TEST_CASE("packets are taken in the order of their times, whatever that of the lines") {
  const auto line = [](double seconds, Direction direction, std::uint32_t channel, Command command) {
    auto json = TraceDecoder::packet(direction, ctaphid::make_packet(channel, command, Bytes{1}, 0));
    json["t"] = seconds;
    json["device"] = "one";
    return json.dump();
  };
  const auto recording = TraceText{}
                             .line(line(2, Direction::in, 8, Command::ping))
                             .line(line(3, Direction::out, 8, Command::error))
                             .line(line(1, Direction::in, 7, Command::ping))
                             .line(line(4, Direction::out, 7, Command::ping))
                             .read();
  REQUIRE(recording.steps.size() == 4);
  CHECK(recording.steps[0].channel == 7);
  CHECK(recording.steps[1].channel == 8);
  CHECK(recording.steps[2].channel == 8);
  CHECK(recording.steps[3].channel == 7);
}

TEST_CASE("of several devices in a trace one is replayed, the first unless another is named") {
  TraceText text{"one"};
  text.exchange({0x04}, {0x00});
  TraceText second{"two"};
  second.exchange({0x0B}, {0x00}).exchange({0x08}, {0x30});
  TraceText both;
  both.line(text.text() + second.text() + R"({"t":9,"layer":"trace","dropped":3})");
  // `line` adds an end of line to each, and an empty line is no line of a trace.
  std::string joined = text.text() + second.text() + R"({"t":9,"layer":"trace","dropped":3})" + "\n";
  std::istringstream first_stream{joined};
  const auto first = read_recording(first_stream, {});
  CHECK(first.steps.size() == 2);
  CHECK(first.other_devices == std::vector<std::string>{"two"});
  CHECK_FALSE(first.complete);
  std::istringstream second_stream{joined};
  CHECK(read_recording(second_stream, "two").steps.size() == 4);
}

TEST_CASE("what is no trace is refused with the line and what to give instead") {
  for (const char* text : {"nonsense", "[1]", "{}", R"({"device":"a","kind":"packet","dir":"in","t":0})",
                           R"({"device":"a","kind":"packet","dir":"in","t":0,"raw":"00"})",
                           R"({"device":"a","kind":"packet","dir":"in","t":"x","raw":7})"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS((void)TraceText{}.line(text).read(), doctest::Contains("Line 1 of the trace"),
                         std::runtime_error);
  }
  CHECK_THROWS_WITH_AS((void)TraceText{}.read(), doctest::Contains("empty"), std::runtime_error);
  CHECK_THROWS_WITH_AS((void)TraceText{}.exchange({4}, {0}).read("two"), doctest::Contains("no device two"),
                       std::runtime_error);
}

Json answer(const Bytes& request, const Bytes& payload) {
  TraceDecoder decoder;
  (void)decoder.message(Direction::in, 0, 1, 0x10, request);
  return decoder.message(Direction::out, 0, 1, 0x10, payload);
}

Bytes auth_data(std::uint8_t flags, std::uint8_t counter) {
  Bytes bytes(32, 0x11);
  append(bytes, Bytes{flags, 0, 0, 0, counter});
  return bytes;
}

TEST_CASE("answers differ by status or by member; what must differ between keys is named and left out") {
  const Bytes request = with(0x02, {{1, "a"}});
  const auto one = answer(request, with(0x00, {{2, auth_data(0x01, 1)}, {3, Bytes{1, 2}}}));
  CHECK(compare(one, one, {}).differences.empty());
  CHECK(compare(one, one, {}).left_out.empty());

  const auto later = answer(request, with(0x00, {{2, auth_data(0x01, 5)}, {3, Bytes{7, 7}}}));
  const auto same = compare(one, later, {});
  CHECK(same.differences.empty());
  CHECK(same.left_out == std::vector<std::string>{"response.authData.signCount", "response.signature"});

  const auto key = [](int alg, std::uint8_t x) {
    const Map cose{{1, 2}, {3, alg}, {-1, 1}, {-2, Bytes(32, x)}, {-3, Bytes(32, x)}};
    return answer(with(0x06, {{1, 2}, {2, 2}}), with(0x00, {{1, cose}}));
  };
  CHECK(compare(key(-25, 1), key(-25, 2), {}).left_out == std::vector<std::string>{"response.keyAgreement"});
  CHECK(compare(key(-25, 1), key(-25, 2), {}).differences.empty());
  CHECK(compare(key(-25, 1), key(-7, 1), {}).differences.size() == 1);

  const auto verified =
      compare(one, answer(request, with(0x00, {{2, auth_data(0x05, 1)}, {3, Bytes{1, 2}}})), {});
  REQUIRE(verified.differences.size() == 1);
  CHECK(verified.differences[0].member == "response.authData.flags");
  CHECK(verified.differences[0].recorded == R"(["UP"])");
  CHECK(verified.differences[0].live == R"(["UP","UV"])");

  const auto refused = compare(one, answer(request, {0x2E}), {});
  REQUIRE(refused.differences.size() == 1);
  CHECK(refused.differences[0].member == "statusName");
  CHECK(refused.differences[0].live == "\"NO_CREDENTIALS\"");

  const auto more =
      compare(one, answer(request, with(0x00, {{2, auth_data(0x01, 1)}, {3, Bytes{1}}, {5, 2}})), {});
  REQUIRE(more.differences.size() == 1);
  CHECK(more.differences[0].member == "response.numberOfCredentials");
  CHECK(more.differences[0].recorded == "absent");
}

TEST_CASE("a credential's id is that of the new key in requests, and the same to the comparison") {
  const Bytes recorded(32, 0xAA);
  const Bytes live(48, 0xBB);
  IdMap ids;
  ids.learn(recorded, live);
  const auto list = [](const Bytes& id) {
    return with(0x02, {{1, "a"}, {3, Array{Map{{"id", id}, {"type", "public-key"}}}}});
  };
  CHECK(ids.translated(Command::cbor, list(recorded)) == list(live));
  CHECK(ids.translated(Command::cbor, list(Bytes(32, 0xCC))) == list(Bytes(32, 0xCC)));
  const Bytes malformed{0x02, 0xFF, 0xAA};
  CHECK(ids.translated(Command::cbor, malformed) == malformed);

  const auto with_credential = [&](const Bytes& id) {
    return answer({0x08}, with(0x00, {{1, Map{{"id", id}, {"type", "public-key"}}}}));
  };
  CHECK(compare(with_credential(recorded), with_credential(live), ids).differences.empty());
  CHECK(compare(with_credential(recorded), with_credential(Bytes(32, 0xCC)), ids).differences.size() == 1);
}

TEST_CASE("a recording answers the same request by its answer, then the same command, then nothing") {
  const Bytes a = with(0x02, {{1, "a"}});
  const Bytes b = with(0x02, {{1, "b"}});
  const auto recording = TraceText{}
                             .exchange({0x04}, {0x00, 0xA0})
                             .exchange(a, {0x01})
                             .exchange(b, {0x02})
                             .exchange(a, {0x03})
                             .message(Direction::in, 9, Command::msg, {0, 3, 0, 0})
                             .message(Direction::out, 9, Command::msg, {0x90, 0x00})
                             .message(Direction::in, 9, Command::cbor, {0x0B})
                             .message(Direction::out, 9, Command::error, {0x06})
                             .read();
  StandIn key{recording};
  CHECK(key.answer(Command::cbor, b) == Bytes{0x02});
  CHECK(key.answer(Command::cbor, a) == Bytes{0x01});
  CHECK(key.answer(Command::cbor, with(0x02, {{1, "other"}})) == Bytes{0x03});
  CHECK(key.answer(Command::cbor, a) == Bytes{0x03});  // none is left: the last again
  CHECK_FALSE(key.answer(Command::cbor, with(0x02, {{1, "other"}})));
  for (int i = 0; i < 3; ++i) CHECK(key.answer(Command::cbor, Bytes{0x04}) == Bytes{0x00, 0xA0});
  CHECK(key.answer(Command::msg, Bytes{0, 3, 0, 0}) == Bytes{0x90, 0x00});
  CHECK_FALSE(key.answer(Command::msg, Bytes{0, 1, 0, 0}));
  CHECK_FALSE(key.answer(Command::cbor, Bytes{0x0B}));  // a CTAPHID error is no answer of the key
  CHECK_FALSE(key.answer(Command::cbor, Bytes{}));
}

}  // namespace replay_test
