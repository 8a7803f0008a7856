#include <doctest/doctest.h>

#include <cstdlib>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/error.h"
#include "app/paths.h"
#include "app/run_options.h"

namespace app_options_test {

using namespace fauxkey;
using app::Approve;
using app::RunOptions;
using app::UsageError;

/// As `fauxkey run` reads them; the error is what it says.
std::expected<RunOptions, std::string> parse(std::vector<std::string> words) {
  CLI::App program;
  RunOptions options;
  app::add_run_options(program, options);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    program.parse(words);
    options.check();
  } catch (const CLI::ParseError& error) {
    return std::unexpected{error.what()};
  } catch (const UsageError& error) {
    return std::unexpected{error.what()};
  }
  return options;
}

/// Sets an environment variable (or takes it away) for one test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_{name} {
    if (const char* const before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) const {
    if (value != nullptr)
      setenv(name_, value, 1);
    else
      unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> before_;
};

bool refuses(const std::vector<std::string>& words, std::string_view because) {
  const auto parsed = parse(words);
  CAPTURE((parsed ? std::string{"taken"} : parsed.error()));
  const bool refused = !parsed && parsed.error().find(because) != std::string::npos;
  CHECK(refused);
  return refused;
}

TEST_CASE("run without options is a lasting key on uhid that asks") {
  const Environment home{"HOME", "/home/alice"};
  const Environment data{"XDG_DATA_HOME", nullptr};
  const Environment config{"XDG_CONFIG_HOME", nullptr};
  const auto options = parse({});
  REQUIRE(options.has_value());
  CHECK_FALSE(options->ephemeral);
  CHECK(options->approve == Approve::ask);
  CHECK(options->transports == std::vector<std::string>{"uhid"});
  CHECK(options->key.attestation == AttestationStyle::packed);
  CHECK(options->trace.empty());
  CHECK(options->store.path() == "/home/alice/.local/share/fauxkey/keystore.db");
  CHECK(options->store.source() ==
        UnlockSource{UnlockSource::Kind::key_file, "/home/alice/.config/fauxkey/unlock.key", -1});
}

TEST_CASE("run takes what kind of key it is to be") {
  const auto options =
      parse({"--uv", "--always-uv", "--enterprise-attestation", "a.example,b.example", "--large-blobs",
             "extension", "--algorithms", "es384,ML-DSA-44", "--ctap", "2.1", "--uvm"});
  REQUIRE(options.has_value());
  CHECK(options->key.built_in_uv == BuiltInUvKind::prompt);
  CHECK(options->key.always_uv);
  REQUIRE(options->key.enterprise.has_value());
  CHECK(options->key.enterprise->rp_ids == std::vector<std::string>{"a.example", "b.example"});
  CHECK(options->key.large_blobs == LargeBlobKind::extension);
  CHECK(options->key.algorithms == std::vector{Algorithm::es384, Algorithm::ml_dsa_44});
  CHECK(options->key.newest_version == CtapVersion::fido_2_1);
  CHECK(parse({})->key.newest_version == CtapVersion::fido_2_3);
  CHECK(options->key.uvm);
  CHECK(parse({"--uv", "fingerprint"})->key.built_in_uv == BuiltInUvKind::fingerprint);
  CHECK_FALSE(parse({"--uv", "iris"}).has_value());
  CHECK_FALSE(parse({"--algorithms", "ES1024"}).has_value());
}

TEST_CASE("run takes all its options") {
  const auto options = parse({"--ephemeral", "--approve", "auto", "--transport", "unix:/tmp/a", "--transport",
                              "udp:127.0.0.1:7000", "--pin", "1234", "--attestation", "self", "--trace",
                              "/tmp/t.jsonl", "--serial", "ab12", "--debug"});
  REQUIRE(options.has_value());
  CHECK(options->ephemeral);
  CHECK(options->approve == Approve::automatic);
  CHECK(options->transports == std::vector<std::string>{"unix:/tmp/a", "udp:127.0.0.1:7000"});
  CHECK(options->pin == "1234");
  CHECK(options->key.attestation == AttestationStyle::packed_self);
  CHECK(options->trace == "/tmp/t.jsonl");
  CHECK(options->serial == "ab12");
  CHECK(options->debug);

  const auto lasting = parse({"--store", "/tmp/s.db", "--unlock", "fd:3", "--approve=deny"});
  REQUIRE(lasting.has_value());
  CHECK(lasting->approve == Approve::deny);
  CHECK(lasting->store.path() == "/tmp/s.db");
  CHECK(lasting->store.source() == UnlockSource{UnlockSource::Kind::descriptor, "", 3});
}

TEST_CASE("run refuses options that do not go together, saying why") {
  refuses({"--ephemeral", "--store", "/tmp/s.db"}, "--ephemeral keeps nothing");
  refuses({"--ephemeral", "--unlock", "ask"}, "--unlock opens a keystore");
  refuses({"--pin", "1234"}, "--pin is for --ephemeral keys only");
  refuses({"--ephemeral", "--transport", "uhid", "--transport", "uhid"}, "given twice");
  refuses({"--ephemeral", "--serial", std::string(64, 'a')}, "--serial takes at most 63");
  refuses({"--ephemeral", "--serial", "a b"}, "--serial");
  refuses({"--seed", "7"}, "--ephemeral keys only");
  refuses({"--ephemeral", "--trace-secrets"}, "give --trace FILE too");
  refuses({"--approve", "maybe"}, "maybe");
  refuses({"--attestation", "maybe"}, "maybe");
  refuses({"--unlock", "nonsense"}, "No such unlock source");
  refuses({"--store"}, "--store");
  refuses({"--no-such-option"}, "no-such-option");
  refuses({"stray"}, "stray");
}

TEST_CASE("files go where the XDG base directories say") {
  const Environment home{"HOME", "/home/alice"};
  {
    const Environment data{"XDG_DATA_HOME", "/data"};
    const Environment config{"XDG_CONFIG_HOME", "/config"};
    CHECK(app::default_store() == "/data/fauxkey/keystore.db");
    CHECK(app::default_key_file() == "/config/fauxkey/unlock.key");
  }
  {
    // "All paths set in these environment variables must be absolute" (XDG base directory specification)
    const Environment data{"XDG_DATA_HOME", "relative"};
    CHECK(app::default_store() == "/home/alice/.local/share/fauxkey/keystore.db");
  }
  {
    const Environment data{"XDG_DATA_HOME", nullptr};
    const Environment no_home{"HOME", nullptr};
    CHECK(app::default_store().is_absolute());
  }
}

}  // namespace app_options_test
