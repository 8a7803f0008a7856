#include "keystore/exchange/age.h"

#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>

#include "crypto/hash.h"
#include "keystore/exchange/age_header.h"
#include "keystore/exchange/base64.h"

namespace fauxkey::exchange::age {
namespace {

constexpr std::string_view kScryptLabel = "age-encryption.org/v1/scrypt";
constexpr std::size_t kFileKeySize = 16;
constexpr std::size_t kPayloadNonceSize = 16;
constexpr std::size_t kChunkSize = std::size_t{64} << 10U;
constexpr std::size_t kNonceSize = crypto_aead_chacha20poly1305_IETF_NPUBBYTES;
constexpr std::size_t kTagSize = crypto_aead_chacha20poly1305_IETF_ABYTES;
constexpr std::size_t kSealedChunkSize = kChunkSize + kTagSize;

constexpr const char* kDamaged = "is damaged, or was cut off: take another copy of it";

using FileKey = Secret<kFileKeySize>;
using Nonce = std::array<std::uint8_t, kNonceSize>;

/// Throws std::bad_alloc where its memory is not to be had.
Secret<32> scrypt(const SecretBytes& passphrase, ByteView salt, int work_factor) {
  constexpr std::uint32_t kR = 8;
  constexpr std::uint32_t kP = 1;
  Bytes labelled{kScryptLabel.begin(), kScryptLabel.end()};
  append(labelled, salt);
  Secret<32> key;
  if (crypto_pwhash_scryptsalsa208sha256_ll(
          passphrase.data(), passphrase.size(), labelled.data(), labelled.size(),
          std::uint64_t{1} << static_cast<unsigned>(work_factor), kR, kP, key.data(), key.size()) != 0) {
    throw std::bad_alloc{};
  }
  return key;
}

Sha256Hash mac_of(const FileKey& file_key, std::string_view without_mac) {
  const auto key = crypto::hkdf_sha256(file_key, {}, "header");
  return crypto::hmac_sha256(key, {bytes_of(without_mac)});
}

/// The STREAM chunks' nonces: a counter of 11 bytes, and whether it is the last chunk.
class Nonces {
 public:
  Nonce next(bool last) {
    Nonce nonce{};
    for (std::size_t i = 0; i < sizeof counter_; ++i) {
      nonce.at(kNonceSize - 2 - i) = static_cast<std::uint8_t>(counter_ >> (8 * i));
    }
    nonce.back() = last ? 1 : 0;
    ++counter_;
    return nonce;
  }

 private:
  std::uint64_t counter_ = 0;
};

std::optional<FileKey> unwrap(const ScryptHeader& header, const Secret<32>& wrap_key) {
  const Nonce nonce{};
  FileKey file_key;
  const bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(
                          file_key.data(), nullptr, nullptr, header.wrapped_key.data(),
                          header.wrapped_key.size(), nullptr, 0, nonce.data(), wrap_key.data()) == 0;
  return opened ? std::optional{std::move(file_key)} : std::nullopt;
}

/// Nothing where a chunk is not what was sealed, or the last one is not there.
std::optional<WipingBytes> open_payload(ByteView payload, const FileKey& file_key) {
  if (payload.size() < kPayloadNonceSize + kTagSize) return std::nullopt;
  const auto key = crypto::hkdf_sha256(file_key, payload.first(kPayloadNonceSize), "payload");
  ByteView sealed = payload.subspan(kPayloadNonceSize);
  WipingBytes plaintext;
  plaintext.reserve(sealed.size());
  Nonces nonces;
  for (bool last = false; !last;) {
    const ByteView chunk = sealed.first(std::min(sealed.size(), kSealedChunkSize));
    sealed = sealed.subspan(chunk.size());
    last = sealed.empty();
    if (chunk.size() < kTagSize) return std::nullopt;
    // Only an empty file has an empty chunk.
    if (chunk.size() == kTagSize && !plaintext.empty()) return std::nullopt;
    const std::size_t at = plaintext.size();
    plaintext.resize(at + chunk.size() - kTagSize);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(plaintext.data() + at, nullptr, nullptr, chunk.data(),
                                                  chunk.size(), nullptr, 0, nonces.next(last).data(),
                                                  key.data()) != 0) {
      return std::nullopt;
    }
  }
  return plaintext;
}

}  // namespace

bool is_age(ByteView file) {
  std::string_view text = text_of(file);
  if (text.starts_with("age-encryption.org/")) return true;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.starts_with(kArmorBegin);
}

Bytes encrypt(ByteView plaintext, const SecretBytes& passphrase, Random& random, int work_factor) {
  const auto file_key = random.secret<kFileKeySize>();
  ScryptHeader header;
  header.salt = random.bytes<kSaltSize>();
  header.work_factor = work_factor;
  const auto wrap_key = scrypt(passphrase, header.salt, work_factor);
  const Nonce zero{};
  crypto_aead_chacha20poly1305_ietf_encrypt(header.wrapped_key.data(), nullptr, file_key.data(),
                                            file_key.size(), nullptr, 0, nullptr, zero.data(),
                                            wrap_key.data());

  std::string text = encode_without_mac(header);
  const auto mac = mac_of(file_key, text);
  text += " ";
  text += encode_base64(mac, Base64::unpadded);
  text += "\n";
  Bytes file{text.begin(), text.end()};

  const auto payload_nonce = random.bytes<kPayloadNonceSize>();
  const auto key = crypto::hkdf_sha256(file_key, payload_nonce, "payload");
  append(file, payload_nonce);
  Nonces nonces;
  for (bool last = false; !last;) {
    const ByteView chunk = plaintext.first(std::min(plaintext.size(), kChunkSize));
    plaintext = plaintext.subspan(chunk.size());
    last = plaintext.empty();
    const std::size_t at = file.size();
    file.resize(at + chunk.size() + kTagSize);
    crypto_aead_chacha20poly1305_ietf_encrypt(file.data() + at, nullptr, chunk.data(), chunk.size(), nullptr,
                                              0, nullptr, nonces.next(last).data(), key.data());
  }
  return file;
}

std::expected<WipingBytes, Error> decrypt(ByteView file, const SecretBytes& passphrase, int max_work_factor) {
  const auto fail = [](std::string message) { return std::unexpected{Error{false, std::move(message)}}; };
  std::optional<Bytes> binary;
  if (!text_of(file).starts_with("age-encryption.org/")) {
    binary = unarmor(text_of(file));
    if (!binary) return fail("is no age file whose ASCII armor is whole: take another copy of it");
    file = *binary;
  }
  const auto parsed = parse_header(file);
  if (!parsed) return fail(parsed.error());
  if (parsed->header.work_factor > max_work_factor) {
    return fail("asks for a work factor of " + std::to_string(parsed->header.work_factor) +
                ", more than the " + std::to_string(max_work_factor) +
                " that are done here: decrypt it with age first if you trust it");
  }
  const auto file_key =
      unwrap(parsed->header, scrypt(passphrase, parsed->header.salt, parsed->header.work_factor));
  if (!file_key) return std::unexpected{Error{true, "does not open with this passphrase"}};
  const auto mac = mac_of(*file_key, parsed->without_mac);
  if (!equal_in_constant_time(mac, parsed->header.mac)) return fail(kDamaged);
  auto plaintext = open_payload(file.subspan(parsed->size), *file_key);
  if (!plaintext) return fail(kDamaged);
  return *std::move(plaintext);
}

}  // namespace fauxkey::exchange::age
