// The names of values, as persona files, the command line and the control interface have them.
#pragma once

#include <array>
#include <string_view>

#include "fauxkey/key_config.h"

namespace fauxkey::personas {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

inline constexpr std::array kBuiltInUvNames{Named<BuiltInUvKind>{"none", BuiltInUvKind::none},
                                            Named<BuiltInUvKind>{"prompt", BuiltInUvKind::prompt},
                                            Named<BuiltInUvKind>{"fingerprint", BuiltInUvKind::fingerprint}};
inline constexpr std::array kAttestationNames{
    Named<AttestationStyle>{"packed", AttestationStyle::packed},
    Named<AttestationStyle>{"self", AttestationStyle::packed_self},
    Named<AttestationStyle>{"none", AttestationStyle::none},
    Named<AttestationStyle>{"fido-u2f", AttestationStyle::fido_u2f},
    Named<AttestationStyle>{"tpm", AttestationStyle::tpm},
    Named<AttestationStyle>{"android-key", AttestationStyle::android_key},
    Named<AttestationStyle>{"apple", AttestationStyle::apple},
    Named<AttestationStyle>{"compound", AttestationStyle::compound}};
inline constexpr std::array kLargeBlobNames{Named<LargeBlobKind>{"none", LargeBlobKind::none},
                                            Named<LargeBlobKind>{"command", LargeBlobKind::command},
                                            Named<LargeBlobKind>{"extension", LargeBlobKind::extension}};
inline constexpr std::array kCtapVersionNames{Named<CtapVersion>{"2.0", CtapVersion::fido_2_0},
                                              Named<CtapVersion>{"2.1", CtapVersion::fido_2_1},
                                              Named<CtapVersion>{"2.3", CtapVersion::fido_2_3}};
inline constexpr std::array kCounterNames{Named<CounterStyle>{"per-credential", CounterStyle::per_credential},
                                          Named<CounterStyle>{"global", CounterStyle::global},
                                          Named<CounterStyle>{"zero", CounterStyle::zero}};

}  // namespace fauxkey::personas
