// What scenario and site files leave open, "${account}", and what stands for it in one ceremony.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attack/file_reader.h"

namespace fauxkey::attack {

class Variables {
 public:
  void set(const std::string& name, Json value) { values_[name] = std::move(value); }
  void unset(const std::string& name) { values_.erase(name); }
  [[nodiscard]] const Json* find(const std::string& name) const;
  /// "${name}" alone becomes the value, of whatever type; within a longer text, its text. An object's member
  /// that is a variable without a value is left out; elsewhere that is null or nothing.
  [[nodiscard]] Json fill(const Json& json) const;
  [[nodiscard]] std::string fill_text(std::string_view text) const;

 private:
  std::map<std::string, Json> values_;
};

/// The names that a text or all of a JSON value's texts use.
[[nodiscard]] std::vector<std::string> variables_in(const Json& json);

/// The value at a path of names and places in arrays, "response.userHandle", "errors.0"; the whole for an
/// empty path. nullptr where there is none.
[[nodiscard]] const Json* at_path(const Json& json, std::string_view path);
/// False where the path leads through what is neither object nor array.
bool set_at_path(Json& json, std::string_view path, Json value);
/// False where there is none.
bool erase_at_path(Json& json, std::string_view path);

}  // namespace fauxkey::attack
