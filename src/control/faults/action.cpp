#include "control/faults/action.h"

#include <algorithm>
#include <array>

#include "control/faults/cbor_faults.h"
#include "control/faults/message_faults.h"
#include "control/faults/packet_faults.h"
#include "control/faults/webauthn_faults.h"
#include "fauxkey/status.h"

namespace fauxkey::control::faults {
namespace {

using Type = Parameter::Type;

constexpr std::int64_t kTenMinutes = 600'000;
constexpr std::int64_t kLastPacket = 128;  // of the largest message
constexpr std::int64_t kMax32 = 0xFFFF'FFFF;
constexpr std::int64_t kMaxId = 1024;

constexpr Parameter kProcessed{.name = "processed",
                               .type = Type::flag,
                               .what = "whether the key does what was asked all the same",
                               .otherwise = 0};
constexpr std::array kStatusParameters{
    Parameter{.name = "status",
              .type = Type::status,
              .what = "CTAP's status by its number or name; for a U2F command, a status word",
              .required = true},
    kProcessed};
constexpr std::array kDelayParameters{Parameter{.name = "milliseconds",
                                                .what = "how long, by the key's clock",
                                                .required = true,
                                                .min = 1,
                                                .max = kTenMinutes}};
constexpr std::array kNoAnswerParameters{kProcessed};
constexpr std::array kKeepaliveParameters{Parameter{.name = "upNeeded",
                                                    .type = Type::flag,
                                                    .what = "whether they ask for a touch (STATUS_UPNEEDED)",
                                                    .otherwise = 0}};
constexpr std::array kBusyParameters{
    Parameter{.name = "requests",
              .what = "for how many requests of any kind, this one among them",
              .min = 1,
              .max = 10'000,
              .otherwise = 1},
    Parameter{.name = "milliseconds",
              .what = "and for how long from this one on, by the key's clock",
              .min = 1,
              .max = kTenMinutes}};

constexpr std::array kPacketParameters{
    Parameter{.name = "packet",
              .what = "which packet of the answer, from 0; the last where it has fewer",
              .min = 0,
              .max = kLastPacket,
              .otherwise = 0}};
constexpr std::array kCorruptParameters{
    kPacketParameters[0],
    Parameter{.name = "offset", .what = "which of the packet's bytes", .min = 0, .max = 63, .otherwise = 7},
    Parameter{.name = "mask", .what = "which of its bits", .min = 1, .max = 255, .otherwise = 1}};
constexpr std::array kSequenceParameters{
    Parameter{.name = "packet",
              .what = "which packet of the answer; the last where it has fewer",
              .min = 1,
              .max = kLastPacket,
              .otherwise = 1},
    Parameter{.name = "sequence",
              .what = "the number that it gets; one more than is right where it is not given",
              .min = 0,
              .max = 127}};
constexpr std::array kChannelParameters{
    kPacketParameters[0], Parameter{.name = "channel",
                                    .what = "the channel that it gets; a neighbour's where it is not given",
                                    .min = 0,
                                    .max = kMax32}};
constexpr std::array kUnplugParameters{Parameter{.name = "packets",
                                                 .what = "after how many packets of the answer",
                                                 .min = 0,
                                                 .max = kLastPacket,
                                                 .otherwise = 1}};

constexpr std::array kTruncateParameters{
    Parameter{.name = "bytes", .what = "how many are missing", .min = 1, .max = 7609, .otherwise = 1}};
constexpr std::array<std::string_view, 6> kEncodings{"mapOrder",         "integer",      "length",
                                                     "indefiniteLength", "duplicateKey", "trailingByte"};
constexpr std::array kEncodingParameters{
    Parameter{.name = "encoding",
              .type = Type::choice,
              .what = "what is not canonical: mapOrder (keys in reverse), integer or length (longer than "
                      "they need be), indefiniteLength, duplicateKey, trailingByte",
              .choices = kEncodings}};
constexpr std::array kMemberParameters{
    Parameter{.name = "member",
              .type = Type::member,
              .what = "its key, or an array of keys from the answer's map inwards",
              .required = true}};
constexpr std::array kExtraMemberParameters{Parameter{.name = "key",
                                                      .what = "the key that it has in the answer's map",
                                                      .min = 0,
                                                      .max = 0x7FFF'FFFF,
                                                      .otherwise = 0x7F}};

constexpr std::array kRpIdParameters{
    Parameter{.name = "rpId", .type = Type::text, .what = "whose hash it is", .required = true, .max = 253}};
constexpr std::array<std::string_view, 6> kFlags{"UP", "UV", "BE", "BS", "AT", "ED"};
constexpr std::array kFlagParameters{
    Parameter{.name = "flag", .type = Type::choice, .what = "which one (UP)", .choices = kFlags},
    Parameter{.name = "set",
              .type = Type::flag,
              .what = "whether it is set or cleared; nothing else is put right",
              .required = true}};
constexpr std::array kBackParameters{
    Parameter{.name = "by", .what = "how far", .min = 1, .max = kMax32, .otherwise = 1}};
constexpr std::array kCounterParameters{
    Parameter{.name = "value", .what = "what it says", .required = true, .min = 0, .max = kMax32}};
constexpr std::array kAaguidParameters{
    Parameter{.name = "aaguid", .type = Type::aaguid, .what = "zeros where it is not given"}};
constexpr std::array<std::string_view, 9> kStatements{
    "none", "missing", "self", "expired", "notYetValid", "wrongRoot", "wrongKey", "wrongAaguid", "revoked"};
constexpr std::array kAttestationParameters{Parameter{
    .name = "statement",
    .type = Type::choice,
    .what = "none; missing (format packed, and nothing in it); self; or by a certificate that is "
            "expired, notYetValid, of a wrongRoot, of another key (wrongKey) or model (wrongAaguid), or "
            "revoked (on the authority's list); U2F has the last six",
    .choices = kStatements}};
constexpr std::array kLengthParameters{
    Parameter{.name = "length", .what = "its bytes", .min = 1024, .max = 4096, .otherwise = 1024}};
constexpr std::array kCredentialIdParameters{Parameter{.name = "credentialId",
                                                       .type = Type::bytes,
                                                       .what = "one that nobody has where it is not given",
                                                       .max = kMaxId}};
constexpr std::array kUserHandleParameters{Parameter{.name = "userHandle",
                                                     .type = Type::bytes,
                                                     .what = "one that nobody has where it is not given",
                                                     .max = 64}};
constexpr std::array kAlgorithmParameters{Parameter{
    .name = "algorithm", .what = "COSE's number", .min = -65'536, .max = 65'535, .otherwise = -257}};

// In the order in which docs/faults.md has them.
constexpr auto kTable = std::to_array<ActionRow>({
    {.name = "status",
     .fault = MessageFault{give_status},
     .what = "The answer is this status and no more",
     .parameters = kStatusParameters},
    {.name = "pinBlocked",
     .fault = MessageFault{give<Status::pin_blocked>},
     .what = "As status PIN_BLOCKED",
     .kinds = kCtap},
    {.name = "pinAuthBlocked",
     .fault = MessageFault{give<Status::pin_auth_blocked>},
     .what = "As status PIN_AUTH_BLOCKED",
     .kinds = kCtap},
    {.name = "uvBlocked",
     .fault = MessageFault{give<Status::uv_blocked>},
     .what = "As status UV_BLOCKED",
     .kinds = kCtap},
    {.name = "delay",
     .fault = MessageFault{delay},
     .what = "The request waits before the key gets it; keepalives come meanwhile",
     .parameters = kDelayParameters},
    {.name = "noAnswer",
     .fault = MessageFault{no_answer},
     .what = "Nothing more comes, no keepalives either; CANCEL or INIT frees the channel",
     .parameters = kNoAnswerParameters},
    {.name = "keepaliveForEver",
     .fault = MessageFault{keepalive_for_ever},
     .what = "Keepalives come until the host sends CANCEL or INIT",
     .parameters = kKeepaliveParameters},
    {.name = "busy",
     .fault = MessageFault{busy},
     .what = "ERR_CHANNEL_BUSY, from this request on",
     .parameters = kBusyParameters,
     .storm = true},

    {.name = "dropPacket",
     .fault = PacketFault{drop_packet},
     .what = "One packet is missing",
     .parameters = kPacketParameters},
    {.name = "repeatPacket",
     .fault = PacketFault{repeat_packet},
     .what = "One packet comes twice",
     .parameters = kPacketParameters},
    {.name = "reorderPackets",
     .fault = PacketFault{reorder_packets},
     .what = "One packet and the one behind it change places",
     .parameters = kPacketParameters},
    {.name = "corruptPacket",
     .fault = PacketFault{corrupt_packet},
     .what = "Bits of one byte of a packet are flipped",
     .parameters = kCorruptParameters},
    {.name = "wrongSequence",
     .fault = PacketFault{wrong_sequence},
     .what = "One packet has a wrong sequence number",
     .parameters = kSequenceParameters},
    {.name = "wrongChannel",
     .fault = PacketFault{wrong_channel},
     .what = "One packet is on another channel",
     .parameters = kChannelParameters},
    {.name = "unplugInTheMiddle",
     .fault = PacketFault{unplug_in_the_middle},
     .what = "The key is unplugged while it answers",
     .parameters = kUnplugParameters},

    {.name = "truncateCbor",
     .fault = CborFault{truncate},
     .what = "The answer's last bytes are missing",
     .kinds = kCtap,
     .parameters = kTruncateParameters},
    {.name = "nonCanonicalCbor",
     .fault = CborFault{not_canonical},
     .what = "The answer's map is encoded as CTAP forbids",
     .kinds = kCtap,
     .parameters = kEncodingParameters},
    {.name = "wrongTypeCbor",
     .fault = CborFault{wrong_type},
     .what = "A member is a text, or a number where it was a text",
     .kinds = kCtap,
     .parameters = kMemberParameters},
    {.name = "missingMember",
     .fault = CborFault{missing_member},
     .what = "A member is missing",
     .kinds = kCtap,
     .parameters = kMemberParameters},
    {.name = "extraMember",
     .fault = CborFault{extra_member},
     .what = "There is a member more, with the value true",
     .kinds = kCtap,
     .parameters = kExtraMemberParameters},

    {.name = "bogusSignature",
     .fault = WebAuthnFault{bogus_signature},
     .what = "The signature has the right form and is wrong",
     .kinds = kSigned},
    {.name = "malformedSignature",
     .fault = WebAuthnFault{malformed_signature},
     .what = "The signature lacks its last byte, and so is no DER",
     .kinds = kSigned},
    {.name = "signatureOverOtherData",
     .fault = WebAuthnFault{signature_over_other_data},
     .what = "The signature is good, but for another clientDataHash",
     .kinds = kSigned},
    {.name = "rpIdHash",
     .fault = WebAuthnFault{rp_id_hash},
     .what = "The answer is for another relying party",
     .kinds = kSigned,
     .parameters = kRpIdParameters},
    {.name = "flag",
     .fault = WebAuthnFault{flag},
     .what = "One of the authenticator data's flags is wrong; U2F's authentication has UP alone",
     .kinds = kRegistration | kAssertions,
     .parameters = kFlagParameters},
    {.name = "counterEqual",
     .fault = WebAuthnFault{counter_equal},
     .what = "The signature counter is what it was the last time",
     .kinds = kAssertions},
    {.name = "counterBack",
     .fault = WebAuthnFault{counter_back},
     .what = "The signature counter is less than the last time, 0 at least",
     .kinds = kAssertions,
     .parameters = kBackParameters},
    {.name = "counterWrapped",
     .fault = WebAuthnFault{counter_wrapped},
     .what = "The signature counter is 0, as after its 32 bits are used up",
     .kinds = kAssertions},
    {.name = "counterValue",
     .fault = WebAuthnFault{counter_value},
     .what = "The signature counter is a given one",
     .kinds = kRegistration | kAssertions,
     .parameters = kCounterParameters},
    {.name = "aaguid",
     .fault = WebAuthnFault{aaguid},
     .what = "The AAGUID is another; the attestation's certificate is not",
     .kinds = kRegistration,
     .parameters = kAaguidParameters},
    {.name = "attestation",
     .fault = WebAuthnFault{attestation},
     .what = "The registration is attested otherwise",
     .kinds = kRegistrations,
     .parameters = kAttestationParameters},
    {.name = "publicKeyAlgorithm",
     .fault = WebAuthnFault{public_key_algorithm},
     .what = "The credential's COSE key names another algorithm than its own",
     .kinds = kRegistration,
     .parameters = kAlgorithmParameters},
    {.name = "credentialIdTooLong",
     .fault = WebAuthnFault{credential_id_too_long},
     .what = "The credential id is longer than WebAuthn's 1023 bytes",
     .kinds = kRegistration | kAssertion,
     .parameters = kLengthParameters},
    {.name = "credentialIdEmpty",
     .fault = WebAuthnFault{credential_id_empty},
     .what = "The credential id has no bytes",
     .kinds = kRegistrations | kAssertion},
    {.name = "credentialIdOfAnother",
     .fault = WebAuthnFault{credential_id_of_another},
     .what = "The credential id is another's",
     .kinds = kRegistrations | kAssertion,
     .parameters = kCredentialIdParameters},
    {.name = "userHandleOfAnother",
     .fault = WebAuthnFault{user_handle_of_another},
     .what = "The user handle is another's",
     .kinds = kAssertion,
     .parameters = kUserHandleParameters},
    {.name = "userHandleMissing",
     .fault = WebAuthnFault{user_handle_missing},
     .what = "The user handle is missing",
     .kinds = kAssertion},
});

bool takes_status(const ActionRow& row) {
  return std::ranges::any_of(row.parameters, [](const Parameter& one) { return one.type == Type::status; });
}

const ActionRow& row_named(const Json& json) {
  if (!json.is_object()) throw RuleError{"action", "action has to be a JSON object."};
  const auto type = json.find("type");
  if (type != json.end() && type->is_string()) {
    const auto& name = type->get_ref<const std::string&>();
    const auto* const found = std::ranges::find(kTable, name, &ActionRow::name);
    if (found != kTable.end()) return *found;
  }
  std::vector<std::string_view> names;
  names.reserve(kTable.size());
  for (const auto& row : kTable) names.push_back(row.name);
  throw RuleError{"action.type", "action.type has to be one of " + listed(names) + "."};
}

}  // namespace

std::string_view ActionRow::layer() const {
  constexpr std::array<std::string_view, std::variant_size_v<Fault>> kLayers{"message", "packets", "cbor",
                                                                             "webauthn"};
  return kLayers.at(fault.index());
}

std::span<const ActionRow> action_table() { return kTable; }

Action Action::read(const Json& json, const CommandRow* command) {
  const auto& row = row_named(json);
  const bool u2f = command != nullptr && (command->kind & kU2f) != 0;
  Action action{.row = &row, .kinds = row.kinds, .arguments = Arguments::read(json, row.parameters, u2f)};
  // A status is one of either protocol.
  if (takes_status(row)) action.kinds &= u2f ? kU2f : kCtap;
  if (command != nullptr && (action.kinds & command->kind) == 0) {
    throw RuleError{"match.command", "match.command: there is nothing in " + std::string{command->name} +
                                         " that the action " + std::string{row.name} +
                                         " could change, so name another command."};
  }
  return action;
}

Json Action::json() const {
  Json json{{"type", row->name}};
  json.update(arguments.json());
  return json;
}

std::string Action::description() const {
  std::string text{row->name};
  for (const auto& item : arguments.json().items()) {
    text += ", " + item.key() + " " +
            (item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
  }
  return text;
}

}  // namespace fauxkey::control::faults
