// Each format there and back, and as the other programs write it: the files of tests/keystore/exchange have
// the shapes of their sources.
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "crypto/pkcs8.h"
#include "exchange_fixture.h"
#include "keystore/exchange/json.h"

namespace exchange_formats_test {

using namespace fauxkey;
using namespace fauxkey::test;
using exchange::Format;

namespace {

bool can_carry(const exchange::FormatRow& row, Algorithm algorithm) {
  return row.algorithms.empty() || std::ranges::find(row.algorithms, algorithm) != row.algorithms.end();
}

nlohmann::json parsed(const Bytes& file) { return nlohmann::json::parse(file.begin(), file.end()); }

}  // namespace

TEST_CASE("exchange: what a format carries comes back as it was, for each algorithm that it can carry") {
  SystemRandom random;
  for (const auto& row : exchange::formats()) {
    for (const auto algorithm : available_algorithms()) {
      if (!can_carry(row, algorithm)) continue;
      CAPTURE(row.name);
      CAPTURE(name_of(algorithm));
      const auto credential = full_credential(algorithm, random);
      const auto back = read_all(write_file_of(row.format, {credential}));
      REQUIRE(back.size() == 1);
      const Credential& read = back[0].credential;
      CHECK(read.id == credential.id);
      CHECK(read.rp_id == credential.rp_id);
      CHECK(read.rp_id_hash == credential.rp_id_hash);
      CHECK(read.user.id == credential.user.id);
      CHECK(read.algorithm == algorithm);
      // A key of another form is the same key.
      CHECK(cose_public_key(read) == cose_public_key(credential));
      CHECK(read.discoverable);
      const auto carries = [&](exchange::Feature feature) {
        return (row.carries & static_cast<exchange::Features>(feature)) != 0;
      };
      if (row.format != Format::playwright) CHECK(read.user.name == credential.user.name);
      if (carries(exchange::Feature::hmac_secret)) {
        CHECK(equal_in_constant_time(read.cred_random_with_uv, credential.cred_random_with_uv));
        CHECK(equal_in_constant_time(read.cred_random_without_uv, credential.cred_random_without_uv));
      }
      if (carries(exchange::Feature::cred_blob)) CHECK(read.cred_blob == credential.cred_blob);
      if (carries(exchange::Feature::large_blob)) {
        REQUIRE(read.large_blob.has_value());
        CHECK(read.large_blob->bytes == credential.large_blob->bytes);
        CHECK(read.large_blob->original_size == credential.large_blob->original_size);
      }
      if (carries(exchange::Feature::payment)) CHECK(read.third_party_payment);
      if (carries(exchange::Feature::names)) CHECK(read.rp_name == credential.rp_name);
      if (carries(exchange::Feature::backup_flags)) CHECK(read.backup_eligible);
    }
  }
}

TEST_CASE("exchange: fauxkey's own format loses nothing") {
  SystemRandom random;
  auto credential = full_credential(Algorithm::es256, random);
  credential.cred_protect = CredProtect::required;
  const auto back = read_all(write_file_of(Format::fauxkey, {credential}, 41));
  REQUIRE(back.size() == 1);
  CHECK(same(back[0].credential, credential));
  CHECK(back[0].sign_count == 41);
}

TEST_CASE("exchange: signature counters come back from the formats that have them") {
  SystemRandom random;
  const auto credential = full_credential(Algorithm::es256, random);
  for (const auto& row : exchange::formats()) {
    if ((row.carries & static_cast<exchange::Features>(exchange::Feature::counter)) == 0) continue;
    CAPTURE(row.name);
    const auto back = read_all(write_file_of(row.format, {credential}, 4'000'000'000));
    REQUIRE(back.size() == 1);
    CHECK(back[0].sign_count == 4'000'000'000);
    CHECK(back[0].credential.counts_signatures);
  }
}

TEST_CASE("exchange: many credentials come back from one file in their order") {
  SystemRandom random;
  std::vector<Credential> credentials;
  for (int i = 0; i < 30; ++i) {
    auto& credential = credentials.emplace_back(full_credential(Algorithm::es256, random));
    credential.user.name = "user " + std::to_string(i);
  }
  for (const auto& row : exchange::formats()) {
    if (row.one_each || row.format == Format::playwright) continue;
    CAPTURE(row.name);
    const auto back = read_all(write_file_of_all(row.format, credentials));
    REQUIRE(back.size() == credentials.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      CHECK(back[i].credential.id == credentials[i].id);
      CHECK(back[i].credential.user.name == credentials[i].user.name);
    }
  }
}

TEST_CASE("exchange: names that would end a line or a string of the file stay names") {
  SystemRandom random;
  auto credential = full_credential(Algorithm::es256, random);
  credential.user.name = "a\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n# fauxkey: {}\"\\";
  for (const auto& row : exchange::formats()) {
    if (row.format == Format::playwright) continue;
    CAPTURE(row.name);
    const auto back = read_all(write_file_of(row.format, {credential}));
    REQUIRE(back.size() == 1);
    CHECK(back[0].credential.user.name == credential.user.name);
  }
}

TEST_CASE("exchange: a credential that a format has no place for is left out by name, the others are not") {
  SystemRandom random;
  exchange::Exporter exporter{exchange::row_of(Format::bitwarden), write_terms()};
  exporter.add(full_credential(Algorithm::eddsa, random), 0);
  exporter.add(full_credential(Algorithm::es256, random), 0);
  CHECK(exporter.carried() == 1);
  REQUIRE(exporter.left_out().size() == 1);
  CHECK(exporter.left_out()[0].rp_id == "example.com");
  CHECK(exporter.left_out()[0].why == "Bitwarden's JSON has no place for EdDSA keys");
}

TEST_CASE("exchange: CXF leaves out credentials that count signatures, as it demands") {
  SystemRandom random;
  exchange::Exporter exporter{exchange::row_of(Format::cxf), write_terms()};
  exporter.add(full_credential(Algorithm::es256, random), 1);
  auto never_counts = full_credential(Algorithm::es256, random);
  never_counts.counts_signatures = false;
  exporter.add(never_counts, 17);  // which the store counts for itself
  CHECK(exporter.carried() == 1);
  CHECK(exporter.left_out().size() == 1);
}

TEST_CASE("exchange: what a format loses is said") {
  SystemRandom random;
  exchange::Exporter exporter{exchange::row_of(Format::keepassxc), write_terms()};
  exporter.add(full_credential(Algorithm::es256, random), 3);
  const auto losses = exporter.losses();
  for (const char* lost : {"signature counter", "hmac-secret", "credBlob", "large blob", "credProtect"}) {
    CHECK_MESSAGE(losses.find(lost) != std::string::npos, lost);
  }
}

TEST_CASE(
    "exchange: where each file holds one credential, no two have the same name, and none leaves its folder") {
  SystemRandom random;
  exchange::Exporter exporter{exchange::row_of(Format::keepassxc), write_terms()};
  auto credential = full_credential(Algorithm::es256, random);
  credential.rp_id = "../../etc/passwd";
  credential.user.name = "-rf\n";
  exporter.add(credential, 0);
  exporter.add(credential, 0);
  const auto files = exporter.finish();
  REQUIRE(files.size() == 2);
  CHECK(files[0].name != files[1].name);
  for (const auto& file : files) {
    CHECK(file.name.find('/') == std::string::npos);
    CHECK(file.name.find('\n') == std::string::npos);
    CHECK(file.name.front() != '.');
    CHECK(file.name.front() != '-');
  }
}

TEST_CASE("exchange: a CXF export of a password manager gives its passkeys and nothing else") {
  const exchange::Document document{exchange_file("cxf.json"), std::nullopt};
  CHECK(document.row().format == Format::cxf);
  const auto read = read_all(document);
  REQUIRE(read.size() == 2);
  const Credential& shop = read[0].credential;
  CHECK(shop.rp_id == "shop.example");
  CHECK(shop.user.name == "alice");
  CHECK(shop.user.display_name == "Alice A.");
  CHECK(shop.created_at == 1'700'000'000);
  CHECK(text_of(shop.cred_blob) == "a credBlob");
  REQUIRE(shop.large_blob.has_value());
  CHECK(shop.large_blob->original_size == 11);
  CHECK(shop.third_party_payment);
  const auto json = parsed(exchange_file("cxf.json"));
  const auto& hmac = json["accounts"][0]["items"][0]["credentials"][1]["fido2Extensions"]["hmacCredentials"];
  CHECK(std::string{exchange::encode_base64(shop.cred_random_with_uv, exchange::Base64::url)} ==
        hmac["credWithUV"].get<std::string>());
  const Credential& forum = read[1].credential;
  CHECK(forum.algorithm == Algorithm::eddsa);
  CHECK_FALSE(forum.user.display_name.has_value());
  CHECK(forum.created_at == kNow);
  for (const auto& moving : read) {
    CHECK(moving.credential.backup_eligible);
    CHECK(moving.credential.backed_up);
    CHECK_FALSE(moving.credential.counts_signatures);
  }
}

TEST_CASE("exchange: the answer of WebAuthn.getCredentials gives Chrome's credentials with their flags") {
  const exchange::Document document{exchange_file("cdp.json"), std::nullopt};
  CHECK(document.row().format == Format::cdp);
  const auto read = read_all(document);
  REQUIRE(read.size() == 2);
  CHECK(read[0].sign_count == 3);
  CHECK(read[0].credential.backup_eligible);
  CHECK_FALSE(read[0].credential.backed_up);
  CHECK(read[0].credential.user.display_name == "Alice A.");
  CHECK_FALSE(read[1].credential.discoverable);
  CHECK(read[1].credential.user.id.empty());
}

TEST_CASE("exchange: Chrome's large blob comes in as one that platforms can inflate") {
  auto json = parsed(exchange_file("cdp.json"));
  json["result"]["credentials"][0]["largeBlob"] = "aGVsbG8=";
  const auto read = read_all(view_of(json.dump()));
  REQUIRE(read.at(0).credential.large_blob.has_value());
  const auto& blob = *read[0].credential.large_blob;
  CHECK(blob.original_size == 5);
  CHECK(blob.bytes == Bytes{0x01, 0x05, 0x00, 0xFA, 0xFF, 'h', 'e', 'l', 'l', 'o'});
  CHECK(read[0].credential.supports_large_blob);
}

TEST_CASE("exchange: WebDriver's credentials are read as Chrome's") {
  const exchange::Document document{exchange_file("webdriver.json"), std::nullopt};
  CHECK(document.row().format == Format::cdp);
  const auto read = read_all(document);
  REQUIRE(read.size() == 1);
  CHECK(read[0].credential.id.size() == 31);
  CHECK(read[0].sign_count == 12);
}

TEST_CASE("exchange: Playwright's storageState gives its credentials, which have no backup flags") {
  const auto file = exchange_file("playwright.json");
  const exchange::Document document{file, std::nullopt};
  CHECK(document.row().format == Format::playwright);
  const auto read = read_all(document);
  REQUIRE(read.size() == 1);
  const Credential& credential = read[0].credential;
  CHECK_FALSE(credential.backup_eligible);
  CHECK(credential.counts_signatures);
  const auto public_key = crypto::pkcs8::encode_public(credential.algorithm, credential.private_key);
  CHECK(std::string{exchange::encode_base64(public_key, exchange::Base64::url)} ==
        parsed(file)["credentials"][0]["publicKey"].get<std::string>());
}

TEST_CASE("exchange: a storageState without credentials gives none") {
  CHECK(error_of(view_of(R"({"cookies": [], "origins": []})")).find("credentials") != std::string::npos);
}

TEST_CASE("exchange: KeePassXC's .passkey gives its credential, of each kind of key") {
  for (const auto& [name, algorithm] : {std::pair{"keepassxc-es256.passkey", Algorithm::es256},
                                        std::pair{"keepassxc-ed25519.passkey", Algorithm::eddsa},
                                        std::pair{"keepassxc-rsa.passkey", Algorithm::rs256}}) {
    if (!is_available(algorithm)) continue;
    CAPTURE(name);
    const exchange::Document document{exchange_file(name), std::nullopt};
    CHECK(document.row().format == Format::keepassxc);
    const auto read = read_all(document);
    REQUIRE(read.size() == 1);
    CHECK(read[0].credential.algorithm == algorithm);
    CHECK(read[0].credential.rp_id == "shop.example");
    CHECK(read[0].credential.user.name == "alice");
    CHECK_FALSE(read[0].credential.counts_signatures);
  }
}

TEST_CASE("exchange: Bitwarden's export gives its passkeys, a counter of zero being none") {
  const exchange::Document document{exchange_file("bitwarden.json"), std::nullopt};
  CHECK(document.row().format == Format::bitwarden);
  const auto read = read_all(document);
  REQUIRE(read.size() == 3);
  CHECK(read[0].credential.id.size() == 16);
  CHECK_FALSE(read[0].credential.counts_signatures);
  CHECK(read[0].credential.rp_name == "The Shop");
  CHECK(read[0].credential.created_at == 1'738'555'506);
  CHECK(read[1].credential.id.size() == 48);
  CHECK(read[1].credential.counts_signatures);
  CHECK(read[1].sign_count == 5);
  CHECK_FALSE(read[2].credential.discoverable);
  for (const auto& moving : read) CHECK(moving.credential.backed_up);
}

TEST_CASE("exchange: an encrypted Bitwarden export is refused with what to do") {
  CHECK(error_of(exchange_file("bitwarden-encrypted.json")).find("without a password") != std::string::npos);
}

TEST_CASE("exchange: Bitwarden's 16-byte ids are written as GUIDs, as it takes no others for such") {
  SystemRandom random;
  auto credential = full_credential(Algorithm::es256, random);
  credential.id = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  const auto file = write_file_of(Format::bitwarden, {credential});
  CHECK(parsed(file)["items"][0]["login"]["fido2Credentials"][0]["credentialId"] ==
        "00112233-4455-6677-8899-aabbccddeeff");
  CHECK(read_all(file).at(0).credential.id == credential.id);
}

TEST_CASE("exchange: a bare private key is imported with what the command line says of it") {
  for (const char* name : {"openssl-p256.pem", "openssl-p384.pem", "openssl-p521.pem",
                           "openssl-secp256k1.pem", "openssl-ed25519.pem", "openssl-rsa.pem"}) {
    CAPTURE(name);
    const exchange::Document document{exchange_file(name), std::nullopt};
    CHECK(document.row().format == Format::pkcs8);
    auto terms = read_terms();
    terms.rp_id = "shop.example";
    terms.user_handle = Bytes{1, 2};
    terms.user_name = "alice";
    try {
      const auto read = read_all(document, terms);
      REQUIRE(read.size() == 1);
      CHECK(read[0].credential.id.size() == 32);
      CHECK(read[0].credential.discoverable);
      CHECK(read[0].credential.user.name == "alice");
      CHECK_FALSE(read[0].credential.backup_eligible);
    } catch (const exchange::FormatError& error) {
      // In a build without the algorithm.
      CHECK(std::string{error.what()}.find("libraries cannot use") != std::string::npos);
    }
  }
}

TEST_CASE("exchange: a bare private key without --rp is refused with what to give") {
  CHECK(error_of(exchange_file("openssl-p256.pem")).find("--rp RP_ID") != std::string::npos);
}

TEST_CASE("exchange: a wrong value is named by its place in the file") {
  auto json = parsed(exchange_file("cxf.json"));
  auto& passkey = json["accounts"][0]["items"][1]["credentials"][0];
  const auto error = [&] { return error_of(view_of(json.dump())); };
  const auto key = passkey["key"];
  passkey["key"] = "AAAA";
  CHECK(error() == "is not of its format: accounts[0].items[1].credentials[0].key is no PKCS #8 private key");
  passkey["key"] = "****";
  CHECK(error() == "is not of its format: accounts[0].items[1].credentials[0].key is no base64");
  passkey["key"] = 5;
  CHECK(error() == "is not of its format: accounts[0].items[1].credentials[0].key is no string");
  passkey.erase("key");
  CHECK(error() == "has no \"accounts[0].items[1].credentials[0].key\", which its format needs");
  passkey["key"] = key;
  passkey["userHandle"] = std::string(88, 'A');
  CHECK(error().find("credentials[0].userHandle has 66 bytes") != std::string::npos);
  passkey["userHandle"] = "";
  CHECK(error().find("no user handle") != std::string::npos);
  passkey["userHandle"] = "AAAA";
  passkey["credentialId"] = std::string(344, 'A');
  CHECK(error().find("credentialId has 258 bytes") != std::string::npos);
  passkey["credentialId"] = "AAAA";
  passkey["rpId"] = "";
  CHECK(error().find("rpId is no relying party's id") != std::string::npos);
  passkey["rpId"] = "a\nb";
  CHECK(error().find("rpId is no relying party's id") != std::string::npos);
  json["version"]["major"] = 2;
  CHECK(error().find("version is a version of CXF") != std::string::npos);
}

TEST_CASE("base64: there is one text for some bytes, of ASCII") {
  using exchange::Base64;
  const Bytes bytes{0xfb, 0xff};
  for (const auto& [text, kind] : {std::pair{"+/8=", Base64::padded}, std::pair{"+/8", Base64::unpadded},
                                   std::pair{"-_8", Base64::url}}) {
    CHECK(std::string{encode_base64(bytes, kind)} == text);
    for (const auto other : {Base64::padded, Base64::unpadded, Base64::url}) {
      CHECK(decode_base64(text, other).has_value() == (other == kind));
    }
    CHECK(decode_base64(text, Base64::url_or_padded).has_value());
  }
  for (std::string_view text : {"A", "AB=", "AAB=", "-/8", "AA AA", "AAAA\n", "A===", "-_9",
                                "AA\x9A"
                                "A"}) {
    CAPTURE(text);
    const bool right_in_one = text == "-/8";  // which mixes the alphabets
    CHECK(decode_base64(text, Base64::url_or_padded).has_value() == right_in_one);
  }
  for (int c = 0; c < 256; ++c) {
    std::string text = "AAAA";
    text[1] = static_cast<char>(c);
    const bool digit = c < 128 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    CAPTURE(c);
    CHECK(decode_base64(text, Base64::url).has_value() == digit);
  }
}

TEST_CASE("exchange: counters that are none are refused") {
  auto json = parsed(exchange_file("cdp.json"));
  for (const nlohmann::json& count : {nlohmann::json(-2), nlohmann::json(4294967296), nlohmann::json(1.5),
                                      nlohmann::json("3"), nlohmann::json(18446744073709551615U)}) {
    json["result"]["credentials"][0]["signCount"] = count;
    CAPTURE(count.dump());
    CHECK(error_of(view_of(json.dump())).find("result.credentials[0].signCount is no") != std::string::npos);
  }
  json["result"]["credentials"][0]["signCount"] = -1;  // which means: none
  CHECK_FALSE(read_all(view_of(json.dump())).at(0).credential.counts_signatures);
}

TEST_CASE("exchange: a document that nests deeply or has too many values is refused, not built") {
  CHECK(error_of(view_of(std::string(100'000, '['))).find("levels deep") != std::string::npos);
  CHECK(exchange::parse_json(view_of("[[1], 2]"), 4).size() == 2);
  CHECK_THROWS_WITH_AS((void)exchange::parse_json(view_of("[[1], 2, 3]"), 4),
                       doctest::Contains("has more than 4 values"), exchange::FormatError);
}

TEST_CASE("exchange: every beginning of a file is refused with a sentence") {
  for (const char* name : {"cxf.json", "cdp.json", "playwright.json", "keepassxc-es256.passkey",
                           "bitwarden.json", "openssl-p256.pem"}) {
    const auto file = exchange_file(name);
    CAPTURE(name);
    for (std::size_t size = 0; size + 2 < file.size(); size += 7) {
      CAPTURE(size);
      CHECK_FALSE(error_of(ByteView{file}.first(size)).empty());
    }
  }
}

TEST_CASE("exchange: what is of no known format is said to be so") {
  for (const char* text : {"{}", "[]", "1", "\"text\"", R"({"items": []})"}) {
    CAPTURE(text);
    CHECK(error_of(view_of(text)).find("no format that is known") != std::string::npos);
  }
}

}  // namespace exchange_formats_test
