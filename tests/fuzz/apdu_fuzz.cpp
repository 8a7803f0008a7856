// The APDU parser under any bytes: the data that it finds lies within the command, and the command is, byte
// for byte, the header, that data and a length encoding that fits it.
#include <cstdlib>

#include "u2f/apdu.h"

namespace {

using namespace fauxkey;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input{data, size};
  const auto apdu = u2f::parse_apdu(input);
  if (!apdu) {
    require(apdu.error() == u2f::StatusWord::wrong_length);
    return 0;
  }
  require(size >= 4 && apdu->cla == data[0] && apdu->ins == data[1] && apdu->p1 == data[2] &&
          apdu->p2 == data[3]);
  const std::size_t length = apdu->data.size();
  if (length == 0) return 0;

  require(apdu->data.data() > data && apdu->data.data() + length <= data + size);
  const auto head = static_cast<std::size_t>(apdu->data.data() - data);
  require(head == 5 || head == 7);
  if (head == 5) {
    require(data[4] == length);
  } else {
    require(data[4] == 0 && static_cast<std::size_t>(data[5] << 8 | data[6]) == length);
  }
  require(size - head - length <= 2);  // Le
  return 0;
}
