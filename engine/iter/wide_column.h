// A wide-column entity is a value made of named columns. Reads that know nothing of columns see its default column, the
// one with the empty name.
//
// Format:  varint32 version (1), varint32 column count, then per column varint32 name size, name, varint32 value size,
//          then the values in the same order. Names ascend strictly, so the default column is the first or absent.
// Errors:  Corruption when the entity is cut short or out of order, NotSupported for a later version.
#pragma once

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

// *value borrows from `entity`; it is empty when there is no default column.
Status DefaultColumnOf(Slice entity, Slice* value);
// For operands whose base is an entity.
Status MergeOnEntityError();

}  // namespace gneiss
