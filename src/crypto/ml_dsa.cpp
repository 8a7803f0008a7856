#include "crypto/ml_dsa.h"

namespace fauxkey::crypto::ml_dsa {

SecretBytes generate(Random& random) {
  SecretBytes seed{32};
  random.fill(seed.span());
  return seed;
}

}  // namespace fauxkey::crypto::ml_dsa
