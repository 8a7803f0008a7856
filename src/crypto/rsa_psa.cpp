// PSA makes RSA keys of its own random numbers only, and gives nothing that finds primes.
#include <stdexcept>

#include "crypto/rsa.h"

namespace fauxkey::crypto::rsa {

bool is_available() { return false; }
SecretBytes generate(Random& /*random*/) { throw std::logic_error{"this build has no RSA"}; }
PublicKey public_key(ByteView /*private_key*/) { throw std::logic_error{"this build has no RSA"}; }
PrivateNumbers private_numbers(ByteView /*private_key*/) { throw std::logic_error{"this build has no RSA"}; }
std::optional<SecretBytes> from_primes(ByteView /*p*/, ByteView /*q*/) { return std::nullopt; }
Bytes sign(ByteView /*private_key*/, ByteView /*message*/) {
  throw std::logic_error{"this build has no RSA"};
}

}  // namespace fauxkey::crypto::rsa
