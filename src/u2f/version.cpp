// U2F_VERSION (section 6).
#include <string_view>

#include "u2f/u2f.h"

namespace fauxkey::u2f {

Answer version(const Apdu& apdu, Context& /*context*/) {
  constexpr std::string_view kVersion{"U2F_V2"};
  if (!apdu.data.empty()) return refuse(StatusWord::wrong_length, "U2F_VERSION takes no data");
  return Bytes{kVersion.begin(), kVersion.end()};
}

}  // namespace fauxkey::u2f
