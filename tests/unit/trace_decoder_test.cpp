#include "control/trace_decoder.h"

#include <doctest/doctest.h>

#include <random>

#include "cbor/cbor.h"

namespace trace_decoder_test {

using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using control::Json;
using control::TraceDecoder;
using ctaphid::Direction;

constexpr std::uint8_t kMsg = 0x03, kCbor = 0x10;

Bytes with_first(std::uint8_t first, ByteView rest) {
  Bytes bytes{first};
  append(bytes, rest);
  return bytes;
}

std::string repeated(const char* byte, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += byte;
  return text;
}

TEST_CASE("a trace names CTAP2 commands, members and statuses as the specification does") {
  TraceDecoder decoder;
  const auto request =
      with_first(0x02, cbor::encode(Map{{1, "example.com"},
                                        {2, Bytes(32, 0xAB)},
                                        {3, Array{Map{{"id", Bytes{1, 2}}, {"type", "public-key"}}}},
                                        {5, Map{{"up", true}}}}));
  const auto in = decoder.message(Direction::in, 0, 0x11223344, kCbor, request);
  CHECK(in["layer"] == "ctap");
  CHECK(in["dir"] == "in");
  CHECK(in["channel"] == "0x11223344");
  CHECK(in["command"] == "getAssertion");
  CHECK(in["size"] == request.size());
  CHECK(in["parameters"] ==
        Json::parse(R"({"rpId": "example.com", "clientDataHash": ")" + repeated("ab", 32) +
                    R"(", "allowList": [{"id": "0102", "type": "public-key"}],
                                              "options": {"up": true}})"));

  Bytes auth_data(32, 0x11);
  append(auth_data, Bytes{0x85, 0, 0, 1, 2});
  append(auth_data, cbor::encode(Map{{"hmac-secret", Bytes{7}}}));
  const auto out = decoder.message(
      Direction::out, 0, 0x11223344, kCbor,
      with_first(0x00, cbor::encode(Map{{2, auth_data}, {3, Bytes{0x30}}, {5, 2}, {0x7B, "new"}})));
  CHECK(out["dir"] == "out");
  CHECK(out["command"] == "getAssertion");
  CHECK(out["status"] == "0x00");
  CHECK(out["statusName"] == "OK");
  CHECK(out["response"] == Json::parse(R"({"authData": {"rpIdHash": ")" + repeated("11", 32) +
                                       R"(", "flags": ["UP", "UV", "ED"], "signCount": 258,
                                             "extensions": {"hmac-secret": "07"}},
                                             "signature": "30", "numberOfCredentials": 2, "123": "new"})"));
}

TEST_CASE("a trace splits attested credential data") {
  TraceDecoder decoder;
  Bytes auth_data(32, 0x22);
  append(auth_data, Bytes{0x41, 0, 0, 0, 1});
  append(auth_data, Bytes(16, 0xAA));
  append(auth_data, Bytes{0, 3, 9, 8, 7});
  append(auth_data, cbor::encode(Map{{1, 2}, {3, -7}, {-1, 1}, {-2, Bytes(32, 1)}, {-3, Bytes(32, 2)}}));
  const auto answer = with_first(0, cbor::encode(Map{{1, "packed"}, {2, auth_data}, {3, Map{{"alg", -7}}}}));
  (void)decoder.message(Direction::in, 0, 1, kCbor, Bytes{0x01, 0xA0});
  const auto json = decoder.message(Direction::out, 0, 1, kCbor, answer)["response"];
  CHECK(json["fmt"] == "packed");
  CHECK(json["authData"]["flags"] == Json::parse(R"(["UP", "AT"])"));
  CHECK(json["authData"]["aaguid"] == repeated("aa", 16));
  CHECK(json["authData"]["credentialId"] == "090807");
  CHECK(json["authData"]["credentialPublicKey"]["alg"] == -7);
  CHECK(json["authData"]["credentialPublicKey"]["x"] == repeated("01", 32));
  CHECK(json["attStmt"]["alg"] == -7);

  auth_data.pop_back();
  (void)decoder.message(Direction::in, 0, 1, kCbor, Bytes{0x01, 0xA0});
  const auto damaged =
      decoder.message(Direction::out, 0, 1, kCbor, with_first(0, cbor::encode(Map{{2, auth_data}})));
  CHECK(damaged["response"]["authData"]["error"] == "not authenticator data");
  CHECK(damaged["response"]["authData"]["data"].get<std::string>().size() == 2 * auth_data.size());
}

TEST_CASE("a trace names subcommands, permissions and the platform's key") {
  TraceDecoder decoder;
  const auto pin = decoder.message(
      Direction::in, 0, 1, kCbor,
      with_first(
          0x06,
          cbor::encode(Map{
              {1, 2}, {2, 9}, {3, Map{{1, 2}, {3, -25}}}, {6, Bytes{5}}, {9, 0x83}, {10, "example.com"}})));
  CHECK(pin["command"] == "clientPIN");
  CHECK(pin["parameters"]["subCommand"] == "getPinUvAuthTokenUsingPinWithPermissions");
  CHECK(pin["parameters"]["keyAgreement"] == Json::parse(R"({"kty": 2, "alg": -25})"));
  CHECK(pin["parameters"]["permissions"] == Json::parse(R"(["mc", "ga", "0x80"])"));
  const auto unknown =
      decoder.message(Direction::in, 0, 1, kCbor, with_first(0x06, cbor::encode(Map{{2, 99}})));
  CHECK(unknown["parameters"]["subCommand"] == "0x63");

  const auto management =
      decoder.message(Direction::in, 0, 1, kCbor,
                      with_first(0x0A, cbor::encode(Map{{1, 6}, {2, Map{{2, Map{{"id", Bytes{1}}}}}}})));
  CHECK(management["command"] == "credentialManagement");
  CHECK(management["parameters"]["subCommand"] == "deleteCredential");
  CHECK(management["parameters"]["subCommandParams"]["credentialID"]["id"] == "01");
}

TEST_CASE("a trace matches an answer with the request of its own channel and device") {
  TraceDecoder decoder;
  (void)decoder.message(Direction::in, 0, 1, kCbor, Bytes{0x04});
  (void)decoder.message(Direction::in, 0, 2, kCbor, Bytes{0x07});
  (void)decoder.message(Direction::in, 1, 1, kCbor, Bytes{0x0B});
  CHECK(decoder.message(Direction::out, 0, 2, kCbor, Bytes{0x30})["command"] == "reset");
  CHECK(decoder.message(Direction::out, 1, 1, kCbor, Bytes{0x2D})["statusName"] == "KEEPALIVE_CANCEL");
  const auto info =
      decoder.message(Direction::out, 0, 1, kCbor, with_first(0, cbor::encode(Map{{1, Array{"U2F_V2"}}})));
  CHECK(info["command"] == "getInfo");
  CHECK(info["response"]["versions"][0] == "U2F_V2");
}

TEST_CASE("a trace shows U2F messages") {
  TraceDecoder decoder;
  Bytes apdu{0x00, 0x02, 0x03, 0x00, 0x00, 0x00, 67};
  append(apdu, Bytes(32, 0xCC));
  append(apdu, Bytes(32, 0xDD));
  append(apdu, Bytes{2, 0xE1, 0xE2, 0x00, 0x00});
  const auto in = decoder.message(Direction::in, 0, 1, kMsg, apdu);
  CHECK(in["layer"] == "u2f");
  CHECK(in["command"] == "U2F_AUTHENTICATE");
  CHECK(in["parameters"]["control"] == "0x03");
  CHECK(in["parameters"]["challenge"] == repeated("cc", 32));
  CHECK(in["parameters"]["application"] == repeated("dd", 32));
  CHECK(in["parameters"]["keyHandle"] == "e1e2");
  const auto out = decoder.message(Direction::out, 0, 1, kMsg, Bytes{1, 0, 0, 0, 5, 0x30, 0x00, 0x90, 0x00});
  CHECK(out["command"] == "U2F_AUTHENTICATE");
  CHECK(out["status"] == "0x9000");
  CHECK(out["statusName"] == "SW_NO_ERROR");
  CHECK(out["response"]["counter"] == 5);
  CHECK(out["response"]["signature"] == "3000");
}

TEST_CASE("a trace shows packets with their command or sequence number") {
  transport::Report report{0x11, 0x22, 0x33, 0x44, 0x91, 0x00, 0x00};
  auto json = TraceDecoder::packet(Direction::in, report);
  CHECK(json["layer"] == "hid");
  CHECK(json["kind"] == "packet");
  CHECK(json["channel"] == "0x11223344");
  CHECK(json["command"] == "CTAPHID_CANCEL");
  CHECK(json["length"] == 0);
  CHECK(json["raw"].get<std::string>().size() == 128);
  report[4] = 0x05;
  json = TraceDecoder::packet(Direction::out, report);
  CHECK(json["seq"] == 5);
  CHECK_FALSE(json.contains("command"));

  TraceDecoder decoder;
  const auto error = decoder.message(Direction::out, 0, 1, 0x3F, Bytes{0x06});
  CHECK(error["error"] == "0x06");
  CHECK(error["errorName"] == "ERR_CHANNEL_BUSY");
  CHECK(decoder.message(Direction::out, 0, 1, 0x3B, Bytes{0x02})["statusName"] == "STATUS_UPNEEDED");
  const auto init = decoder.message(Direction::out, 0, 0xFFFFFFFF, 0x06,
                                    Bytes{1, 2, 3, 4, 5, 6, 7, 8, 0xA, 0xB, 0xC, 0xD, 2, 0, 1, 0, 0x05});
  CHECK(init["nonce"] == "0102030405060708");
  CHECK(init["newChannel"] == "0x0a0b0c0d");
  CHECK(init["capabilities"] == Json::parse(R"(["WINK", "CBOR"])"));
}

TEST_CASE("a trace shows a malformed message in hex, with what is wrong with it") {
  TraceDecoder decoder;
  const auto json = decoder.message(Direction::in, 0, 1, kCbor, Bytes{0x01, 0xA1, 0x01});
  CHECK(json["command"] == "makeCredential");
  CHECK(json["data"] == "a101");
  CHECK(json["error"].get<std::string>().size() > 10);
  CHECK(decoder.message(Direction::in, 0, 1, kCbor, Bytes{0xEE})["command"] == "0xee");
  CHECK(decoder.message(Direction::in, 0, 1, kMsg, Bytes{0x00, 0x01})["data"] == "0001");
  CHECK(decoder.message(Direction::in, 0, 1, kMsg, Bytes{0, 1, 0, 0, 0xFF, 7})["data"] == "00010000ff07");
  CHECK(decoder.message(Direction::in, 0, 1, kCbor, {})["size"] == 0);
}

TEST_CASE("nothing that a wire can carry stops a trace") {
  std::mt19937 random{7};  // NOLINT(bugprone-random-generator-seed): the same bytes in each run
  const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
  constexpr std::array<std::uint8_t, 6> kCommands{kCbor, kMsg, 0x06, 0x3B, 0x3F, 0x55};
  TraceDecoder decoder;
  const Bytes sound = with_first(
      0x06, cbor::encode(Map{{1, 2}, {2, 9}, {3, Map{{1, 2}, {3, -25}}}, {9, 3}, {10, "example.com"}}));
  for (int round = 0; round < 20'000; ++round) {
    Bytes message;
    if (round % 2 == 0) {
      message.resize(random() % 120);
      for (auto& b : message) b = byte();
    } else {
      message = sound;
      message[random() % message.size()] = byte();
      message.resize(random() % (message.size() + 1));
    }
    const auto direction = random() % 2 == 0 ? Direction::in : Direction::out;
    const auto command = kCommands.at(random() % kCommands.size());
    const auto json =
        decoder.message(direction, 0, static_cast<std::uint32_t>(random() % 600), command, message);
    const auto line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    REQUIRE(Json::parse(line)["size"] == message.size());
    transport::Report report{};
    for (auto& b : report) b = byte();
    REQUIRE(TraceDecoder::packet(direction, report).contains("raw"));
  }
}

}  // namespace trace_decoder_test
