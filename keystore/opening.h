// How a keystore is to be opened, beyond what every caller says.
#pragma once

#include <functional>

#include "keystore/argon2_cost.h"

namespace fauxkey {

struct Opening {
  /// Asked once where a passphrase gets a keystore of its own: how hard Argon2id is to work on it.
  std::function<keystore::Argon2Cost()> argon2_cost = keystore::measured_argon2_cost;
  /// A keystore that was put back to an older copy of it is taken, and counts as the newest from then on.
  bool accept_older = false;
};

}  // namespace fauxkey
