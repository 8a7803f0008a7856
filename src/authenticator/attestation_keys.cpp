#include "authenticator/attestation_keys.h"

#include <algorithm>
#include <memory>

#include "authenticator/attestation_leaf.h"

namespace fauxkey {
namespace {

// Far from any clock that a test may have set, so that nobody takes them for a clock that is a little off.
constexpr std::int64_t k2001 = 978'307'200, k2002 = 1'009'843'200;
constexpr std::int64_t k2090 = 3'786'912'000, k2100 = 4'102'444'800;

}  // namespace

const AttestationKey* AttestationKeys::find(LeafKind kind, AttestationVariant variant) {
  if (variant == AttestationVariant::enterprise) {
    const auto& enterprise = attestation_.enterprise();
    return enterprise ? &*enterprise : nullptr;
  }
  const bool under_root = kind == LeafKind::u2f || (kind == LeafKind::model && config_.attestation_chain < 2);
  if (variant == AttestationVariant::genuine && under_root) return &attestation_.leaf();
  const std::pair which{kind, variant};
  auto found = made_.find(which);
  if (found == made_.end()) found = made_.emplace(which, make(kind, variant)).first;
  return &found->second;
}

AttestationKeys::Chain AttestationKeys::chain(LeafKind kind, AttestationVariant variant) {
  auto root = attestation_.load_root(store_);
  if (variant == AttestationVariant::wrong_root)
    root = std::make_shared<const AttestationRoot>(make_impostor_of(*root, random_));
  AttestationAuthority top{*root};
  if (kind == LeafKind::u2f || config_.attestation_chain < 2)
    return {.signer = std::move(top), .between = {}, .root = root->certificate};
  auto signer = top.intermediate(random_);
  Bytes between = signer.certificate();
  return {.signer = std::move(signer), .between = {std::move(between)}, .root = root->certificate};
}

void AttestationKeys::set_terms(crypto::x509::CertificateRequest& request, LeafKind kind,
                                AttestationVariant variant, const AttestationAuthority& signer) {
  request.not_before = signer.terms().not_before;
  request.not_after = signer.terms().not_after;
  request.serial = variant == AttestationVariant::revoked ? signer.revoked_serial(kind)
                                                          : serial_of_hash(random_.bytes<32>());
  if (variant == AttestationVariant::expired) {
    request.not_before = k2001;
    request.not_after = k2002;
  } else if (variant == AttestationVariant::not_yet_valid) {
    request.not_before = k2090;
    request.not_after = k2100;
  } else if (variant == AttestationVariant::wrong_aaguid && request.aaguid) {
    request.aaguid->back() ^= 0x01;
  }
}

AttestationKey AttestationKeys::make(LeafKind kind, AttestationVariant variant) {
  const auto& aaguid = config_.persona.aaguid;
  if (variant == AttestationVariant::wrong_key) {
    return find(kind, AttestationVariant::genuine)->with(crypto::p256::generate(random_));
  }
  auto above = chain(kind, variant);
  if (variant == AttestationVariant::genuine) {
    return derived_leaf(above.signer, kind, aaguid, std::move(above.between), random_);
  }
  auto key = crypto::p256::generate(random_);
  const auto public_key = crypto::p256::public_key(key);
  auto request = kind == LeafKind::tpm ? tpm_leaf(aaguid, public_key) : model_leaf(aaguid, public_key);
  set_terms(request, kind, variant, above.signer);
  auto certificate = above.signer.issue(request, random_);
  return {std::move(key), std::move(certificate), std::move(above.between)};
}

AttestationKeys::Certified AttestationKeys::certify(LeafKind kind, crypto::x509::CertificateRequest request,
                                                    AttestationVariant variant) {
  auto above = chain(kind, variant);
  set_terms(request, kind, variant, above.signer);
  return {.leaf = above.signer.issue(request, random_),
          .between = std::move(above.between),
          .root = std::move(above.root)};
}

std::optional<Bytes> AttestationKeys::intermediate() {
  const auto above = chain(LeafKind::model, AttestationVariant::genuine);
  if (above.between.empty()) return std::nullopt;
  return above.between.front();
}

std::vector<Bytes> AttestationKeys::revocation_lists() {
  return attestation_revocation_lists(*attestation_.load_root(store_), random_);
}

}  // namespace fauxkey
