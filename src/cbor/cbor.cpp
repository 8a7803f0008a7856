#include "cbor/cbor.h"

#include <cbor.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "cbor/utf8.h"

namespace fauxkey::cbor {
namespace {

/// What libcbor's streaming decoder saw: the head of one item, and the whole of a string.
struct Head {
  enum class Kind { unsigned_integer, negative, bytes, text, array, map, boolean, null, other, forbidden };
  Kind kind = Kind::forbidden;
  std::uint64_t argument = 0;
  ByteView string;
};

Head& head(void* context) { return *static_cast<Head*>(context); }

template <class Integer>
void on_unsigned(void* context, Integer value) {
  head(context) = {Head::Kind::unsigned_integer, value, {}};
}
template <class Integer>
void on_negative(void* context, Integer value) {
  head(context) = {Head::Kind::negative, value, {}};
}
// The type of the sizes changed between libcbor 0.8 and 0.10, hence the templates.
template <class Size>
void on_bytes(void* context, cbor_data data, Size size) {
  head(context) = {Head::Kind::bytes, size, {data, static_cast<std::size_t>(size)}};
}
template <class Size>
void on_text(void* context, cbor_data data, Size size) {
  head(context) = {Head::Kind::text, size, {data, static_cast<std::size_t>(size)}};
}
template <class Size>
void on_array(void* context, Size size) {
  head(context) = {Head::Kind::array, size, {}};
}
template <class Size>
void on_map(void* context, Size size) {
  head(context) = {Head::Kind::map, size, {}};
}
void on_boolean(void* context, bool value) { head(context) = {Head::Kind::boolean, value ? 1U : 0U, {}}; }
void on_null(void* context) { head(context) = {Head::Kind::null, 0, {}}; }
void on_other(void* context) { head(context) = {Head::Kind::other, 0, {}}; }
template <class Float>
void on_float(void* context, Float /*value*/) {
  on_other(context);
}
void on_forbidden(void* context) { head(context) = {Head::Kind::forbidden, 0, {}}; }
template <class Tag>
void on_tag(void* context, Tag /*tag*/) {
  on_forbidden(context);
}

const cbor_callbacks& callbacks() {
  static const cbor_callbacks table = [] {
    cbor_callbacks c = cbor_empty_callbacks;
    c.uint8 = on_unsigned;
    c.uint16 = on_unsigned;
    c.uint32 = on_unsigned;
    c.uint64 = on_unsigned;
    c.negint8 = on_negative;
    c.negint16 = on_negative;
    c.negint32 = on_negative;
    c.negint64 = on_negative;
    c.byte_string = on_bytes;
    c.byte_string_start = on_forbidden;
    c.string = on_text;
    c.string_start = on_forbidden;
    c.array_start = on_array;
    c.indef_array_start = on_forbidden;
    c.map_start = on_map;
    c.indef_map_start = on_forbidden;
    c.tag = on_tag;
    c.float2 = on_float;
    c.float4 = on_float;
    c.float8 = on_float;
    c.undefined = on_other;
    c.null = on_null;
    c.boolean = on_boolean;
    c.indef_break = on_forbidden;
    return c;
  }();
  return table;
}

/// How many bytes the shortest head with this argument takes.
std::size_t shortest_head(std::uint64_t argument) {
  if (argument < 24) return 1;
  if (argument <= std::numeric_limits<std::uint8_t>::max()) return 2;
  if (argument <= std::numeric_limits<std::uint16_t>::max()) return 3;
  if (argument <= std::numeric_limits<std::uint32_t>::max()) return 5;
  return 9;
}

class Decoder {
 public:
  Decoder(ByteView input, int max_nesting) : input_{input}, max_nesting_{max_nesting} {}

  using Outcome = std::expected<Value, std::string>;

  Outcome item(int containers) {  // NOLINT(misc-no-recursion): bounded by max_nesting_
    const std::size_t start = position_;
    Head h;
    const auto result =
        cbor_stream_decode(input_.data() + position_, input_.size() - position_, &callbacks(), &h);
    if (result.status != CBOR_DECODER_FINISHED) {
      return error(start, result.status == CBOR_DECODER_NEDATA ? "the item is cut off" : "no CBOR item");
    }
    position_ += result.read;
    switch (h.kind) {
      case Head::Kind::forbidden:
        return error(start, "tags and indefinite lengths are not allowed");
      case Head::Kind::boolean:
        return Value{h.argument != 0};
      case Head::Kind::null:
        return Value{};
      case Head::Kind::other:
        return Value{Other{}};
      default:
        break;
    }
    if (result.read - h.string.size() != shortest_head(h.argument)) {
      return error(start, "the length or integer is not in its shortest form");
    }
    switch (h.kind) {
      case Head::Kind::unsigned_integer:
        return Value{h.argument};
      case Head::Kind::negative:
        return Value{Value::Negative{h.argument}};
      case Head::Kind::bytes:
        return Value::bytes(h.string);
      case Head::Kind::text: {
        std::string text{h.string.begin(), h.string.end()};
        if (!is_utf8(text)) return error(start, "the text is not UTF-8");
        return Value{std::move(text)};
      }
      default:
        break;
    }
    if (containers == max_nesting_) return error(start, "maps and arrays nest too deep");
    // An item takes a byte at least, so a longer claim cannot hold; this bounds what is reserved for it.
    if (h.argument > input_.size() - position_) return error(start, "the map or array is cut off");
    return h.kind == Head::Kind::array ? array(h.argument, containers + 1) : map(h.argument, containers + 1);
  }

  [[nodiscard]] bool at_end() const { return position_ == input_.size(); }
  [[nodiscard]] std::unexpected<std::string> error(std::size_t at, const char* what) const {
    return std::unexpected{std::string{what} + " (byte " + std::to_string(at) + ")"};
  }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  Outcome array(std::uint64_t size, int containers) {  // NOLINT(misc-no-recursion)
    Array array;
    array.reserve(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      auto element = item(containers);
      if (!element) return element;
      array.push_back(*std::move(element));
    }
    return Value{std::move(array)};
  }

  Outcome map(std::uint64_t size, int containers) {  // NOLINT(misc-no-recursion)
    Map map;
    map.reserve(size);
    ByteView previous;
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::size_t start = position_;
      auto key = item(containers);
      if (!key) return key;
      const ByteView encoded = input_.subspan(start, position_ - start);
      if (i > 0 && !canonical_less(previous, encoded)) {
        return error(start, "the map's keys are not in canonical order, or one stands twice");
      }
      previous = encoded;
      auto value = item(containers);
      if (!value) return value;
      map.emplace_back(*std::move(key), *std::move(value));
    }
    return Value{std::move(map)};
  }

 public:
  /// CTAP 2.3, section 8: the lower major type first, then the shorter, then bytewise.
  static bool canonical_less(ByteView a, ByteView b) {
    const auto major = [](ByteView key) { return key[0] >> 5; };
    if (major(a) != major(b)) return major(a) < major(b);
    if (a.size() != b.size()) return a.size() < b.size();
    return std::ranges::lexicographical_compare(a, b);
  }

 private:
  ByteView input_;
  int max_nesting_;
  std::size_t position_ = 0;
};

class Encoder {
 public:
  void item(const Value& value) {  // NOLINT(misc-no-recursion): as deep as the value
    if (const auto* u = value.as_unsigned()) return put(cbor_encode_uint, *u);
    if (const auto* n = value.as_negative()) return put(cbor_encode_negint, n->argument);
    if (const auto* bytes = value.as<Bytes>()) {
      put(cbor_encode_bytestring_start, bytes->size());
      return append(out_, *bytes);
    }
    if (const auto* text = value.as<std::string>()) {
      put(cbor_encode_string_start, text->size());
      out_.insert(out_.end(), text->begin(), text->end());
      return;
    }
    if (const auto* boolean = value.as<bool>()) return put(cbor_encode_bool, *boolean);
    if (value.as<Null>() != nullptr) {
      out_.push_back(0xf6);
      return;
    }
    if (const auto* array = value.as<Array>()) {
      put(cbor_encode_array_start, array->size());
      for (const auto& element : *array) item(element);
      return;
    }
    if (const auto* map = value.as<Map>()) return entries(*map);
    throw std::logic_error{"this CBOR item has no canonical encoding here"};
  }

  Bytes take() { return std::move(out_); }

 private:
  template <class Function, class Argument>
  void put(Function encode_head, Argument argument) {
    std::array<unsigned char, 9> buffer{};
    const std::size_t size = encode_head(argument, buffer.data(), buffer.size());
    append(out_, {buffer.data(), size});
  }

  void entries(const Map& map) {  // NOLINT(misc-no-recursion)
    std::vector<std::pair<Bytes, const Value*>> sorted;
    sorted.reserve(map.size());
    for (const auto& [key, value] : map) sorted.emplace_back(encode(key), &value);
    std::ranges::sort(sorted,
                      [](const auto& a, const auto& b) { return Decoder::canonical_less(a.first, b.first); });
    put(cbor_encode_map_start, map.size());
    const Bytes* previous = nullptr;
    for (const auto& [key, value] : sorted) {
      if (previous != nullptr && *previous == key) throw std::logic_error{"a CBOR map has a key twice"};
      previous = &key;
      append(out_, key);
      item(*value);
    }
  }

  Bytes out_;
};

}  // namespace

std::optional<std::int64_t> Value::as_integer() const {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (const auto* u = as_unsigned()) {
    return *u <= kMax ? std::optional{static_cast<std::int64_t>(*u)} : std::nullopt;
  }
  if (const auto* n = as_negative()) {
    return n->argument <= kMax ? std::optional{-1 - static_cast<std::int64_t>(n->argument)} : std::nullopt;
  }
  return std::nullopt;
}

const Value* find(const Map& map, std::int64_t key) {
  const auto it =
      std::ranges::find_if(map, [&](const auto& entry) { return entry.first.as_integer() == key; });
  return it == map.end() ? nullptr : &it->second;
}

const Value* find(const Map& map, std::string_view key) {
  const auto it = std::ranges::find_if(map, [&](const auto& entry) {
    const auto* text = entry.first.template as<std::string>();
    return text != nullptr && *text == key;
  });
  return it == map.end() ? nullptr : &it->second;
}

std::expected<Value, std::string> decode(ByteView bytes, int max_nesting) {
  Decoder decoder{bytes, max_nesting};
  auto value = decoder.item(0);
  if (value && !decoder.at_end()) return decoder.error(decoder.position(), "bytes follow the item");
  return value;
}

Bytes encode(const Value& value) {
  Encoder encoder;
  encoder.item(value);
  return encoder.take();
}

}  // namespace fauxkey::cbor
