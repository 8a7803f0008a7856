// What the keystore's tests share: folders that vanish, credentials with every field, a store on disk.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/text.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/memory_store.h"
#include "keystore/sqlite_store.h"
#include "keystore/store_file.h"

namespace fauxkey::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory where there is such a place: the tests sync often, and none of them cuts the power.
    const std::filesystem::path parent =
        ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string name = (parent / "fauxkey-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(file.good());
}

inline ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline RpIdHash rp_hash(std::string_view rp_id) {
  RpIdHash hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(rp_id.data()), rp_id.size());
  return hash;
}

/// A credential with every field set.
inline Credential make_credential(Random& random, const std::string& rp_id, const std::string& user) {
  Credential credential;
  const auto id = random.bytes<32>();
  credential.id.assign(id.begin(), id.end());
  credential.rp_id = rp_id;
  credential.rp_id_hash = rp_hash(rp_id);
  credential.rp_name = "The site " + rp_id;
  credential.user.id.assign(user.begin(), user.end());
  credential.user.name = user + "@" + rp_id;
  credential.user.display_name = "Display name of " + user;
  credential.private_key = SecretBytes::copy_of(random.bytes<32>());
  credential.cred_protect = CredProtect::optional_with_credential_id_list;
  credential.cred_random_without_uv = random.secret<32>();
  credential.cred_random_with_uv = random.secret<32>();
  credential.discoverable = true;
  credential.created_at = 1'700'000'000;
  return credential;
}

inline bool same(const Credential& a, const Credential& b) {
  return a.id == b.id && a.rp_id_hash == b.rp_id_hash && a.rp_id == b.rp_id && a.rp_name == b.rp_name &&
         a.user.id == b.user.id && a.user.name == b.user.name && a.user.display_name == b.user.display_name &&
         a.algorithm == b.algorithm && equal_in_constant_time(a.private_key, b.private_key) &&
         a.cred_protect == b.cred_protect &&
         equal_in_constant_time(a.cred_random_without_uv, b.cred_random_without_uv) &&
         equal_in_constant_time(a.cred_random_with_uv, b.cred_random_with_uv) &&
         a.discoverable == b.discoverable && a.created_at == b.created_at && a.cred_blob == b.cred_blob &&
         equal_in_constant_time(a.large_blob_key, b.large_blob_key) &&
         a.third_party_payment == b.third_party_payment && a.supports_large_blob == b.supports_large_blob &&
         a.backup_eligible == b.backup_eligible && a.backed_up == b.backed_up &&
         a.counts_signatures == b.counts_signatures && a.large_blob.has_value() == b.large_blob.has_value() &&
         (!a.large_blob || (a.large_blob->bytes == b.large_blob->bytes &&
                            a.large_blob->original_size == b.large_blob->original_size));
}

/// As SQL has it: x'0123'.
inline std::string literal(ByteView bytes) { return "x'" + hex(bytes) + "'"; }

/// A keystore file in a folder of its own, opened by a key file.
struct DiskStore {
  TemporaryFolder folder;
  SystemRandom random;
  ManualClock clock;
  std::filesystem::path path = folder / "keystore.db";
  UnlockSource unlock{UnlockSource::Kind::key_file, (folder / "unlock.key").string(), -1};
  std::unique_ptr<SqliteStore> store;

  DiskStore() { open(); }
  /// A passphrase costs little here.
  Opening opening{.argon2_cost = [] { return keystore::Argon2Cost{1, std::uint64_t{8} << 20U}; },
                  .accept_older = false};
  [[nodiscard]] auto try_open() { return SqliteStore::open(path, unlock, random, clock, opening); }
  void open() {
    store.reset();
    auto opened = try_open();
    REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string{} : opened.error().message));
    store = *std::move(opened);
  }
  void close() { store.reset(); }
  /// Of the closed store: what an attacker does not have.
  [[nodiscard]] keystore::Keys keys() {
    auto opened = keystore::open_store_file(path, unlock, random, clock, opening);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string{} : opened.error().message));
    return std::move(opened->file.keys);
  }
  Credential put(const std::string& rp_id, const std::string& user) {
    auto credential = make_credential(random, rp_id, user);
    REQUIRE(store->put(credential).has_value());
    return credential;
  }
};

/// Every sentence for a person: one, ended by a full stop, that says what to do.
inline void check_sentence(const StoreError& error) {
  INFO(error.message);
  CHECK(error.message.size() > 30);
  CHECK(error.message.back() == '.');
  CHECK(error.message.find(": ") != std::string::npos);
  CHECK(error.message.find('\n') == std::string::npos);
}

}  // namespace fauxkey::test
