#include "control/prompts.h"

#include <array>

#include "control/key_options.h"

namespace fauxkey::control {
namespace {

constexpr std::array kOperations{
    Named{std::string_view{"makeCredential"}, Operation::make_credential},
    Named{std::string_view{"getAssertion"}, Operation::get_assertion},
    Named{std::string_view{"alreadyRegistered"}, Operation::already_registered},
    Named{std::string_view{"reset"}, Operation::reset},
    Named{std::string_view{"selection"}, Operation::selection},
    Named{std::string_view{"verification"}, Operation::verification},
    Named{std::string_view{"enrollment"}, Operation::enrollment},
    Named{std::string_view{"resetByLongTouch"}, Operation::reset_by_long_touch},
    Named{std::string_view{"pinProbe"}, Operation::pin_probe},
};

constexpr std::array kQuestions{Named{std::string_view{"presence"}, user::QuestionKind::presence},
                                Named{std::string_view{"verification"}, user::QuestionKind::verification},
                                Named{std::string_view{"finger"}, user::QuestionKind::finger},
                                Named{std::string_view{"account"}, user::QuestionKind::account}};

constexpr std::array kAnswers{Named{std::string_view{"approve"}, UserAnswer::approved},
                              Named{std::string_view{"deny"}, UserAnswer::denied},
                              Named{std::string_view{"not-verified"}, UserAnswer::not_verified},
                              Named{std::string_view{"time-out"}, UserAnswer::timed_out}};

Json describe(const UserEntity& user) {
  Json json{{"userHandle", base64url(user.id)}};
  if (user.name) json["userName"] = *user.name;
  if (user.display_name) json["userDisplayName"] = *user.display_name;
  return json;
}

}  // namespace

Json to_json(const user::PromptBoard::Entry& entry) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(entry.left);
  Json json{{"id", entry.id},
            {"key", entry.key},
            {"operation", name_in(kOperations, entry.prompt.operation)},
            {"question", name_in(kQuestions, entry.question)},
            {"rpId", entry.prompt.rp_id},
            {"account", entry.prompt.account},
            {"leftMs", left.count()}};
  for (const auto& user : entry.prompt.accounts) json["accounts"].push_back(describe(user));
  return json;
}

std::string_view name_of(UserAnswer answer) {
  return answer == UserAnswer::cancelled ? std::string_view{"cancelled"} : name_in(kAnswers, answer);
}

user::Reply read_answer(JsonReader& reader) {
  (void)reader.at("answer");
  FingerScan scan{.answer = *reader.choice("answer", kAnswers)};
  if (const auto finger = reader.integer("finger", 0, UINT32_MAX))
    scan.finger = static_cast<std::uint32_t>(*finger);
  if (const auto name = reader.text("sample")) {
    const auto sample = sample_named(*name);
    if (!sample) throw BadRequest{reader.named("sample") + " is no sample status: see GET /v1/openapi.yaml."};
    scan.sample = *sample;
  }
  return {.scan = scan, .account = read_account(reader)};
}

}  // namespace fauxkey::control
