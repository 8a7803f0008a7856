// One visitor of a site: their cookies, and what the site's answers told them.
#pragma once

#include <map>
#include <string>

#include "attack/http.h"
#include "attack/site.h"
#include "attack/variables.h"

namespace fauxkey::attack {

/// A site's answer.
struct Said {
  long status = 0;
  Json body;         ///< null where it was no JSON
  std::string text;  ///< as it came
  [[nodiscard]] bool is_good() const { return status >= 200 && status < 300; }
};

/// What a site made of a response.
struct Judgement {
  bool accepted = false;
  long status = 0;
  std::string error;  ///< what the site said against it
  /// A server's error: it did not accept, but stumbled.
  [[nodiscard]] bool stumbled() const { return status >= 500; }
};

class Visit {
 public:
  /// `base`: the address that the site's paths follow. All outlive the visit.
  Visit(const Site& site, const std::string& base, const Http& http);

  /// What its requests' variables stand for.
  [[nodiscard]] Variables& variables() { return variables_; }
  /// The options; nothing where the site gives none, with what it says in `error`.
  struct Options {
    Json options;
    std::string error;
    [[nodiscard]] bool given() const { return options.is_object(); }
  };
  [[nodiscard]] Options options(Ceremony ceremony);
  [[nodiscard]] Judgement verify(Ceremony ceremony, const Json& response);

 private:
  [[nodiscard]] Said ask(const SiteCall& call);
  void begin();

  const Site& site_;
  const std::string& base_;
  const Http& http_;
  Variables variables_;
  std::map<std::string, std::string> cookies_;
  bool begun_ = false;
};

/// What a site says against something, in one line of at most so many bytes.
[[nodiscard]] std::string brief_error(const Said& said, const std::string& at);

}  // namespace fauxkey::attack
