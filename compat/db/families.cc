// Column families and options of an open database.

#include "compat/db/db_impl.h"
#include "compat/db/open_config.h"
#include "compat/options/mutable_options.h"
#include "compat/options/sanitize.h"
#include "compat/status_map.h"

namespace gneiss::compat {

std::unique_ptr<rocksdb::ColumnFamilyHandle> DbImpl::MakeHandle(const FamilyPtr& family) const {
  return std::make_unique<FamilyHandle>(core_, family, core_->OptionsOf(family->name).comparator);
}

std::vector<FamilyPtr> DbImpl::AllFamilies() const {
  const std::lock_guard<std::mutex> lock(core_->options_mutex);
  std::vector<FamilyPtr> families;
  for (const auto& [name, family] : core_->families) families.push_back(family);
  return families;
}

rocksdb::Status DbImpl::CreateColumnFamily(const rocksdb::ColumnFamilyOptions& options, const std::string& name,
                                           rocksdb::ColumnFamilyHandle** handle) {
  *handle = nullptr;
  rocksdb::ColumnFamilyOptions sanitized;
  FamilyDescriptor descriptor;
  rocksdb::Status status = FamilyDescriptorOf(*core_, name, options, &sanitized, &descriptor);
  if (!status.ok()) return status;
  {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    if (!core_->family_options.emplace(name, FamilyOptions{sanitized, {}}).second) {
      return rocksdb::Status::InvalidArgument("Column family already exists");
    }
  }
  FamilyPtr family;
  status = ToRocks(core_->database->CreateFamily(descriptor, &family));
  if (!status.ok()) {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    core_->family_options.erase(name);
    return status;
  }
  {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    core_->families[name] = family;
  }
  if (sanitized.inplace_update_support) core_->has_inplace_updates.store(true);
  *handle = MakeHandle(family).release();
  return status;
}

rocksdb::Status DbImpl::DropColumnFamily(rocksdb::ColumnFamilyHandle* family) {
  const rocksdb::Status status = ToRocks(core_->database->DropFamily(FamilyOf(family)));
  if (status.ok()) {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    core_->family_options.erase(family->GetName());
    core_->families.erase(family->GetName());
  }
  return status;
}

rocksdb::Status DbImpl::DropColumnFamilies(const std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    const rocksdb::Status status = DropColumnFamily(family);
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status DbImpl::SetOptions(rocksdb::ColumnFamilyHandle* family,
                                   const std::unordered_map<std::string, std::string>& options) {
  const std::lock_guard<std::mutex> one_at_a_time(set_options_mutex_);
  if (options.empty()) return rocksdb::Status::InvalidArgument("empty input");
  rocksdb::ColumnFamilyOptions changed = core_->OptionsOf(family->GetName());
  rocksdb::Status status = ApplyMutableCfOptions(GetDBOptions(), options, &changed);
  if (!status.ok()) return status;
  if (FamilyOf(family)->is_dropped.load()) return rocksdb::Status::ColumnFamilyDropped("");
  rocksdb::ColumnFamilyOptions sanitized;
  FamilyDescriptor descriptor;
  status = FamilyDescriptorOf(*core_, family->GetName(), changed, &sanitized, &descriptor);
  if (!status.ok()) return status;
  {
    // GetOptions tells what was asked for. What the database makes of it is in the descriptor.
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    core_->family_options[family->GetName()] = {changed, {}};
  }
  return ToRocks(core_->database->SetFamilyConfig(FamilyOf(family), descriptor.config));
}

rocksdb::Status DbImpl::SetDBOptions(const std::unordered_map<std::string, std::string>& options) {
  const std::lock_guard<std::mutex> one_at_a_time(set_options_mutex_);
  const rocksdb::DBOptions before = GetDBOptions();
  rocksdb::DBOptions changed = before;
  rocksdb::Status status = ApplyMutableDbOptions(options, &changed);
  if (!status.ok() || MutableDbOptionsAreEqual(before, changed)) return status;
  const std::vector<FamilyPtr> families = AllFamilies();
  for (const FamilyPtr& family : families) {
    status = ValidateCfOptions(changed, core_->OptionsOf(family->name));
    if (!status.ok()) return status;
  }
  {
    const std::lock_guard<std::mutex> lock(core_->options_mutex);
    CopyMutableDbOptions(changed, &core_->db_options);
  }
  // Some of the database's options reach compactions through their families' configs.
  std::vector<std::pair<FamilyPtr, FamilyConfig>> configs;
  for (const FamilyPtr& family : families) {
    rocksdb::ColumnFamilyOptions sanitized;
    FamilyDescriptor descriptor;
    status = FamilyDescriptorOf(*core_, family->name, core_->OptionsOf(family->name), &sanitized, &descriptor);
    if (!status.ok()) return status;
    configs.emplace_back(family, std::move(descriptor.config));
  }
  status = ToRocks(core_->database->SetTuning(TuningOf(changed), configs));
  if (status.ok()) StartPeriodicWork();
  return status;
}

rocksdb::Options DbImpl::GetOptions(rocksdb::ColumnFamilyHandle* family) const {
  return rocksdb::Options(GetDBOptions(), core_->OptionsOf(family->GetName()));
}

rocksdb::DBOptions DbImpl::GetDBOptions() const { return core_->DbOptions(); }

}  // namespace gneiss::compat

namespace rocksdb {

const std::string kDefaultColumnFamilyName("default");
const std::string kPersistentStatsColumnFamilyName("___rocksdb_stats_history___");

Status DB::CreateColumnFamily(const ColumnFamilyOptions&, const std::string&, ColumnFamilyHandle**) {
  return Status::NotSupported("");
}
Status DB::CreateColumnFamilies(const ColumnFamilyOptions& options, const std::vector<std::string>& names,
                                std::vector<ColumnFamilyHandle*>* handles) {
  handles->clear();
  for (const std::string& name : names) {
    ColumnFamilyHandle* handle = nullptr;
    const Status status = CreateColumnFamily(options, name, &handle);
    if (!status.ok()) return status;
    handles->push_back(handle);
  }
  return Status::OK();
}
Status DB::CreateColumnFamilies(const std::vector<ColumnFamilyDescriptor>& families,
                                std::vector<ColumnFamilyHandle*>* handles) {
  handles->clear();
  for (const ColumnFamilyDescriptor& family : families) {
    ColumnFamilyHandle* handle = nullptr;
    const Status status = CreateColumnFamily(family.options, family.name, &handle);
    if (!status.ok()) return status;
    handles->push_back(handle);
  }
  return Status::OK();
}
Status DB::DropColumnFamily(ColumnFamilyHandle*) { return Status::NotSupported(""); }
Status DB::DropColumnFamilies(const std::vector<ColumnFamilyHandle*>&) { return Status::NotSupported(""); }

Status DB::DestroyColumnFamilyHandle(ColumnFamilyHandle* column_family) {
  if (DefaultColumnFamily() == column_family) {
    return Status::InvalidArgument("Cannot destroy the handle returned by DefaultColumnFamily()");
  }
  delete column_family;
  return Status::OK();
}

FileSystem* DB::GetFileSystem() const { return GetEnv()->GetFileSystem().get(); }

}  // namespace rocksdb
