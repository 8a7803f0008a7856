#include "user/display_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <vector>

namespace fauxkey::user {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 15: general categories Cc, Cf, Co, Zl, Zp, Zs but for the space, and what has
// Default_Ignorable_Code_Point but for the variation selectors 1 to 16, which emoji use. In order.
constexpr std::array kNeverShown{
    Range{0x0000, 0x001F},   Range{0x007F, 0x00A0},   Range{0x00AD, 0x00AD},   Range{0x034F, 0x034F},
    Range{0x0600, 0x0605},   Range{0x061C, 0x061C},   Range{0x06DD, 0x06DD},   Range{0x070F, 0x070F},
    Range{0x0890, 0x0891},   Range{0x08E2, 0x08E2},   Range{0x115F, 0x1160},   Range{0x1680, 0x1680},
    Range{0x17B4, 0x17B5},   Range{0x180B, 0x180F},   Range{0x2000, 0x200F},   Range{0x2028, 0x202F},
    Range{0x205F, 0x206F},   Range{0x2800, 0x2800},   Range{0x3000, 0x3000},   Range{0x3164, 0x3164},
    Range{0xE000, 0xF8FF},   Range{0xFEFF, 0xFEFF},   Range{0xFFA0, 0xFFA0},   Range{0xFFF0, 0xFFFB},
    Range{0xFFFE, 0xFFFF},   Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0000, 0xE0FFF}, Range{0xF0000, 0x10FFFF},
};

bool is_never_shown(char32_t c) {
  const auto* const range = std::lower_bound(kNeverShown.begin(), kNeverShown.end(), c,
                                             [](const Range& r, char32_t x) { return r.last < x; });
  return range != kNeverShown.end() && range->first <= c;
}

struct CodePoint {
  char32_t value;
  std::size_t size;  ///< in bytes
};

/// The well-formed code point that `text` begins with (RFC 3629), if it does.
std::optional<CodePoint> first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  struct Form {
    char32_t mask, lead, smallest;
    std::size_t size;
  };
  constexpr std::array kForms{Form{0xE0, 0xC0, 0x80, 2}, Form{0xF0, 0xE0, 0x800, 3},
                              Form{0xF8, 0xF0, 0x10000, 4}};
  for (const auto& form : kForms) {
    if ((lead & form.mask) != form.lead) continue;
    if (text.size() < form.size) return {};
    char32_t value = lead & ~form.mask & 0xFF;
    for (std::size_t i = 1; i < form.size; ++i) {
      if ((byte(i) & 0xC0U) != 0x80U) return {};
      value = (value << 6) | (byte(i) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < form.smallest || value > 0x10FFFF || surrogate) return {};
    return CodePoint{value, form.size};
  }
  return {};
}

std::string escaped(const char* format, unsigned value) {
  std::array<char, 16> text{};
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string display_text(std::string_view text, std::size_t max_characters, Shorten shorten) {
  // Each piece is a character or a whole escape, and they are counted by what they take on the screen.
  struct Piece {
    std::string text;
    std::size_t width;
  };
  std::vector<Piece> pieces;
  while (!text.empty()) {
    const auto code_point = first_code_point(text);
    const std::size_t size = code_point ? code_point->size : 1;
    if (!code_point) {
      pieces.push_back({escaped("\\x%02X", static_cast<unsigned char>(text[0])), 4});
    } else if (is_never_shown(code_point->value)) {
      auto escape = escaped("\\u{%X}", static_cast<unsigned>(code_point->value));
      const std::size_t width = escape.size();
      pieces.push_back({std::move(escape), width});
    } else if (code_point->value == U'\\') {
      pieces.push_back({"\\\\", 2});
    } else {
      pieces.push_back({std::string{text.substr(0, size)}, 1});
    }
    text.remove_prefix(size);
  }

  std::size_t width = 0;
  for (const auto& piece : pieces) width += piece.width;
  const bool too_long = width > max_characters;
  while (too_long && !pieces.empty() && width >= max_characters) {  // one character's room is for the "…"
    const auto victim = shorten == Shorten::end ? pieces.end() - 1 : pieces.begin();
    width -= victim->width;
    pieces.erase(victim);
  }

  std::string shown;
  if (too_long && shorten == Shorten::start) shown += "…";
  for (const auto& piece : pieces) shown += piece.text;
  if (too_long && shorten == Shorten::end) shown += "…";
  return shown;
}

}  // namespace fauxkey::user
