#include "user/prompt_text.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "user/display_text.h"

namespace fauxkey::user {
namespace {

// An RP ID is a domain, 253 characters at most; of names CTAP keeps 64 bytes (6.1.2). Both fit one line
// mostly.
constexpr std::size_t kMaxShownName = 64;

/// {rp} and {account} are replaced.
struct Wording {
  Operation operation;
  const char* with_account;
  const char* without_account;
  const char* title;
};
constexpr const char* kRegistered = "This key is registered at {rp} already. Tell the site so?";
constexpr const char* kErase = "ERASE THIS KEY, with all its credentials and its PIN?";
constexpr const char* kEraseByLongTouch =
    "ERASE THIS KEY, with all its credentials and its PIN, by a long touch?";
constexpr const char* kSelect = "Is this the key to use?";
constexpr const char* kVerify = "Is it you, for {rp}?";
constexpr const char* kEnroll = "Enroll a finger on this key: is it on the sensor?";
constexpr std::array kWordings{
    Wording{Operation::make_credential, "Register this key at {rp} as {account}?",
            "Register this key at {rp}?", "Register this security key?"},
    Wording{Operation::get_assertion, "Log in at {rp} as {account}?", "Log in at {rp}?",
            "Log in with this security key?"},
    Wording{Operation::already_registered, kRegistered, kRegistered,
            "This security key is registered already"},
    Wording{Operation::reset, kErase, kErase, "ERASE this security key?"},
    Wording{Operation::selection, kSelect, kSelect, "Use this security key?"},
    Wording{Operation::verification, kVerify, kVerify, "Verify yourself with this security key?"},
    Wording{Operation::enrollment, kEnroll, kEnroll, "Enroll a finger on this security key?"},
    Wording{Operation::reset_by_long_touch, kEraseByLongTouch, kEraseByLongTouch, "ERASE this security key?"},
    Wording{Operation::pin_probe, kSelect, kSelect, "Use this security key?"},
};

const Wording* wording_of(Operation operation) {
  const auto* const row = std::ranges::find(kWordings, operation, &Wording::operation);
  return row == kWordings.end() ? nullptr : row;
}

std::string replaced(std::string text, std::string_view name, const std::string& value) {
  if (const auto at = text.find(name); at != std::string::npos) text.replace(at, name.size(), value);
  return text;
}

}  // namespace

std::string question(const Prompt& prompt) {
  const auto rp = prompt.rp_id.empty() ? "a site that did not give its name"
                                       : display_text(prompt.rp_id, kMaxShownName, Shorten::start);
  const auto account = display_text(prompt.account, kMaxShownName, Shorten::end);
  const auto* const row = wording_of(prompt.operation);
  if (row == nullptr) return "Approve?";
  // The account first: what it contains is not looked at again, as {rp} stands before it.
  const char* const wording = prompt.account.empty() ? row->without_account : row->with_account;
  return replaced(replaced(wording, "{account}", account), "{rp}", rp);
}

std::string title(const Prompt& prompt) {
  const auto* const row = wording_of(prompt.operation);
  return row == nullptr ? "Approve?" : row->title;
}

std::string key_line(std::string_view key) {
  return "Key: " + display_text(key, kMaxShownName, Shorten::end);
}

std::string time_left(Clock::Duration left, std::size_t others) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  std::string text = std::to_string(seconds) + " s left";
  if (others > 0) text += ", " + std::to_string(others) + (others == 1 ? " more waits" : " more wait");
  return text;
}

std::string without_markup(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    switch (c) {
      case '&':
        plain += "&amp;";
        break;
      case '<':
        plain += "&lt;";
        break;
      case '>':
        plain += "&gt;";
        break;
      case '"':
        plain += "&quot;";
        break;
      case '\'':
        plain += "&#39;";
        break;
      default:
        plain += c;
    }
  }
  return plain;
}

}  // namespace fauxkey::user
