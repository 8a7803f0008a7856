#include <array>

#include "u2f/u2f.h"

namespace fauxkey::u2f {
namespace {

struct Row {
  std::uint8_t instruction;
  Answer (*run)(const Apdu&, Context&);
};

constexpr std::array kInstructions{Row{0x01, register_key}, Row{0x02, authenticate}, Row{0x03, version}};

Answer run(ByteView bytes, Context& context) {
  const auto apdu = parse_apdu(bytes);
  if (!apdu) return std::unexpected{apdu.error()};
  if (apdu->cla != 0) return refuse(StatusWord::class_not_supported, "the class byte is not 0");
  // CTAP 2.3, 7.2.4: a key that always verifies its user does without CTAP1.
  if (context.key.settings().always_uv) {
    return refuse(StatusWord::command_not_allowed,
                  "CTAP 7.2.4: alwaysUv is on, and U2F cannot verify the user");
  }
  for (const auto& row : kInstructions) {
    if (row.instruction == apdu->ins) return row.run(*apdu, context);
  }
  return refuse(StatusWord::instruction_not_supported,
                "there is no U2F instruction " + std::to_string(apdu->ins));
}

}  // namespace

Bytes process(ByteView apdu, Context context) {
  auto answer = run(apdu, context);
  if (!answer && context.exchange.on_refusal) context.exchange.on_refusal(answer.error().why);
  const auto status = static_cast<std::uint16_t>(answer ? StatusWord::no_error : answer.error().status);
  Bytes bytes = answer ? *std::move(answer) : Bytes{};
  bytes.push_back(static_cast<std::uint8_t>(status >> 8));
  bytes.push_back(static_cast<std::uint8_t>(status));
  return bytes;
}

}  // namespace fauxkey::u2f
