#include "base/text.h"

#include <sodium.h>

namespace fauxkey {

std::string hex(ByteView bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

}  // namespace fauxkey
