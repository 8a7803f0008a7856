// Asks by a desktop notification with the buttons Approve and Deny: org.freedesktop.Notifications on the
// session bus (https://specifications.freedesktop.org/notification-spec/1.2/).
//
// - There is no default action: a click beside the buttons, which is how people get rid of notifications,
// says
//   nothing. Nor does dismissing one: the question goes on, and is shown again at the next step of its time.
// - An answer counts only if it comes from the server that was asked, by a name that this question's button
//   alone has: any program on the bus may send such signals, and may replace what another has shown.
// - An approval within the first half second was meant for something else, and is not taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "user/way.h"

namespace fauxkey::user {

class NotificationWay final : public Way {
 public:
  [[nodiscard]] std::string_view name() const override { return "notification"; }
  [[nodiscard]] std::string_view phrase() const override { return "by desktop notification"; }
  [[nodiscard]] std::optional<std::string> obstacle() override;
  [[nodiscard]] std::optional<UserAnswer> ask(const Question& question) override;
};

}  // namespace fauxkey::user
