#include "app/attack_browser.h"

#include "app/error.h"
#include "app/http_client.h"
#include "app/running_daemon.h"
#include "attack/browser_player.h"
#include "attack/error.h"

namespace fauxkey::app {
namespace {

attack::Daemon daemon_at(const std::string& address) {
  try {
    return [daemon = find_daemon(address)](const std::string& method, const std::string& path,
                                           const std::string& body) -> attack::HttpReply {
      auto call = call_to(daemon, method, path);
      call.headers.emplace_back("Content-Type: application/json");
      call.body = WipingString{body};
      try {
        const auto reply = send(call);
        return {.status = reply.status, .headers = {}, .body = std::string{std::string_view{reply.body}}};
      } catch (const Failure& failure) {
        throw attack::SiteUnusable{failure.what()};
      }
    };
  } catch (const Failure& failure) {
    throw attack::SiteUnusable{failure.what()};
  }
}

}  // namespace

void add_attack_browser_options(CLI::App& command, AttackBrowserOptions& options) {
  command
      .add_option("--browser", options.driver,
                  "Play through a browser with a key of the running daemon: the address of chromedriver or "
                  "geckodriver (only what the key alone does wrong)")
      ->type_name("URL");
  command
      .add_option("--capabilities", options.capabilities,
                  "What the browser's session is asked for, as WebDriver's JSON")
      ->type_name("JSON");
  command
      .add_option("--control", options.control,
                  "Where the daemon's control interface is (default: as fauxkey run has it)")
      ->type_name("ADDRESS");
  command
      .add_option("--transport", options.transport, "How the browser sees the daemon's key (default: uhid)")
      ->type_name("T");
}

std::unique_ptr<attack::Player> make_browser_player(const attack::Site& site, const std::string& base,
                                                    const std::string& run_id,
                                                    const AttackBrowserOptions& options,
                                                    const attack::Http& http) {
  attack::BrowserSettings settings{.base = base,
                                   .driver = options.driver,
                                   .capabilities = attack::Json::object(),
                                   .transport = options.transport,
                                   .run_id = run_id};
  while (settings.driver.ends_with('/')) settings.driver.pop_back();
  if (!settings.driver.starts_with("http://"))
    throw UsageError{"--browser takes the address of a WebDriver server, such as http://127.0.0.1:9515."};
  if (!options.capabilities.empty()) {
    settings.capabilities = attack::Json::parse(options.capabilities, nullptr, false);
    if (!settings.capabilities.is_object())
      throw UsageError{"--capabilities takes a JSON object, such as '{\"browserName\": \"chrome\"}'."};
  }
  return std::make_unique<attack::BrowserPlayer>(site, std::move(settings), http, daemon_at(options.control));
}

}  // namespace fauxkey::app
