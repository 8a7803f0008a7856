// How this library asks a site, a browser's driver or a daemon: by whatever the program gives it for that.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fauxkey::attack {

struct HttpQuestion {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpReply {
  long status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< as they came
  std::string body;
};

/// Throws SiteUnusable where nobody answers.
using Http = std::function<HttpReply(const HttpQuestion&)>;

}  // namespace fauxkey::attack
