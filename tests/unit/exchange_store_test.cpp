// Importing into a store and exporting from it.
#include "exchange_fixture.h"
#include "keystore/exchange/importer.h"

namespace exchange_store_test {

using namespace fauxkey;
using namespace fauxkey::test;
using exchange::Format;
using exchange::Skipped;

namespace {

auto import_file(CredentialStore& store, ByteView content, bool replace = false) {
  const exchange::Document document{content, std::nullopt};
  const std::array sources{exchange::Source{"'file'", &document, read_terms()}};
  auto result = exchange::import_all(store, sources, replace);
  REQUIRE_MESSAGE(result.has_value(), (result ? std::string{} : result.error().message));
  return *std::move(result);
}

std::size_t count(CredentialStore& store) { return store.count().value(); }

}  // namespace

TEST_CASE("import: what is in the keystore already is skipped, and taken anew with --replace") {
  SystemRandom random;
  MemoryStore store;
  auto credential = full_credential(Algorithm::es256, random);
  const auto file = write_file_of(Format::fauxkey, {credential});
  CHECK(import_file(store, file).imported == 1);

  credential.user.name = "renamed";
  const auto newer = write_file_of(Format::fauxkey, {credential});
  const auto again = import_file(store, newer);
  CHECK(again.imported == 0);
  REQUIRE(again.skipped.size() == 1);
  CHECK(again.skipped[0].reason == Skipped::Reason::same_id);
  CHECK(store.find(credential.id).value()->user.name != "renamed");

  CHECK(import_file(store, newer, true).imported == 1);
  CHECK(store.find(credential.id).value()->user.name == "renamed");
  CHECK(count(store) == 1);
}

TEST_CASE(
    "import: another credential of an account is skipped, and takes the old one's place with --replace") {
  SystemRandom random;
  MemoryStore store;
  const auto old = full_credential(Algorithm::es256, random);
  REQUIRE(store.put(old).has_value());
  const auto other = full_credential(Algorithm::es256, random);  // of the same site and user
  const auto file = write_file_of(Format::fauxkey, {other});
  const auto result = import_file(store, file);
  REQUIRE(result.skipped.size() == 1);
  CHECK(result.skipped[0].reason == Skipped::Reason::same_account);
  CHECK(import_file(store, file, true).imported == 1);
  CHECK_FALSE(store.find(old.id).value().has_value());
  CHECK(store.find(other.id).value().has_value());
}

TEST_CASE("import: of what a file has twice the first one counts") {
  SystemRandom random;
  MemoryStore store;
  const auto first = full_credential(Algorithm::es256, random);
  const auto second = full_credential(Algorithm::es256, random);
  const auto result = import_file(store, write_file_of(Format::fauxkey, {first, first, second}));
  CHECK(result.imported == 1);
  CHECK(result.skipped.size() == 2);
  CHECK(store.find(first.id).value().has_value());
}

TEST_CASE("import: a signature counter is raised, never lowered") {
  SystemRandom random;
  MemoryStore store;
  const auto credential = full_credential(Algorithm::es256, random);
  import_file(store, write_file_of(Format::fauxkey, {credential}, 100));
  CHECK(store.next_sign_count(credential.id).value() == 101);
  import_file(store, write_file_of(Format::fauxkey, {credential}, 50), true);
  CHECK(store.next_sign_count(credential.id).value() == 102);
  import_file(store, write_file_of(Format::fauxkey, {credential}, 200), true);
  CHECK(store.next_sign_count(credential.id).value() == 201);
}

TEST_CASE("import: a file with one wrong credential changes nothing") {
  SystemRandom random;
  MemoryStore store;
  std::string text;
  {
    auto one = full_credential(Algorithm::es256, random);
    auto two = full_credential(Algorithm::es256, random);
    two.user.id = {9};
    two.rp_id = "other.example";
    const auto file = write_file_of(Format::pkcs8, {one, two}, 7);
    text.assign(file.begin(), file.end());
  }
  text.replace(text.rfind("-----BEGIN PRIVATE KEY-----\n") + 28, 4, "AAAA");
  const exchange::Document document{view_of(text), std::nullopt};
  const std::array sources{exchange::Source{"'keys.pem'", &document, read_terms()}};
  try {
    (void)exchange::import_all(store, sources, false);
    FAIL("it was taken");
  } catch (const exchange::FormatError& error) {
    CHECK(std::string{error.what()} ==
          "'keys.pem' is not of its format: key 2 is no PKCS #8 private key; nothing was imported.");
  }
  CHECK(count(store) == 0);
}

TEST_CASE("import: more than a step's credentials all come in") {
  SystemRandom random;
  MemoryStore store;
  constexpr std::size_t kMany = exchange::kMaxStep + 5;
  exchange::Exporter exporter{exchange::row_of(Format::fauxkey), write_terms()};
  auto credential = full_credential(Algorithm::eddsa, random);
  for (std::size_t i = 0; i < kMany; ++i) {
    credential.id = {static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i), 1};
    credential.user.id = credential.id;
    exporter.add(credential, 0);
  }
  const auto files = exporter.finish();
  CHECK(import_file(store, files.at(0).content).imported == kMany);
  CHECK(count(store) == kMany);
}

TEST_CASE("import: credentials that are not discoverable lie beside the discoverable one of their account") {
  for (const bool on_disk : {false, true}) {
    CAPTURE(on_disk);
    SystemRandom random;
    MemoryStore memory;
    std::optional<DiskStore> disk;
    if (on_disk) disk.emplace();
    CredentialStore& store = on_disk ? static_cast<CredentialStore&>(*disk->store) : memory;
    auto discoverable = full_credential(Algorithm::es256, random);
    auto first = full_credential(Algorithm::es256, random);
    auto second = full_credential(Algorithm::es256, random);
    first.discoverable = second.discoverable = false;
    second.user.id.clear();
    const auto result = import_file(store, write_file_of(Format::fauxkey, {discoverable, first, second}));
    CHECK(result.imported == 3);
    CHECK(count(store) == 3);
    for (const auto* credential : {&discoverable, &first, &second}) {
      const auto found = store.find(credential->id);
      REQUIRE(found.value().has_value());
      CHECK((*found)->discoverable == credential->discoverable);
    }
    // And each can be changed.
    first.user.name = "renamed";
    CHECK(store.update(first).value());
    CHECK(store.find(first.id).value()->user.name == "renamed");
  }
}

TEST_CASE("export: what may be backed up is backed up as soon as there is a copy, the rest is not") {
  SystemRandom random;
  DiskStore disk;
  auto eligible = full_credential(Algorithm::es256, random);
  eligible.backed_up = false;
  auto bound = full_credential(Algorithm::es256, random);
  bound.user.id = {7};
  bound.backup_eligible = bound.backed_up = false;
  REQUIRE(disk.store->put(eligible).has_value());
  REQUIRE(disk.store->put(bound).has_value());
  exchange::Exporter exporter{exchange::row_of(Format::fauxkey), write_terms()};
  exporter.add(eligible, 0);
  exporter.add(bound, 0);
  CHECK(exporter.not_eligible() == 1);
  REQUIRE(exchange::mark_backed_up(*disk.store, exporter.newly_backed_up()).has_value());
  disk.open();
  CHECK(disk.store->find(eligible.id).value()->backed_up);
  CHECK_FALSE(disk.store->find(bound.id).value()->backed_up);
}

}  // namespace exchange_store_test
