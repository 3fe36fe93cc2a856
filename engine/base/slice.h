// A Slice borrows bytes: a pointer and a length. It owns nothing.
//
// Units:   size() counts bytes.
// Owner:   whoever made the bytes; a Slice must not outlive them.
// Threads: a plain value.
#pragma once

#include <string_view>

namespace gneiss {

using Slice = std::string_view;

}  // namespace gneiss
