// The names of a database's files, as RocksDB gives them: CURRENT, IDENTITY, LOCK, LOG, MANIFEST-000005,
// OPTIONS-000007, 000009.log, 000012.sst, 000012.ldb (old), 000020.blob.
//
// Threads: plain functions.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

class FileSystem;

enum class FileKind : uint8_t {
  kWal,
  kLock,
  kTable,
  kManifest,
  kCurrent,
  kTemp,
  kInfoLog,
  kMetaDatabase,
  kIdentity,
  kOptions,
  kBlob  // rocksdb::FileType's order
};

std::string WalName(const std::string& dir, uint64_t number);
std::string ArchivedWalName(const std::string& dir, uint64_t number);
std::string TableName(const std::string& dir, uint64_t number);
std::string LegacyTableName(const std::string& dir, uint64_t number);
std::string BlobName(const std::string& dir, uint64_t number);
std::string ManifestName(const std::string& dir, uint64_t number);
std::string OptionsName(const std::string& dir, uint64_t number);
std::string TempOptionsName(const std::string& dir, uint64_t number);
std::string TempName(const std::string& dir, uint64_t number);
std::string CurrentName(const std::string& dir);
std::string IdentityName(const std::string& dir);
std::string LockName(const std::string& dir);

// False for names that are none of ours. *number is 0 for kinds without one.
bool ParseFileName(Slice name, uint64_t* number, FileKind* kind);

// Makes CURRENT name MANIFEST-`number`: temporary file, sync, rename, sync of the directory.
Status SetCurrentFile(FileSystem* fs, const std::string& dir, uint64_t manifest_number);

}  // namespace gneiss
