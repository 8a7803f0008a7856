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
#include <stdexcept>
#include <string_view>

#include "crypto/der.h"
#include "crypto/psa.h"

namespace fauxkey::crypto::x509 {
namespace {

// id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4 (WebAuthn 8.2.1).
constexpr std::string_view kAaguidOid = "\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04";
// id-fido-gen-ce-sernum, 1.3.6.1.4.1.45724.1.1.2 (WebAuthn 8.2.2).
constexpr std::string_view kSerialOid = "\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x02";
// id-ce-authorityKeyIdentifier and its fellows (RFC 5280, 4.2.1).
constexpr auto kAuthorityKeyIdentifierOid = std::to_array<std::uint8_t>({0x55, 0x1d, 0x23});
constexpr auto kSubjectKeyIdentifierOid = std::to_array<std::uint8_t>({0x55, 0x1d, 0x0e});
constexpr auto kBasicConstraintsOid = std::to_array<std::uint8_t>({0x55, 0x1d, 0x13});
constexpr auto kCrlNumberOid = std::to_array<std::uint8_t>({0x55, 0x1d, 0x14});

// A certificate with an RSA key and Android's key description has less than 2 KiB.
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
  const auto value = der::value(der::Tag::octet_string, {content});
  check(mbedtls_x509write_crt_set_extension(writer.get(), oid.data(), oid.size(), 0, value.data(),
                                            value.size()),
        "set an extension");
}

void set_extension(CertificateWriter& writer, ByteView oid, bool critical, ByteView value) {
  check(mbedtls_x509write_crt_set_extension(writer.get(), reinterpret_cast<const char*>(oid.data()),
                                            oid.size(), critical ? 1 : 0, value.data(), value.size()),
        "set an extension");
}

// BasicConstraints (RFC 5280, 4.2.1.9); what is no authority is the default, so empty.
WipingBytes basic_constraints(const CertificateRequest& request) {
  constexpr std::array<std::uint8_t, 1> kTrue{0xff};
  if (!request.certificate_authority) return der::value(der::Tag::sequence, {});
  const std::array<std::uint8_t, 1> length{request.path_length};
  return der::value(der::Tag::sequence,
                    {der::value(der::Tag::boolean, {kTrue}), der::unsigned_integer(length)});
}

/// AuthorityKeyIdentifier (RFC 5280, 4.2.1.1).
WipingBytes authority_key_identifier(ByteView identifier) {
  return der::value(der::Tag::sequence, {der::value(der::primitive(0), {identifier})});
}

/// `issuer`: nullptr where the subject signs itself.
void set_extensions(CertificateWriter& writer, const CertificateRequest& request, const Authority* issuer) {
  set_extension(writer, kBasicConstraintsOid, true, basic_constraints(request));
  // RFC 5280, 4.2.1.3: whoever signs certificates, and lists of revoked ones, says so.
  if (request.certificate_authority)
    check(mbedtls_x509write_crt_set_key_usage(writer.get(),
                                              MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN),
          "set KeyUsage");
  check(mbedtls_x509write_crt_set_subject_key_identifier(writer.get()), "set the subject's key identifier");
  if (issuer == nullptr)
    check(mbedtls_x509write_crt_set_authority_key_identifier(writer.get()),
          "set the issuer's key identifier");
  else if (!issuer->key_identifier.empty())
    set_extension(writer, kAuthorityKeyIdentifierOid, false,
                  authority_key_identifier(issuer->key_identifier));
  for (const auto& extension : request.extensions)
    set_extension(writer, extension.oid, extension.critical, extension.value);
  if (request.aaguid) set_fido_extension(writer, kAaguidOid, *request.aaguid);
  if (request.device_serial) set_fido_extension(writer, kSerialOid, *request.device_serial);
}

// ecdsa-with-SHA256 as an AlgorithmIdentifier, without parameters (RFC 5758, 3.2).
constexpr auto kEcdsaWithSha256 =
    std::to_array<std::uint8_t>({0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02});

// mbedTLS before 3.5 writes parameters of NULL into ECDSA's AlgorithmIdentifier, where there must be none
// (RFC 5758, 3.2), and strict parsers then refuse the certificate; and it writes names anew, where an
// issuer's has to be the same bytes as in its own certificate. What is to be signed is put right, to be
// signed anew.
WipingBytes to_be_signed(ByteView certificate_der, ByteView issuer_name, ByteView subject_name) {
  // TBSCertificate (RFC 5280, 4.1): version, serial number, signature, issuer, validity, subject …
  constexpr std::size_t kSignature = 2, kIssuer = 3, kSubject = 5;
  der::Reader certificate{certificate_der};
  der::Reader fields{certificate.take(der::Tag::sequence).value_or(ByteView{})};
  der::Reader tbs{fields.take(der::Tag::sequence).value_or(ByteView{})};
  WipingBytes content;
  content.reserve(certificate_der.size() + issuer_name.size() + subject_name.size());
  for (std::size_t field = 0; !tbs.empty(); ++field) {
    const auto element = tbs.take_any();
    if (!element) throw std::runtime_error{"mbedTLS made a certificate that cannot be read"};
    if (field == kSignature)
      append(content, kEcdsaWithSha256);
    else if (field == kIssuer && !issuer_name.empty())
      append(content, issuer_name);
    else if (field == kSubject && !subject_name.empty())
      append(content, subject_name);
    else
      append(content, element->whole);
  }
  return der::value(der::Tag::sequence, {content});
}

/// Certificate and CertificateList alike: what is signed, how, and the signature.
Bytes signed_by(ByteView private_key, ByteView tbs) {
  const auto whole =
      der::value(der::Tag::sequence, {tbs, kEcdsaWithSha256, der::bit_string(p256::sign(private_key, tbs))});
  return {whole.begin(), whole.end()};
}

// The certificate as mbedTLS makes it.
Bytes write(const CertificateRequest& request, const std::string& issuer_name, const Authority* issuer,
            ByteView issuer_private_key, Random& random) {
  // mbedTLS may be built to sign by PSA.
  const auto lock = psa::enter();
  PublicOrPrivateKey subject_key;
  if (request.public_key_info.empty())
    load_public(subject_key, request.public_key);
  else
    check(mbedtls_pk_parse_public_key(subject_key.get(), request.public_key_info.data(),
                                      request.public_key_info.size()),
          "read the subject's key");
  PublicOrPrivateKey issuer_key;
  load_private(issuer_key, issuer_private_key, random);

  CertificateWriter writer;
  mbedtls_x509write_crt_set_version(writer.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(writer.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(writer.get(), subject_key.get());
  mbedtls_x509write_crt_set_issuer_key(writer.get(), issuer_key.get());
  if (!request.subject.empty())
    check(mbedtls_x509write_crt_set_subject_name(writer.get(), request.subject.c_str()),
          "set the subject's name");
  check(mbedtls_x509write_crt_set_issuer_name(writer.get(), issuer_name.c_str()), "set the issuer's name");
  check(mbedtls_x509write_crt_set_validity(writer.get(), time_text(request.not_before).c_str(),
                                           time_text(request.not_after).c_str()),
        "set the validity");
  set_serial(writer, request.serial);
  set_extensions(writer, request, issuer);

  // mbedTLS writes to the end of the buffer.
  Bytes der(kMaxCertificate);
  const int size = mbedtls_x509write_crt_der(writer.get(), der.data(), der.size(), fill_random, &random);
  check(size, "write the certificate");
  return {der.end() - size, der.end()};
}

// UTCTime until 2049, GeneralizedTime from then on (RFC 5280, 5.1.2.4).
WipingBytes time_element(std::int64_t unix_time) {
  const std::string text = time_text(unix_time) + "Z";
  const bool is_short = text < "2050";
  return der::value(is_short ? der::Tag::utc_time : der::Tag::generalized_time,
                    {bytes_of(std::string_view{text}.substr(is_short ? 2 : 0))});
}

WipingBytes extension_element(ByteView oid, ByteView value) {
  return der::value(der::Tag::sequence, {der::value(der::Tag::object_identifier, {oid}),
                                         der::value(der::Tag::octet_string, {value})});
}

/// What is in the OCTET STRING of the extension of that name.
std::optional<ByteView> find_extension(ByteView extensions, ByteView oid) {
  der::Reader outer{extensions};
  der::Reader list{outer.take(der::Tag::sequence).value_or(ByteView{})};
  while (const auto content = list.take(der::Tag::sequence)) {
    der::Reader extension{*content};
    const auto name = extension.take(der::Tag::object_identifier);
    (void)extension.take(der::Tag::boolean);
    const auto value = extension.take(der::Tag::octet_string);
    if (name && value && std::ranges::equal(*name, oid)) return value;
  }
  return std::nullopt;
}

std::int64_t unix_time_of(const mbedtls_x509_time& time) {
  using namespace std::chrono;
  const sys_days day{year{time.year} / month{static_cast<unsigned>(time.mon)} /
                     std::chrono::day{static_cast<unsigned>(time.day)}};
  const sys_seconds moment = day + hours{time.hour} + minutes{time.min} + seconds{time.sec};
  return moment.time_since_epoch().count();
}

/// The point of a SubjectPublicKeyInfo; nothing where it is no P-256 key.
std::optional<p256::PublicKey> read_p256(ByteView info) {
  constexpr auto kEcPublicKey = std::to_array<std::uint8_t>({0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01});
  constexpr auto kPrime256v1 = std::to_array<std::uint8_t>({0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});
  constexpr std::size_t kPoint = 2 + 64;  // unused bits, uncompressed, x, y
  der::Reader outer{info};
  der::Reader fields{outer.take(der::Tag::sequence).value_or(ByteView{})};
  der::Reader algorithm{fields.take(der::Tag::sequence).value_or(ByteView{})};
  const auto kind = algorithm.take(der::Tag::object_identifier);
  const auto curve = algorithm.take(der::Tag::object_identifier);
  const auto bits = fields.take(der::Tag::bit_string);
  if (!kind || !curve || !bits || !std::ranges::equal(*kind, kEcPublicKey) ||
      !std::ranges::equal(*curve, kPrime256v1) || bits->size() != kPoint || (*bits)[0] != 0 ||
      (*bits)[1] != 0x04)
    return std::nullopt;
  p256::PublicKey key;
  std::ranges::copy(bits->subspan(2, key.x.size()), key.x.begin());
  std::ranges::copy(bits->subspan(2 + key.x.size()), key.y.begin());
  return key;
}

}  // namespace

std::optional<Authority> read_authority(ByteView certificate_der) {
  const auto lock = psa::enter();
  Certificate certificate;
  if (mbedtls_x509_crt_parse_der(certificate.get(), certificate_der.data(), certificate_der.size()) != 0)
    return std::nullopt;
  const ByteView extensions{certificate->v3_ext.p, certificate->v3_ext.len};
  const auto key = read_p256({certificate->pk_raw.p, certificate->pk_raw.len});
  const auto constraints = find_extension(extensions, kBasicConstraintsOid);
  if (!key || !constraints) return std::nullopt;
  der::Reader outer{*constraints};
  der::Reader fields{outer.take(der::Tag::sequence).value_or(ByteView{})};
  const auto is_authority = fields.take(der::Tag::boolean);
  if (!is_authority || is_authority->size() != 1 || is_authority->front() == 0) return std::nullopt;
  const auto path_length = fields.take_unsigned();
  // Without the extension it may do everything.
  const auto may = [&](unsigned usage) {
    return mbedtls_x509_crt_check_key_usage(certificate.get(), usage) == 0;
  };
  if (!may(MBEDTLS_X509_KU_KEY_CERT_SIGN)) return std::nullopt;

  Authority authority;
  authority.name.assign(certificate->subject_raw.p,
                        certificate->subject_raw.p + certificate->subject_raw.len);
  if (const auto identifier = find_extension(extensions, kSubjectKeyIdentifierOid)) {
    const auto bytes = der::Reader{*identifier}.take(der::Tag::octet_string).value_or(ByteView{});
    authority.key_identifier.assign(bytes.begin(), bytes.end());
  }
  authority.public_key = *key;
  authority.not_before = unix_time_of(certificate->valid_from);
  authority.not_after = unix_time_of(certificate->valid_to);
  authority.has_authorities = !path_length || !path_length->empty();  // zero is no bytes
  authority.signs_revocations = may(MBEDTLS_X509_KU_CRL_SIGN);
  return authority;
}

Bytes issue(const CertificateRequest& request, const std::string& issuer, ByteView issuer_private_key,
            Random& random) {
  return signed_by(
      issuer_private_key,
      to_be_signed(write(request, issuer, nullptr, issuer_private_key, random), {}, request.subject_name));
}

Bytes issue(const CertificateRequest& request, const Authority& issuer, ByteView issuer_private_key,
            Random& random) {
  const std::string placeholder = "CN=issuer";
  return signed_by(issuer_private_key,
                   to_be_signed(write(request, placeholder, &issuer, issuer_private_key, random), issuer.name,
                                request.subject_name));
}

Bytes issue_revocation_list(const RevocationList& list, const Authority& issuer,
                            ByteView issuer_private_key) {
  constexpr std::array<std::uint8_t, 1> kVersion2{0x01};
  std::array<std::uint8_t, 4> number{};
  for (std::size_t i = 0; i < number.size(); ++i)
    number[i] = static_cast<std::uint8_t>(list.number >> (8 * (number.size() - 1 - i)));
  const auto date = time_element(list.this_update);
  constexpr std::size_t kEntry = 40;
  WipingBytes revoked;
  revoked.reserve(kEntry * list.serials.size());
  for (const auto& serial : list.serials)
    append(revoked, der::value(der::Tag::sequence, {der::unsigned_integer(serial), date}));
  WipingBytes extensions;
  extensions.reserve(2 * kEntry + issuer.key_identifier.size());
  if (!issuer.key_identifier.empty())
    append(extensions,
           extension_element(kAuthorityKeyIdentifierOid, authority_key_identifier(issuer.key_identifier)));
  append(extensions, extension_element(kCrlNumberOid, der::unsigned_integer(number)));
  // RFC 5280, 5.1.2.6: where nothing is revoked, there is no list.
  const auto entries = revoked.empty() ? WipingBytes{} : der::value(der::Tag::sequence, {revoked});
  return signed_by(
      issuer_private_key,
      der::value(der::Tag::sequence, {der::unsigned_integer(kVersion2), kEcdsaWithSha256, issuer.name, date,
                                      time_element(list.next_update), entries,
                                      der::tagged(0, der::value(der::Tag::sequence, {extensions}))}));
}

std::string to_pem(ByteView der, std::string_view label) {
  const std::string header = "-----BEGIN " + std::string{label} + "-----\n";
  const std::string footer = "-----END " + std::string{label} + "-----\n";
  // Four characters for three bytes, a line break for each 64 of them, header and footer.
  std::string pem(der.size() * 3 / 2 + 128, '\0');
  std::size_t length = 0;
  check(mbedtls_pem_write_buffer(header.c_str(), footer.c_str(), der.data(), der.size(),
                                 reinterpret_cast<unsigned char*>(pem.data()), pem.size(), &length),
        "write PEM");
  pem.resize(length - 1);  // it counts its terminating zero
  return pem;
}

Bytes key_identifier_of(ByteView certificate_der) {
  Certificate certificate;
  if (mbedtls_x509_crt_parse_der(certificate.get(), certificate_der.data(), certificate_der.size()) != 0)
    return {};
  const auto identifier =
      find_extension({certificate->v3_ext.p, certificate->v3_ext.len}, kSubjectKeyIdentifierOid);
  if (!identifier) return {};
  const auto bytes = der::Reader{*identifier}.take(der::Tag::octet_string).value_or(ByteView{});
  return {bytes.begin(), bytes.end()};
}

Bytes serial_of(ByteView certificate_der) {
  Certificate certificate;
  if (mbedtls_x509_crt_parse_der(certificate.get(), certificate_der.data(), certificate_der.size()) != 0)
    return {};
  return {certificate->serial.p, certificate->serial.p + certificate->serial.len};
}

bool chains_to(ByteView leaf_der, ByteView root_der) { return chains_to(leaf_der, {}, root_der); }

bool chains_to(ByteView leaf_der, std::span<const Bytes> between, ByteView root_der) {
  const auto lock = psa::enter();
  Certificate leaf;
  Certificate root;
  if (mbedtls_x509_crt_parse_der(leaf.get(), leaf_der.data(), leaf_der.size()) != 0 ||
      mbedtls_x509_crt_parse_der(root.get(), root_der.data(), root_der.size()) != 0)
    return false;
  for (const auto& authority : between) {
    // Those that are parsed into one hang together.
    if (mbedtls_x509_crt_parse_der(leaf.get(), authority.data(), authority.size()) != 0) return false;
  }
  std::uint32_t flags = 0;
  return mbedtls_x509_crt_verify(leaf.get(), root.get(), nullptr, nullptr, &flags, nullptr, nullptr) == 0;
}

}  // namespace fauxkey::crypto::x509
