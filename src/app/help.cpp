#include "app/help.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "app/command_table.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kLeastWidth = 40;
constexpr std::ptrdiff_t kScreen = 24;   // lines, the last of which is the shell's
constexpr std::size_t kFew = 12;         // options that a screen has room for
constexpr std::size_t kMostWidth = 100;  // longer lines are hard to read

struct Group {
  std::string_view name;  ///< of a command or an option
  std::string_view heading;
};

/// What is not named here comes last.
constexpr std::array kCommandGroups{
    Group{"run", "Start here"},         Group{"doctor", "Start here"},
    Group{"demo", "Start here"},        Group{"ui", "The running key"},
    Group{"status", "The running key"}, Group{"approve", "The running key"},
    Group{"deny", "The running key"},   Group{"credentials", "What it keeps"},
    Group{"keystore", "What it keeps"}, Group{"replay", "For tests"},
    Group{"webdriver", "For tests"},
};

constexpr std::string_view kKey = "What kind of key it is";
constexpr std::string_view kTests = "For tests";
constexpr std::string_view kRare = "Seldom needed";
/// Of commands with more options than a screen has room for, these are shown by --help-all alone.
constexpr std::array kRareGroups{
    Group{"--attestation", kKey},
    Group{"--further-attestations", kKey},
    Group{"--attestation-chain", kKey},
    Group{"--attestation-root", kKey},
    Group{"--always-uv", kKey},
    Group{"--enterprise-attestation", kKey},
    Group{"--large-blobs", kKey},
    Group{"--algorithms", kKey},
    Group{"--backup-eligible", kKey},
    Group{"--uvm", kKey},
    Group{"--aaguid", kKey},
    Group{"--persona", kKey},
    Group{"--presence-timeout", kRare},
    Group{"--packet-timeout", kRare},
    Group{"--ctap", kKey},
    Group{"--serial", kKey},
    Group{"--seed", kTests},
    Group{"--fault", kTests},
    Group{"--keyless", kTests},
    Group{"--trace-secrets", kTests},
    Group{"--next-update", kTests},
    Group{"--number", kTests},
    Group{"--bad-signature", kTests},
    Group{"--print-config", kRare},
    Group{"--debug", kRare},
    Group{"--credential-id", kRare},
    Group{"--user-handle", kRare},
    Group{"--user", kRare},
    Group{"--display-name", kRare},
};

struct Example {
  std::string_view command;  ///< whose help has it
  std::string_view line;
  std::string_view what;
};
constexpr std::array kExamples{
    Example{"fauxkey", "fauxkey run", "a USB key that asks you"},
    Example{"fauxkey", "fauxkey run --ephemeral --approve auto", "for tests: nothing kept, no touch"},
    Example{"fauxkey run", "fauxkey run", "a USB key that asks you and keeps what it is given"},
    Example{"fauxkey run", "fauxkey run --ctap 2.1", "the same, for Firefox"},
    Example{"fauxkey run", "fauxkey run --ephemeral --approve auto --pin 1234", "for tests"},
    Example{"fauxkey status", "fauxkey status", "as a table"},
    Example{"fauxkey status", "fauxkey status --json", "for scripts"},
    Example{"fauxkey approve", "fauxkey approve", "the prompt that waits"},
    Example{"fauxkey approve", "fauxkey approve 7", "prompt 7 of fauxkey status"},
    Example{"fauxkey deny", "fauxkey deny", "the prompt that waits"},
    Example{"fauxkey deny", "fauxkey deny 7", "prompt 7 of fauxkey status"},
    Example{"fauxkey credentials", "fauxkey credentials list", "by site and account"},
    Example{"fauxkey credentials", "fauxkey credentials delete 3f2a", "that whose id begins so"},
    Example{"fauxkey credentials list", "fauxkey credentials list", "as wide as the terminal"},
    Example{"fauxkey credentials list", "fauxkey credentials list --json | jq '.[].rpId'", "for scripts"},
    Example{"fauxkey credentials show", "fauxkey credentials show 3f2a", "that whose id begins so"},
    Example{"fauxkey credentials rename", "fauxkey credentials rename 3f2a --name work", ""},
    Example{"fauxkey credentials delete", "fauxkey credentials delete 3f2a 77", "two of them"},
    Example{"fauxkey credentials purge", "fauxkey credentials purge --rp example.com", "asks first"},
    Example{"fauxkey credentials export", "fauxkey credentials export --to backup.age", "all, encrypted"},
    Example{"fauxkey credentials export", "fauxkey credentials export --format keepassxc 3f2a", ""},
    Example{"fauxkey credentials import", "fauxkey credentials import backup.age", "asks for its passphrase"},
    Example{"fauxkey keystore", "fauxkey keystore check", "is it sound?"},
    Example{"fauxkey keystore", "fauxkey keystore snapshot save before-update", ""},
    Example{"fauxkey keystore protect", "fauxkey keystore protect --new-unlock ask",
            "from now on a passphrase"},
    Example{"fauxkey keystore protect", "fauxkey keystore protect --unlock ask",
            "the same one, harder to guess"},
    Example{"fauxkey keystore snapshot", "fauxkey keystore snapshot save before-update", ""},
    Example{"fauxkey keystore snapshot", "fauxkey keystore snapshot restore before-update", ""},
    Example{"fauxkey keystore check", "fauxkey keystore check", ""},
    Example{"fauxkey attestation root", "fauxkey attestation root >root.pem", "for a relying party"},
    Example{"fauxkey attestation intermediate", "fauxkey attestation intermediate >between.pem",
            "for a chain of two"},
    Example{"fauxkey attestation crl", "fauxkey attestation crl >revoked.pem", "for a relying party"},
    Example{"fauxkey metadata", "fauxkey metadata --out mds", "for a site's MDS library"},
    Example{"fauxkey metadata", "fauxkey metadata --serve 127.0.0.1:8090 --status yubikey-5=REVOKED", ""},
    Example{"fauxkey persona", "fauxkey persona list", "what kinds of key there are"},
    Example{"fauxkey persona", "fauxkey run --persona yubikey-5", "a key of that kind"},
    Example{"fauxkey persona show", "fauxkey persona show yubikey-5 >mine.toml", "to change"},
    Example{"fauxkey doctor", "fauxkey doctor", "what is wrong, and what mends it"},
    Example{"fauxkey demo", "fauxkey demo", "then open what it prints in a browser"},
    Example{"fauxkey replay", "fauxkey run --ephemeral --trace t.jsonl", "record"},
    Example{"fauxkey replay", "fauxkey replay t.jsonl", "ask a new key the same"},
    Example{"fauxkey webdriver", "fauxkey webdriver --to http://127.0.0.1:4444", "tests then use port 4445"},
    Example{"fauxkey completion", "fauxkey completion bash >~/.bash_completion.d/fauxkey", ""},
};

template <std::size_t size>
std::string_view heading_of(const std::array<Group, size>& groups, std::string_view name,
                            std::string_view otherwise) {
  const auto* const found = std::ranges::find(groups, name, &Group::name);
  return found == groups.end() ? otherwise : found->heading;
}

struct Entry {
  std::string left;
  std::string right;
};

class Page {
 public:
  Page() {
    const auto columns = terminal_columns(STDOUT_FILENO);
    width_ = columns > 10'000 ? kUsualWidth : std::clamp(columns, kLeastWidth, kMostWidth);
  }

  void paragraph(const std::string& text) { text_ += wrapped(text, width_) + "\n"; }
  void blank() { text_ += "\n"; }
  void heading(std::string_view text) {
    text_ += styled(Style::heading, std::string{text} + ":", STDOUT_FILENO) + "\n";
  }

  /// Two columns, the left one as wide as it has to be for most.
  void entries(const std::vector<Entry>& entries) {
    constexpr std::size_t kIndent = 2;
    constexpr std::size_t kGap = 2;
    const std::size_t most = std::min<std::size_t>(26, width_ / 3);
    std::size_t left = 0;
    for (const auto& entry : entries) {
      const auto size = columns_of(entry.left);
      if (size <= most) left = std::max(left, size);
    }
    const std::size_t right = kIndent + left + kGap;
    for (const auto& entry : entries) {
      const auto size = columns_of(entry.left);
      text_ += std::string(kIndent, ' ') + entry.left;
      if (entry.right.empty()) {
        text_ += "\n";
        continue;
      }
      if (size > left) {
        text_ += "\n" + std::string(right, ' ');
      } else {
        text_ += std::string(left - size + kGap, ' ');
      }
      text_ += wrapped(entry.right, width_, right, right) + "\n";
    }
  }

  /// As people type them: never broken; what each does stands behind it, or below where that has no room.
  void examples(std::string_view command) {
    std::vector<Example> own;
    std::ranges::copy_if(kExamples, std::back_inserter(own),
                         [&](const Example& example) { return example.command == command; });
    if (own.empty()) return;
    heading("Examples");
    std::size_t left = 0;
    for (const auto& example : own) left = std::max(left, example.line.size());
    for (const auto& example : own) {
      std::string line{"  "};
      line += example.line;
      const bool fits = 2 + left + 4 + columns_of(example.what) <= width_;
      if (!example.what.empty() && fits)
        line += std::string(left - example.line.size() + 2, ' ') + "# " + std::string{example.what};
      text_ += line + "\n";
    }
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::size_t width_ = kUsualWidth;
  std::string text_;
};

std::string described(const std::string& description) {
  const bool whole = !description.empty() && (description.back() == '.' || description.back() == ')');
  return description + (whole ? "" : ".");
}

/// Without what stands in ( ) and behind a ";": what a person needs at first.
std::string shortened(std::string text) {
  for (auto begin = text.find(" ("); begin != std::string::npos; begin = text.find(" (", begin)) {
    const auto end = text.find(')', begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + 1 - begin);
  }
  return text.substr(0, text.find("; "));
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// How much of the options is shown.
enum class Extent : std::uint8_t { all, common, common_in_short };

Entry entry_of(const CLI::Option& option, Extent extent) {
  std::string left;
  for (const auto& name : option.get_snames()) left += "-" + name + ", ";
  if (const auto name = long_name(option); !name.empty()) left += "--" + name;
  if (left.ends_with(", ")) left.resize(left.size() - 2);
  if (auto type = type_of(option); !type.empty()) {
    // Two short names tell more than what they are called.
    if (const auto choices = choices_of(option); choices.size() == 2) type = joined(choices, "|");
    left += option.get_expected_min() == 0 ? "[=" + type + "]" : " " + type;
  }
  const auto& description = option.get_description();
  return {left, extent == Extent::common_in_short ? shortened(description) : description};
}

std::string usage_of(const CLI::App& command, const std::string& name) {
  std::string usage = "Usage: " + name;
  if (!commands_of(command).empty()) usage += " COMMAND";
  usage += " [OPTION...]";
  for (const auto* option : positionals_of(command)) {
    const auto type = type_of(*option);
    const auto word = type.empty() ? option->get_name(true) : type;
    usage += option->get_required() ? " " + word : " [" + word + "]";
  }
  return usage;
}

using Section = std::pair<std::string, std::vector<Entry>>;

void add_to(std::vector<Section>& sections, std::string_view heading, Entry entry) {
  auto found = std::ranges::find(sections, heading, &Section::first);
  if (found == sections.end()) found = sections.insert(sections.end(), {std::string{heading}, {}});
  found->second.push_back(std::move(entry));
}

/// All below a command, each with its whole name.
void add_leaves(std::vector<Entry>& entries, const CLI::App& command, const std::string& prefix) {
  for (const auto* one : commands_of(command)) {
    const auto name = prefix + one->get_name();
    if (commands_of(*one).empty())
      entries.push_back({name, brief(one->get_description())});
    else
      add_leaves(entries, *one, name + " ");
  }
}

void show_commands(Page& page, const CLI::App& command, bool all) {
  std::vector<Section> sections;
  if (all) {
    std::vector<Entry> entries;
    add_leaves(entries, command, "");
    sections.emplace_back("Commands", std::move(entries));
  } else if (command.get_parent() != nullptr) {
    for (const auto* one : commands_of(command))
      add_to(sections, "Commands", {one->get_name(), brief(one->get_description())});
  } else {
    for (const auto& group : kCommandGroups) {  // their order
      for (const auto* one : commands_of(command))
        if (one->get_name() == group.name)
          add_to(sections, group.heading, {one->get_name(), brief(one->get_description())});
    }
    for (const auto* one : commands_of(command)) {
      if (heading_of(kCommandGroups, one->get_name(), "").empty())
        add_to(sections, "More", {one->get_name(), brief(one->get_description())});
    }
  }
  // All columns alike.
  std::size_t widest = 0;
  for (const auto& section : sections)
    for (const auto& entry : section.second) widest = std::max(widest, entry.left.size());
  for (auto& [heading, entries] : sections) {
    if (heading != "More" || all) {
      for (auto& entry : entries) entry.left.resize(widest, ' ');
      page.heading(heading);
      page.entries(entries);
      continue;
    }
    std::vector<std::string> names;
    for (const auto& entry : entries) names.push_back(entry.left);
    page.paragraph("Also: " + joined(names, ", ") + ".");
  }
}

/// Returns whether some were left out.
bool show_options(Page& page, const CLI::App& command, Extent extent) {
  std::vector<Section> sections;
  const auto options = options_of(command);
  const bool many = options.size() > kFew;
  bool left_out = false;
  sections.emplace_back("Options", std::vector<Entry>{});
  for (const auto* option : options) {
    const auto rare = heading_of(kRareGroups, "--" + long_name(*option), "");
    if (!many || rare.empty())
      sections.front().second.push_back(entry_of(*option, extent));
    else if (extent == Extent::all)
      add_to(sections, rare, entry_of(*option, extent));
    else
      left_out = true;
  }
  for (const auto& [heading, entries] : sections) {
    if (entries.empty()) continue;
    page.heading(heading);
    page.entries(entries);
  }
  return left_out;
}

std::string page_of(const CLI::App& command, Extent extent) {
  const auto name = full_name(command);
  const bool all = extent == Extent::all;
  const bool is_program = command.get_parent() == nullptr;
  Page page;
  page.paragraph(described(extent == Extent::common_in_short ? shortened(command.get_description())
                                                             : command.get_description()));
  page.paragraph(usage_of(command, name));
  if (!is_program) page.blank();
  if (!commands_of(command).empty()) show_commands(page, command, all);
  std::vector<Entry> positionals;
  for (const auto* option : positionals_of(command))
    positionals.push_back({type_of(*option), option->get_description()});
  page.entries(positionals);
  const bool left_out = (all || !is_program) && show_options(page, command, extent);
  if (all && !is_program) {
    const auto* program = &command;
    while (program->get_parent() != nullptr) program = program->get_parent();
    page.heading("Options of every command");
    std::vector<Entry> entries;
    for (const auto* option : {command.get_help_ptr(), command.get_help_all_ptr()})
      if (option != nullptr) entries.push_back(entry_of(*option, extent));
    for (const auto* option : options_of(*program)) entries.push_back(entry_of(*option, extent));
    page.entries(entries);
  }
  page.examples(name);
  if (all && is_program)
    page.paragraph("Exit status: 0 done, 1 failed, 2 used wrongly, 77 cannot run here (no uhid).");
  else if (is_program)
    page.paragraph("fauxkey help COMMAND says more, --help-all lists all, man fauxkey explains all.");
  else if (left_out)
    page.paragraph("More options, and more about these: " + name + " --help-all.");
  else if (extent == Extent::common_in_short)
    page.paragraph("More about these: " + name + " --help-all.");
  return std::move(page).text();
}

class Formatter final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* command, std::string /*name*/,
                        CLI::AppFormatMode mode) const override {
    return help_of(*command, mode == CLI::AppFormatMode::All);
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<Formatter>(); }

std::string brief(const std::string& description) {
  return description.substr(
      0, std::min({description.find(" ("), description.find("; "), description.find(". ")}));
}

std::string help_of(const CLI::App& command, bool all) {
  if (all) return page_of(command, Extent::all);
  auto page = page_of(command, Extent::common);
  return std::ranges::count(page, '\n') < kScreen ? page : page_of(command, Extent::common_in_short);
}

}  // namespace fauxkey::app
