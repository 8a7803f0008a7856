// Published test vectors (tests/vectors/) for the tests of src/crypto, and the openssl program as a second
// opinion.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/p256.h"
#include "fauxkey/bytes.h"
#include "fauxkey/random.h"

namespace fauxkey::test {

inline nlohmann::json vectors(const std::string& name) {
  std::ifstream file{std::filesystem::path{FAUXKEY_SOURCE_DIR} / "tests/vectors" / name};
  REQUIRE_MESSAGE(file, "no file of vectors: ", name);
  return nlohmann::json::parse(file);
}

inline Bytes unhex(std::string_view text) {
  REQUIRE(text.size() % 2 == 0);
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  return bytes;
}
/// A member that holds hexadecimal bytes.
inline Bytes unhex(const nlohmann::json& object, const char* member) {
  return unhex(object.at(member).get<std::string>());
}

inline Bytes copy(ByteView view) { return {view.begin(), view.end()}; }

template <std::size_t N>
std::array<std::uint8_t, N> array_of(ByteView bytes) {
  REQUIRE(bytes.size() == N);
  std::array<std::uint8_t, N> array{};
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

inline crypto::p256::PublicKey p256_key(const nlohmann::json& object) {
  return {array_of<32>(unhex(object, "x")), array_of<32>(unhex(object, "y"))};
}

/// The openssl program, with files in a folder of its own.
class OpensslProgram {
 public:
  OpensslProgram() {
    SystemRandom random;
    folder_ = std::filesystem::temp_directory_path() / ("fauxkey-test-" + hex(random.bytes<8>()));
    std::filesystem::create_directory(folder_);
  }
  OpensslProgram(const OpensslProgram&) = delete;
  OpensslProgram& operator=(const OpensslProgram&) = delete;
  ~OpensslProgram() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] static bool present() { return std::system("openssl version >/dev/null 2>&1") == 0; }
  void write(const std::string& name, ByteView bytes) const {
    std::ofstream file{folder_ / name, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  void write(const std::string& name, std::string_view text) const { std::ofstream{folder_ / name} << text; }
  [[nodiscard]] Bytes read(const std::string& name) const {
    std::ifstream file{folder_ / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  /// True where `openssl ARGUMENTS`, run in the folder, succeeds; what it says is in the file "output".
  [[nodiscard]] bool run(const std::string& arguments) const {
    return std::system(("cd " + folder_.string() + " && openssl " + arguments + " >output 2>&1").c_str()) ==
           0;
  }
  [[nodiscard]] std::string output() const {
    const Bytes bytes = read("output");
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace fauxkey::test
