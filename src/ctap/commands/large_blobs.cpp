// authenticatorLargeBlobs, 0x0C (CTAP 2.3, 6.10).
#include "authenticator/large_blobs.h"

#include "crypto/hash.h"
#include "ctap/command.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kGet{1, "get"}, kSet{2, "set"}, kOffset{3, "offset"}, kLength{4, "length"},
    kPinUvAuthParam{5, "pinUvAuthParam"}, kPinUvAuthProtocol{6, "pinUvAuthProtocol"};
constexpr int kConfig = 1;

struct LargeBlobsRequest {
  const std::uint64_t* get = nullptr;
  const Bytes* set = nullptr;
  const std::uint64_t* offset = nullptr;
  const std::uint64_t* length = nullptr;
  PinUvAuthParam auth;
};

/// 6.10.2
std::size_t max_fragment_length(const Request& call) { return call.session.key.limits().max_msg_size - 64; }

std::string of_array(std::uint64_t number, std::size_t limit) {
  return std::to_string(number) + ", more than " + std::to_string(limit);
}

/// 6.10.2, step 5
Response get(Request& call, const LargeBlobsRequest& request) {
  if (request.length != nullptr || request.auth.param || request.auth.protocol)
    return fail(Status::invalid_parameter,
                "6.10.2: get goes without length, pinUvAuthParam and pinUvAuthProtocol");
  if (const auto most = max_fragment_length(call); *request.get > most) {
    return fail(Status::invalid_length,
                "6.10.2: get asks for " + of_array(*request.get, most) + " bytes (maxFragmentLength)");
  }
  const auto array = LargeBlobs::load(call.session.key.store());
  if (!array) return fail(array.error());
  if (*request.offset > array->size()) {
    return fail(Status::invalid_parameter, "6.10.2: offset is " + of_array(*request.offset, array->size()) +
                                               ", the stored array's length");
  }
  const auto rest = ByteView{*array}.subspan(static_cast<std::size_t>(*request.offset));
  return cbor::Map{
      {kConfig, cbor::Value::bytes(rest.first(std::min<std::size_t>(rest.size(), *request.get)))}};
}

/// 6.10.2, step 6: a fragment goes behind those that came before it on this channel.
Response set(Request& call, const LargeBlobsRequest& request) {
  if (const auto most = max_fragment_length(call); request.set->size() > most) {
    return fail(Status::invalid_length,
                "6.10.2: set has " + of_array(request.set->size(), most) + " bytes (maxFragmentLength)");
  }
  PendingLargeBlob pending;
  if (*request.offset == 0) {
    if (request.length == nullptr)
      return fail(Status::invalid_parameter, "6.10.2: length is missing beside offset 0");
    if (const auto most = call.session.key.limits().max_serialized_large_blob_array; *request.length > most) {
      return fail(Status::large_blob_storage_full,
                  "6.10.2: length is " + of_array(*request.length, most) + " (maxSerializedLargeBlobArray)");
    }
    if (*request.length < LargeBlobs::kMinSize) {
      return fail(Status::invalid_parameter, "6.10.2: length is " + std::to_string(*request.length) +
                                                 ", less than the 17 of an empty array");
    }
    pending.expected_length = static_cast<std::size_t>(*request.length);
  } else {
    if (request.length != nullptr)
      return fail(Status::invalid_parameter, "6.10.2: length goes with offset 0 alone");
    auto* open = std::get_if<PendingLargeBlob>(&call.sequence);
    if (open == nullptr)
      return fail(Status::invalid_seq, "6.10.2: no fragment with offset 0 came before it on this channel");
    if (*request.offset != open->bytes.size()) {
      return fail(Status::invalid_seq, "6.10.2: offset is " + std::to_string(*request.offset) +
                                           ", and the fragments before end at " +
                                           std::to_string(open->bytes.size()));
    }
    pending = std::move(*open);
  }
  if (call.session.key.is_protected() || call.session.key.settings().always_uv) {
    if (!request.auth.param)
      return fail(Status::puat_required,
                  "6.10.2: the key is protected, and the request has no pinUvAuthParam");
    // Thirty-two bytes of ff, the command and 00, the offset (little-endian), the fragment's hash.
    Bytes message(32, 0xFF);
    message.push_back(0x0C);
    message.push_back(0x00);
    for (const int shift : {0, 8, 16, 24})
      message.push_back(static_cast<std::uint8_t>(*request.offset >> shift));
    append(message, crypto::sha256(*request.set));
    const auto verified =
        call.session.auth.verify(request.auth, {message}, kLargeBlobWrite, "offset and fragment");
    if (!verified) return fail(verified.error());
  }
  if (pending.bytes.size() + request.set->size() > pending.expected_length) {
    return fail(Status::invalid_parameter,
                "6.10.2: the fragments have " +
                    of_array(pending.bytes.size() + request.set->size(), pending.expected_length) +
                    " bytes (length)");
  }
  append(pending.bytes, *request.set);
  if (pending.bytes.size() < pending.expected_length) {
    call.session.sequences.put(call.exchange.channel, std::move(pending));
    return cbor::Value{};
  }
  if (const auto kept = LargeBlobs::save(call.session.key.store(), pending.bytes); !kept)
    return fail(kept.error());
  return cbor::Value{};
}

}  // namespace

Response large_blobs(Request& call) {
  Reader reader{call.parameters};
  LargeBlobsRequest request;
  request.get = reader.optional<std::uint64_t>(kGet);
  request.set = reader.optional<Bytes>(kSet);
  request.offset = reader.optional<std::uint64_t>(kOffset);
  request.length = reader.optional<std::uint64_t>(kLength);
  request.auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (!reader.ok()) return fail(reader.refusal());
  if (request.offset == nullptr) return fail(Status::invalid_parameter, "6.10.2: offset is missing");
  if ((request.get == nullptr) == (request.set == nullptr))
    return fail(Status::invalid_parameter, "6.10.2: get and set: one of them, not both and not none");
  return request.get != nullptr ? get(call, request) : set(call, request);
}

}  // namespace fauxkey::ctap
