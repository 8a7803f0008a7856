// authenticatorBioEnrollment, 0x09 (CTAP 2.3, 6.7): each subcommand is a function.
#include <array>

#include "ctap/command.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kModality{1, "modality"}, kSubCommand{2, "subCommand"},
    kSubCommandParams{3, "subCommandParams"}, kPinUvAuthProtocol{4, "pinUvAuthProtocol"},
    kPinUvAuthParam{5, "pinUvAuthParam"}, kGetModality{6, "getModality"};
constexpr Member kTemplateIdParam{1, "templateId"}, kTemplateFriendlyNameParam{2, "templateFriendlyName"},
    kTimeoutMillisecondsParam{3, "timeoutMilliseconds"};
constexpr int kModalityResult = 1, kFingerprintKind = 2, kMaxCaptureSamplesRequiredForEnroll = 3,
              kTemplateId = 4, kLastEnrollSampleStatus = 5, kRemainingSamples = 6, kTemplateInfos = 7,
              kMaxTemplateFriendlyName = 8;
constexpr int kTemplateInfoId = 1, kTemplateInfoFriendlyName = 2;

constexpr std::uint8_t kFingerprint = 1;  // the only modality
constexpr std::uint8_t kTouchSensor = 1;  // the other kind is swiped over

struct BioEnrollmentRequest {
  Request& call;
  Reader params;

  [[nodiscard]] Session& session() const { return call.session; }
  [[nodiscard]] Authenticator& key() const { return call.session.key; }
};

/// A finger on the sensor, within the platform's time; and what it does to the enrollment that is open.
Response capture(BioEnrollmentRequest& request, PendingEnrollment& enrollment,
                 const std::uint64_t* milliseconds) {
  const auto scan =
      request.key().scan_finger({Operation::enrollment, {}, {}}, request.call.exchange, milliseconds);
  if (!scan) return fail(scan.error());
  auto sample = scan->sample;
  if (scan->answer == UserAnswer::timed_out) {
    sample = SampleStatus::no_user_activity;
  } else if (sample == SampleStatus::good && enrollment.finger.value_or(scan->finger) != scan->finger) {
    sample = SampleStatus::merge_failure;  // another finger than the samples before
  }
  if (sample == SampleStatus::good) {
    enrollment.finger = scan->finger;
    --enrollment.remaining;
  }
  cbor::Map response{{kLastEnrollSampleStatus, static_cast<std::uint8_t>(sample)},
                     {kRemainingSamples, enrollment.remaining}};
  if (enrollment.remaining == 0) {
    const auto added = request.key().fingerprints().add({enrollment.template_id, {}, *enrollment.finger});
    request.session().enrollment.reset();
    if (!added) return fail(added.error());
  }
  return response;
}

/// 6.7.4
Response enroll_begin(BioEnrollmentRequest& request) {
  const auto* milliseconds = request.params.optional<std::uint64_t>(kTimeoutMillisecondsParam);
  if (!request.params.ok()) return fail(request.params.refusal());
  if (request.key().fingerprints().full()) {
    return fail(Status::fp_database_full, "6.7.4: " + std::to_string(Fingerprints::kMaxTemplates) +
                                              " fingers are enrolled, and no more fit");
  }
  const auto id = request.key().random().bytes<Fingerprints::kIdBytes>();
  // It takes the place of one that was not finished.
  request.session().enrollment = PendingEnrollment{.channel = request.call.exchange.channel,
                                                   .template_id = {id.begin(), id.end()},
                                                   .finger = std::nullopt,
                                                   .remaining = Fingerprints::kSamples};
  auto response = capture(request, *request.session().enrollment, milliseconds);
  if (!response) {
    request.session().enrollment.reset();
    return response;
  }
  cbor::Map map = *response->as<cbor::Map>();
  map.emplace_back(kTemplateId, cbor::Value::bytes(id));
  return map;
}

/// 6.7.4
Response enroll_capture_next_sample(BioEnrollmentRequest& request) {
  const auto& id = request.params.required<Bytes>(kTemplateIdParam);
  const auto* milliseconds = request.params.optional<std::uint64_t>(kTimeoutMillisecondsParam);
  if (!request.params.ok()) return fail(request.params.refusal());
  auto& enrollment = request.session().enrollment;
  if (!enrollment || enrollment->channel != request.call.exchange.channel)
    return fail(Status::not_allowed, "6.7.4: no enrollment is open on this channel");
  if (enrollment->template_id != id)
    return fail(Status::invalid_option, "6.7.4: templateId is not that of the open enrollment");
  return capture(request, *enrollment, milliseconds);
}

/// 6.7.5: needs no token.
Response cancel_current_enrollment(BioEnrollmentRequest& request) {
  auto& enrollment = request.session().enrollment;
  if (enrollment && enrollment->channel == request.call.exchange.channel) enrollment.reset();
  return cbor::Value{};
}

/// 6.7.6
Response enumerate_enrollments(BioEnrollmentRequest& request) {
  cbor::Array infos;
  for (const auto& fingerprint : request.key().fingerprints().all()) {
    infos.emplace_back(
        cbor::Map{{kTemplateInfoId, fingerprint.id}, {kTemplateInfoFriendlyName, fingerprint.name}});
  }
  if (infos.empty()) return fail(Status::invalid_option, "6.7.6: no finger is enrolled");
  return cbor::Map{{kTemplateInfos, std::move(infos)}};
}

/// 6.7.7
Response set_friendly_name(BioEnrollmentRequest& request) {
  const auto& id = request.params.required<Bytes>(kTemplateIdParam);
  const auto& name = request.params.required<std::string>(kTemplateFriendlyNameParam);
  if (!request.params.ok()) return fail(request.params.refusal());
  if (name.size() > Fingerprints::kMaxNameBytes) {
    return fail(Status::invalid_length, "6.7.7: templateFriendlyName has " + std::to_string(name.size()) +
                                            " bytes, more than 64 (maxTemplateFriendlyName)");
  }
  if (const auto renamed = request.key().fingerprints().rename(id, name); !renamed)
    return fail(renamed.error());
  return cbor::Value{};
}

/// 6.7.8
Response remove_enrollment(BioEnrollmentRequest& request) {
  const auto& id = request.params.required<Bytes>(kTemplateIdParam);
  if (!request.params.ok()) return fail(request.params.refusal());
  if (const auto removed = request.key().fingerprints().remove(id); !removed) return fail(removed.error());
  return cbor::Value{};
}

/// 6.7.3: needs no token.
Response get_fingerprint_sensor_info(BioEnrollmentRequest& /*request*/) {
  return cbor::Map{{kModalityResult, kFingerprint},
                   {kFingerprintKind, kTouchSensor},
                   {kMaxCaptureSamplesRequiredForEnroll, Fingerprints::kSamples},
                   {kMaxTemplateFriendlyName, static_cast<std::uint64_t>(Fingerprints::kMaxNameBytes)}};
}

struct Row {
  std::uint64_t sub_command;
  Response (*run)(BioEnrollmentRequest&);
  bool needs_token;
};

constexpr std::array kSubCommands{
    Row{0x01, enroll_begin, true},
    Row{0x02, enroll_capture_next_sample, true},
    Row{0x03, cancel_current_enrollment, false},
    Row{0x04, enumerate_enrollments, true},
    Row{0x05, set_friendly_name, true},
    Row{0x06, remove_enrollment, true},
    Row{0x07, get_fingerprint_sensor_info, false},
};

/// What the token authenticates: the modality, the subcommand and its parameters.
Result<void> authorize(Request& call, const PinUvAuthParam& auth, std::uint8_t sub_command,
                       const cbor::Map* params) {
  if (!auth.param) return fail(Status::puat_required, "6.7: this subcommand needs a pinUvAuthParam");
  Bytes message{kFingerprint, sub_command};
  if (params != nullptr) append(message, cbor::encode(*params));
  return call.session.auth.verify(auth, {message}, kBioEnrollment, "modality, subcommand and its parameters");
}

}  // namespace

Response bio_enrollment(Request& call) {
  Reader reader{call.parameters};
  // 6.7.2: this question stands alone.
  const bool asks_modality = reader.value_or(kGetModality, false);
  if (reader.ok() && asks_modality) return cbor::Map{{kModalityResult, kFingerprint}};
  const auto modality = reader.required<std::uint64_t>(kModality);
  const auto sub_command = reader.required<std::uint64_t>(kSubCommand);
  const auto* params = reader.optional<cbor::Map>(kSubCommandParams);
  const auto auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (!reader.ok()) return fail(reader.refusal());
  if (modality != kFingerprint) {
    return fail(Status::unsupported_option,
                "6.7: modality is " + std::to_string(modality) + ", and the key has fingerprints (1) alone");
  }
  for (const auto& row : kSubCommands) {
    if (row.sub_command != sub_command) continue;
    if (row.needs_token) {
      const auto authorized = authorize(call, auth, static_cast<std::uint8_t>(sub_command), params);
      if (!authorized) return fail(authorized.error());
    }
    static const cbor::Map kNone;
    BioEnrollmentRequest request{call, Reader{params != nullptr ? *params : kNone, kSubCommandParams.name}};
    return row.run(request);
  }
  return fail(Status::invalid_subcommand,
              "6.7: there is no bioEnrollment subcommand " + std::to_string(sub_command));
}

}  // namespace fauxkey::ctap
