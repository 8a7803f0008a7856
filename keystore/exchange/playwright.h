// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_playwright(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_playwright(JsonOut&& elements, const WriteTerms& terms);
[[nodiscard]] bool is_playwright(const Place& document);
void read_playwright(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
