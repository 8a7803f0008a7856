// The largeBlob extension (CTAP 2.3, 12.4): a blob that the key itself keeps with a discoverable credential.
// Its inputs and outputs are maps of named members, its outputs unsigned. It excludes largeBlobKey and the
// largeBlobs command.
#pragma once

#include <optional>

#include "authenticator/authenticator.h"
#include "ctap/reader.h"

namespace fauxkey::ctap {

inline constexpr const char* kLargeBlob = "largeBlob";

/// makeCredential's "support".
enum class LargeBlobSupport : std::uint8_t { preferred, required };

/// getAssertion's input: to read where `write` is empty.
struct LargeBlobRequest {
  std::optional<LargeBlob> write;
};

/// Nothing where it is not asked for. INVALID_CBOR for anything but what 12.4 describes.
[[nodiscard]] std::optional<LargeBlobSupport> read_large_blob_support(Reader& extensions);
[[nodiscard]] std::optional<LargeBlobRequest> read_large_blob_request(Reader& extensions);

/// Reads or writes the credential's blob. `named`: the request's allowList named the credential, without
/// which nothing is written. The extension's output; nothing where there is no blob to read.
[[nodiscard]] Result<std::optional<cbor::Map>> answer_large_blob(const LargeBlobRequest& request,
                                                                 Authenticator& key,
                                                                 const Credential& credential, bool named);

}  // namespace fauxkey::ctap
