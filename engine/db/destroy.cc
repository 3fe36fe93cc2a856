// Working on a directory that is not open: listing its families, deleting it.

#include <set>

#include "engine/db/database.h"
#include "engine/io/file_name.h"
#include "engine/version/manifest.h"

namespace gneiss {

Status ListFamilies(const DatabaseConfig& config, const std::string& dir, std::vector<std::string>* names) {
  return ListManifestFamilies(config.fs, dir, names);
}

Status DestroyDatabase(const DatabaseConfig& config, const std::string& dir,
                       const std::vector<FamilyDescriptor>& families) {
  FileSystem* const fs = config.fs;
  std::vector<std::string> names;
  // A directory that is not there holds nothing to destroy.
  if (const Status listed = fs->List(dir, &names); !listed.ok()) {
    return listed.IsPathNotFound() || listed.IsNotFound() ? Status::Ok() : listed;
  }
  std::unique_ptr<FileLock> lock;
  GNEISS_RETURN_IF_ERROR(fs->Lock(LockName(dir), &lock));
  std::set<std::string> dirs = {dir};
  if (!config.wal_dir.empty()) dirs.insert(config.wal_dir);
  dirs.insert(config.paths.begin(), config.paths.end());
  for (const FamilyDescriptor& family : families) dirs.insert(family.config.paths.begin(), family.config.paths.end());
  Status result;
  for (const std::string& each : dirs) {
    names.clear();
    if (!fs->List(each, &names).ok()) continue;
    for (const std::string& name : names) {
      uint64_t number = 0;
      FileKind kind;
      if (!ParseFileName(name, &number, &kind) || kind == FileKind::kLock) continue;
      const Status removed = fs->Remove(each + "/" + name);
      if (result.ok() && !removed.ok()) result = removed;
    }
    const std::string archive = each + "/archive";
    names.clear();
    if (fs->List(archive, &names).ok()) {
      for (const std::string& name : names) {
        fs->Remove(archive + "/" + name).IgnoreError("RemoveDir tells");
      }
      fs->RemoveDir(archive).IgnoreError("foreign files may lie there");
    }
  }
  lock.reset();
  fs->Remove(LockName(dir)).IgnoreError("nothing rests on the lock file");
  for (const std::string& each : dirs) fs->RemoveDir(each).IgnoreError("foreign files may lie there");
  return result;
}

}  // namespace gneiss
