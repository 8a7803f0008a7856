// `fauxkey webdriver`: stands before geckodriver or chromedriver and answers the commands for virtual
// authenticators itself, by real USB keys; all else it passes through as it is.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "app/commands.h"
#include "app/error.h"
#include "app/http_client.h"
#include "app/paths.h"
#include "app/process.h"
#include "control/api.h"
#include "control/http_server.h"
#include "control/webdriver.h"

namespace fauxkey::app {
namespace {

using control::HttpRequest;
using control::HttpResponse;
using control::Json;

struct WebDriverOptions {
  std::string to;
  std::string listen = "127.0.0.1:4445";
  std::string transport = "uhid";
  std::string browser_name;
  bool debug = false;
};

/// A page that loads takes its time; so long is the longest that WebDriver's own limits allow by default.
constexpr std::chrono::seconds kLongestCommand{3600};
constexpr std::string_view kPrefix = "webauthn:";
constexpr std::array kCapabilities{"webauthn:virtualAuthenticators", "webauthn:extension:largeBlob",
                                   "webauthn:extension:credBlob", "webauthn:extension:minPinLength",
                                   "webauthn:extension:prf"};
/// Of one connection (RFC 9110, 7.6.1), or made anew by who sends it on.
constexpr std::array kOwnHeaders{"host",       "connection",  "content-length", "transfer-encoding",
                                 "keep-alive", "expect",      "upgrade",        "te",
                                 "date",       "content-type"};

bool is_own(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  return std::ranges::find(kOwnHeaders, name) != kOwnHeaders.end();
}

void remove_webauthn(Json& capabilities) {
  if (!capabilities.is_object()) return;
  for (auto member = capabilities.begin(); member != capabilities.end();)
    member = member.key().starts_with(kPrefix) ? capabilities.erase(member) : std::next(member);
}

/// What the browser's own driver need not know: it might refuse what it has not.
WipingString without_webauthn(const WipingString& body) {
  auto json = Json::parse(std::string_view{body}, nullptr, false);
  if (!json.is_object() || !json.contains("capabilities") || !json["capabilities"].is_object()) return body;
  auto& capabilities = json["capabilities"];
  if (capabilities.contains("alwaysMatch")) remove_webauthn(capabilities["alwaysMatch"]);
  if (capabilities.contains("firstMatch") && capabilities["firstMatch"].is_array()) {
    for (auto& match : capabilities["firstMatch"]) remove_webauthn(match);
  }
  return WipingString{control::to_text(json)};
}

/// What the new session can do by this key (WebAuthn Level 3, 11.1).
WipingString with_webauthn(const WipingString& body, const std::string& browser_name) {
  auto json = Json::parse(std::string_view{body}, nullptr, false);
  if (!json.is_object() || !json.contains("value") || !json["value"].is_object() ||
      !json["value"].contains("capabilities"))
    return body;
  auto& capabilities = json["value"]["capabilities"];
  for (const auto* name : kCapabilities) capabilities[name] = true;
  if (!browser_name.empty()) capabilities["browserName"] = browser_name;
  return WipingString{control::to_text(json)};
}

class Proxy {
 public:
  explicit Proxy(const WebDriverOptions& options)
      : options_{options},
        keys_{{.events = events_,
               .prompts = prompts_,
               .observer = {},
               .socket_folder = runtime_folder().string()}},
        authenticators_{keys_, {options.transport}},
        api_{.keys = keys_, .prompts = prompts_, .events = events_, .authenticators = authenticators_},
        server_{options.listen} {
    while (options_.to.ends_with('/')) options_.to.pop_back();
    if (!options_.to.starts_with("http://"))
      throw UsageError{"--to takes the address of a WebDriver server, such as http://127.0.0.1:4444."};
    server_.start([this](HttpRequest& head, const control::Peer& /*peer*/) { return guard(head); },
                  [this](HttpRequest& request) { return answer(request); }, kLongestCommand);
  }
  ~Proxy() {
    server_.stop();
    events_.wake();
    prompts_.wake();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] const std::string& url() const { return server_.url(); }

 private:
  /// WebDriver's clients have no token; web pages, which have an Origin, must not reach it all the same.
  [[nodiscard]] std::optional<HttpResponse> guard(const HttpRequest& head) const {
    const auto host = head.header("host").value_or("");
    const auto name = host.substr(0, host.rfind(':'));
    const bool local = name == "127.0.0.1" || name == "localhost" || name == "[::1]";
    if (local && !head.header("origin")) return std::nullopt;
    return control::webdriver_error(403, "unknown error", "Web pages cannot drive browsers.");
  }

  [[nodiscard]] HttpResponse answer(HttpRequest& request) {
    if (control::is_webdriver_path(request.path)) return control::answer(api_, request);
    const bool is_new_session = request.method == "POST" && request.path == "/session";
    HttpCall call{.method = request.method,
                  .url = options_.to + request.target,
                  .socket = {},
                  .headers = {},
                  .body = is_new_session ? without_webauthn(request.body) : request.body,
                  .limit = kLongestCommand};
    for (const auto& [name, value] : request.headers) {
      if (!is_own(name) || name == "content-type")
        call.headers.push_back(std::string{name}.append(": ").append(value));
    }
    HttpReply reply;
    try {
      reply = send(call);
    } catch (const Failure& error) {
      return control::webdriver_error(500, "unknown error", error.what());
    }
    constexpr std::string_view kSession = "/session/";
    if (request.method == "DELETE" && request.path.starts_with(kSession) &&
        request.path.find('/', kSession.size()) == std::string::npos)
      authenticators_.remove_session(request.path.substr(kSession.size()));

    HttpResponse response;
    response.status = static_cast<int>(reply.status);
    response.content_type = "";
    response.passed_on = true;
    for (auto& [name, value] : reply.headers) {
      if (!is_own(name) || name == "content-type" || name == "Content-Type")
        response.headers.emplace_back(std::move(name), std::move(value));
    }
    response.body = is_new_session && reply.status == 200 ? with_webauthn(reply.body, options_.browser_name)
                                                          : std::move(reply.body);
    return response;
  }

  WebDriverOptions options_;
  control::EventHub events_;
  user::PromptBoard prompts_;
  control::KeyRing keys_;
  control::VirtualAuthenticators authenticators_;
  control::Api api_;
  control::HttpServer server_;
};

int webdriver(const WebDriverOptions& options) {
  if (!options.debug) protect_memory();
  raise_file_limit();
  const EndSignals signals;
  std::optional<Proxy> proxy;
  try {
    proxy.emplace(options);
  } catch (const std::invalid_argument& error) {
    throw UsageError{error.what()};
  }
  spdlog::info("Commands go on to {}; those for virtual authenticators end here.", options.to);
  std::cout << "webdriver: " << proxy->url() << '\n' << std::flush;
  spdlog::info("Ending, by {}.", signals.wait());
  return kDone;
}

}  // namespace

void add_webdriver(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "webdriver", "Be a browser's virtual authenticators, as USB keys; stands before its WebDriver server");
  const auto options = std::make_shared<WebDriverOptions>();
  command
      .add_option("--to", options->to, "Where geckodriver or chromedriver is, such as http://127.0.0.1:4444")
      ->required()
      ->type_name("URL");
  command.add_option("--listen", options->listen, "Where tests find this one (default: 127.0.0.1:4445)")
      ->type_name("127.0.0.1:PORT");
  command
      .add_option(
          "--browser-name", options->browser_name,
          "The browserName that sessions tell, for clients that offer virtual authenticators for some "
          "browsers alone (Selenium for Python: chrome)")
      ->type_name("NAME");
  command
      .add_option("--transport", options->transport, "What the keys are plugged into: uhid (default), unix")
      ->type_name("T");
  command.add_flag("--debug", options->debug, "Allow core dumps and debuggers, which can then see secrets");
  command.callback([&action, options] { action = [options] { return webdriver(*options); }; });
}

}  // namespace fauxkey::app
