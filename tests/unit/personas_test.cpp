// Persona files: what they may say, and that what those within the program say fits together.
#include "personas/personas.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "ctap/feature_rules.h"
#include "ctap/get_info.h"
#include "platform.h"

namespace personas_test {

using namespace fauxkey;
using namespace fauxkey::test;
using personas::PersonaError;

namespace fs = std::filesystem;

constexpr const char* kAaguid = "aaguid = \"01234567-89ab-4cde-8f01-23456789abcd\"\n";
constexpr const char* kVersions = "versions = [\"FIDO_2_0\", \"FIDO_2_1\"]\n";

personas::Model parse(const std::string& text) { return personas::parse(text, "mine.toml"); }

/// What parse says to it; empty where it takes it.
std::string refusal(const std::string& text) {
  try {
    (void)parse(text);
    return {};
  } catch (const PersonaError& error) {
    return error.what();
  }
}

TEST_CASE("each persona within the program keeps the rules of getInfo, with a PIN and without") {
  for (const auto& model : personas::built_in()) {
    CAPTURE(model.name);
    ManualClock clock;
    SystemRandom random;
    MemoryStore store;
    ScriptedGate user{clock};
    auto config = model.config;
    config.algorithms = {Algorithm::es256};  // which every build has
    Authenticator key{config, Ports{store, user, clock, random}};
    if (!config.ctap) continue;
    const auto rule = [&] {
      return ctap::broken_rule(*ctap::info::describe(key)->as<cbor::Map>()).value_or("none");
    };
    CHECK(rule() == "none");
    if (!config.client_pin) continue;
    const std::string pin(config.persona.limits.min_pin_length, '7');
    REQUIRE(
        key.pin().set(ByteView{reinterpret_cast<const std::uint8_t*>(pin.data()), pin.size()}, pin.size()));
    CHECK(rule() == "none");
  }
}

TEST_CASE("a key without a persona is as persona fauxkey says") {
  const auto* const model = personas::find("fauxkey");
  REQUIRE(model != nullptr);
  const KeyConfig plain;
  const auto& config = model->config;
  CHECK(config.persona == plain.persona);
  CHECK(config.attestation == plain.attestation);
  CHECK(config.attestation_chain == plain.attestation_chain);
  CHECK(config.built_in_uv == plain.built_in_uv);
  CHECK(config.large_blobs == plain.large_blobs);
  CHECK(config.newest_version == plain.newest_version);
  CHECK(config.algorithms == plain.algorithms);
  CHECK(config.discoverable == plain.discoverable);
  CHECK(config.client_pin == plain.client_pin);
  CHECK(config.always_uv == plain.always_uv);
  CHECK(config.keeps_all == plain.keeps_all);
  CHECK(config.uvm == plain.uvm);
  CHECK_FALSE(config.enterprise.has_value());
}

TEST_CASE("each persona has a random AAGUID of its own and says what it is in a line") {
  std::set<Aaguid> aaguids;
  for (const auto& model : personas::built_in()) {
    CAPTURE(model.name);
    const auto& aaguid = model.config.persona.aaguid;
    CHECK(aaguids.insert(aaguid).second);
    CHECK((aaguid[6] >> 4) == 4);  // RFC 9562, version 4
    CHECK((aaguid[8] >> 6) == 2);
    CHECK(model.summary.size() > 10);
    CHECK(model.summary.size() < 90);
    CHECK(model.config.persona.name == model.name);
  }
  CHECK(aaguids.size() >= 12);
}

TEST_CASE("the folder's files are the program's personas") {
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator{fs::path{FAUXKEY_SOURCE_DIR} / "src/personas"}) {
    if (entry.path().extension() == ".toml") files.insert(entry.path().stem().string());
  }
  std::set<std::string> names;
  for (const auto& model : personas::built_in()) names.insert(model.name);
  CHECK(files == names);
}

TEST_CASE("what a persona's file leaves out its key is without") {
  const auto config = parse(std::string{kAaguid} + kVersions).config;
  const auto& features = config.persona.features;
  Features none;
  none.cred_blob = none.cred_protect = none.hmac_secret = none.hmac_secret_mc = none.min_pin_length =
      none.pin_complexity_policy = none.third_party_payment = none.pin_uv_auth_token = none.cred_mgmt =
          none.credential_mgmt_preview = none.per_cred_mgmt_ro = none.authnr_cfg = none.always_uv =
              none.make_cred_uv_not_rqd = none.set_min_pin_length = none.uv_acfg = none.uv_bio_enroll =
                  none.user_verification_mgmt_preview = none.u2f = false;
  CHECK(features == none);
  CHECK_FALSE(config.discoverable);
  CHECK_FALSE(config.client_pin);
  CHECK(config.large_blobs == LargeBlobKind::none);
  CHECK(config.persona.limits == Limits{});
}

TEST_CASE("a persona's file sets all that there is to set") {
  const auto model =
      parse("summary = \"mine\"\n" + std::string{kAaguid} +
            "firmwareVersion = 7\n"
            "versions = [\"U2F_V2\", \"FIDO_2_0\", \"FIDO_2_1_PRE\", \"FIDO_2_1\"]\nlevel = \"2.3\"\n"
            "extensions = [\"credProtect\", \"hmac-secret\", \"largeBlob\", \"uvm\"]\n"
            "algorithms = [\"EdDSA\", \"ES256\"]\ntransports = [\"nfc\"]\npinUvAuthProtocols = [1]\n"
            "[options]\nrk = true\nuv = \"fingerprint\"\nalwaysUv = true\nep = [\"a.example\"]\n"
            "[limits]\nmaxMsgSize = 1200\ndiscoverableCredentials = 0\npreferredPlatformUvAttempts = 9\n"
            "[timings]\nregistration = 5\nassertion = 6\n"
            "[credentials]\ncounter = \"zero\"\nbackup_eligible = true\nbacked_up = true\nkeep_all = true\n"
            "[attestation]\nstyle = \"tpm\"\nfurther = [\"packed\", \"self\"]\nchain = 2\n"
            "[usb]\nproduct = \"A key\"\nvendor_id = 1\nproduct_id = 2\n");
  const auto& config = model.config;
  const auto& persona = config.persona;
  CHECK(model.name == "mine");
  CHECK(model.summary == "mine");
  CHECK(personas::to_text(persona.aaguid) == "01234567-89ab-4cde-8f01-23456789abcd");
  CHECK(persona.firmware_version == 7);
  CHECK(persona.features.u2f);
  CHECK(persona.features.fido_2_1_pre);
  CHECK(config.newest_version == CtapVersion::fido_2_1);
  CHECK(persona.level == CtapVersion::fido_2_3);
  CHECK(persona.features.cred_protect);
  CHECK_FALSE(persona.features.cred_blob);
  CHECK(config.large_blobs == LargeBlobKind::extension);
  CHECK(config.uvm);
  CHECK(config.algorithms == std::vector{Algorithm::eddsa, Algorithm::es256});
  CHECK(persona.transports == std::vector<std::string>{"nfc"});
  CHECK(persona.pin_uv_auth_protocols == std::vector<std::uint8_t>{1});
  CHECK(config.built_in_uv == BuiltInUvKind::fingerprint);
  CHECK(config.always_uv);
  CHECK(config.enterprise.value_or(Enterprise{}).rp_ids == std::vector<std::string>{"a.example"});
  CHECK(persona.limits.max_msg_size == 1200);
  CHECK(persona.limits.max_discoverable_credentials == 0);
  CHECK(persona.limits.preferred_platform_uv_attempts == 9);
  CHECK(persona.timings == Timings{std::chrono::milliseconds{5}, std::chrono::milliseconds{6}});
  CHECK(persona.counter == CounterStyle::zero);
  CHECK(config.backup_eligible);
  CHECK(config.backed_up);
  CHECK(config.keeps_all);
  CHECK(config.attestation == AttestationStyle::tpm);
  CHECK(config.further_attestations == std::vector{AttestationStyle::packed, AttestationStyle::packed_self});
  CHECK(config.attestation_chain == 2);
  CHECK(persona.usb == UsbIdentity{"A key", 1, 2});
}

TEST_CASE("what is wrong with a persona's file is said with its line and what may be meant") {
  struct Case {
    std::string text;
    const char* said;
  };
  const std::string begin = std::string{kAaguid} + kVersions;  // two lines
  const std::vector<Case> cases{
      {"", "mine.toml:1: aaguid is missing"},
      {kAaguid, "versions is missing"},
      {"aaguid = \"x\"\n", "mine.toml:1: aaguid takes a UUID"},
      {begin + "algoritms = []\n", "mine.toml:3: there is no key algoritms; is algorithms meant?"},
      {begin + "[options]\nrq = true\n", "mine.toml:4: there is no key rq in [options]; is rk meant?"},
      {begin + "[limits]\n\nmaxMsgSise = 1\n",
       "mine.toml:5: there is no key maxMsgSise in [limits]; is maxMsgSize"},
      {begin + "[limits]\nmaxMsgSize = 100\n",
       "mine.toml:4: [limits] maxMsgSize takes a whole number of 1024 to 7609"},
      {begin + "[limits]\nmaxMsgSize = \"1024\"\n", "takes a whole number"},
      {begin + "[limits]\nminPINLength = 3\n", "takes a whole number of 4 to 63"},
      {begin + "[limits]\nminPINLength = -5\n", "takes a whole number of 4 to 63"},
      {begin + "[options]\nrk = 1\n", "mine.toml:4: [options] rk takes true or false"},
      {begin + "[options]\nuv = \"finger\"\n",
       "[options] uv takes none, prompt, fingerprint, and not finger"},
      {begin + "[options]\nperCredMgmtRO = true\n", "needs credMgmt"},
      {begin + "options = 5\n", "options is a table: write [options]"},
      {begin + "algorithms = [\"ES265\"]\n", "mine.toml:3: algorithms takes ES256, "},
      {begin + "algorithms = []\nalgorithms = []\n", "mine.toml:4: this is no TOML"},
      {begin + "extensions = [\"largeBlob\", \"largeBlobKey\"]\n", "exclude each other"},
      {begin + "extensions = [\"hmac-secret-mc\"]\n", "without hmac-secret"},
      {begin + "extensions = [\"credBlob\", \"credBlob\"]\n", "names credBlob twice"},
      {begin + "extensions = [5]\n", "takes a list of texts"},
      {begin + "transports = [\"pigeon\"]\n", "transports takes usb, nfc"},
      {begin + "transports = []\n", "is an empty list"},
      {begin + "pinUvAuthProtocols = [3]\n", "takes 1 and 2"},
      {begin + "pinUvAuthProtocols = []\n", "takes a list of whole numbers"},
      {begin + "pinUvAuthProtocols = [1, 1]\n", "names 1 twice"},
      {begin + "level = \"2.0\"\n", "mine.toml:3: level is older than the newest of versions"},
      {begin + "level = \"2.2\"\n", "level takes 2.0, 2.1, 2.3"},
      {begin + "[timings]\nregistration = 1e3\n", "takes a whole number"},
      {begin + "[credentials]\ncounter = \"none\"\n", "takes per-credential, global, zero, and not none"},
      {begin + "[credentials]\nbacked_up = true\n", "needs backup_eligible"},
      {begin + "[credentials]\nbackup_eligible = true\ncounter = \"global\"\n", "is zero where"},
      {begin + "[attestation]\nstyle = \"android-safetynet\"\n", "style takes packed, self, none"},
      {begin + "[attestation]\nchain = 3\n", "takes a whole number of 1 to 2"},
      {begin + "[usb]\nproduct = \"caf\\u00e9\"\n", "printable ASCII"},
      {begin + "[usb]\nvendor_id = 65536\n", "takes a whole number of 0 to 65535"},
      {std::string{kAaguid} + "versions = [\"FIDO_2_2\"]\n", "mine.toml:2: versions takes U2F_V2"},
      {std::string{kAaguid} + "versions = [\"FIDO_2_1\"]\n", "needs FIDO_2_0"},
      {std::string{kAaguid} + "versions = [\"FIDO_2_0\", \"FIDO_2_3\"]\n", "needs FIDO_2_1"},
      {"\n\nx = [\n", "this is no TOML"},
  };
  for (const auto& [text, said] : cases) {
    CAPTURE(text);
    const auto why = refusal(text);
    CAPTURE(why);
    CHECK(why.starts_with("mine.toml:"));
    CHECK(why.find(said) != std::string::npos);
    CHECK(why.ends_with("(see docs/personas.md)"));
  }
}

TEST_CASE("an AAGUID is read as it is written") {
  const std::string text = "fa391967-b621-47b8-98f6-39d58151a3fc";
  const auto aaguid = personas::read_aaguid(text);
  REQUIRE(aaguid.has_value());
  CHECK(personas::to_text(*aaguid) == text);
  for (const auto* const wrong :
       {"", "fa391967b62147b898f639d58151a3fc", "fa391967-b621-47b8-98f6-39d58151a3fg",
        "fa391967-b621-47b8-98f6-39d58151a3fc0", "fa3919670b621-47b8-98f6-39d58151a3fc"}) {
    CHECK_FALSE(personas::read_aaguid(wrong).has_value());
  }
}

TEST_CASE(
    "the user's own persona goes before the program's of that name, and unknown names are told what is "
    "meant") {
  const auto folder = fs::temp_directory_path() / ("fauxkey-personas-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream{folder / "solo-2.toml"} << kAaguid << kVersions << "summary = \"mine\"\n";
  std::ofstream{folder / "my.key.toml"} << kAaguid << kVersions;
  std::ofstream{folder / "Not A Name.toml"} << "";
  std::ofstream{folder / "huge.toml"} << std::string(100'000, '#');
  CHECK(personas::names_in(folder) == std::vector<std::string>{"huge", "my.key", "solo-2"});
  CHECK(personas::load("solo-2", folder).summary == "mine");
  CHECK(personas::load("solo-2", {}).summary != "mine");
  CHECK(personas::load("my.key", folder).name == "my.key");
  CHECK(personas::load_name_or_file((folder / "my.key.toml").string(), {}).config.persona.name == "my.key");
  CHECK_THROWS_WITH_AS((void)personas::load("solo2", folder), doctest::Contains("is solo-2 meant?"),
                       PersonaError);
  CHECK_THROWS_WITH_AS((void)personas::load("../my.key", folder), doctest::Contains("There is no persona"),
                       PersonaError);
  CHECK_THROWS_WITH_AS((void)personas::load("huge", folder), doctest::Contains("64 KiB"), PersonaError);
  CHECK_THROWS_WITH_AS((void)personas::load_name_or_file((folder / "absent.toml").string(), {}),
                       doctest::Contains("cannot be read"), PersonaError);
  CHECK_THROWS_AS((void)personas::load_name_or_file(folder.string() + "/", {}), PersonaError);
  CHECK_THROWS_WITH_AS((void)personas::load_name_or_file((folder / "Not A Name.toml").string(), {}),
                       doctest::Contains("a persona's name has"), PersonaError);
  fs::remove_all(folder);
}

}  // namespace personas_test
