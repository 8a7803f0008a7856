#include "keystore/damage.h"

#include <algorithm>
#include <map>

#include "keystore/credential_table.h"
#include "keystore/limits.h"
#include "keystore/sealing.h"

namespace fauxkey::keystore {
namespace {

struct Site {
  std::string rp_id;
  std::size_t credentials = 0;  ///< readable ones
};

}  // namespace

std::vector<Damage> name_damages(const DamagedTags& damaged, CredentialTable& credentials, const Keys& keys) {
  std::vector<Damage> damages;
  std::multimap<Tag, std::size_t> by_rp_tag;
  std::map<Tag, std::size_t> by_counter_tag;
  for (const Tag& tag : damaged.rp_tags) {
    by_rp_tag.emplace(tag, damages.size());
    damages.push_back({.what = Damage::What::credential});
  }
  for (const Tag& tag : damaged.counter_tags) {
    by_counter_tag.emplace(tag, damages.size());
    damages.push_back({.what = Damage::What::counter});
  }
  if (damages.empty()) return damages;

  std::map<RpIdHash, Site> sites;
  std::uint64_t cursor = 0;
  do {
    // A file that is damaged so that it cannot be walked through tells no more.
    const auto page = credentials.page(cursor, kMaxPage);
    if (!page) break;
    for (const Credential& credential : page->credentials) {
      Site& site = sites[credential.rp_id_hash];
      site.rp_id = credential.rp_id;
      ++site.credentials;
      const auto counter = by_counter_tag.find(keys.counter_tag(keys.id_tag(credential.id)));
      if (counter == by_counter_tag.end()) continue;
      Damage& damage = damages[counter->second];
      damage.rp_id = credential.rp_id;
      damage.account = credential.user.name.value_or("");
      damage.credential_id = credential.id;
    }
    cursor = page->next_cursor;
  } while (cursor != 0);

  // A site's credentials have the slots from 0 on, damaged ones among them; so many are tried.
  constexpr std::size_t kMostDamaged = 1000;
  const std::size_t more = std::min(damaged.rp_tags.size(), kMostDamaged);
  for (const auto& [rp_id_hash, site] : sites) {
    if (more == 0) break;
    for (std::uint32_t slot = 0; slot < site.credentials + more; ++slot) {
      const auto [begin, end] = by_rp_tag.equal_range(keys.rp_tag(rp_id_hash, slot));
      for (auto it = begin; it != end; ++it) damages[it->second].rp_id = site.rp_id;
    }
  }
  return damages;
}

}  // namespace fauxkey::keystore
