// One request of the control interface and its answer, without their connection.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/wiping.h"
#include "control/json.h"

namespace fauxkey::control {

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string path;    ///< decoded, without the query: "/v1/keys/k1"
  std::string target;  ///< as it came: "/v1/keys/k%31?x=1"
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  ///< names in lower case
  WipingString body;
  /// Whether the server is about to end, for whoever waits.
  std::function<bool()> stopped = [] { return false; };

  [[nodiscard]] std::optional<std::string> header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::nullopt : std::optional{found->second};
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  WipingString body;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Somebody else's answer: the server adds no headers of its own.
  bool passed_on = false;
  /// Instead of `body`: what comes next, as long as there is something. It may wait, but not for more than a
  /// few seconds: what it gives then may be a comment.
  std::function<std::optional<std::string>()> stream;
};

[[nodiscard]] inline HttpResponse json_response(const Json& json, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = to_text(json) + "\n";
  return response;
}

[[nodiscard]] inline HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  response.content_type = "";
  return response;
}

/// Ends a request: `status` and one sentence, with what to do next.
class HttpError : public std::runtime_error {
 public:
  HttpError(int status, const std::string& sentence) : std::runtime_error{sentence}, status_{status} {}
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_;
};

[[nodiscard]] inline HttpResponse error_response(int status, std::string_view sentence) {
  return json_response({{"error", sentence}}, status);
}

}  // namespace fauxkey::control
