// See FormatRow.
#pragma once

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

[[nodiscard]] JsonOut write_keepassxc(const Moving& moving, const WriteTerms& terms);
[[nodiscard]] WipingBytes finish_keepassxc(JsonOut&& elements, const WriteTerms& terms);
[[nodiscard]] bool is_keepassxc(const Place& document);
void read_keepassxc(const Place& document, const ReadTerms& terms, const Sink& sink);

}  // namespace fauxkey::exchange
