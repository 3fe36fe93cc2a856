// From RocksDB's column family options to the engine's own config structs, resolved once when a family opens or its
// options change. Statistics, loggers and clocks are the caller's to fill in.
//
// Owner:   configs share ownership of what they name, except comparators, which RocksDB's rules keep alive for as long
// as
//          the database. An order adapter is made once per comparator and never destroyed; it holds nothing but the
//          pointer.
// Threads: plain functions; results are as safe as the user's objects, which RocksDB's rules make safe.
// Errors:  none: options were validated (sanitize.h) before.
#pragma once

#include <rocksdb/comparator.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <memory>

#include "engine/base/compression.h"
#include "engine/compaction/compaction_config.h"
#include "engine/key/key_order.h"
#include "engine/key/merge_operator.h"
#include "engine/key/prefix_extractor.h"
#include "engine/table/table_options.h"

namespace gneiss::compat {

// The two stock comparators, known by their addresses, become the engine's inlined orders.
KeyOrder KeyOrderOf(const rocksdb::Comparator* comparator);

// Null for null. The stock fixed prefix costs one virtual call per key instead of two.
std::shared_ptr<const PrefixExtractor> PrefixExtractorOf(std::shared_ptr<const rocksdb::SliceTransform> transform);

// Null for null. `logger` is what the user's operator may write to, or null; `statistics` (may be null) counts its time
// and failures.
std::shared_ptr<const MergeOperator> MergeOperatorOf(std::shared_ptr<rocksdb::MergeOperator> merge_operator,
                                                     std::shared_ptr<rocksdb::Logger> logger,
                                                     std::shared_ptr<rocksdb::Statistics> statistics = nullptr);

// kDisableCompressionOption and unknown numbers become kNone.
Compression CompressionOf(rocksdb::CompressionType type);
CompressionConfig CompressionConfigOf(const rocksdb::CompressionOptions& options);

// The factory in `options` must be block-based.
TableFormat TableFormatOf(const rocksdb::ColumnFamilyOptions& options);
TableReadConfig TableReadConfigOf(const rocksdb::ColumnFamilyOptions& options);

// Without the compaction filter, which the caller adapts. `options` are sanitised.
CompactionConfig CompactionConfigOf(const rocksdb::ColumnFamilyOptions& options, const rocksdb::DBOptions& db_options);

}  // namespace gneiss::compat
