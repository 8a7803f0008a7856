#include "app/run_options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "app/attestation_root_file.h"
#include "app/error.h"
#include "app/paths.h"
#include "control/key_options.h"
#include "personas/personas.h"

namespace fauxkey::app {
namespace {

using personas::Named;

constexpr std::array kApproveNames{
    Named<Approve>{"ask", Approve::ask}, Named<Approve>{"auto", Approve::automatic},
    Named<Approve>{"deny", Approve::deny}, Named<Approve>{"remote", Approve::remote}};

/// By one of the table's names; the table outlives the command.
template <class Value, std::size_t size>
CLI::Option* add_choice(CLI::App& command, const char* name, Value& value,
                        const std::array<Named<Value>, size>& choices, const char* description,
                        const char* type_name) {
  std::vector<std::string> names;
  names.reserve(size);
  for (const auto& choice : choices) names.emplace_back(choice.name);
  return command
      .add_option_function<std::string>(
          name,
          [&value, &choices](const std::string& text) {
            value = std::ranges::find(choices, text, &Named<Value>::name)->value;
          },
          description)
      ->check(CLI::IsMember(names))
      ->type_name(type_name);
}

/// A whole number of the limits' unit, the last included.
template <class Least, class Most>
CLI::Option* add_duration(CLI::App& command, const char* name, std::chrono::milliseconds& value, Least least,
                          Most most, const char* description) {
  return command
      .add_option_function<std::int64_t>(
          name, [&value](std::int64_t count) { value = Least{count}; }, description)
      ->check(CLI::Range(std::int64_t{least.count()}, std::int64_t{Least{most}.count()}).description(""));
}

/// Names as the registry writes them; upper and lower case are the same.
Algorithm algorithm_named(const std::string& text) {
  const auto wanted = CLI::detail::to_lower(text);
  const auto* const found = std::ranges::find_if(
      kAlgorithms, [&](Algorithm algorithm) { return CLI::detail::to_lower(name_of(algorithm)) == wanted; });
  if (found != kAlgorithms.end()) return *found;
  throw CLI::ValidationError{"--algorithms",
                             "there is no algorithm " + text + ": choose of " +
                                 listed(kAlgorithms, [](Algorithm one) { return name_of(one); }) + "."};
}

std::vector<std::string> prompt_choices() {
  std::vector<std::string> choices{std::string{kAutomaticPrompt}};
  choices.insert(choices.end(), kPromptWays.begin(), kPromptWays.end());
  return choices;
}

/// The first that stands among the others twice.
template <class Items>
auto repeated(const Items& items) {
  return std::ranges::find_if(items, [&](const auto& item) { return std::ranges::count(items, item) > 1; });
}

}  // namespace

void add_key_options(CLI::App& command, KeyConfig& key, KeyChoice& choice) {
  command
      .add_option("--persona", choice.persona,
                  "Be a key of this kind, as fauxkey persona list has them, or as a file says (default: "
                  "fauxkey); further options go before what it says")
      ->type_name("NAME|FILE");
  const auto before = command.get_options().size();
  add_choice(command, "--attestation", key.attestation, control::kAttestationNames,
             "How new credentials are attested: packed (default, by a certificate chain: fauxkey attestation "
             "root), self (by the credential's own key), none, fido-u2f, tpm, android-key, apple or compound",
             "STYLE");
  std::vector<std::string> styles;
  styles.reserve(control::kAttestationNames.size());
  for (const auto& row : control::kAttestationNames) styles.emplace_back(row.name);
  command
      .add_option_function<std::vector<std::string>>(
          "--further-attestations",
          [&key](const std::vector<std::string>& names) {
            key.further_attestations.clear();
            for (const auto& name : names)
              key.further_attestations.push_back(
                  std::ranges::find(control::kAttestationNames, name, &Named<AttestationStyle>::name)->value);
          },
          "What else the key makes where a platform prefers its format (attestationFormatsPreference)")
      ->check(CLI::IsMember(styles))
      ->type_name("STYLE,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option_function<unsigned>(
          "--attestation-chain",
          [&key](unsigned length) {
            if (length < 1 || length > control::kMaxAttestationChain)
              throw CLI::ValidationError{"--attestation-chain", "a chain has 1 or 2 certificates"};
            key.attestation_chain = length;
          },
          "How many certificates attest: 1 (default, the leaf) or 2 (the leaf and an authority between it "
          "and "
          "the root)")
      ->type_name("N");
  add_choice(command, "--uv", key.built_in_uv, control::kBuiltInUvNames,
             "The key verifies its user by itself: by its prompt (prompt, or no KIND; no PIN is needed) or "
             "by enrolled fingers (fingerprint), or not (none)",
             "KIND")
      ->expected(0, 1)
      ->default_str("prompt");
  command.add_flag("--always-uv", key.always_uv,
                   "Verify the user for every request (alwaysUv), from the start");
  command
      .add_option_function<std::vector<std::string>>(
          "--enterprise-attestation",
          [&key](const std::vector<std::string>& rp_ids) { key.enterprise = Enterprise{rp_ids}; },
          "Offer enterprise attestation, which names this one key, of itself to these relying parties and to "
          "those that a managed platform names")
      ->type_name("RP_ID,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_choice(command, "--large-blobs", key.large_blobs, control::kLargeBlobNames,
             "Where platforms keep bytes for a credential: by the largeBlobs command (command, default), by "
             "CTAP 2.3's extension (extension), or nowhere (none)",
             "WAY");
  command
      .add_option_function<std::vector<std::string>>(
          "--algorithms",
          [&key](const std::vector<std::string>& names) {
            key.algorithms.clear();
            for (const auto& name : names) key.algorithms.push_back(algorithm_named(name));
          },
          "What new credentials may have, the preferred one first (default: all that the libraries here "
          "offer)")
      ->type_name("NAME,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_choice(command, "--ctap", key.newest_version, control::kCtapVersionNames,
             "The newest version that the key names: 2.3 (default), 2.1 (for Firefox, which takes a key that "
             "names 2.3 for a U2F key), 2.0; what it can do is the same",
             "VERSION");
  command.add_flag("--backup-eligible", key.backup_eligible,
                   "Tell sites that new discoverable credentials may be backed up (BE), as a passkey "
                   "provider does; they have no signature counter");
  command.add_flag("--uvm", key.uvm,
                   "Offer the uvm extension (WebAuthn Level 2), which tells sites how the user was verified");
  command
      .add_option_function<std::string>(
          "--aaguid",
          [&key](const std::string& text) {
            const auto aaguid = personas::read_aaguid(text);
            if (!aaguid) throw CLI::ValidationError{"--aaguid", text + " is no UUID."};
            key.persona.aaguid = *aaguid;
          },
          "The model's number (AAGUID), by which sites look it up (default: the persona's own, which is no "
          "vendor's)")
      ->type_name("UUID");
  add_duration(command, "--presence-timeout", key.presence_timeout, std::chrono::seconds{1},
               std::chrono::hours{24}, "How long each question waits for its answer (default: 30)")
      ->type_name("SECONDS");
  add_duration(command, "--packet-timeout", key.packet_timeout, kShortestPacketTimeout, kLongestPacketTimeout,
               "How long a host may take from one packet of a message to the next; more for a machine that "
               "stands still for longer (default: 500)")
      ->type_name("MS");
  const auto options = command.get_options();
  choice.options.assign(options.begin() + static_cast<std::ptrdiff_t>(before), options.end());
}

void take_persona(const KeyChoice& choice, KeyConfig& key) {
  if (choice.persona.empty()) return;
  try {
    key = personas::load_name_or_file(choice.persona, persona_folder()).config;
  } catch (const personas::PersonaError& error) {
    throw UsageError{error.what()};
  }
  for (auto* const option : choice.options) {
    if (option->count() > 0) option->run_callback();
  }
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_store_options(command, options.store);
  command.add_flag("--ephemeral", options.ephemeral,
                   "Keep everything in memory: the key is new at each start");
  add_choice(command, "--approve", options.approve, kApproveNames,
             "Who answers for the user: ask (default, asks you), auto (always yes: for tests), deny (always "
             "no), remote (over the control interface alone)",
             "MODE");
  command
      .add_option("--prompt", options.prompt,
                  "Where you are asked: notification, pinentry, terminal (auto, the default: the first of "
                  "these that is "
                  "there; or several in an order)")
      ->check(CLI::IsMember(prompt_choices()))
      ->type_name("WAY,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--transport", options.transports,
                  "What hosts find the key on: uhid (default, a USB device), unix:PATH, udp:HOST:PORT; may "
                  "be given more than once")
      ->type_name("T")
      ->allow_extra_args(false);
  command.add_option("--pin", options.pin, "With --ephemeral: the key starts with this PIN")
      ->type_name("PIN");
  command
      .add_option("--seed", options.seed,
                  "With --ephemeral: the same run again, byte for byte, for the same requests; whoever knows "
                  "N knows every private key of it")
      ->type_name("N");
  add_key_options(command, options.key, options.key_choice);
  add_attestation_root_option(
      command, options.attestation_root,
      "The root of all keys' attestations, those over the control interface too: a "
      "certificate and its private key in PEM, made where there is none (default: each "
      "key has its own)");
  command
      .add_option("--control", options.control,
                  "Where the control interface is: unix:PATH (default: "
                  "$XDG_RUNTIME_DIR/fauxkey/control.sock), 127.0.0.1:PORT, none")
      ->type_name("ADDRESS");
  command.add_flag("--keyless", options.keyless,
                   "No key of its own: keys are plugged in over the control interface");
  command
      .add_option(
          "--trace", options.trace,
          "Write all packets and messages, decoded, to this file: JSON Lines, or for Wireshark (.pcapng)")
      ->type_name("FILE");
  command.add_flag("--trace-secrets", options.trace_secrets,
                   "With --trace: also what platforms keep on the key in plain (largeBlobKey, credBlob, "
                   "large blobs), zeros otherwise");
  command
      .add_option("--fault", options.faults,
                  "Go wrong as this rule (JSON, see docs/faults.md) or the rules in @FILE say; may be given "
                  "more than once")
      ->type_name("RULE")
      ->allow_extra_args(false);
  command
      .add_option("--serial", options.serial,
                  "The device's serial number, which tells keys apart (default: one that stays the same for "
                  "a keystore)")
      ->type_name("TEXT");
  command.add_flag("--debug", options.debug, "Allow core dumps and debuggers, which can then see secrets");
}

void RunOptions::check() const {
  if (ephemeral && !store.store.empty())
    throw UsageError{"--ephemeral keeps nothing and --store names where to keep it: give one of them."};
  if (ephemeral && !store.unlock.empty())
    throw UsageError{"--unlock opens a keystore, and --ephemeral has none: give one of them."};
  if (keyless && (pin || seed || !store.store.empty() || !store.unlock.empty()))
    throw UsageError{"--keyless has no key, so what keys are made with is for the control interface to say."};
  if (keyless && control == "none")
    throw UsageError{"A daemon with neither a key nor a control interface is of no use: give one of them."};
  if (approve == Approve::remote && control == "none")
    throw UsageError{"--approve remote is answered over the control interface, and --control none has none."};
  if (pin && !ephemeral) {
    throw UsageError{
        "--pin is for --ephemeral keys only, since other users of the machine can see it: set the PIN of a "
        "lasting key "
        "in the browser or with fido2-token -S."};
  }
  if (seed && !ephemeral)
    throw UsageError{
        "--seed is for --ephemeral keys only, since whoever knows it knows every key: give --ephemeral too."};
  if (trace_secrets && trace.empty())
    throw UsageError{"--trace-secrets says what a trace shows: give --trace FILE too."};
  if (!control::is_serial(serial))
    throw UsageError{"--serial takes at most 63 printable ASCII characters without spaces."};
  if (!prompt.empty() && approve != Approve::ask)
    throw UsageError{
        "--prompt says where a person is asked, and only --approve ask asks one: give one of them."};
  if (prompt.size() > 1 && std::ranges::find(prompt, kAutomaticPrompt) != prompt.end())
    throw UsageError{"--prompt auto tries all ways: name ways in an order, or give auto alone."};
  if (const auto way = repeated(prompt); way != prompt.end())
    throw UsageError{"--prompt names " + *way + " twice: name each way once."};
  if (const auto transport = repeated(transports); transport != transports.end())
    throw UsageError{"--transport " + *transport + " is given twice: give each transport once."};
  if (!ephemeral && !keyless) (void)store.source();
}

}  // namespace fauxkey::app
