#include "crypto/ed25519.h"

#include <sodium.h>

#include <stdexcept>

namespace fauxkey::crypto::ed25519 {
namespace {

// libsodium's secret key is the seed followed by the public key.
using ExpandedKey = Secret<crypto_sign_ed25519_SECRETKEYBYTES>;

ExpandedKey expand(ByteView seed, PublicKey& public_key) {
  if (seed.size() != crypto_sign_ed25519_SEEDBYTES)
    throw std::invalid_argument{"an Ed25519 private key has 32 bytes"};
  ExpandedKey expanded;
  crypto_sign_ed25519_seed_keypair(public_key.data(), expanded.data(), seed.data());
  return expanded;
}

}  // namespace

PublicKey public_key(ByteView seed) {
  PublicKey key{};
  const ExpandedKey expanded = expand(seed, key);
  return key;
}

Signature sign(ByteView seed, ByteView message) {
  PublicKey key{};
  const ExpandedKey expanded = expand(seed, key);
  Signature signature{};
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(), expanded.data());
  return signature;
}

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  if (signature.size() != crypto_sign_ed25519_BYTES) return false;
  return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), key.data()) ==
         0;
}

}  // namespace fauxkey::crypto::ed25519
