// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_bitwarden(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_bitwarden(JsonOut&& elements, const WriteTerms& terms);
[[nodiscard]] bool is_bitwarden(const Place& document);
void read_bitwarden(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
