// What a repair finds out about a blob file by itself.
//
// Errors:  Corruption for files that are not whole.
#pragma once

#include <cstdint>
#include <string>

#include "engine/io/file_system.h"
#include "engine/version/version_edit.h"

namespace gneiss {

// From the file's two ends.
Status ScanBlobFile(FileSystem* fs, const std::string& path, uint64_t number, uint32_t* column_family_id,
                    BlobFileMeta* meta);

}  // namespace gneiss
