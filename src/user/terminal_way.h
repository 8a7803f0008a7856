// Asks at the terminal that the daemon was started from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "user/way.h"

namespace fauxkey::user {

class TerminalWay final : public Way {
 public:
  /// On /dev/tty, opened anew for each question.
  TerminalWay() = default;
  /// On these, which are closed with it and made non-blocking. They need not be terminals: then a line "y" or
  /// "n" is the answer, and there is no countdown.
  TerminalWay(int input, int output);

  [[nodiscard]] std::string_view name() const override { return "terminal"; }
  [[nodiscard]] std::string_view phrase() const override { return "at the terminal"; }
  [[nodiscard]] std::optional<std::string> obstacle() override;
  [[nodiscard]] std::optional<UserAnswer> ask(const Question& question) override;

 private:
  const FileDescriptor input_;
  const FileDescriptor output_;
};

}  // namespace fauxkey::user
