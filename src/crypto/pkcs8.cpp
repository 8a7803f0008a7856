#include "crypto/pkcs8.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "crypto/der.h"
#include "crypto/ecdsa.h"
#include "crypto/ecdsa_curve.h"
#include "crypto/ed25519.h"
#include "crypto/ml_dsa.h"
#include "crypto/p256.h"
#include "crypto/p256_scalar.h"
#include "crypto/rsa.h"

namespace fauxkey::crypto::pkcs8 {
namespace {

using der::Reader;
using der::Tag;

// Object identifiers' contents.
constexpr std::array<std::uint8_t, 7> kEcPublicKey{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};  // RFC 5480
constexpr std::array<std::uint8_t, 8> kP256{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};   // RFC 5480
constexpr std::array<std::uint8_t, 5> kP384{0x2B, 0x81, 0x04, 0x00, 0x22};                     // RFC 5480
constexpr std::array<std::uint8_t, 5> kP521{0x2B, 0x81, 0x04, 0x00, 0x23};                     // RFC 5480
constexpr std::array<std::uint8_t, 5> kSecp256k1{0x2B, 0x81, 0x04, 0x00, 0x0A};                // SEC 2, A.2.1
constexpr std::array<std::uint8_t, 3> kEd25519{0x2B, 0x65, 0x70};                              // RFC 8410
constexpr std::array<std::uint8_t, 9> kRsa{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};  // RFC 8017
constexpr std::array<std::uint8_t, 9> kMlDsa44{0x60, 0x86, 0x48, 0x01, 0x65,
                                               0x03, 0x04, 0x03, 0x11};  // RFC 9881
constexpr std::array<std::uint8_t, 9> kMlDsa65{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12};

constexpr std::uint8_t kOne = 1;
constexpr const char* kNoKey = "is no PKCS #8 private key";
constexpr const char* kNotWhole = "is a damaged PKCS #8 private key";

/// What the algorithms' own forms are read to; the error as `decode` has it.
using Decoded = std::expected<SecretBytes, std::string>;

std::unexpected<std::string> refuse(const char* why) { return std::unexpected{std::string{why}}; }

// Elliptic curves (RFC 5915).

Bytes point_of(ByteView x, ByteView y) {
  Bytes point{0x04};  // uncompressed (SEC 1, 2.3.3)
  append(point, x);
  append(point, y);
  return point;
}

Bytes public_p256(ByteView scalar) {
  const auto key = p256::public_key(scalar);
  return point_of(key.x, key.y);
}

template <ecdsa::Curve Curve>
Bytes public_ecdsa(ByteView scalar) {
  const auto key = ecdsa::public_key(Curve, scalar);
  return point_of(key.x, key.y);
}

bool is_private_p256(ByteView scalar) { return p256::is_private_key(scalar); }

template <ecdsa::Curve Curve>
bool is_private_ecdsa(ByteView scalar) {
  return ecdsa::is_private_key(Curve, scalar);
}

WipingBytes encode_ec(ByteView scalar, ByteView point) {
  return der::value(Tag::sequence,
                    {der::unsigned_integer({&kOne, 1}), der::value(Tag::octet_string, {scalar}),
                     der::value(der::constructed(1), {der::bit_string(point)})});
}

/// `scalar_size`: of the curve. Some programs leave leading zeros out.
Decoded decode_ec(ByteView content, std::size_t scalar_size, bool (*is_private)(ByteView),
                  Bytes (*public_point)(ByteView)) {
  Reader outer{content};
  const auto sequence = outer.take(Tag::sequence);
  if (!sequence || !outer.empty()) return refuse(kNotWhole);
  Reader fields{*sequence};
  const auto version = fields.take_unsigned();
  const auto digits = fields.take(Tag::octet_string);
  if (!version || !std::ranges::equal(*version, std::array{kOne}) || !digits) return refuse(kNotWhole);
  if (const auto parameters = fields.take(der::constructed(0))) {
    // The curve once more.
    if (!Reader{*parameters}.take(Tag::object_identifier)) return refuse(kNotWhole);
  }
  const auto public_key = fields.take(der::constructed(1));
  if (!fields.empty()) return refuse(kNotWhole);

  if (digits->empty() || digits->size() > scalar_size) return refuse(kNotWhole);
  SecretBytes scalar{scalar_size};
  std::ranges::copy(*digits, scalar.span().last(digits->size()).begin());
  if (!is_private(scalar)) return refuse("holds a number that is no private key of its curve");
  if (public_key) {
    Reader bits{*public_key};
    const auto point = bits.take(Tag::bit_string);
    const Bytes derived = public_point(scalar);
    if (!point || !bits.empty() || point->empty() || point->front() != 0) return refuse(kNotWhole);
    // A compressed point is left unread.
    if (point->size() == derived.size() + 1 && !std::ranges::equal(point->subspan(1), derived)) {
      return refuse("holds a private key and a public key that do not belong together");
    }
  }
  return scalar;
}

// RSA (RFC 8017, A.1).

WipingBytes encode_rsa_public(const rsa::PublicKey& key) {
  return der::value(Tag::sequence, {der::unsigned_integer(key.modulus), der::unsigned_integer(key.exponent)});
}

WipingBytes encode_rsa(ByteView private_key) {
  const auto numbers = rsa::private_numbers(private_key);
  const auto integer = [](const SecretBytes& number) { return der::unsigned_integer(number); };
  return der::value(
      Tag::sequence,
      {der::unsigned_integer({}), der::unsigned_integer(numbers.public_key.modulus),
       der::unsigned_integer(numbers.public_key.exponent), integer(numbers.d), integer(numbers.p),
       integer(numbers.q), integer(numbers.d_p), integer(numbers.d_q), integer(numbers.q_inverse)});
}

Decoded decode_rsa(ByteView content) {
  Reader outer{content};
  const auto sequence = outer.take(Tag::sequence);
  if (!sequence || !outer.empty()) return refuse(kNotWhole);
  Reader fields{*sequence};
  const auto version = fields.take_unsigned();
  const auto n = fields.take_unsigned();
  const auto e = fields.take_unsigned();
  const auto d = fields.take_unsigned();
  const auto p = fields.take_unsigned();
  const auto q = fields.take_unsigned();
  // The others follow from these.
  if (!version || !version->empty() || !n || !e || !d || !p || !q) return refuse(kNotWhole);
  auto private_key = rsa::from_primes(*p, *q);
  if (!private_key) {
    return refuse(
        "is an RSA key that this key cannot use: it takes 2048 bits of two primes of 1024 bits each");
  }
  const auto numbers = rsa::private_numbers(*private_key);
  if (!std::ranges::equal(numbers.public_key.exponent, *e)) {
    return refuse("is an RSA key whose exponent is not 65537, the only one that this key uses");
  }
  if (!std::ranges::equal(numbers.public_key.modulus, *n)) {
    return refuse("holds an RSA private key and a public key that do not belong together");
  }
  return *std::move(private_key);
}

// ML-DSA (RFC 9881, 6): of the three forms the one that is the seed alone.

constexpr std::size_t kMlDsaSeed = 32;

Decoded decode_ml_dsa(ByteView content) {
  Reader fields{content};
  auto seed = fields.take(der::primitive(0));
  if (!seed) {
    // both: SEQUENCE { seed OCTET STRING, expandedKey OCTET STRING }
    if (const auto both = fields.take(Tag::sequence)) seed = Reader{*both}.take(Tag::octet_string);
  }
  if (!seed || seed->size() != kMlDsaSeed || !fields.empty()) {
    return refuse("is an ML-DSA key without its seed of 32 bytes, which this key needs");
  }
  return SecretBytes::copy_of(*seed);
}

// Each algorithm's forms.

template <ecdsa::Curve Curve>
Decoded decode_ecdsa(ByteView content) {
  return decode_ec(content, ecdsa::size_of(Curve), is_private_ecdsa<Curve>, public_ecdsa<Curve>);
}
Decoded decode_p256(ByteView content) {
  return decode_ec(content, p256::PrivateKey::size(), is_private_p256, public_p256);
}
template <ecdsa::Curve Curve>
WipingBytes encode_ecdsa(ByteView scalar) {
  return encode_ec(scalar, public_ecdsa<Curve>(scalar));
}
WipingBytes encode_p256(ByteView scalar) { return encode_ec(scalar, public_p256(scalar)); }

constexpr std::size_t kEd25519Seed = 32;
WipingBytes encode_ed25519(ByteView seed) { return der::value(Tag::octet_string, {seed}); }
Decoded decode_ed25519(ByteView content) {
  Reader outer{content};
  const auto seed = outer.take(Tag::octet_string);
  if (!seed || seed->size() != kEd25519Seed || !outer.empty()) return refuse(kNotWhole);
  return SecretBytes::copy_of(*seed);
}
Bytes public_ed25519(ByteView seed) {
  const auto key = ed25519::public_key(seed);
  return {key.begin(), key.end()};
}

Bytes public_rsa(ByteView private_key) {
  const auto encoded = encode_rsa_public(rsa::public_key(private_key));
  return {encoded.begin(), encoded.end()};
}

WipingBytes encode_ml_dsa(ByteView seed) { return der::value(der::primitive(0), {seed}); }
template <ml_dsa::Parameters Parameters>
Bytes public_ml_dsa(ByteView seed) {
  return ml_dsa::public_key(Parameters, seed);
}

/// What stands after the algorithm's identifier.
enum class Parameter : std::uint8_t { absent, null, curve };

struct Row {
  Algorithm algorithm;
  ByteView identifier;
  Parameter parameter;
  ByteView curve;
  bool (*is_available)();
  WipingBytes (*encode)(ByteView private_key);
  Decoded (*decode)(ByteView content);
  Bytes (*public_key)(ByteView private_key);  ///< the content of SubjectPublicKeyInfo's bit string
};

bool always() { return true; }
template <ecdsa::Curve Curve>
bool has_curve() {
  return ecdsa::is_available(Curve);
}
template <ml_dsa::Parameters Parameters>
bool has_ml_dsa() {
  return ml_dsa::is_available(Parameters);
}

template <ecdsa::Curve Curve>
constexpr Row ecdsa_row(Algorithm algorithm, ByteView curve) {
  return {algorithm,        kEcPublicKey,        Parameter::curve,    curve,
          has_curve<Curve>, encode_ecdsa<Curve>, decode_ecdsa<Curve>, public_ecdsa<Curve>};
}
template <ml_dsa::Parameters Parameters>
constexpr Row ml_dsa_row(Algorithm algorithm, ByteView identifier) {
  return {algorithm,     identifier,    Parameter::absent,        {}, has_ml_dsa<Parameters>,
          encode_ml_dsa, decode_ml_dsa, public_ml_dsa<Parameters>};
}

/// In the order of kAlgorithms.
const auto& rows() {
  using ecdsa::Curve;
  using ml_dsa::Parameters;
  static const std::array kRows{
      Row{Algorithm::es256, kEcPublicKey, Parameter::curve, kP256, always, encode_p256, decode_p256,
          public_p256},
      Row{Algorithm::eddsa,
          kEd25519,
          Parameter::absent,
          {},
          always,
          encode_ed25519,
          decode_ed25519,
          public_ed25519},
      ecdsa_row<Curve::p384>(Algorithm::es384, kP384),
      ecdsa_row<Curve::p521>(Algorithm::es512, kP521),
      Row{Algorithm::rs256, kRsa, Parameter::null, {}, rsa::is_available, encode_rsa, decode_rsa, public_rsa},
      ml_dsa_row<Parameters::ml_dsa_44>(Algorithm::ml_dsa_44, kMlDsa44),
      ml_dsa_row<Parameters::ml_dsa_65>(Algorithm::ml_dsa_65, kMlDsa65),
      ecdsa_row<Curve::secp256k1>(Algorithm::es256k, kSecp256k1),
  };
  return kRows;
}

const Row& row_of(Algorithm algorithm) {
  for (const Row& row : rows()) {
    if (row.algorithm == algorithm && row.is_available()) return row;
  }
  throw std::runtime_error{std::string{"this machine's libraries have no "} + name_of(algorithm)};
}

/// AlgorithmIdentifier.
WipingBytes identifier_of(const Row& row) {
  const auto identifier = der::value(Tag::object_identifier, {row.identifier});
  switch (row.parameter) {
    case Parameter::curve:
      return der::value(Tag::sequence, {identifier, der::value(Tag::object_identifier, {row.curve})});
    case Parameter::null:
      return der::value(Tag::sequence, {identifier, der::value(Tag::null, {})});
    case Parameter::absent:
      break;
  }
  return der::value(Tag::sequence, {identifier});
}

/// The row of an AlgorithmIdentifier's content; nullptr where there is none.
const Row* find_row(ByteView content) {
  Reader reader{content};
  const auto identifier = reader.take(Tag::object_identifier);
  if (!identifier) return nullptr;
  const auto curve = reader.take(Tag::object_identifier);
  if (!curve) (void)reader.take(Tag::null);
  if (!reader.empty()) return nullptr;
  for (const Row& row : rows()) {
    if (std::ranges::equal(row.identifier, *identifier) &&
        std::ranges::equal(row.curve, curve.value_or(ByteView{}))) {
      return &row;
    }
  }
  return nullptr;
}

/// RFC 5958's publicKey, [1] IMPLICIT BIT STRING.
bool is_public_key_of(const Row& row, ByteView private_key, ByteView bits) {
  return !bits.empty() && bits.front() == 0 &&
         std::ranges::equal(bits.subspan(1), row.public_key(private_key));
}

}  // namespace

WipingBytes encode(Algorithm algorithm, ByteView private_key) {
  const Row& row = row_of(algorithm);
  return der::value(Tag::sequence, {der::unsigned_integer({}), identifier_of(row),
                                    der::value(Tag::octet_string, {row.encode(private_key)})});
}

WipingBytes encode_public(Algorithm algorithm, ByteView private_key) {
  const Row& row = row_of(algorithm);
  return der::value(Tag::sequence, {identifier_of(row), der::bit_string(row.public_key(private_key))});
}

std::expected<PrivateKey, std::string> decode(ByteView der) {
  Reader outer{der};
  const auto sequence = outer.take(Tag::sequence);
  if (!sequence || !outer.empty()) return refuse(kNoKey);
  Reader fields{*sequence};
  const auto version = fields.take_unsigned();
  const auto identifier = fields.take(Tag::sequence);
  const auto content = fields.take(Tag::octet_string);
  if (!version || !identifier || !content) return refuse(kNoKey);
  (void)fields.take(der::constructed(0));  // attributes
  const auto public_key = fields.take(der::primitive(1));
  if (!fields.empty()) return refuse(kNotWhole);
  // v1 is 0; v2 is 1 and has a public key, which some programs write in v1 as well.
  const bool v2 = std::ranges::equal(*version, std::array{kOne});
  if (!version->empty() && !(v2 && public_key)) return refuse(kNoKey);

  const Row* row = find_row(*identifier);
  if (row == nullptr) {
    return refuse("is a key of an algorithm that this key does not have");
  }
  if (!row->is_available()) {
    return std::unexpected{std::string{"is an "} + name_of(row->algorithm) +
                           " key, which this machine's libraries cannot use"};
  }
  auto private_key = row->decode(*content);
  if (!private_key) return std::unexpected{std::move(private_key).error()};
  if (public_key && !is_public_key_of(*row, *private_key, *public_key)) {
    return refuse("holds a private key and a public key that do not belong together");
  }
  return PrivateKey{row->algorithm, *std::move(private_key)};
}

}  // namespace fauxkey::crypto::pkcs8
