#include "crypto/x509.h"

#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include "crypto/psa.h"

namespace fauxkey::crypto::x509 {
namespace {

// id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4 (WebAuthn 8.2.1).
constexpr std::string_view kAaguidOid = "\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04";
// id-fido-gen-ce-sernum, 1.3.6.1.4.1.45724.1.1.2 (WebAuthn 8.2.2).
constexpr std::string_view kSerialOid = "\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x02";
// BasicConstraints (RFC 5280, 4.2.1.9): a CA whose leaves are its only children; no CA (the default, so
// empty).
constexpr auto kAuthority = std::to_array<std::uint8_t>({0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00});
constexpr auto kNoAuthority = std::to_array<std::uint8_t>({0x30, 0x00});

// The largest certificate that is made here is below 1 KiB.
constexpr std::size_t kMaxCertificate = 4096;

void check(int result, const char* step) {
  if (result >= 0) return;
  std::array<char, 128> reason{};
  mbedtls_strerror(result, reason.data(), reason.size());
  throw std::runtime_error{std::string{"mbedTLS could not "} + step + ": " + reason.data()};
}

// mbedTLS's contexts, which it initialises, wipes and frees by a pair of calls each.
template <class T, auto Init, auto Free>
struct Context {
  Context() { Init(&value); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { Free(&value); }
  T* operator->() { return &value; }
  T* get() { return &value; }
  T value;
};
using PublicOrPrivateKey = Context<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free>;
using CertificateWriter =
    Context<mbedtls_x509write_cert, mbedtls_x509write_crt_init, mbedtls_x509write_crt_free>;
using Certificate = Context<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
using Number = Context<mbedtls_mpi, mbedtls_mpi_init, mbedtls_mpi_free>;

int fill_random(void* random, unsigned char* out, std::size_t size) {
  static_cast<Random*>(random)->fill({out, size});
  return 0;
}

// SEC 1, C.4 ECPrivateKey, without the public key: mbedTLS computes it.
SecretBytes sec1(ByteView private_key) {
  static constexpr auto kBefore = std::to_array<std::uint8_t>({0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20});
  static constexpr auto kPrime256v1 =
      std::to_array<std::uint8_t>({0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});
  SecretBytes der{kBefore.size() + private_key.size() + kPrime256v1.size()};
  std::uint8_t* end = std::copy(kBefore.begin(), kBefore.end(), der.data());
  end = std::copy(private_key.begin(), private_key.end(), end);
  std::copy(kPrime256v1.begin(), kPrime256v1.end(), end);
  return der;
}

void load_private(PublicOrPrivateKey& key, ByteView private_key, Random& random) {
  if (private_key.size() != p256::PrivateKey::size())
    throw std::invalid_argument{"an issuer's private key is a P-256 scalar of 32 bytes"};
  const SecretBytes der = sec1(private_key);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  const int result =
      mbedtls_pk_parse_key(key.get(), der.data(), der.size(), nullptr, 0, fill_random, &random);
#else
  static_cast<void>(random);
  const int result = mbedtls_pk_parse_key(key.get(), der.data(), der.size(), nullptr, 0);
#endif
  check(result, "read the issuer's key");
}

void load_public(PublicOrPrivateKey& key, const p256::PublicKey& public_key) {
  // SubjectPublicKeyInfo (RFC 5480, 2) up to the point's coordinates.
  static constexpr auto kBefore = std::to_array<std::uint8_t>(
      {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
       0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04});
  Bytes der{kBefore.begin(), kBefore.end()};
  append(der, public_key.x);
  append(der, public_key.y);
  check(mbedtls_pk_parse_public_key(key.get(), der.data(), der.size()), "read the subject's key");
}

// YYYYMMDDhhmmss in UTC, as mbedTLS takes it.
std::string time_text(std::int64_t unix_time) {
  using namespace std::chrono;
  const sys_seconds time{seconds{unix_time}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const int year = int{date.year()};
  if (year < 1950 || year > 9999)
    throw std::invalid_argument{"a certificate's dates lie in the years 1950 to 9999 (RFC 5280, 4.1.2.5)"};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u%02d%02d%02d", year, unsigned{date.month()},
                unsigned{date.day()}, static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data();
}

void set_serial(CertificateWriter& writer, std::array<std::uint8_t, 16> serial) {
  // DER's integers have no leading zeros, and a serial number is positive (RFC 5280, 4.1.2.2).
  auto* const first = std::find_if(serial.begin(), serial.end(), [](std::uint8_t byte) { return byte != 0; });
  if (first == serial.end()) throw std::invalid_argument{"a certificate's serial number is not zero"};
  const auto length = static_cast<std::size_t>(serial.end() - first);
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
  check(mbedtls_x509write_crt_set_serial_raw(writer.get(), first, length), "set the serial number");
#else
  Number number;
  check(mbedtls_mpi_read_binary(number.get(), first, length), "set the serial number");
  check(mbedtls_x509write_crt_set_serial(writer.get(), number.get()), "set the serial number");
#endif
}

// FIDO's extensions hold an OCTET STRING, within the one that every extension's value is.
void set_fido_extension(CertificateWriter& writer, std::string_view oid, ByteView content) {
  constexpr int kNotCritical = 0;
  Bytes value{MBEDTLS_ASN1_OCTET_STRING, static_cast<std::uint8_t>(content.size())};
  append(value, content);
  check(mbedtls_x509write_crt_set_extension(writer.get(), oid.data(), oid.size(), kNotCritical, value.data(),
                                            value.size()),
        "set an extension");
}

void set_extensions(CertificateWriter& writer, const CertificateRequest& request) {
  const ByteView constraints = request.certificate_authority ? ByteView{kAuthority} : ByteView{kNoAuthority};
  constexpr int kCritical = 1;
  check(mbedtls_x509write_crt_set_extension(writer.get(), MBEDTLS_OID_BASIC_CONSTRAINTS,
                                            MBEDTLS_OID_SIZE(MBEDTLS_OID_BASIC_CONSTRAINTS), kCritical,
                                            constraints.data(), constraints.size()),
        "set BasicConstraints");
  // RFC 5280, 4.2.1.3: whoever signs certificates says so.
  if (request.certificate_authority)
    check(mbedtls_x509write_crt_set_key_usage(writer.get(), MBEDTLS_X509_KU_KEY_CERT_SIGN), "set KeyUsage");
  check(mbedtls_x509write_crt_set_subject_key_identifier(writer.get()), "set the subject's key identifier");
  check(mbedtls_x509write_crt_set_authority_key_identifier(writer.get()), "set the issuer's key identifier");
  if (request.aaguid) set_fido_extension(writer, kAaguidOid, *request.aaguid);
  if (request.device_serial) set_fido_extension(writer, kSerialOid, *request.device_serial);
}

// ecdsa-with-SHA256 as an AlgorithmIdentifier, without parameters (RFC 5758, 3.2).
constexpr auto kEcdsaWithSha256 =
    std::to_array<std::uint8_t>({0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02});

// One DER element (X.690, 8.1).
Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  Bytes der{tag};
  if (size >= 0x100)
    der.insert(der.end(), {0x82, static_cast<std::uint8_t>(size >> 8)});
  else if (size >= 0x80)
    der.push_back(0x81);
  der.push_back(static_cast<std::uint8_t>(size));
  for (const auto part : parts) append(der, part);
  return der;
}

// mbedTLS before 3.5 writes parameters of NULL into ECDSA's AlgorithmIdentifier, where there must be none
// (RFC 5758, 3.2), and strict parsers then refuse the certificate. What is to be signed is put right, to be
// signed anew.
Bytes to_be_signed(ByteView certificate_der) {
  Certificate certificate;
  check(mbedtls_x509_crt_parse_der(certificate.get(), certificate_der.data(), certificate_der.size()),
        "read its own certificate");
  const ByteView tbs{certificate->tbs.p, certificate->tbs.len};
  Bytes wrong{kEcdsaWithSha256.begin(), kEcdsaWithSha256.end()};
  wrong[1] += 2;
  wrong.insert(wrong.end(), {MBEDTLS_ASN1_NULL, 0x00});
  const auto found = std::search(tbs.begin(), tbs.end(), wrong.begin(), wrong.end());
  if (found == tbs.end()) return {tbs.begin(), tbs.end()};
  const auto content_at = static_cast<std::size_t>(tbs[1] == 0x82 ? 4 : tbs[1] == 0x81 ? 3 : 2);
  const auto wrong_at = static_cast<std::size_t>(found - tbs.begin());
  return element(MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE,
                 {tbs.subspan(content_at, wrong_at - content_at), kEcdsaWithSha256,
                  tbs.subspan(wrong_at + wrong.size())});
}

// The certificate as mbedTLS makes it.
Bytes write(const CertificateRequest& request, const std::string& issuer, ByteView issuer_private_key,
            Random& random) {
  // mbedTLS may be built to sign by PSA.
  const auto lock = psa::enter();
  PublicOrPrivateKey subject_key;
  load_public(subject_key, request.public_key);
  PublicOrPrivateKey issuer_key;
  load_private(issuer_key, issuer_private_key, random);

  CertificateWriter writer;
  mbedtls_x509write_crt_set_version(writer.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(writer.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(writer.get(), subject_key.get());
  mbedtls_x509write_crt_set_issuer_key(writer.get(), issuer_key.get());
  check(mbedtls_x509write_crt_set_subject_name(writer.get(), request.subject.c_str()),
        "set the subject's name");
  check(mbedtls_x509write_crt_set_issuer_name(writer.get(), issuer.c_str()), "set the issuer's name");
  check(mbedtls_x509write_crt_set_validity(writer.get(), time_text(request.not_before).c_str(),
                                           time_text(request.not_after).c_str()),
        "set the validity");
  set_serial(writer, request.serial);
  set_extensions(writer, request);

  // mbedTLS writes to the end of the buffer.
  Bytes der(kMaxCertificate);
  const int size = mbedtls_x509write_crt_der(writer.get(), der.data(), der.size(), fill_random, &random);
  check(size, "write the certificate");
  return {der.end() - size, der.end()};
}

}  // namespace

Bytes issue(const CertificateRequest& request, const std::string& issuer, ByteView issuer_private_key,
            Random& random) {
  constexpr auto kSequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
  constexpr std::array<std::uint8_t, 1> kNoUnusedBits{0x00};
  const Bytes tbs = to_be_signed(write(request, issuer, issuer_private_key, random));
  const Bytes signature = p256::sign(issuer_private_key, tbs);
  return element(kSequence,
                 {tbs, kEcdsaWithSha256, element(MBEDTLS_ASN1_BIT_STRING, {kNoUnusedBits, signature})});
}

std::string to_pem(ByteView der) {
  constexpr const char* kHeader = "-----BEGIN CERTIFICATE-----\n";
  constexpr const char* kFooter = "-----END CERTIFICATE-----\n";
  // Four characters for three bytes, a line break for each 64 of them, header and footer.
  std::string pem(der.size() * 3 / 2 + 128, '\0');
  std::size_t length = 0;
  check(mbedtls_pem_write_buffer(kHeader, kFooter, der.data(), der.size(),
                                 reinterpret_cast<unsigned char*>(pem.data()), pem.size(), &length),
        "write PEM");
  pem.resize(length - 1);  // it counts its terminating zero
  return pem;
}

bool chains_to(ByteView leaf_der, ByteView root_der) {
  const auto lock = psa::enter();
  Certificate leaf;
  Certificate root;
  if (mbedtls_x509_crt_parse_der(leaf.get(), leaf_der.data(), leaf_der.size()) != 0 ||
      mbedtls_x509_crt_parse_der(root.get(), root_der.data(), root_der.size()) != 0)
    return false;
  std::uint32_t flags = 0;
  return mbedtls_x509_crt_verify(leaf.get(), root.get(), nullptr, nullptr, &flags, nullptr, nullptr) == 0;
}

}  // namespace fauxkey::crypto::x509
