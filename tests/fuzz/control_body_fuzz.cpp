// Any body of a request to the control interface: it is refused by a sentence, or read as something that
// reads as the same again.
#include <cstdlib>
#include <string>

#include "control/credentials.h"
#include "control/key_options.h"
#include "control/prompts.h"
#include "fauxkey/random.h"

namespace {

using namespace fauxkey;
using namespace fauxkey::control;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Read>
void try_to(const Read& read) {
  try {
    read();
  } catch (const BadRequest& error) {
    const std::string sentence{error.what()};
    require(sentence.ends_with('.') && sentence.size() < 4000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try_to([&] {
    const auto body = parse_body(text);
    try_to([&] {
      const auto options = read_key_options(body);
      require(options.name.empty() || is_name(options.name));
      require(!options.transports.empty());
      (void)to_text(to_json(options));
    });
    try_to([&] {
      JsonReader reader{body, "The request"};
      user::Behaviour behaviour;
      read_behaviour(reader, behaviour);
      reader.done();
      const auto again_text = to_text(to_json(behaviour));
      const auto again_body = parse_body(again_text);
      JsonReader again{again_body, "Again"};
      user::Behaviour second;
      read_behaviour(again, second);
      require(to_text(to_json(second)) == again_text);
    });
    try_to([&] {
      JsonReader reader{body, "The request"};
      const auto changes = read_changes(reader);
      reader.done();
      require(!changes.sign_count || body.contains("signCount"));
    });
    try_to([&] {
      JsonReader reader{body, "The request"};
      const auto reply = read_answer(reader);
      require(reply.scan.answer != UserAnswer::cancelled);
    });
  });
  try_to([&] {
    SystemRandom random;
    const auto moving = read_credential(text, random, 0);
    require(!moving.credential.id.empty() && moving.credential.id.size() <= 1023);
  });
  return 0;
}
