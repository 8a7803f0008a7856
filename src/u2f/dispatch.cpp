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
  if (!apdu) return apdu.error();
  if (apdu->cla != 0) return StatusWord::class_not_supported;
  // CTAP 2.3, 7.2.4: a key that always verifies its user does without CTAP1.
  if (context.key.settings().always_uv) return StatusWord::command_not_allowed;
  for (const auto& row : kInstructions) {
    if (row.instruction == apdu->ins) return row.run(*apdu, context);
  }
  return StatusWord::instruction_not_supported;
}

}  // namespace

Bytes process(ByteView apdu, Context context) {
  auto answer = run(apdu, context);
  const auto status = static_cast<std::uint16_t>(answer.status);
  answer.data.push_back(static_cast<std::uint8_t>(status >> 8));
  answer.data.push_back(static_cast<std::uint8_t>(status));
  return std::move(answer.data);
}

}  // namespace fauxkey::u2f
