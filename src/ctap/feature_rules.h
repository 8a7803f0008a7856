// The rules by which the members of getInfo fit each other (CTAP 2.3, 6.4, 7, 9 and 12). A key that breaks
// one would lie to platforms about what it can do, so it does not start.
#pragma once

#include <optional>
#include <string>

#include "cbor/cbor.h"

namespace fauxkey::ctap {

/// The first rule that the answer of getInfo breaks, with its section; nothing where it keeps all.
[[nodiscard]] std::optional<std::string> broken_rule(const cbor::Map& info);

}  // namespace fauxkey::ctap
