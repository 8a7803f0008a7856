// A certificate's fields, read by mbedTLS, for tests.
#pragma once

#include <doctest/doctest.h>
#include <mbedtls/asn1.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include <array>
#include <optional>
#include <string>

#include "crypto_vectors.h"

namespace fauxkey::test {

inline const std::string kBasicConstraintsOid = "551d13";
inline const std::string kKeyUsageOid = "551d0f";
inline const std::string kSubjectKeyIdentifierOid = "551d0e";
inline const std::string kAuthorityKeyIdentifierOid = "551d23";
inline const std::string kAaguidOid = "2b0601040182e51c010104";

class Certificate {
 public:
  explicit Certificate(Bytes der) : der_{std::move(der)} {
    mbedtls_x509_crt_init(&parsed_);
    REQUIRE(mbedtls_x509_crt_parse_der(&parsed_, der_.data(), der_.size()) == 0);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() { mbedtls_x509_crt_free(&parsed_); }

  [[nodiscard]] const Bytes& der() const { return der_; }
  [[nodiscard]] int version() const { return parsed_.version; }
  [[nodiscard]] std::string subject() const { return name(parsed_.subject); }
  [[nodiscard]] std::string issuer() const { return name(parsed_.issuer); }
  [[nodiscard]] std::string serial() const { return hex({parsed_.serial.p, parsed_.serial.len}); }
  [[nodiscard]] int valid_from_year() const { return parsed_.valid_from.year; }
  [[nodiscard]] int valid_to_year() const { return parsed_.valid_to.year; }
  [[nodiscard]] bool country_is_printable_string() const {
    for (const auto* part = &parsed_.subject; part != nullptr; part = part->next)
      if (hex({part->oid.p, part->oid.len}) == "550406")
        return part->val.tag == MBEDTLS_ASN1_PRINTABLE_STRING;
    return false;
  }
  [[nodiscard]] crypto::p256::PublicKey public_key() const {
    std::array<unsigned char, 128> buffer{};
    auto* context = const_cast<mbedtls_pk_context*>(&parsed_.pk);
    const int size = mbedtls_pk_write_pubkey_der(context, buffer.data(), buffer.size());
    REQUIRE(size > 64);
    const ByteView point = ByteView{buffer}.last(64);
    return {array_of<32>(point.first(32)), array_of<32>(point.last(32))};
  }

  struct Extension {
    bool critical = false;
    Bytes value;  ///< what is in the OCTET STRING
  };
  /// The extension whose object identifier has this DER content, in hexadecimal.
  [[nodiscard]] std::optional<Extension> extension(const std::string& oid) const {
    auto* at = const_cast<unsigned char*>(parsed_.v3_ext.p);
    const unsigned char* const end = at + parsed_.v3_ext.len;
    std::size_t length = 0;
    constexpr int kSequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    REQUIRE(mbedtls_asn1_get_tag(&at, end, &length, kSequence) == 0);
    std::optional<Extension> found;
    while (at < end) {
      REQUIRE(mbedtls_asn1_get_tag(&at, end, &length, kSequence) == 0);
      const unsigned char* const next = at + length;
      REQUIRE(mbedtls_asn1_get_tag(&at, next, &length, MBEDTLS_ASN1_OID) == 0);
      const std::string name = hex({at, length});
      at += length;
      int critical = 0;
      (void)mbedtls_asn1_get_bool(&at, next, &critical);
      REQUIRE(mbedtls_asn1_get_tag(&at, next, &length, MBEDTLS_ASN1_OCTET_STRING) == 0);
      if (name == oid) {
        CHECK_FALSE(found);  // no extension comes twice
        found = Extension{critical != 0, copy({at, length})};
      }
      at += length;
      REQUIRE(at == next);
    }
    return found;
  }

 private:
  static std::string name(const mbedtls_x509_name& name) {
    std::array<char, 256> text{};
    REQUIRE(mbedtls_x509_dn_gets(text.data(), text.size(), &name) >= 0);
    return text.data();
  }

  Bytes der_;
  mbedtls_x509_crt parsed_{};
};

}  // namespace fauxkey::test
