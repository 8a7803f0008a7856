// mbedTLS has no ML-DSA.
#include <stdexcept>

#include "crypto/ml_dsa.h"

namespace fauxkey::crypto::ml_dsa {

bool is_available(Parameters /*parameters*/) { return false; }
Bytes public_key(Parameters /*parameters*/, ByteView /*seed*/) {
  throw std::logic_error{"this build has no ML-DSA"};
}
Bytes sign(Parameters /*parameters*/, ByteView /*seed*/, ByteView /*message*/) {
  throw std::logic_error{"this build has no ML-DSA"};
}

}  // namespace fauxkey::crypto::ml_dsa
