#include "app/attestation_root_file.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <optional>
#include <string_view>
#include <utility>

#include "app/error.h"
#include "app/exchange_files.h"
#include "crypto/pkcs8.h"
#include "crypto/x509.h"
#include "keystore/exchange/base64.h"
#include "keystore/exchange/fields.h"
#include "keystore/files.h"

namespace fauxkey::app {
namespace attestation_root {  // sources are compiled together, so names must differ

namespace fs = std::filesystem;

/// The first block of that label.
std::optional<WipingBytes> pem_block(std::string_view text, std::string_view label) {
  const auto begin = "-----BEGIN " + std::string{label} + "-----";
  const auto end = "-----END " + std::string{label} + "-----";
  const auto from = text.find(begin);
  const auto to = from == std::string_view::npos ? from : text.find(end, from);
  if (to == std::string_view::npos) return std::nullopt;
  WipingString base64;
  base64.reserve(to - from);
  for (const char c : text.substr(from + begin.size(), to - from - begin.size())) {
    if (c != '\n' && c != '\r') base64.push_back(c);
  }
  return exchange::decode_base64(base64, exchange::Base64::padded);
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Failure{"The attestation root " + keystore::quoted(path) + " " + why +
                ": name a file with an authority's certificate and its P-256 private key (PKCS #8), both in "
                "PEM, or one that is not there yet."};
}

AttestationRoot read(const fs::path& path) {
  const auto content = read_exchange_file(path.string());
  const auto text = text_of(content);
  const auto certificate = pem_block(text, "CERTIFICATE");
  const auto key = pem_block(text, "PRIVATE KEY");
  if (!certificate) refuse(path, "has no certificate");
  if (!key) refuse(path, "has no private key");
  const auto decoded = crypto::pkcs8::decode(*key);
  if (!decoded) refuse(path, "has a private key that " + decoded.error());
  if (decoded->algorithm != Algorithm::es256) refuse(path, "has a private key that is none of P-256");
  if (const auto trouble = root_trouble(decoded->bytes, *certificate); !trouble.empty())
    refuse(path, trouble);
  return {.key = Secret<32>::copy_of(decoded->bytes),
          .certificate = {certificate->begin(), certificate->end()}};
}

AttestationRoot make(const fs::path& path, Random& random, const Clock& clock) {
  auto root = make_attestation_root(random, clock);
  const auto certificate = crypto::x509::to_pem(root.certificate);
  const auto key = exchange::to_pem(crypto::pkcs8::encode(Algorithm::es256, root.key));
  WipingBytes content;
  content.reserve(certificate.size() + key.size());
  append(content, bytes_of(certificate));
  append(content, bytes_of(key));
  write_exchange_file(path, content, random);
  spdlog::info("The attestation root {} is new.", path.string());
  return root;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Whoever can read it can attest as these keys do.
void warn_of_readers(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    spdlog::warn("Other users can read the private key in {}: run chmod 600 on it.", path.string());
}

}  // namespace attestation_root

std::shared_ptr<const AttestationRoot> open_attestation_root(const std::filesystem::path& path,
                                                             Random& random, const Clock& clock) {
  if (!attestation_root::is_there(path)) {
    try {
      return std::make_shared<const AttestationRoot>(attestation_root::make(path, random, clock));
    } catch (const Failure&) {
      // Another daemon may have made it meanwhile.
      if (!attestation_root::is_there(path)) throw;
    }
  }
  auto root = attestation_root::read(path);
  attestation_root::warn_of_readers(path);
  return std::make_shared<const AttestationRoot>(std::move(root));
}

void add_attestation_root_option(CLI::App& command, std::string& path, const std::string& description) {
  command.add_option("--attestation-root", path, description)->type_name("FILE");
}

void RootOptions::check() const {
  if (!file.empty() && !(store.store.empty() && store.unlock.empty()))
    throw UsageError{"--attestation-root is in place of the keystore's own root: give one of them."};
}

std::shared_ptr<const AttestationRoot> RootOptions::open(Random& random, Clock& clock) const {
  if (!file.empty()) return open_attestation_root(file, random, clock);
  return attestation_root_of(*open_store(store, true, random, clock), random, clock);
}

void add_root_options(CLI::App& command, RootOptions& options) {
  add_attestation_root_option(command, options.file,
                              "The root of fauxkey run --attestation-root, in place of the keystore's own");
  add_store_options(command, options.store);
}

}  // namespace fauxkey::app
