#include "app/http_client.h"

#include <curl/curl.h>

#include <memory>
#include <string_view>

#include "app/error.h"

namespace fauxkey::app {
namespace {

constexpr std::size_t kMaxReply = std::size_t{256} << 20U;  // a screenshot of a long page has some

struct EasyEnd {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListEnd {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

std::size_t take_body(const char* data, std::size_t /*one*/, std::size_t size, void* into) {
  auto& body = static_cast<HttpReply*>(into)->body;
  if (body.size() + size > kMaxReply) return 0;
  body.append(data, size);
  return size;
}

std::size_t take_header(const char* data, std::size_t /*one*/, std::size_t size, void* into) {
  const std::string_view line{data, size};
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.remove_suffix(1);
    static_cast<HttpReply*>(into)->headers.emplace_back(line.substr(0, colon), value);
  }
  return size;
}

int look_whether_stopped(void* of, curl_off_t /*all*/, curl_off_t /*now*/, curl_off_t /*all_up*/,
                         curl_off_t /*up*/) {
  return static_cast<const HttpCall*>(of)->stopped() ? 1 : 0;
}

}  // namespace

HttpReply send(const HttpCall& call) {
  static const auto kStarted = curl_global_init(CURL_GLOBAL_NOTHING);
  const std::unique_ptr<CURL, EasyEnd> easy{kStarted == CURLE_OK ? curl_easy_init() : nullptr};
  if (!easy) throw Failure{"libcurl did not start: see that the machine has memory left."};
  std::unique_ptr<curl_slist, ListEnd> headers;
  const auto add = [&](const std::string& line) {
    auto* const longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw Failure{"There is no memory left for a request."};
    (void)headers.release();
    headers.reset(longer);
  };
  for (const auto& line : call.headers) add(line);
  add("Expect:");

  HttpReply reply;
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(easy.get(), option, value) != CURLE_OK)
      throw Failure{"The address " + call.url + " is none that can be asked."};
  };
  set(CURLOPT_URL, call.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, call.tls ? "http,https" : "http");
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    set(CURLOPT_POSTFIELDS, call.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  if (!call.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, call.socket.c_str());
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_TIMEOUT, static_cast<long>(call.limit.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, &reply);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, &reply);
  if (call.stopped) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_whether_stopped);
    set(CURLOPT_XFERINFODATA, &call);
  }
  if (const auto result = curl_easy_perform(easy.get()); result != CURLE_OK) {
    throw Failure{"Nobody answers at " + (call.socket.empty() ? call.url : call.socket) + " (" +
                  curl_easy_strerror(result) + "): see that the program there runs."};
  }
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

}  // namespace fauxkey::app
