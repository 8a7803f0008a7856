// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_pkcs8(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_pkcs8(JsonOut&& elements, const WriteTerms& terms);
void read_pkcs8(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
