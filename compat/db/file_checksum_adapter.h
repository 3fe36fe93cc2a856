// A rocksdb::FileChecksumGenFactory as the engine's.
//
// Owner:   shares the user's factory.
#pragma once

#include <memory>

#include "engine/io/file_checksum.h"

namespace rocksdb {
class FileChecksumGenFactory;
}

namespace gneiss::compat {

std::unique_ptr<FileChecksums> NewFileChecksumAdapter(std::shared_ptr<rocksdb::FileChecksumGenFactory> user);

}  // namespace gneiss::compat
