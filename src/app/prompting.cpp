#include "app/prompting.h"

#include <spdlog/spdlog.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "app/error.h"
#include "base/pinentry.h"
#include "user/notification_way.h"
#include "user/pinentry_way.h"
#include "user/terminal_way.h"

namespace fauxkey::app {
namespace {

std::unique_ptr<user::Way> way_named(std::string_view name, bool demanded) {
  using user::PinentryWay;
  if (name == "notification") return std::make_unique<user::NotificationWay>();
  if (name == "pinentry")
    return std::make_unique<PinentryWay>(pinentry_program(), demanded
                                                                 ? PinentryWay::Surface::display_or_terminal
                                                                 : PinentryWay::Surface::display);
  return std::make_unique<user::TerminalWay>();
}

}  // namespace

std::unique_ptr<user::Prompter> make_prompter(const RunOptions& options) {
  // A daemon without a key of its own is a test bench, on which nobody is to be disturbed unasked.
  const bool asks = options.approve == Approve::ask && (!options.keyless || !options.prompt.empty());
  if (!asks) return nullptr;
  const bool by_itself = options.prompt.empty() || options.prompt.front() == kAutomaticPrompt;
  std::vector<std::unique_ptr<user::Way>> ways;
  if (by_itself) {
    for (const auto name : kPromptWays) ways.push_back(way_named(name, false));
  } else {
    for (const auto& name : options.prompt) ways.push_back(way_named(name, true));
  }
  auto prompter = std::make_unique<user::Prompter>(std::move(ways));
  if (const auto* const way = prompter->first_way()) {
    spdlog::info("Requests are asked about {} (--approve ask).", way->phrase());
  } else if (by_itself) {
    spdlog::warn(
        "There is nowhere to ask about requests now ({}): what comes meanwhile waits for fauxkey approve (or "
        "deny).",
        prompter->obstacles());
  } else {
    throw Failure{"Nobody can be asked as --prompt says (" + prompter->obstacles() +
                  "): mend that, or leave --prompt out, so that each question goes where it can."};
  }
  return prompter;
}

}  // namespace fauxkey::app
