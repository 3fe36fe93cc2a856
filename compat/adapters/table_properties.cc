// TableProperties: adding up, texts, and the names under which a table stores its properties.
#include <rocksdb/table_properties.h>
#include <rocksdb/unique_id.h>

#include <limits>

#include "compat/adapters/register_factory.h"
#include "engine/base/coding.h"

namespace rocksdb {

const uint32_t TablePropertiesCollectorFactory::Context::kUnknownColumnFamily = std::numeric_limits<int32_t>::max();

const std::string TablePropertiesNames::kDbId = "rocksdb.creating.db.identity";
const std::string TablePropertiesNames::kDbSessionId = "rocksdb.creating.session.identity";
const std::string TablePropertiesNames::kDbHostId = "rocksdb.creating.host.identity";
const std::string TablePropertiesNames::kOriginalFileNumber = "rocksdb.original.file.number";
const std::string TablePropertiesNames::kDataSize = "rocksdb.data.size";
const std::string TablePropertiesNames::kIndexSize = "rocksdb.index.size";
const std::string TablePropertiesNames::kIndexPartitions = "rocksdb.index.partitions";
const std::string TablePropertiesNames::kTopLevelIndexSize = "rocksdb.top-level.index.size";
const std::string TablePropertiesNames::kIndexKeyIsUserKey = "rocksdb.index.key.is.user.key";
const std::string TablePropertiesNames::kIndexValueIsDeltaEncoded = "rocksdb.index.value.is.delta.encoded";
const std::string TablePropertiesNames::kFilterSize = "rocksdb.filter.size";
const std::string TablePropertiesNames::kRawKeySize = "rocksdb.raw.key.size";
const std::string TablePropertiesNames::kRawValueSize = "rocksdb.raw.value.size";
const std::string TablePropertiesNames::kNumDataBlocks = "rocksdb.num.data.blocks";
const std::string TablePropertiesNames::kNumEntries = "rocksdb.num.entries";
const std::string TablePropertiesNames::kNumFilterEntries = "rocksdb.num.filter_entries";
const std::string TablePropertiesNames::kDeletedKeys = "rocksdb.deleted.keys";
const std::string TablePropertiesNames::kMergeOperands = "rocksdb.merge.operands";
const std::string TablePropertiesNames::kNumRangeDeletions = "rocksdb.num.range-deletions";
const std::string TablePropertiesNames::kFilterPolicy = "rocksdb.filter.policy";
const std::string TablePropertiesNames::kFormatVersion = "rocksdb.format.version";
const std::string TablePropertiesNames::kFixedKeyLen = "rocksdb.fixed.key.length";
const std::string TablePropertiesNames::kColumnFamilyId = "rocksdb.column.family.id";
const std::string TablePropertiesNames::kColumnFamilyName = "rocksdb.column.family.name";
const std::string TablePropertiesNames::kComparator = "rocksdb.comparator";
const std::string TablePropertiesNames::kMergeOperator = "rocksdb.merge.operator";
const std::string TablePropertiesNames::kPrefixExtractorName = "rocksdb.prefix.extractor.name";
const std::string TablePropertiesNames::kPropertyCollectors = "rocksdb.property.collectors";
const std::string TablePropertiesNames::kCompression = "rocksdb.compression";
const std::string TablePropertiesNames::kCompressionOptions = "rocksdb.compression_options";
const std::string TablePropertiesNames::kCreationTime = "rocksdb.creation.time";
const std::string TablePropertiesNames::kOldestKeyTime = "rocksdb.oldest.key.time";
const std::string TablePropertiesNames::kFileCreationTime = "rocksdb.file.creation.time";
const std::string TablePropertiesNames::kSlowCompressionEstimatedDataSize =
    "rocksdb.sample_for_compression.slow.data.size";
const std::string TablePropertiesNames::kFastCompressionEstimatedDataSize =
    "rocksdb.sample_for_compression.fast.data.size";
const std::string TablePropertiesNames::kSequenceNumberTimeMapping = "rocksdb.seqno.time.map";

namespace {

class PropertyText {
 public:
  PropertyText(const std::string& end, const std::string& between) : end_(end), between_(between) {}

  void Add(const std::string& name, const std::string& value) {
    text_.append(name).append(between_).append(value).append(end_);
  }
  void Add(const std::string& name, uint64_t value) { Add(name, std::to_string(value)); }
  void AddAverage(const std::string& name, uint64_t total, uint64_t count) {
    Add(name, std::to_string(count == 0 ? 0.0 : static_cast<double>(total) / static_cast<double>(count)));
  }
  // Empty is "N/A".
  void AddName(const std::string& name, const std::string& value) { Add(name, value.empty() ? "N/A" : value); }
  std::string Take() { return std::move(text_); }

 private:
  const std::string& end_;
  const std::string& between_;
  std::string text_;
};

std::string UniqueIdText(const TableProperties& properties) {
  std::string id;
  return GetUniqueIdFromTableProperties(properties, &id).ok() ? UniqueIdToHumanString(id) : "N/A";
}

// "sequence->seconds,..." from a count and pairs of varints, each pair the difference to the one before.
std::string SeqnoToTimeText(const std::string& encoded) {
  gneiss::Slice in = encoded;
  if (in.empty()) return "";
  uint64_t count = 0;
  uint64_t seqno = 0;
  uint64_t seconds = 0;
  if (!gneiss::GetVarint64(&in, &count)) return "N/A";
  std::string text;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t seqno_step = 0;
    uint64_t seconds_step = 0;
    if (!gneiss::GetVarint64(&in, &seqno_step) || !gneiss::GetVarint64(&in, &seconds_step)) return "N/A";
    seqno += seqno_step;
    seconds += seconds_step;
    text.append(std::to_string(seqno)).append("->").append(std::to_string(seconds)).append(",");
  }
  return text;
}

std::string IndexSizeName(const TableProperties& properties) {
  return "index block size (user-key? " + std::to_string(static_cast<int>(properties.index_key_is_user_key)) +
         ", delta-value? " + std::to_string(static_cast<int>(properties.index_value_is_delta_encoded)) + ")";
}

struct NamedCounter {
  const char* name;
  uint64_t TableProperties::*counter;
};

// The counters that make sense added up over tables, under the names GetAggregatablePropertiesAsMap gives them.
constexpr NamedCounter kAddableCounters[] = {
    {"data_size", &TableProperties::data_size},
    {"index_size", &TableProperties::index_size},
    {"index_partitions", &TableProperties::index_partitions},
    {"top_level_index_size", &TableProperties::top_level_index_size},
    {"filter_size", &TableProperties::filter_size},
    {"raw_key_size", &TableProperties::raw_key_size},
    {"raw_value_size", &TableProperties::raw_value_size},
    {"num_data_blocks", &TableProperties::num_data_blocks},
    {"num_entries", &TableProperties::num_entries},
    {"num_filter_entries", &TableProperties::num_filter_entries},
    {"num_deletions", &TableProperties::num_deletions},
    {"num_merge_operands", &TableProperties::num_merge_operands},
    {"num_range_deletions", &TableProperties::num_range_deletions},
    {"slow_compression_estimated_data_size", &TableProperties::slow_compression_estimated_data_size},
    {"fast_compression_estimated_data_size", &TableProperties::fast_compression_estimated_data_size},
};

// The value of a property that is stored as one varint.
bool FindVarint(const UserCollectedProperties& properties, const std::string& name, uint64_t* value) {
  const auto it = properties.find(name);
  if (it == properties.end()) return false;
  gneiss::Slice in = it->second;
  if (!gneiss::GetVarint64(&in, value)) *value = 0;
  return true;
}

}  // namespace

std::string TableProperties::ToString(const std::string& prop_delim, const std::string& kv_delim) const {
  PropertyText text(prop_delim, kv_delim);
  text.Add("# data blocks", num_data_blocks);
  text.Add("# entries", num_entries);
  text.Add("# deletions", num_deletions);
  text.Add("# merge operands", num_merge_operands);
  text.Add("# range deletions", num_range_deletions);
  text.Add("raw key size", raw_key_size);
  text.AddAverage("raw average key size", raw_key_size, num_entries);
  text.Add("raw value size", raw_value_size);
  text.AddAverage("raw average value size", raw_value_size, num_entries);
  text.Add("data block size", data_size);
  text.Add(IndexSizeName(*this), index_size);
  if (index_partitions != 0) {
    text.Add("# index partitions", index_partitions);
    text.Add("top-level index size", top_level_index_size);
  }
  text.Add("filter block size", filter_size);
  text.Add("# entries for filter", num_filter_entries);
  text.Add("(estimated) table size", data_size + index_size + filter_size);
  text.AddName("filter policy name", filter_policy_name);
  text.AddName("prefix extractor name", prefix_extractor_name);
  const bool has_family = column_family_id != TablePropertiesCollectorFactory::Context::kUnknownColumnFamily;
  text.AddName("column family ID", has_family ? std::to_string(column_family_id) : "");
  text.AddName("column family name", column_family_name);
  text.AddName("comparator name", comparator_name);
  text.AddName("merge operator name", merge_operator_name);
  text.AddName("property collectors names", property_collectors_names);
  text.AddName("SST file compression algo", compression_name);
  text.AddName("SST file compression options", compression_options);
  text.Add("creation time", creation_time);
  text.Add("time stamp of earliest key", oldest_key_time);
  text.Add("file creation time", file_creation_time);
  text.Add("slow compression estimated data size", slow_compression_estimated_data_size);
  text.Add("fast compression estimated data size", fast_compression_estimated_data_size);
  text.Add("DB identity", db_id);
  text.Add("DB session identity", db_session_id);
  text.Add("DB host id", db_host_id);
  text.Add("original file number", orig_file_number);
  text.Add("unique ID", UniqueIdText(*this));
  text.Add("Sequence number to time mapping", SeqnoToTimeText(seqno_to_time_mapping));
  return text.Take();
}

void TableProperties::Add(const TableProperties& tp) {
  for (const NamedCounter& entry : kAddableCounters) this->*entry.counter += tp.*entry.counter;
  index_key_is_user_key += tp.index_key_is_user_key;
  index_value_is_delta_encoded += tp.index_value_is_delta_encoded;
}

std::map<std::string, uint64_t> TableProperties::GetAggregatablePropertiesAsMap() const {
  std::map<std::string, uint64_t> map;
  for (const NamedCounter& entry : kAddableCounters) map[entry.name] = this->*entry.counter;
  return map;
}

std::size_t TableProperties::ApproximateMemoryUsage() const {
  std::size_t bytes = sizeof(*this);
  for (const std::string* text :
       {&db_id, &db_session_id, &db_host_id, &column_family_name, &filter_policy_name, &comparator_name,
        &merge_operator_name, &prefix_extractor_name, &property_collectors_names, &compression_name,
        &compression_options, &seqno_to_time_mapping}) {
    bytes += text->size();
  }
  for (const auto& [name, value] : user_collected_properties) bytes += name.size() + value.size();
  return bytes;
}

uint64_t GetDeletedKeys(const UserCollectedProperties& props) {
  uint64_t count = 0;
  FindVarint(props, TablePropertiesNames::kDeletedKeys, &count);
  return count;
}

uint64_t GetMergeOperands(const UserCollectedProperties& props, bool* property_present) {
  uint64_t count = 0;
  *property_present = FindVarint(props, TablePropertiesNames::kMergeOperands, &count);
  return count;
}

Status TablePropertiesCollectorFactory::CreateFromString(const ConfigOptions& options, const std::string& value,
                                                         std::shared_ptr<TablePropertiesCollectorFactory>* result) {
  return gneiss::compat::LoadObject(options, value, result);
}

}  // namespace rocksdb
