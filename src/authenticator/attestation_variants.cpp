#include "authenticator/attestation_variants.h"

namespace fauxkey {
namespace {

// Far from any clock that a test may have set, so that nobody takes them for a clock that is a little off.
constexpr std::int64_t k2001 = 978'307'200, k2002 = 1'009'843'200;
constexpr std::int64_t k2020 = 1'577'836'800;
constexpr std::int64_t k2090 = 3'786'912'000, k2100 = 4'102'444'800;

}  // namespace

const AttestationKey* AttestationVariants::find(AttestationVariant variant) {
  if (variant == AttestationVariant::genuine) return &attestation_.leaf();
  if (variant == AttestationVariant::enterprise) {
    const auto& enterprise = attestation_.enterprise();
    return enterprise ? &*enterprise : nullptr;
  }
  auto found = made_.find(variant);
  if (found == made_.end()) found = made_.emplace(variant, make(variant)).first;
  return &found->second;
}

AttestationKey AttestationVariants::make(AttestationVariant variant) {
  Attestation::Leaf leaf{.not_before = k2020, .not_after = k2090, .aaguid = persona_.aaguid};
  switch (variant) {
    case AttestationVariant::expired:
      leaf.not_before = k2001;
      leaf.not_after = k2002;
      break;
    case AttestationVariant::not_yet_valid:
      leaf.not_before = k2090;
      leaf.not_after = k2100;
      break;
    case AttestationVariant::wrong_aaguid:
      leaf.aaguid.back() ^= 0x01;
      break;
    case AttestationVariant::wrong_root:
      return Attestation::issue_by_other_root(leaf, random_);
    case AttestationVariant::wrong_key:
      return {crypto::p256::generate(random_), attestation_.leaf().certificate()};
    case AttestationVariant::genuine:
    case AttestationVariant::enterprise:
      break;
  }
  return Attestation::issue(store_, leaf, random_);
}

}  // namespace fauxkey
