// The layer's own name for it.
#pragma once

#include "base/file_descriptor.h"

namespace fauxkey::transport {

using fauxkey::FileDescriptor;

}  // namespace fauxkey::transport
