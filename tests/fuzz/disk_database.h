// Files of bytes that a fuzzer made, on a disk in memory, for the public API to open.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>

#include "tests/disk/disk_file_system.h"
#include "tests/support/drawn_options.h"
#include "tests/support/joiner.h"

namespace gneiss::fuzz {

class DiskDatabase {
 public:
  explicit DiskDatabase(disk::Image image) : disk_(std::make_shared<disk::Disk>(WithDirectory(std::move(image)))) {
    fs_ = disk::NewDiskFileSystem(disk_, &gate_);
    env_ = rocksdb::NewCompositeEnv(fs_);
    options.env = env_.get();
    options.info_log = NewSilentLogger();
    options.merge_operator = std::make_shared<Joiner>();
    options.max_open_files = 16;
  }
  static disk::Image WithDirectory(disk::Image image) {
    image.directories.insert("/db");
    return image;
  }

  rocksdb::Options options;

 private:
  disk::LifeGate gate_;
  std::shared_ptr<disk::Disk> disk_;
  std::shared_ptr<rocksdb::FileSystem> fs_;
  std::unique_ptr<rocksdb::Env> env_;
};

inline std::string ToString(const uint8_t* bytes, size_t size) {
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace gneiss::fuzz
