// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_cxf(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] JsonOut write_fauxkey(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_cxf(JsonOut&& elements, const WriteTerms& terms);
[[nodiscard]] bool is_cxf(const Place& document);
void read_cxf(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
