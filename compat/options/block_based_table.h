// The factory of block-based tables: the object behind NewBlockBasedTableFactory. It carries the options; the engine
// reads and writes the tables.
//
// Owner:   as every TableFactory, usually held by a shared_ptr in ColumnFamilyOptions.
// Threads: the options may change only before the database opens, or through SetOptions.
// Errors:  NewTableReader and NewTableBuilder, which hand out RocksDB's internal classes, are not built; nothing calls
// them.
#pragma once

#include <rocksdb/table.h>

#include <memory>
#include <string>

namespace gneiss::compat {

class BlockBasedTableFactory : public rocksdb::TableFactory {
 public:
  explicit BlockBasedTableFactory(const rocksdb::BlockBasedTableOptions& options = {});

  static const char* kClassName() { return kBlockBasedTableName(); }
  const char* Name() const override { return kClassName(); }

  // Sanitised: with a flush block policy, a block cache unless that is turned off, and possible numbers.
  const rocksdb::BlockBasedTableOptions& options() const { return options_; }

  rocksdb::Status PrepareOptions(const rocksdb::ConfigOptions& opts) override;
  rocksdb::Status ValidateOptions(const rocksdb::DBOptions& db_opts,
                                  const rocksdb::ColumnFamilyOptions& cf_opts) const override;
  std::string GetPrintableOptions() const override;
  bool IsDeleteRangeSupported() const override { return true; }
  using rocksdb::TableFactory::NewTableReader;
  rocksdb::Status NewTableReader(const rocksdb::ReadOptions& ro,
                                 const rocksdb::TableReaderOptions& table_reader_options,
                                 std::unique_ptr<rocksdb::RandomAccessFileReader>&& file, uint64_t file_size,
                                 std::unique_ptr<rocksdb::TableReader>* table_reader,
                                 bool prefetch_index_and_filter_in_cache) const override;
  rocksdb::TableBuilder* NewTableBuilder(const rocksdb::TableBuilderOptions& table_builder_options,
                                         rocksdb::WritableFileWriter* file) const override;

 protected:
  // Answers "BlockCache" too, with the cache.
  const void* GetOptionsPtr(const std::string& name) const override;
  rocksdb::Status ParseOption(const rocksdb::ConfigOptions& config_options, const rocksdb::OptionTypeInfo& opt_info,
                              const std::string& opt_name, const std::string& opt_value, void* opt_ptr) override;

 private:
  void Sanitize();
  void SanitizeCacheUsage();

  rocksdb::BlockBasedTableOptions options_;
};

// The options of a block-based table factory, or null for another kind of factory. Sees through wrappers.
const rocksdb::BlockBasedTableOptions* BlockBasedOptionsOf(const rocksdb::TableFactory* factory);

}  // namespace gneiss::compat
