#include "engine/io/file_name.h"

#include <cstdio>
#include <limits>

#include "engine/io/file_system.h"

namespace gneiss {

namespace {

std::string SixDigits(uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return digits;
}

std::string Numbered(const std::string& dir, uint64_t number, const char* suffix) {
  return dir + "/" + SixDigits(number) + suffix;
}

bool TakePrefix(Slice* rest, Slice prefix) {
  if (!rest->starts_with(prefix)) return false;
  rest->remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(Slice* rest, Slice suffix) {
  if (!rest->ends_with(suffix)) return false;
  rest->remove_suffix(suffix.size());
  return true;
}

// One or more decimal digits that fit 64 bits.
bool TakeNumber(Slice* rest, uint64_t* number) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  uint64_t value = 0;
  size_t digits = 0;
  for (; digits < rest->size() && (*rest)[digits] >= '0' && (*rest)[digits] <= '9'; ++digits) {
    const auto digit = static_cast<uint64_t>((*rest)[digits] - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  rest->remove_prefix(digits);
  *number = value;
  return digits > 0;
}

bool IsNumber(Slice rest, uint64_t* number) { return TakeNumber(&rest, number) && rest.empty(); }

// "LOG" has been taken off.
bool ParseInfoLogName(Slice rest, uint64_t* number) {
  if (rest.empty() || rest == ".old") return true;
  return TakePrefix(&rest, ".old.") && IsNumber(rest, number);
}

// "000012.sst" and its like.
bool ParseNumberedName(Slice rest, uint64_t* number, FileKind* kind) {
  const bool is_archived = TakePrefix(&rest, "archive/");
  if (!TakeNumber(&rest, number)) return false;
  if (rest == ".log") {
    *kind = FileKind::kWal;
    return true;
  }
  if (is_archived) return false;  // only logs are archived
  if (rest == ".sst" || rest == ".ldb") {
    *kind = FileKind::kTable;
  } else if (rest == ".blob") {
    *kind = FileKind::kBlob;
  } else if (rest == ".dbtmp") {
    *kind = FileKind::kTemp;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string WalName(const std::string& dir, uint64_t number) { return Numbered(dir, number, ".log"); }
std::string ArchivedWalName(const std::string& dir, uint64_t number) { return WalName(dir + "/archive", number); }
std::string TableName(const std::string& dir, uint64_t number) { return Numbered(dir, number, ".sst"); }
std::string LegacyTableName(const std::string& dir, uint64_t number) { return Numbered(dir, number, ".ldb"); }
std::string BlobName(const std::string& dir, uint64_t number) { return Numbered(dir, number, ".blob"); }
std::string ManifestName(const std::string& dir, uint64_t number) { return dir + "/MANIFEST-" + SixDigits(number); }
std::string OptionsName(const std::string& dir, uint64_t number) { return dir + "/OPTIONS-" + SixDigits(number); }
std::string TempOptionsName(const std::string& dir, uint64_t number) { return OptionsName(dir, number) + ".dbtmp"; }
std::string TempName(const std::string& dir, uint64_t number) { return Numbered(dir, number, ".dbtmp"); }
std::string CurrentName(const std::string& dir) { return dir + "/CURRENT"; }
std::string IdentityName(const std::string& dir) { return dir + "/IDENTITY"; }
std::string LockName(const std::string& dir) { return dir + "/LOCK"; }

bool ParseFileName(Slice name, uint64_t* number, FileKind* kind) {
  *number = 0;
  if (name.size() > 1 && name[0] == '/') name.remove_prefix(1);
  if (name == "CURRENT") {
    *kind = FileKind::kCurrent;
    return true;
  }
  if (name == "IDENTITY") {
    *kind = FileKind::kIdentity;
    return true;
  }
  if (name == "LOCK") {
    *kind = FileKind::kLock;
    return true;
  }
  if (TakePrefix(&name, "LOG")) {
    *kind = FileKind::kInfoLog;
    return ParseInfoLogName(name, number);
  }
  if (TakePrefix(&name, "MANIFEST-")) {
    *kind = FileKind::kManifest;
    return IsNumber(name, number);
  }
  if (TakePrefix(&name, "METADB-")) {
    *kind = FileKind::kMetaDatabase;
    return IsNumber(name, number);
  }
  if (TakePrefix(&name, "OPTIONS-")) {
    *kind = TakeSuffix(&name, ".dbtmp") ? FileKind::kTemp : FileKind::kOptions;
    return IsNumber(name, number);
  }
  return ParseNumberedName(name, number, kind);
}

Status SetCurrentFile(FileSystem* fs, const std::string& dir, uint64_t manifest_number) {
  // 1. the new content is durable under a temporary name; 2. the rename replaces CURRENT in one step;
  // 3. the directory's sync makes the rename durable. A crash at any point leaves the old or the new CURRENT.
  const std::string contents = ManifestName(dir, manifest_number).substr(dir.size() + 1) + "\n";
  const std::string temp_name = TempName(dir, manifest_number);
  GNEISS_RETURN_IF_ERROR(WriteWholeFile(fs, temp_name, contents, /*sync=*/true));
  if (Status renamed = fs->Rename(temp_name, CurrentName(dir)); !renamed.ok()) {
    fs->Remove(temp_name).IgnoreError("the rename's failure is what the caller must know");
    return renamed;
  }
  return SyncDirectory(fs, dir);
}

}  // namespace gneiss
