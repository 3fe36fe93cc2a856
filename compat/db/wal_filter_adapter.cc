#include "compat/db/wal_filter_adapter.h"

#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

namespace gneiss::compat {

namespace {

class WalFilterAdapter final : public WalFilter {
 public:
  explicit WalFilterAdapter(rocksdb::WalFilter* user) : user_(user) {}
  const char* Name() const override { return user_->Name(); }
  void OnFamilies(const std::map<uint32_t, uint64_t>& log_numbers,
                  const std::map<std::string, uint32_t>& ids) override {
    user_->ColumnFamilyLogNumberMap(log_numbers, ids);
  }
  Verdict OnRecord(uint64_t log_number, const std::string& path, Slice rep, std::string* changed) override {
    using Option = rocksdb::WalFilter::WalProcessingOption;
    const rocksdb::WriteBatch batch{std::string(rep)};
    rocksdb::WriteBatch new_batch;
    bool is_changed = false;
    const Option option = user_->LogRecordFound(log_number, path, batch, &new_batch, &is_changed);
    if (is_changed) *changed = new_batch.Data();
    switch (option) {
      case Option::kContinueProcessing:
        return Verdict::kApply;
      case Option::kIgnoreCurrentRecord:
        return Verdict::kIgnore;
      case Option::kStopReplay:
        return Verdict::kStopReplay;
      case Option::kCorruptedRecord:
        return Verdict::kCorrupted;
      default:
        return Verdict::kUnknown;
    }
  }

 private:
  rocksdb::WalFilter* const user_;
};

}  // namespace

std::unique_ptr<WalFilter> NewWalFilterAdapter(rocksdb::WalFilter* user) {
  return std::make_unique<WalFilterAdapter>(user);
}

}  // namespace gneiss::compat
