// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_cdp(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_cdp(JsonOut&& elements, const WriteTerms& terms);
[[nodiscard]] bool is_cdp(const Place& document);
void read_cdp(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
