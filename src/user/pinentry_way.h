// Asks in a dialog of pinentry, whose buttons are Approve and Deny.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "user/way.h"

namespace fauxkey::user {

class PinentryWay final : public Way {
 public:
  /// Where a dialog in text mode may appear. Somebody who reads the daemon's messages at its terminal answers
  /// better below them than in a dialog over them, so that is for who wishes it.
  enum class Surface : std::uint8_t {
    display,              ///< of a desktop alone
    display_or_terminal,  ///< the daemon's own terminal, or the one that $GPG_TTY names
  };
  PinentryWay(std::string program, Surface surface);

  [[nodiscard]] std::string_view name() const override { return "pinentry"; }
  [[nodiscard]] std::string_view phrase() const override { return "by pinentry"; }
  [[nodiscard]] std::optional<std::string> obstacle() override;
  [[nodiscard]] std::optional<UserAnswer> ask(const Question& question) override;

 private:
  const std::string program_;
  const Surface surface_;
};

}  // namespace fauxkey::user
