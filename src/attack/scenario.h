// One deviation from a correct ceremony, and what a correct server makes of it. docs/attack-pack.md describes
// the files.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attack/file_reader.h"
#include "fauxkey/bytes.h"
#include "fauxkey/key_config.h"

namespace fauxkey::attack {

enum class Ceremony : std::uint8_t { registration, login };
[[nodiscard]] const char* name_of(Ceremony ceremony);

enum class Verdict : std::uint8_t {
  reject,         ///< the standard says that the step fails
  should_reject,  ///< the standard says SHOULD
  may,            ///< the site's own policy
  accept,         ///< nothing is wrong: to be refused would be the mistake
};
inline constexpr std::array kVerdictNames{
    control::Named{std::string_view{"reject"}, Verdict::reject},
    control::Named{std::string_view{"should-reject"}, Verdict::should_reject},
    control::Named{std::string_view{"may"}, Verdict::may},
    control::Named{std::string_view{"accept"}, Verdict::accept}};

/// What a site may have for a policy beyond what its options say; told by its user (--policy) or its file.
inline constexpr std::array<std::string_view, 7> kPolicies{
    "trust",      ///< attestations have to lead to a root that it knows
    "attested",   ///< a registration without attestation is refused
    "no-self",    ///< self attestation is refused
    "counters",   ///< a counter that does not grow is refused
    "iframes",    ///< it is used in frames of other sites
    "backup",     ///< credentials that may be backed up are refused
    "extensions"  ///< outputs of extensions that it did not ask for are refused
};

/// What a scenario wants the site to ask for. Where the site's options say otherwise, it does not apply.
struct Needs {
  std::optional<std::string> user_verification;
  std::optional<std::string> attestation;
  std::optional<std::string> resident_key;
  std::vector<std::int64_t> algorithms;  ///< to be asked for; empty: as the site likes
  friend bool operator==(const Needs&, const Needs&) = default;
};

/// Changes to bytes, after which they are no longer what they were.
struct ByteEdit {
  Bytes prefix;
  Bytes suffix;
  std::size_t cut = 0;  ///< so many bytes fewer at the end, before the suffix
  [[nodiscard]] bool empty() const { return prefix.empty() && suffix.empty() && cut == 0; }
  /// Nothing where there are fewer to cut.
  [[nodiscard]] std::optional<Bytes> apply(ByteView bytes) const;
};

/// Whose account asks, and whose credential answers. "own" is the scenario's first account, "other" a second
/// one; nobody asks where a site finds out who it is by the credential.
enum class Who : std::uint8_t { own, other, nobody, unregistered };

/// What is posted, and how often.
enum class Sending : std::uint8_t {
  usual,
  again,           ///< once more, after it was accepted
  next_ceremony,   ///< made for a challenge, posted as the answer to a later one
  other_ceremony,  ///< a registration's response as a login's, or the other way round
};

struct Scenario {
  std::string id;
  std::string title;
  std::string file;  ///< where it is from
  std::size_t line = 0;
  std::vector<std::string> steps;  ///< "7.1.9"
  Ceremony ceremony = Ceremony::registration;
  Verdict expect = Verdict::reject;
  std::vector<std::pair<std::string, Verdict>> under;  ///< where a policy holds; the first that does counts
  std::string why;                                     ///< of the verdict; may be empty

  Needs needs;
  // The key.
  bool backup_eligible = false;
  bool backed_up = false;
  std::optional<AttestationStyle> attestation_style;  ///< nothing: as usual
  // Before the ceremony: logins after a login scenario's registration, each with the faults of one.
  struct Before {
    std::vector<Json> faults;
    bool refused = false;  ///< the site has to refuse it
  };
  std::vector<Before> before;
  Who as = Who::own;
  Who credential = Who::own;
  /// Of the key's new credential: one that the site did not offer.
  bool algorithm_not_offered = false;

  // What deviates.
  std::vector<Json> faults;  ///< actions of docs/faults.md
  Json client = Json::object();
  std::vector<std::string> client_remove;
  ByteEdit client_bytes;
  bool client_late = false;  ///< the client data are changed after the key has signed
  ByteEdit authenticator_data;
  std::optional<std::uint8_t> flags_xor;
  std::optional<std::string> format;
  Json statement = Json::object();  ///< members of attStmt to set; null: none of them
  std::vector<std::string> statement_remove;
  ByteEdit attestation_object;
  Json response = Json::object();  ///< path: value
  std::vector<std::string> response_remove;
  Sending sending = Sending::usual;

  /// Whether a correct registration of the one is as good a control as one of the other.
  [[nodiscard]] bool has_conditions_of(const Scenario& other) const;
  /// Whether a second account takes part.
  [[nodiscard]] bool has_other() const;
  /// Whether the client changes nothing, so that a browser can play it.
  [[nodiscard]] bool is_of_the_key_alone() const;
  /// Whether attestation is what it changes, so that the client passes on what the key made.
  [[nodiscard]] bool is_about_attestation() const;
  /// What is right of a site that has these policies.
  [[nodiscard]] Verdict expected(const std::vector<std::string>& policies) const;
};

/// A step of WebAuthn Level 3, 7.1 or 7.2.
struct Step {
  std::string id;       ///< "7.1.9"
  std::string title;    ///< in few words
  std::string why_not;  ///< why nothing from outside can deviate there; empty: something can
};

/// In a file's order. Throws FileError.
[[nodiscard]] std::vector<Scenario> read_scenarios(std::string_view content, const std::string& file);

/// Those that come with the program.
[[nodiscard]] std::vector<Scenario> own_scenarios();
[[nodiscard]] std::vector<Step> own_steps();

/// A file, or all *.toml of a folder by their names. Throws FileError, also for an id that is there twice.
[[nodiscard]] std::vector<Scenario> load_scenarios(const std::string& path);
/// Throws FileError where two have the same id.
void check_unique(const std::vector<Scenario>& scenarios);

/// A whole small file. Throws FileError.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace fauxkey::attack
