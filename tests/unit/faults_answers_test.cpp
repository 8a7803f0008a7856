// What actions do to packets, encodings and signed answers, without a host.
#include <doctest/doctest.h>

#include <deque>
#include <mutex>
#include <thread>

#include "control/faults/action.h"
#include "control/faults/line.h"
#include "control/faults/signed_answer.h"
#include "control/faults/wrap.h"
#include "crypto/x509.h"
#include "platform.h"

namespace faults_answers_test {

using namespace fauxkey;
using namespace fauxkey::control::faults;
namespace {

using ctaphid::Command;
using test::Bench;

Action action(const Json& json) { return Action::read(json, nullptr); }

/// An answer of four packets.
Packets four() {
  Packets packets;
  const Bytes answer(57 + 3 * 59, 0x11);
  for (std::size_t i = 0; i < 4; ++i)
    packets.reports.push_back(ctaphid::make_packet(0x01020304, Command::cbor, answer, i));
  return packets;
}

std::optional<Packets> changed(const Json& json, Packets packets = four()) {
  const auto one = action(json);
  if (!std::get<PacketFault>(one.row->fault)(packets, one.arguments)) return std::nullopt;
  return packets;
}

std::optional<Bytes> encoded_by(const Json& json, const cbor::Value& value) {
  const auto one = action(json);
  Bytes bytes = cbor::encode(value);
  if (!std::get<CborFault>(one.row->fault)(bytes, one.arguments)) return std::nullopt;
  return bytes;
}

class Sink final : public transport::Transport {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<transport::Report> read() override {
    if (coming.empty()) return std::nullopt;
    auto report = coming.front();
    coming.pop_front();
    return report;
  }
  void write(const transport::Report& report) override { written.push_back(report); }
  [[nodiscard]] transport::Pacing pacing() const override { return {}; }
  [[nodiscard]] std::string address() const override { return "sink"; }

  std::deque<transport::Report> coming;
  std::vector<transport::Report> written;
};

/// A key with faults, and a device whose reports lie in `sink`.
struct Faulty : Bench {
  Rules rules;
  std::vector<std::string> told;
  bool unplugged = false;
  Sink* sink = nullptr;
  Wrapped wrapped = make();

  Wrapped make() {
    auto transport = std::make_unique<Sink>();
    sink = transport.get();
    return wrap(
        std::move(transport),
        {.cbor = [this](ByteView message,
                        const Exchange& exchange) { return key.process_cbor(message, exchange); },
         .msg = [this](ByteView apdu, const Exchange& exchange) { return key.process_apdu(apdu, exchange); },
         .wink = {}},
        rules, key, clock,
        {.on_hit = [this](Id, const std::string& what) { told.push_back(what); },
         .unplug = [this] { unplugged = true; }});
  }
  Bytes call(std::uint8_t command, const cbor::Map& parameters, std::stop_token stop = {}) {
    Bytes message{command};
    if (!parameters.empty()) append(message, cbor::encode(parameters));
    return wrapped.handlers.cbor(message, {.channel = channel, .stop = stop, .on_waiting = {}});
  }
  /// As the device does: an answer's packets.
  void answer(const Bytes& bytes) const {
    for (std::size_t i = 0; i < ctaphid::packet_count(bytes.size()); ++i)
      wrapped.transport->write(ctaphid::make_packet(channel, Command::cbor, bytes, i));
  }
};

TEST_CASE("faults: packets are dropped, repeated, reordered, corrupted, renumbered and misdirected") {
  const auto right = four().reports;
  CHECK(changed({{"type", "dropPacket"}, {"packet", 1}})->reports ==
        std::vector{right[0], right[2], right[3]});
  CHECK(changed({{"type", "dropPacket"}, {"packet", 9}})->reports ==
        std::vector{right[0], right[1], right[2]});
  CHECK(changed({{"type", "repeatPacket"}})->reports ==
        std::vector{right[0], right[0], right[1], right[2], right[3]});
  CHECK(changed({{"type", "reorderPackets"}, {"packet", 3}})->reports ==
        std::vector{right[0], right[1], right[3], right[2]});
  const auto corrupt = changed({{"type", "corruptPacket"}, {"packet", 1}, {"offset", 63}, {"mask", 0xF0}});
  CHECK(corrupt->reports[1][63] == (right[1][63] ^ 0xF0));
  CHECK(ctaphid::sequence_of(changed({{"type", "wrongSequence"}})->reports[1]) == 1);
  CHECK(ctaphid::channel_of(changed({{"type", "wrongChannel"}, {"packet", 2}})->reports[2]) == 0x01020305);
  const auto unplugged = changed({{"type", "unplugInTheMiddle"}, {"packets", 3}});
  CHECK(unplugged->reports.size() == 3);
  CHECK(unplugged->unplug);
}

TEST_CASE("faults: an answer of one packet has no sequence number and no order") {
  Packets one = four();
  one.reports.resize(1);
  CHECK_FALSE(changed({{"type", "wrongSequence"}}, one));
  CHECK_FALSE(changed({{"type", "reorderPackets"}}, one));
  CHECK_FALSE(changed({{"type", "wrongChannel"}, {"channel", 0x01020304}}, one));
  CHECK(changed({{"type", "dropPacket"}}, one)->reports.empty());
}

TEST_CASE("faults: a line changes the packets of its answer and of nothing else") {
  Line line;
  const auto right = four().reports;
  line.replace_answer(0x01020304, *changed({{"type", "repeatPacket"}, {"packet", 3}}), 4);
  const auto keepalive = ctaphid::make_packet(0x01020304, Command::keepalive, Bytes{1}, 0);
  const auto other = ctaphid::make_packet(7, Command::cbor, Bytes(100, 1), 0);
  CHECK(line.pass(keepalive).reports == std::vector{keepalive});
  CHECK(line.pass(other).reports == std::vector{other});
  CHECK(line.pass(right[0]).reports == std::vector{right[0]});
  CHECK(line.pass(other).reports == std::vector{other});
  CHECK(line.pass(right[1]).reports == std::vector{right[1]});
  CHECK(line.pass(right[2]).reports == std::vector{right[2]});
  CHECK(line.pass(right[3]).reports == std::vector{right[3], right[3]});
  CHECK(line.pass(right[0]).reports == std::vector{right[0]});  // the next answer
}

TEST_CASE("faults: an answer that INIT has made void takes its packet faults with it") {
  Line line;
  const auto right = four().reports;
  line.replace_answer(0x01020304, *changed({{"type", "dropPacket"}}), 4);
  const auto init = ctaphid::make_packet(0x01020304, Command::init, Bytes(17, 1), 0);
  CHECK(line.pass(init).reports == std::vector{init});
  for (const auto& report : right) CHECK(line.pass(report).reports == std::vector{report});
}

TEST_CASE("faults: a key that is unplugged in the middle neither says nor hears anything more") {
  Faulty faulty;
  faulty.rules.add({{"action", {{"type", "unplugInTheMiddle"}, {"packets", 1}}}});
  const auto bytes = faulty.call(0x04, {});
  CHECK_FALSE(faulty.unplugged);
  faulty.answer(bytes);
  CHECK(faulty.unplugged);
  CHECK(faulty.sink->written.size() == 1);
  faulty.sink->coming.resize(3);
  CHECK_FALSE(faulty.wrapped.transport->read());
  CHECK(faulty.sink->coming.empty());  // or the descriptor would stay readable
  faulty.answer(bytes);
  CHECK(faulty.sink->written.size() == 1);
}

TEST_CASE("faults: encodings that CTAP forbids, byte for byte") {
  const cbor::Value map = cbor::Map{{1, 2}, {3, "x"}};
  REQUIRE(cbor::encode(map) == Bytes{0xA2, 0x01, 0x02, 0x03, 0x61, 'x'});
  const auto with = [&](const char* how) {
    return encoded_by({{"type", "nonCanonicalCbor"}, {"encoding", how}}, map);
  };
  CHECK(with("mapOrder") == Bytes{0xA2, 0x03, 0x61, 'x', 0x01, 0x02});
  CHECK(with("integer") == Bytes{0xA2, 0x18, 0x01, 0x02, 0x03, 0x61, 'x'});
  CHECK(with("length") == Bytes{0xB8, 0x02, 0x01, 0x02, 0x03, 0x61, 'x'});
  CHECK(with("indefiniteLength") == Bytes{0xBF, 0x01, 0x02, 0x03, 0x61, 'x', 0xFF});
  CHECK(with("duplicateKey") == Bytes{0xA3, 0x01, 0x02, 0x03, 0x61, 'x', 0x01, 0x02});
  CHECK(with("trailingByte") == Bytes{0xA2, 0x01, 0x02, 0x03, 0x61, 'x', 0x00});
  CHECK(encoded_by({{"type", "truncateCbor"}, {"bytes", 2}}, map) == Bytes{0xA2, 0x01, 0x02, 0x03});
  CHECK(encoded_by({{"type", "extraMember"}, {"key", 9}}, map) ==
        cbor::encode(cbor::Map{{1, 2}, {3, "x"}, {9, true}}));
  CHECK(encoded_by({{"type", "missingMember"}, {"member", 1}}, map) == cbor::encode(cbor::Map{{3, "x"}}));
  CHECK(encoded_by({{"type", "wrongTypeCbor"}, {"member", 3}}, map) ==
        cbor::encode(cbor::Map{{1, 2}, {3, 0}}));
  const cbor::Value nested = cbor::Map{{1, cbor::Map{{"a", true}}}};
  CHECK(encoded_by({{"type", "missingMember"}, {"member", {1, "a"}}}, nested) ==
        cbor::encode(cbor::Map{{1, cbor::Map{}}}));
}

TEST_CASE("faults: what an answer lacks cannot be changed") {
  const cbor::Value map = cbor::Map{{1, 2}};
  for (const auto& json :
       {Json{{"type", "missingMember"}, {"member", 2}}, Json{{"type", "wrongTypeCbor"}, {"member", {1, 1}}},
        Json{{"type", "extraMember"}, {"key", 1}},
        Json{{"type", "nonCanonicalCbor"}, {"encoding", "mapOrder"}}}) {
    CAPTURE(json.dump());
    CHECK_FALSE(encoded_by(json, map));
  }
}

TEST_CASE("faults: authenticator data is put together as it was taken apart") {
  Bench bench;
  const auto answer = bench.send(0x01, Bench::registration("alice", true));
  const auto& bytes = *answer[2].as<Bytes>();
  const auto data = read_authenticator_data(bytes);
  REQUIRE(data);
  REQUIRE(data->attested);
  CHECK(write(*data) == bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = read_authenticator_data(ByteView{bytes}.first(size));
    CHECK_FALSE(cut);
  }
  // Arrays and maps that promise more than there is, and ones that nest without end.
  for (const Bytes& tail :
       {Bytes{0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, Bytes{0x9A, 0xFF, 0xFF, 0xFF, 0xFF},
        Bytes(100, 0x81), Bytes{0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}}) {
    Bytes hostile{bytes.begin(), bytes.begin() + 37 + 16};
    append(hostile, Bytes{0, 0});
    append(hostile, tail);
    CHECK_FALSE(read_authenticator_data(hostile));
  }
}

TEST_CASE("faults: a hit is told once, when it was used") {
  Faulty faulty;
  faulty.rules.add({{"action", {{"type", "counterValue"}, {"value", 9}}}});
  CHECK(faulty.call(0x02, Bench::login())[0] == static_cast<std::uint8_t>(Status::no_credentials));
  CHECK(faulty.told.empty());
  CHECK(faulty.call(0x01, Bench::registration("alice", true))[0] == 0);
  CHECK(faulty.told == std::vector<std::string>{"counterValue, value 9"});
  (void)faulty.call(0x02, Bench::login());
  CHECK(faulty.told.size() == 1);
}

TEST_CASE("faults: a delay takes the key's time") {
  Faulty faulty;
  faulty.rules.add({{"action", {{"type", "delay"}, {"milliseconds", 600'000}}}});
  // Again and again, as the delay may not have begun yet.
  const std::jthread advance{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      faulty.clock.advance(std::chrono::minutes{1});
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }};
  const auto before = std::chrono::steady_clock::now();
  CHECK(faulty.call(0x04, {})[0] == 0);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{30});
}

TEST_CASE("faults: an end of the device ends a delay and a silence") {
  for (const char* type : {"noAnswer", "keepaliveForEver"}) {
    CAPTURE(type);
    Faulty faulty;
    faulty.rules.add({{"action", {{"type", type}}}});
    std::stop_source stop;
    std::jthread ending{[&] { stop.request_stop(); }};
    if (std::string{type} == "noAnswer")
      CHECK_THROWS_AS((void)faulty.call(0x04, {}, stop.get_token()), ctaphid::NoAnswer);
    else
      CHECK(faulty.call(0x04, {}, stop.get_token()) == Bytes{0x2D});
  }
}

TEST_CASE("a key signs for tests what it would not say, and only as what it has") {
  Bench bench;
  const auto answer = bench.send(0x01, Bench::registration("alice", true));
  const auto data = read_authenticator_data(*answer[2].as<Bytes>());
  REQUIRE(data);
  const Bytes message{1, 2, 3};
  CHECK(bench.key.sign_as_credential(data->attested->credential_id, data->rp_id_hash, message));
  CHECK_FALSE(bench.key.sign_as_credential(data->attested->credential_id, crypto::sha256("other"), message));
  CHECK_FALSE(bench.key.sign_as_credential(Bytes{1}, data->rp_id_hash, message));
  CHECK_FALSE(bench.key.sign_as_attestation(AttestationVariant::enterprise, message));
}

TEST_CASE("certificates of attestation variants have their one mistake and are made once") {
  Bench bench;
  const auto root = bench.key.attestation_root();
  const Bytes message{1, 2, 3};
  const auto chains = [&](AttestationVariant variant) {
    return crypto::x509::chains_to(bench.key.sign_as_attestation(variant, message)->certificate, root);
  };
  CHECK(chains(AttestationVariant::genuine));
  CHECK(chains(AttestationVariant::wrong_key));
  CHECK(chains(AttestationVariant::wrong_aaguid));
  CHECK(chains(AttestationVariant::revoked));
  CHECK_FALSE(chains(AttestationVariant::expired));
  CHECK_FALSE(chains(AttestationVariant::not_yet_valid));
  CHECK_FALSE(chains(AttestationVariant::wrong_root));
  CHECK(bench.key.sign_as_attestation(AttestationVariant::expired, message)->certificate ==
        bench.key.sign_as_attestation(AttestationVariant::expired, message)->certificate);
  CHECK(bench.key.sign_as_attestation(AttestationVariant::wrong_key, message)->certificate ==
        bench.key.sign_as_attestation(AttestationVariant::genuine, message)->certificate);
}

}  // namespace
}  // namespace faults_answers_test
