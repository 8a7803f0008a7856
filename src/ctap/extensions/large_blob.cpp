#include "ctap/extensions/large_blob.h"

#include "authenticator/store_status.h"

namespace fauxkey::ctap {
namespace {

const cbor::Map* input_of(Reader& extensions, std::size_t members) {
  const auto* input = extensions.optional<cbor::Map>(kLargeBlob);
  if (input != nullptr && input->size() > members)
    extensions.note(Status::invalid_cbor, "12.4: largeBlob has members that do not belong to it");
  return input;
}

template <class T>
const T* member(const cbor::Map& map, const char* name) {
  const auto* value = cbor::find(map, name);
  return value != nullptr ? value->as<T>() : nullptr;
}

}  // namespace

std::optional<LargeBlobSupport> read_large_blob_support(Reader& extensions) {
  const auto* input = input_of(extensions, 1);
  if (input == nullptr) return std::nullopt;
  const auto* support = member<std::string>(*input, "support");
  if (support != nullptr && *support == "preferred") return LargeBlobSupport::preferred;
  if (support != nullptr && *support == "required") return LargeBlobSupport::required;
  extensions.note(Status::invalid_cbor, "12.4: largeBlob's support is neither preferred nor required");
  return std::nullopt;
}

std::optional<LargeBlobRequest> read_large_blob_request(Reader& extensions) {
  const auto* input = input_of(extensions, 2);
  if (input == nullptr) return std::nullopt;
  const auto* read = member<bool>(*input, "read");
  const auto* write = member<Bytes>(*input, "write");
  const auto* original_size = member<std::uint64_t>(*input, "originalSize");
  if (input->size() == 1 && read != nullptr && *read) return LargeBlobRequest{};
  if (write != nullptr && original_size != nullptr)
    return LargeBlobRequest{LargeBlob{*write, *original_size}};
  extensions.note(Status::invalid_cbor, "12.4: largeBlob is neither read: true nor write with originalSize");
  return std::nullopt;
}

Result<std::optional<cbor::Map>> answer_large_blob(const LargeBlobRequest& request, Authenticator& key,
                                                   const Credential& credential, bool named) {
  if (request.write) {
    const bool possible = named && credential.supports_large_blob &&
                          request.write->bytes.size() <= key.limits().max_large_blob_length;
    if (!possible) return cbor::Map{{"written", false}};
    auto changed = credential.clone();
    changed.large_blob = request.write;
    const auto written = checked(key.store().update(changed));
    if (!written) return fail(written.error());
    return cbor::Map{{"written", *written}};
  }
  if (!credential.large_blob) return std::nullopt;
  return cbor::Map{{"blob", credential.large_blob->bytes},
                   {"originalSize", credential.large_blob->original_size}};
}

}  // namespace fauxkey::ctap
