#include "import_fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fauxkey::fuzz::import_any(data, size, fauxkey::exchange::Format::bitwarden);
}
