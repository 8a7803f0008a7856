#include "user/notification_way.h"

#ifdef FAUXKEY_HAS_SYSTEMD
#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "base/stop_event.h"
#include "user/prompt_text.h"
#include "user/session_bus.h"
#endif

namespace fauxkey::user {

#ifdef FAUXKEY_HAS_SYSTEMD
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr const char* kService = "org.freedesktop.Notifications";
constexpr const char* kPath = "/org/freedesktop/Notifications";

/// A server may have to be started for the first question.
constexpr auto kPatience = 3s;
/// For one that runs already, or does not.
constexpr auto kLookPatience = 1s;
constexpr auto kLastWordsPatience = 200ms;
/// The time left is shown in steps, for each change moves what the person looks at.
constexpr Clock::Duration kStep = 5s;
/// Who approves sooner has not read it.
constexpr auto kTooSoon = 500ms;

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// A name for a button that nobody else knows.
std::string secret_name(std::string_view word) {
  std::array<unsigned char, 6> random{};  // some servers show it
  randombytes_buf(random.data(), random.size());
  std::array<char, 2 * random.size() + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), random.data(), random.size());
  return std::string{word} + "-" + hex.data();
}

/// One question on the desktop.
class Notification {
 public:
  Notification(const Question& question, int stopped) : question_{question}, bus_{stopped} {}
  ~Notification() { close(); }
  Notification(const Notification&) = delete;
  Notification& operator=(const Notification&) = delete;

  /// Nothing where no server takes it, or the last one has gone.
  std::optional<UserAnswer> ask() {
    if (!bus_.open() || !listen() || !find_server()) return {};
    for (;;) {
      const auto left = question_.deadline - question_.clock.now();
      if (left <= Clock::Duration::zero()) return UserAnswer::timed_out;
      if (!show(left)) return {};
      const auto woken = bus_.wait(Steady::now() + std::min<Steady::duration>(kTick, left),
                                   [&] { return answer_.has_value() || other_server_; });
      if (answer_) return answer_;
      if (woken == SessionBus::Woken::stopped) return UserAnswer::cancelled;
      if (woken == SessionBus::Woken::gone) return {};
      if (other_server_ && !find_server()) return {};
    }
  }

 private:
  bool listen() {
    const std::string from_server =
        std::string{"type='signal',path='"} + kPath + "',interface='" + kService + "',member='";
    return bus_.listen({from_server + "ActionInvoked'", from_server + "NotificationClosed'",
                        std::string{"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop."
                                    "DBus',member='NameOwnerChanged',arg0='"} +
                            kService + "'"},
                       [this](sd_bus_message* signal) { hear(signal); });
  }

  /// Who it is, and what it can do. Nothing that another has shown counts any longer.
  bool find_server() {
    other_server_ = false;
    open_ = false;
    text_.clear();
    const auto reply = bus_.call(bus_.request(kService, kPath, kService, "GetCapabilities"), kPatience);
    if (!reply) return false;
    const auto* const sender = sd_bus_message_get_sender(reply.get());
    server_ = sender != nullptr ? sender : "";
    const auto capabilities = strings_in(reply.get());
    markup_ = has(capabilities, "body-markup");
    return has(capabilities, "actions");
  }

  void hear(sd_bus_message* signal) {
    const auto* const sender = sd_bus_message_get_sender(signal);
    const auto from = [&](std::string_view who) { return sender != nullptr && sender == who; };
    if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus", "NameOwnerChanged") > 0) {
      if (from("org.freedesktop.DBus")) other_server_ = true;
      return;
    }
    std::uint32_t id = 0;
    if (!from(server_) || sd_bus_message_read(signal, "u", &id) < 0) return;
    if (sd_bus_message_is_signal(signal, kService, "NotificationClosed") > 0 && id == id_) open_ = false;
    // Whichever it belongs to: a menu may have been opened before the notification was dismissed and shown
    // again.
    const char* action = nullptr;
    if (sd_bus_message_is_signal(signal, kService, "ActionInvoked") > 0 &&
        sd_bus_message_read(signal, "s", &action) >= 0)
      hear_action(action);
  }

  void hear_action(std::string_view action) {
    if (action == deny_) answer_ = UserAnswer::denied;
    if (action != approve_) return;
    if (Steady::now() - shown_at_ >= kTooSoon) {
      answer_ = UserAnswer::approved;
    } else {
      text_.clear();  // to be shown again
    }
  }

  /// Shows what is new; false where the server does not take it.
  bool show(Clock::Duration left) {
    const auto in_steps = kStep * ((left + kStep - Clock::Duration{1}) / kStep);
    auto text = user::question(question_.prompt) + "\n" + key_line(question_.key) + "\n" +
                time_left(in_steps, question_.others());
    if (markup_) text = without_markup(text);
    if (text == text_) return true;
    const bool anew = !open_;
    auto request = bus_.request(kService, kPath, kService, "Notify");
    auto* const message = request.get();
    constexpr int kCritical = 2;  // stays until it is answered, and is shown though others are held back
    constexpr int kNeverExpires = 0;
    if (message == nullptr ||
        sd_bus_message_append(message, "susss", "fauxkey", open_ ? id_ : 0, "dialog-password",
                              title(question_.prompt).c_str(), text.c_str()) < 0 ||
        sd_bus_message_append(message, "as", 4, approve_.c_str(), "Approve", deny_.c_str(), "Deny") < 0 ||
        sd_bus_message_append(message, "a{sv}", 2, "urgency", "y", kCritical, "transient", "b", 1) < 0 ||
        sd_bus_message_append(message, "i", kNeverExpires) < 0)
      return false;
    const auto reply = bus_.call(std::move(request), kLookPatience, SessionBus::Stop::ignored);
    if (other_server_) return true;
    std::uint32_t id = 0;
    if (!reply || sd_bus_message_read(reply.get(), "u", &id) < 0) return answer_.has_value();
    id_ = id;
    open_ = true;
    text_ = std::move(text);
    if (anew) shown_at_ = Steady::now();
    return true;
  }

  void close() {
    if (!open_) return;
    auto request = bus_.request(kService, kPath, kService, "CloseNotification");
    if (!request || sd_bus_message_append(request.get(), "u", id_) < 0) return;
    static_cast<void>(bus_.call(std::move(request), kLastWordsPatience, SessionBus::Stop::ignored));
  }

  const Question& question_;
  SessionBus bus_;
  const std::string approve_ = secret_name("approve");
  const std::string deny_ = secret_name("deny");
  std::string server_;  ///< its unique name on the bus, which nobody else can have
  bool markup_ = false;
  std::uint32_t id_ = 0;  ///< what was shown last
  bool open_ = false;     ///< that it is there still
  std::string text_;      ///< that it has
  Steady::time_point shown_at_;
  std::optional<UserAnswer> answer_;
  bool other_server_ = false;
};

}  // namespace

std::optional<std::string> NotificationWay::obstacle() {
  SessionBus bus{-1};
  if (!bus.open()) return "there is no session bus";
  auto request = bus.request(kService, kPath, kService, "GetCapabilities");
  // It is not to be started before there is a question, and perhaps before there is a desktop.
  if (!request || sd_bus_message_set_auto_start(request.get(), 0) < 0) return "there is no session bus";
  if (const auto reply = bus.call(std::move(request), kLookPatience)) {
    if (has(strings_in(reply.get()), "actions")) return {};
    return "the notification server has no buttons";
  }
  const auto names = bus.call(bus.request("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                          "org.freedesktop.DBus", "ListActivatableNames"),
                              kLookPatience);
  if (!names) return "there is no session bus";
  if (has(strings_in(names.get()), kService)) return {};
  return "no notification server runs";
}

std::optional<UserAnswer> NotificationWay::ask(const Question& question) {
  const StopEvent stopped{question.stop};
  Notification notification{question, stopped.descriptor()};
  return notification.ask();
}
#else
std::optional<std::string> NotificationWay::obstacle() { return "this fauxkey was built without libsystemd"; }

std::optional<UserAnswer> NotificationWay::ask(const Question& /*question*/) { return {}; }
#endif

}  // namespace fauxkey::user
