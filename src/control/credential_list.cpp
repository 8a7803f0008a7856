#include "control/credential_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "control/request_terms.h"

namespace fauxkey::control {
namespace credential_listing {  // sources are compiled together, so names must differ

/// Few are in memory at a time, but each page is a look into the store.
constexpr std::size_t kPageStep = 100;
constexpr std::int64_t kMaxLimit = 1000;
constexpr std::int64_t kMaxOffset = 100'000'000;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool contains(std::string_view text, std::string_view lower_case_part) {
  return !std::ranges::search(text, lower_case_part, {}, lower).empty();
}

bool is_wanted(const Credential& credential, const Listing& listing) {
  if (listing.rp_id && credential.rp_id != *listing.rp_id) return false;
  if (listing.search.empty()) return true;
  const std::array texts{
      std::string_view{credential.rp_id},
      std::string_view{credential.rp_name ? *credential.rp_name : credential.rp_id},
      std::string_view{credential.user.name ? *credential.user.name : credential.rp_id},
      std::string_view{credential.user.display_name ? *credential.user.display_name : credential.rp_id}};
  return std::ranges::any_of(texts, [&](auto text) { return contains(text, listing.search); }) ||
         contains(base64url(credential.id), listing.search);
}

/// A cursor is the place of a page of the store: "d17" among the discoverable ones, "i0" among the others;
/// with how many of it were looked at already: "d17.5".
void read_cursor(std::string_view text, Listing& listing) {
  const BadRequest wrong{"The query's cursor is none that an answer gave: leave it out to begin anew."};
  if (text.empty() || (text.front() != 'd' && text.front() != 'i')) throw wrong;
  listing.from.by_id = text.front() == 'i';
  const char* const end = text.data() + text.size();
  const auto [dot, no_cursor] = std::from_chars(text.data() + 1, end, listing.from.cursor);
  if (no_cursor != std::errc{}) throw wrong;
  if (dot == end) return;
  const auto [rest, no_number] = std::from_chars(dot + 1, end, listing.given);
  if (*dot != '.' || no_number != std::errc{} || rest != end || listing.given >= kPageStep) throw wrong;
}

std::string cursor_of(BenchStore::Place place, std::size_t given) {
  auto text = (place.by_id ? "i" : "d") + std::to_string(place.cursor);
  if (given > 0) text += "." + std::to_string(given);
  return text;
}

}  // namespace credential_listing

Listing read_listing(const HttpRequest& request) {
  using namespace credential_listing;
  const auto term = [&](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::nullopt : std::optional{found->second};
  };
  Listing listing;
  listing.rp_id = term("rpId");
  listing.search = term("search").value_or("");
  std::ranges::transform(listing.search, listing.search.begin(), lower);
  if (const auto offset = number_in_query(request, "offset", kMaxOffset))
    listing.offset = static_cast<std::size_t>(*offset);
  if (const auto limit = number_in_query(request, "limit", kMaxLimit))
    listing.limit = static_cast<std::size_t>(*limit);
  if (const auto wanted = term("privateKeys")) {
    if (*wanted != "true" && *wanted != "false")
      throw BadRequest{"The query's privateKeys is true or false."};
    listing.private_keys = *wanted == "true";
  }
  if (const auto cursor = term("cursor")) read_cursor(*cursor, listing);
  return listing;
}

ListedCredentials list_credentials(BenchStore& store, Listing listing, const std::function<bool()>& stopped) {
  using namespace credential_listing;
  ListedCredentials listed;
  std::optional<BenchStore::Place> place = listing.from;
  while (place && !stopped()) {
    const auto page = store.page_of_all(*place, kPageStep);
    if (!page) throw std::runtime_error{page.error().message};
    for (auto i = std::exchange(listing.given, 0); i < page->credentials.size(); ++i) {
      const auto& credential = page->credentials[i];
      if (!is_wanted(credential, listing)) continue;
      if (listing.offset > 0) {
        --listing.offset;
        continue;
      }
      if (listed.credentials.size() == listing.limit) {
        listed.next = cursor_of(*place, i);
        return listed;
      }
      listed.credentials.push_back(listing.private_keys ? describe(credential, store, Base64::url)
                                                        : describe_without_key(credential, store));
    }
    place = page->next;
  }
  return listed;
}

}  // namespace fauxkey::control
