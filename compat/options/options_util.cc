// options_util.h: the options of a database directory, from its newest OPTIONS file.
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_util.h>

#include "compat/options/options_file.h"
#include "engine/io/file_name.h"

namespace rocksdb {

using gneiss::compat::ParsedOptionsFile;

namespace {

ConfigOptions FileOptionsOf(Env* env, bool ignore_unknown_options) {
  ConfigOptions how;
  how.ignore_unknown_options = ignore_unknown_options;
  how.input_strings_escaped = true;
  how.env = env;
  return how;
}

Status NoOptionsFile(const std::string& dbpath) {
  return Status::NotFound(Status::kPathNotFound, "No options files found in the DB directory.", dbpath);
}

// Every block-based factory gets the caller's cache (which may be null) instead of the one that text made.
void UseCache(const ColumnFamilyOptions& options, const std::shared_ptr<Cache>& cache) {
  TableFactory* factory = options.table_factory.get();
  auto* table_options = factory == nullptr ? nullptr : factory->GetOptions<BlockBasedTableOptions>();
  if (table_options != nullptr) table_options->block_cache = cache;
}

}  // namespace

Status GetLatestOptionsFileName(const std::string& dbpath, Env* env, std::string* options_file_name) {
  std::vector<std::string> children;
  Status s = env->GetChildren(dbpath, &children);
  if (s.IsNotFound()) return NoOptionsFile(dbpath);
  if (!s.ok()) return s;
  uint64_t newest = 0;
  std::string newest_name;
  for (const std::string& child : children) {
    uint64_t number = 0;
    gneiss::FileKind kind;
    if (gneiss::ParseFileName(child, &number, &kind) && kind == gneiss::FileKind::kOptions && number > newest) {
      newest = number;
      newest_name = child;
    }
  }
  if (newest_name.empty()) return NoOptionsFile(dbpath);
  *options_file_name = newest_name;
  return Status::OK();
}

Status LoadOptionsFromFile(const ConfigOptions& config_options, const std::string& options_file_name,
                           DBOptions* db_options, std::vector<ColumnFamilyDescriptor>* cf_descs,
                           std::shared_ptr<Cache>* cache) {
  ParsedOptionsFile file;
  Status s = gneiss::compat::ReadOptionsFile(config_options, options_file_name,
                                             config_options.env->GetFileSystem().get(), &file);
  if (!s.ok()) return s;
  *db_options = file.db_options;
  cf_descs->clear();
  for (size_t i = 0; i < file.cf_names.size(); ++i) {
    if (cache != nullptr) UseCache(file.cf_options[i], *cache);
    cf_descs->emplace_back(file.cf_names[i], file.cf_options[i]);
  }
  return s;
}

Status LoadOptionsFromFile(const std::string& options_file_name, Env* env, DBOptions* db_options,
                           std::vector<ColumnFamilyDescriptor>* cf_descs, bool ignore_unknown_options,
                           std::shared_ptr<Cache>* cache) {
  return LoadOptionsFromFile(FileOptionsOf(env, ignore_unknown_options), options_file_name, db_options, cf_descs,
                             cache);
}

Status LoadLatestOptions(const ConfigOptions& config_options, const std::string& dbpath, DBOptions* db_options,
                         std::vector<ColumnFamilyDescriptor>* cf_descs, std::shared_ptr<Cache>* cache) {
  std::string name;
  Status s = GetLatestOptionsFileName(dbpath, config_options.env, &name);
  return s.ok() ? LoadOptionsFromFile(config_options, dbpath + "/" + name, db_options, cf_descs, cache) : s;
}

Status LoadLatestOptions(const std::string& dbpath, Env* env, DBOptions* db_options,
                         std::vector<ColumnFamilyDescriptor>* cf_descs, bool ignore_unknown_options,
                         std::shared_ptr<Cache>* cache) {
  return LoadLatestOptions(FileOptionsOf(env, ignore_unknown_options), dbpath, db_options, cf_descs, cache);
}

Status CheckOptionsCompatibility(const ConfigOptions& config_options, const std::string& dbpath,
                                 const DBOptions& db_options, const std::vector<ColumnFamilyDescriptor>& cf_descs) {
  std::string name;
  Status s = GetLatestOptionsFileName(dbpath, config_options.env, &name);
  if (!s.ok()) return s;
  std::vector<std::string> cf_names;
  std::vector<ColumnFamilyOptions> cf_options;
  for (const ColumnFamilyDescriptor& descriptor : cf_descs) {
    cf_names.push_back(descriptor.name);
    cf_options.push_back(descriptor.options);
  }
  return gneiss::compat::VerifyOptionsFile(config_options, db_options, cf_names, cf_options, dbpath + "/" + name,
                                           config_options.env->GetFileSystem().get());
}

Status CheckOptionsCompatibility(const std::string& dbpath, Env* env, const DBOptions& db_options,
                                 const std::vector<ColumnFamilyDescriptor>& cf_descs, bool ignore_unknown_options) {
  ConfigOptions how = FileOptionsOf(env, ignore_unknown_options);
  how.sanity_level = ConfigOptions::kSanityLevelLooselyCompatible;
  return CheckOptionsCompatibility(how, dbpath, db_options, cf_descs);
}

}  // namespace rocksdb
