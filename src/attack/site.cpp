#include "attack/site.h"

#include <algorithm>
#include <array>

#include "attack/attack_files.h"
#include "attack/variables.h"

namespace fauxkey::attack {
namespace {

constexpr std::array<std::string_view, 14> kSiteVariables{
    "account",           "run",         "number",       "origin",     "scheme",   "host", "port", "rp-id",
    "user-verification", "attestation", "resident-key", "algorithms", "response", "csrf"};
constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};

class SiteReader {
 public:
  SiteReader(const Node& root, const std::string& file) : table_{root, file, "a site file"}, file_{file} {}

  [[nodiscard]] Site read() {
    Site site;
    site.name = table_.text("name");
    site.account = table_.text("account", site.account);
    site.start = table_.text("start", "");
    site.keep_cookies = pairs(table_, "keep-cookies");
    read_policies(site);
    // What one call keeps, others may use.
    for (const auto& [name, cookie] : site.keep_cookies) kept_.push_back(name);
    site.registration = ceremony("registration");
    site.login = ceremony("login");
    if (const auto* const page = table_.find("page", Node::Kind::table)) {
      TableReader reader{*page, file_, "[page]"};
      site.page = SitePage{.path = reader.text("path"),
                           .ready = reader.text("ready", "return true"),
                           .registration = reader.text("register"),
                           .login = reader.text("login"),
                           .outcome = reader.text("outcome")};
      reader.done();
    }
    table_.done();
    return site;
  }

 private:
  void read_policies(Site& site) {
    const auto* const list = table_.find("policies", Node::Kind::array);
    if (list == nullptr) return;
    site.policies = table_.texts("policies");
    for (const auto& policy : site.policies) {
      if (std::ranges::find(kPolicies, policy) != kPolicies.end()) continue;
      std::string sentence{"there is no policy \""};
      table_.refuse(*list, sentence.append(policy).append("\"; there are: ").append(listed(kPolicies)));
    }
  }

  static std::vector<std::pair<std::string, std::string>> pairs(TableReader& reader, std::string_view name) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const auto* const node = reader.find(name, Node::Kind::table);
    if (node == nullptr) return pairs;
    pairs.reserve(node->members.size());
    for (const auto& [key, value] : node->members) {
      if (value.kind != Node::Kind::text)
        reader.refuse(value, "\"" + std::string{name} + "\" has texts in quotes alone");
      pairs.emplace_back(key, value.text);
    }
    return pairs;
  }

  SiteCall call(TableReader& reader) {
    SiteCall call;
    const auto* const method = reader.find("method", Node::Kind::text);
    if (method != nullptr) {
      if (std::ranges::find(kMethods, method->text) == kMethods.end())
        reader.refuse(*method, "\"" + method->text + "\" is none of: GET, POST, PUT, PATCH, DELETE");
      call.method = method->text;
    }
    const auto& path = reader.need("path", Node::Kind::text);
    if (!path.text.starts_with('/'))
      reader.refuse(path, "a path begins with /, behind the address that --site gives");
    check(reader, path, path.text);
    call.path = path.text;
    if (const auto* const body = reader.find("body")) {
      call.body = body->json();
      check(reader, *body, *call.body);
    }
    call.headers = pairs(reader, "headers");
    call.keep = pairs(reader, "keep");
    for (const auto& [name, at] : call.keep) kept_.push_back(name);
    if (call.method == "GET" && call.body)
      reader.refuse(path, "a GET has no body: put what it says into the path, as ?user=${account}");
    return call;
  }

  SiteCeremony ceremony(const std::string& name) {
    TableReader reader{table_.need(name, Node::Kind::table), file_, "[" + name + "]"};
    SiteCeremony ceremony;
    {
      TableReader options{reader.need("options", Node::Kind::table), file_, "[" + name + ".options]"};
      ceremony.options = call(options);
      ceremony.options_at = options.text("at", "");
      options.done();
    }
    TableReader verify{reader.need("verify", Node::Kind::table), file_, "[" + name + ".verify]"};
    ceremony.verify = call(verify);
    ceremony.success_at = verify.text("success-at", "");
    if (const auto* const success = verify.find("success")) ceremony.success = success->json();
    ceremony.error_at = verify.text("error", "error");
    verify.done();
    reader.done();
    const auto used = variables_in(ceremony.verify.body.value_or(Json::object()));
    if (std::ranges::find(used, "response") == used.end())
      verify.refuse(table_.need(name, Node::Kind::table),
                    "nothing of [" + name + ".verify] is \"${response}\", so no response would be sent");
    return ceremony;
  }

  void check(const TableReader& reader, const Node& node, const Json& json) {
    for (const auto& name : variables_in(json)) {
      if (std::ranges::find(kSiteVariables, name) != kSiteVariables.end() ||
          std::ranges::find(kept_, name) != kept_.end())
        continue;
      auto known = listed(kSiteVariables);
      for (const auto& one : kept_) known.append(", ").append(one);
      std::string sentence{"nothing is called ${"};
      reader.refuse(node, sentence.append(name).append("}; there are: ").append(known));
    }
  }

  TableReader table_;
  const std::string& file_;
  std::vector<std::string> kept_;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

}  // namespace

Site read_site(std::string_view content, const std::string& file) {
  const auto root = read_toml(content, file);
  return SiteReader{root, file}.read();
}

Site own_site() { return read_site(kSiteFiles[0].content, std::string{kSiteFiles[0].name}); }

bool Origin::is_loopback() const {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  // Not a name that begins so: 127.example.
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return c == '.' || is_digit(c); });
}

std::optional<Origin> origin_of(std::string_view url) {
  const auto end = url.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  Origin origin{.scheme = lower(url.substr(0, end)), .host = {}, .port = {}};
  if (origin.scheme != "http" && origin.scheme != "https") return std::nullopt;
  url.remove_prefix(end + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (url.find('@') != std::string_view::npos) return std::nullopt;  // no names and passwords in addresses
  const auto bracket = url.starts_with('[') ? url.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const auto colon = url.find(':', bracket);
  origin.host = lower(url.substr(0, colon));
  if (colon != std::string_view::npos) {
    const auto port = url.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return std::nullopt;
    const bool usual =
        (origin.scheme == "http" && port == "80") || (origin.scheme == "https" && port == "443");
    if (!usual) origin.port = ":" + std::string{port};
  }
  if (origin.host.empty()) return std::nullopt;
  return origin;
}

}  // namespace fauxkey::attack
