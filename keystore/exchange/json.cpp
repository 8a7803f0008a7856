#include "keystore/exchange/json.h"

#include <concepts>
#include <utility>

namespace fauxkey::exchange {
namespace {

constexpr std::size_t kMaxDepth = 64;

/// Builds the document, and knows why and where it ceased to.
class Builder : public nlohmann::json_sax<JsonIn> {
 public:
  explicit Builder(std::size_t max_values) : max_values_{max_values} {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const WipingString& /*text*/) override { return add(value); }
  bool string(WipingString& value) override { return add(std::move(value)); }
  bool binary(JsonIn::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(JsonIn::object()); }
  bool key(WipingString& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(JsonIn::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    why_ = "is no JSON from byte " + std::to_string(position) +
           " on: take another copy of it, or name its format with --format";
    return false;
  }
  /// For the parsers of binary formats, which are compiled but not used.
  template <std::same_as<std::string> Text>
  bool number_float(double /*value*/, const Text& /*text*/) {
    return false;
  }

  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] JsonIn take() { return std::move(root_); }

 private:
  bool add(JsonIn value) {
    if (++values_ > max_values_) {
      why_ = "has more than " + std::to_string(max_values_) + " values, which no export of credentials has";
      return false;
    }
    place(std::move(value));
    return true;
  }
  bool open(JsonIn value) {
    if (open_.size() == kMaxDepth) {
      why_ = "nests more than " + std::to_string(kMaxDepth) +
             " levels deep, which no export of credentials does";
      return false;
    }
    if (++values_ > max_values_) return add(nullptr);
    open_.push_back(&place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  /// Where the value now is. An open container is its parent's last element, so that it does not move.
  JsonIn& place(JsonIn value) {
    if (open_.empty()) return root_ = std::move(value);
    JsonIn& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return parent.back();
    }
    return parent[key_] = std::move(value);
  }

  JsonIn root_;
  std::vector<JsonIn*> open_;
  WipingString key_;
  const std::size_t max_values_;
  std::size_t values_ = 0;
  std::string why_;
};

std::string joined(const std::string& path, std::string_view name) {
  std::string longer{path};
  if (!longer.empty()) longer += '.';
  return longer.append(name);
}

}  // namespace

JsonIn parse_json(ByteView bytes, std::size_t max_values) {
  std::string_view text = text_of(bytes);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Builder builder{max_values};
  if (!JsonIn::sax_parse(text.begin(), text.end(), &builder)) throw FormatError{builder.why()};
  return builder.take();
}

WipingBytes write_json(const JsonOut& json) {
  const auto text = json.dump(2, ' ', false, JsonOut::error_handler_t::replace);
  WipingBytes bytes{text.begin(), text.end()};
  bytes.push_back('\n');
  return bytes;
}

std::optional<Place> Place::find(std::string_view name) const {
  if (!value_->is_object()) throw error("is no object");
  const auto member = value_->find(WipingString{name});
  if (member == value_->end() || member->is_null()) return std::nullopt;
  return Place{*member, joined(path_, name)};
}

Place Place::at(std::string_view name) const {
  if (auto member = find(name)) return *std::move(member);
  throw FormatError{"has no \"" + joined(path_, name) + "\", which its format needs"};
}

std::size_t Place::size() const {
  if (!value_->is_array()) throw error("is no array");
  return value_->size();
}

Place Place::operator[](std::size_t index) const {
  return {(*value_)[index], path_ + "[" + std::to_string(index) + "]"};
}

std::string_view Place::text() const {
  if (!value_->is_string()) throw error("is no string");
  return value_->get_ref<const WipingString&>();
}

bool Place::boolean() const {
  if (!value_->is_boolean()) throw error("is neither true nor false");
  return value_->get_ref<const bool&>();
}

std::int64_t Place::integer() const {
  if (value_->is_number_unsigned()) {
    const auto number = value_->get_ref<const std::uint64_t&>();
    if (std::in_range<std::int64_t>(number)) return static_cast<std::int64_t>(number);
  } else if (value_->is_number_integer()) {
    return value_->get_ref<const std::int64_t&>();
  }
  throw error("is no whole number");
}

WipingBytes Place::base64(Base64 kind) const {
  auto bytes = decode_base64(text(), kind);
  if (!bytes) throw error("is no base64");
  return *std::move(bytes);
}

std::optional<std::string> Place::optional_text(std::string_view name) const {
  const auto member = find(name);
  return member ? std::optional{std::string{member->text()}} : std::nullopt;
}

bool Place::flag(std::string_view name, bool otherwise) const {
  const auto member = find(name);
  return member ? member->boolean() : otherwise;
}

FormatError Place::error(const std::string& what) const {
  if (path_.empty()) return FormatError{"is not of its format: the whole " + what};
  return FormatError{"is not of its format: " + path_ + " " + what};
}

}  // namespace fauxkey::exchange
