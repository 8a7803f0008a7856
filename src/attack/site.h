// What a site's WebAuthn looks like over HTTP: where its options come from, where responses go, and how it
// says yes. docs/attack-pack.md describes the files.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attack/file_reader.h"
#include "attack/scenario.h"

namespace fauxkey::attack {

struct SiteCall {
  std::string method = "POST";
  std::string path;
  std::optional<Json> body;  ///< JSON with variables
  std::vector<std::pair<std::string, std::string>> headers;
  /// A variable, and where in the answer its value lies.
  std::vector<std::pair<std::string, std::string>> keep;
};

struct SiteCeremony {
  SiteCall options;
  std::string options_at;  ///< where in the answer the options lie
  SiteCall verify;
  /// Where the answer says yes, and by what; without it, a status of 200 to 299 does.
  std::string success_at;
  Json success = true;
  std::string error_at = "error";  ///< where the answer says why not
};

/// For a browser: scripts of WebDriver's Execute Script.
struct SitePage {
  std::string path;
  std::string ready, registration, login, outcome;
};

struct Site {
  std::string name;
  std::string account = "attack-${run}-${number}";  ///< an account's name
  std::string start;  ///< a page that each visit begins with, for its cookies; empty: none
  std::vector<std::pair<std::string, std::string>> keep_cookies;  ///< a variable, and a cookie's name
  std::vector<std::string> policies;
  SiteCeremony registration, login;
  std::optional<SitePage> page;

  [[nodiscard]] const SiteCeremony& of(Ceremony ceremony) const {
    return ceremony == Ceremony::registration ? registration : login;
  }
};

/// Throws FileError.
[[nodiscard]] Site read_site(std::string_view content, const std::string& file);
/// The demo site's.
[[nodiscard]] Site own_site();

/// "http://localhost:8080" taken apart.
struct Origin {
  std::string scheme;
  std::string host;
  std::string port;  ///< ":8080"; empty for the scheme's own
  [[nodiscard]] std::string text() const { return scheme + "://" + host + port; }
  /// Of this machine: localhost and what ends with .localhost, 127.0.0.0/8, [::1].
  [[nodiscard]] bool is_loopback() const;
};
/// Of an address, whatever its path; nothing where it is no http or https address.
[[nodiscard]] std::optional<Origin> origin_of(std::string_view url);

}  // namespace fauxkey::attack
