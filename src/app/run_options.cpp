#include "app/run_options.h"

#include <algorithm>
#include <map>

#include "app/error.h"

namespace fauxkey::app {
namespace {

constexpr std::size_t kMaxSerialLength = 63;  // uhid's uniq, with its final zero

const std::map<std::string, Approve> kApprove{
    {"ask", Approve::ask}, {"auto", Approve::automatic}, {"deny", Approve::deny}};
const std::map<std::string, AttestationStyle> kAttestation{{"packed", AttestationStyle::packed},
                                                           {"self", AttestationStyle::packed_self}};

/// As one of the map's keys, which is also how the default is shown.
template <class Value>
void add_choice(CLI::App& command, const char* name, Value& value,
                const std::map<std::string, Value>& choices, const char* description, const char* type_name) {
  command
      .add_option_function<std::string>(
          name, [&value, &choices](const std::string& text) { value = choices.at(text); }, description)
      ->check(CLI::IsMember(choices))
      ->type_name(type_name);
}

bool is_printable_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& options) {
  add_store_options(command, options.store);
  command.add_flag("--ephemeral", options.ephemeral,
                   "Keep everything in memory: the key is new at each start");
  add_choice(command, "--approve", options.approve, kApprove,
             "Who answers for the user: ask (default, at the terminal), auto (always yes: for tests), deny "
             "(always no)",
             "MODE");
  command
      .add_option(
          "--transport", options.transports,
          "What hosts find the key on: uhid (default, a USB device of this machine), unix:PATH "
          "(SOCK_SEQPACKET, one 64-byte report a message), udp:HOST:PORT (one a datagram); may be given more "
          "than once")
      ->type_name("T")
      ->allow_extra_args(false);
  command.add_option("--pin", options.pin, "With --ephemeral: the key starts with this PIN")
      ->type_name("PIN");
  add_choice(
      command, "--attestation", options.attestation, kAttestation,
      "How new credentials are attested: packed (default, by this key's own certificate chain; see fauxkey "
      "attestation root) or self (by the credential's own key)",
      "STYLE");
  command
      .add_option("--trace", options.trace,
                  "Write every packet and message, decoded, to this file, one JSON object a line (mode 0600)")
      ->type_name("FILE");
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
  if (pin && !ephemeral) {
    throw UsageError{
        "--pin is for --ephemeral keys only, since other users of the machine can see it: set the PIN of a "
        "lasting key "
        "in the browser or with fido2-token -S."};
  }
  if (trace.ends_with(".pcapng"))
    throw UsageError{
        "--trace writes JSON Lines, not pcapng: give the file another name, such as trace.jsonl."};
  if (serial.size() > kMaxSerialLength || !is_printable_ascii(serial))
    throw UsageError{"--serial takes at most 63 printable ASCII characters without spaces."};
  for (auto transport = transports.begin(); transport != transports.end(); ++transport) {
    if (std::find(transports.begin(), transport, *transport) != transport)
      throw UsageError{"--transport " + *transport + " is given twice: give each transport once."};
  }
  if (!ephemeral) (void)store.source();
}

}  // namespace fauxkey::app
