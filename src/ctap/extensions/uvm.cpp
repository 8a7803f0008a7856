#include "ctap/extensions/uvm.h"

namespace fauxkey::ctap {
namespace {

// FIDO Registry of Predefined Values, 3.1 to 3.3.
constexpr int kPresenceInternal = 0x01, kFingerprintInternal = 0x02, kPatternInternal = 0x80,
              kPasscodeExternal = 0x800;
constexpr int kKeyProtectionSoftware = 0x01, kMatcherProtectionSoftware = 0x01;

int method_of(const Authenticator& key, Verification verification) {
  switch (verification) {
    case Verification::none:
      return kPresenceInternal;
    case Verification::token:
      return kPasscodeExternal;
    case Verification::built_in:
      return key.supports_fingerprints() ? kFingerprintInternal : kPatternInternal;
  }
  return kPresenceInternal;
}

}  // namespace

cbor::Array uvm_output(const Authenticator& key, Verification verification) {
  // Not by braces: compilers differ in whether a list in braces of one list is that list itself.
  cbor::Array output;
  output.emplace_back(
      cbor::Array{method_of(key, verification), kKeyProtectionSoftware, kMatcherProtectionSoftware});
  return output;
}

}  // namespace fauxkey::ctap
