// `fauxkey metadata`: what relying parties' libraries are told of personas (FIDO Metadata Service 3).
#include "control/metadata.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "app/attestation_root_file.h"
#include "app/commands.h"
#include "app/error.h"
#include "app/exchange_files.h"
#include "app/notify.h"
#include "app/paths.h"
#include "app/process.h"
#include "app/text.h"
#include "control/http_server.h"
#include "crypto/x509.h"
#include "keystore/files.h"
#include "personas/personas.h"

namespace fauxkey::app {
namespace metadata_command {

namespace fs = std::filesystem;

constexpr std::int64_t kDefaultUpdate = 30LL * 86'400;

struct Options {
  RootOptions root;
  std::vector<std::string> personas;  ///< empty: all
  std::vector<std::string> statuses;  ///< NAME=STATUS, NAME=STATUS@DATE
  std::string next_update;
  std::uint64_t number = 1;
  bool bad_signature = false;
  std::string out;
  std::string serve;
};

struct File {
  std::string name;
  std::string content_type;
  std::string content;
};

std::vector<personas::Model> models_of(const Options& options) {
  const auto folder = persona_folder();
  const auto built_in = personas::built_in();
  std::vector<personas::Model> models;
  try {
    const auto own = personas::names_in(folder);
    models.reserve(options.personas.size() + own.size() + built_in.size());
    for (const auto& name : options.personas) models.push_back(personas::load_name_or_file(name, folder));
    if (!options.personas.empty()) return models;
    for (const auto& name : own) models.push_back(personas::load(name, folder));
    for (const auto& model : built_in) {
      if (std::ranges::find(models, model.name, &personas::Model::name) == models.end())
        models.push_back(model);
    }
    return models;
  } catch (const personas::PersonaError& error) {
    throw UsageError{error.what()};
  }
}

/// By persona.
std::map<std::string, std::vector<control::StatusReport>> reports_of(const Options& options,
                                                                     const std::string& today) {
  std::map<std::string, std::vector<control::StatusReport>> reports;
  const auto known = control::metadata_statuses();
  for (const auto& text : options.statuses) {
    const auto equals = text.find('=');
    const auto at = text.find('@', equals == std::string::npos ? 0 : equals);
    if (equals == std::string::npos || equals == 0)
      throw UsageError{"--status takes a persona and a status, such as yubikey-5=REVOKED."};
    control::StatusReport report{.status = text.substr(equals + 1, at - equals - 1), .date = today};
    if (at != std::string::npos) report.date = text.substr(at + 1);
    if (std::ranges::find(known, report.status) == known.end())
      throw UsageError{"--status: there is no status " + report.status + ": choose of " + listed(known) +
                       "."};
    if (!control::is_metadata_date(report.date))
      throw UsageError{"--status: " + report.date + " is no date such as 2026-12-31."};
    reports[text.substr(0, equals)].push_back(std::move(report));
  }
  return reports;
}

std::vector<File> make_files(const Options& options, const std::shared_ptr<const AttestationRoot>& root,
                             Clock& clock) {
  const auto today = control::metadata_date(clock.unix_time());
  auto reports = reports_of(options, today);
  control::MetadataList list{.entries = {},
                             .number = options.number,
                             .date = today,
                             .next_update = options.next_update.empty()
                                                ? control::metadata_date(clock.unix_time() + kDefaultUpdate)
                                                : options.next_update,
                             .bad_signature = options.bad_signature};
  if (!control::is_metadata_date(list.next_update))
    throw UsageError{"--next-update takes a date such as 2026-12-31."};
  std::vector<File> files;
  const auto models = models_of(options);
  files.reserve(models.size() + 2);
  for (const auto& model : models) {
    auto statement = control::metadata_statement(model.config, root, clock);
    files.push_back({.name = model.name + ".json",
                     .content_type = "application/json",
                     .content = statement.dump(2) + "\n"});
    const auto found = reports.find(model.name);
    list.entries.push_back({.statement = std::move(statement),
                            .reports = found == reports.end() ? std::vector<control::StatusReport>{}
                                                              : std::move(found->second)});
    if (found != reports.end()) reports.erase(found);
  }
  if (!reports.empty())
    throw UsageError{"--status: there is no persona " + reports.begin()->first +
                     " here: fauxkey persona list shows those that there are."};
  files.push_back({.name = "blob.jwt",
                   .content_type = "application/jwt",
                   .content = control::metadata_blob(list, *root)});
  files.push_back({.name = "root.pem",
                   .content_type = "application/x-pem-file",
                   .content = crypto::x509::to_pem(root->certificate)});
  return files;
}

/// What an earlier run wrote is replaced.
void write_files(const fs::path& folder, const std::vector<File>& files, Random& random) {
  if (const auto made = keystore::make_folder(folder); !made) throw Failure{made.error().message};
  for (const auto& file : files) {
    const auto path = folder / file.name;
    const keystore::Draft draft{path, random};
    const auto opened = draft.create();
    if (!opened) throw Failure{opened.error().message};
    if (!opened->write(bytes_of(file.content)))
      throw Failure{keystore::quoted(path) + " cannot be written: is the disk full?"};
    if (const auto done = draft.replace(); !done) throw Failure{done.error().message};
  }
}

control::HttpResponse answer(const std::vector<File>& files, const control::HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return control::error_response(405, "Metadata can be read alone (GET).");
  const auto name = request.path == "/" ? std::string{"blob.jwt"} : request.path.substr(1);
  const auto found = std::ranges::find(files, name, &File::name);
  if (found == files.end())
    return control::error_response(404, "There are here: " + listed(files, &File::name) + ".");
  control::HttpResponse response;
  response.content_type = found->content_type;
  response.body = found->content;
  return response;
}

void serve(const std::string& address, const std::vector<File>& files) {
  const EndSignals signals;
  if (address.starts_with("unix:"))
    throw UsageError{"--serve takes a port of this machine, such as 127.0.0.1:8090."};
  try {
    control::HttpServer server{address};
    // Nothing of it is a secret, and libraries ask by whatever name they know this machine.
    server.start([](control::HttpRequest&, const control::Peer&) { return std::nullopt; },
                 [&](control::HttpRequest& request) { return answer(files, request); });
    std::cout << "metadata: " << server.url() << "/blob.jwt\n" << std::flush;
    spdlog::info("Ending, by {}.", signals.wait());
  } catch (const std::invalid_argument& error) {
    throw UsageError{std::string{"--serve: "} + error.what()};
  }
}

int run(const Options& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto root = options.root.open(random, clock);
  const auto files = make_files(options, root, clock);
  if (!options.out.empty()) write_files(options.out, files, random);
  if (!options.serve.empty()) serve(options.serve, files);
  if (options.out.empty() && options.serve.empty()) {
    std::cout << std::ranges::find(files, "blob.jwt", &File::name)->content << '\n';
    finish_output();
  }
  return kDone;
}

}  // namespace metadata_command

void add_metadata(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "metadata", "Tell relying parties of the kinds of key: statements and a signed list (FIDO MDS 3)");
  const auto options = std::make_shared<metadata_command::Options>();
  command
      .add_option("--persona", options->personas,
                  "Of these kinds alone (default: all that fauxkey persona list shows)")
      ->type_name("NAME|FILE,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--out", options->out, "Write blob.jwt, root.pem and NAME.json to this folder")
      ->type_name("DIR");
  command
      .add_option("--serve", options->serve,
                  "Serve them over HTTP, 127.0.0.1:PORT, until Ctrl-C (default: print the list, a JWT)")
      ->type_name("ADDRESS");
  command
      .add_option("--status", options->statuses,
                  "Report this of a kind: REVOKED, USER_KEY_REMOTE_COMPROMISE, UPDATE_AVAILABLE, "
                  "FIDO_CERTIFIED_L1 …; may be given more than once")
      ->type_name("NAME=STATUS[@DATE]")
      ->allow_extra_args(false);
  command
      .add_option("--next-update", options->next_update,
                  "When the list is out of date (default: in 30 days); may lie in the past")
      ->type_name("DATE");
  command.add_option("--number", options->number, "The list's number, which rises (default: 1)")
      ->type_name("N");
  command.add_flag("--bad-signature", options->bad_signature, "The list's signature is wrong");
  add_root_options(command, options->root);
  command.callback([&action, options] {
    action = [options] {
      options->root.check();
      return metadata_command::run(*options);
    };
  });
}

}  // namespace fauxkey::app
