// c.h: comparators, merge operators, compaction filters, prefix extractors and filter policies.
#include "compat/c/callbacks.h"

#include <cstdlib>

#include "compat/c/handles.h"

using namespace gneiss::compat;
using rocksdb::Slice;

namespace {

// The operands of a merge as the parallel arrays that C callbacks take.
struct OperandArrays {
  template <class Container>
  explicit OperandArrays(const Container& operands) {
    data.reserve(operands.size());
    sizes.reserve(operands.size());
    for (const Slice& operand : operands) {
      data.push_back(operand.data());
      sizes.push_back(operand.size());
    }
  }
  int count() const { return static_cast<int>(data.size()); }

  std::vector<const char*> data;
  std::vector<size_t> sizes;
};

}  // namespace

namespace gneiss::compat {

Slice CSliceTransform::Transform(const Slice& key) const {
  size_t length = 0;
  const char* prefix = functions_.transform(state_.get(), key.data(), key.size(), &length);
  return Slice(prefix, length);
}

bool CSliceTransform::InDomain(const Slice& key) const {
  return functions_.in_domain(state_.get(), key.data(), key.size()) != 0;
}

bool CSliceTransform::InRange(const Slice& prefix) const {
  return functions_.in_range(state_.get(), prefix.data(), prefix.size()) != 0;
}

}  // namespace gneiss::compat

int rocksdb_comparator_t::Compare(const Slice& a, const Slice& b) const {
  return functions_.compare(state_.get(), a.data(), a.size(), b.data(), b.size());
}

int rocksdb_comparator_t::CompareTimestamp(const Slice& a_ts, const Slice& b_ts) const {
  if (functions_.compare_ts == nullptr) return 0;
  return functions_.compare_ts(state_.get(), a_ts.data(), a_ts.size(), b_ts.data(), b_ts.size());
}

int rocksdb_comparator_t::CompareWithoutTimestamp(const Slice& a, bool a_has_ts, const Slice& b, bool b_has_ts) const {
  if (functions_.compare_without_ts == nullptr) return Compare(a, b);
  return functions_.compare_without_ts(state_.get(), a.data(), a.size(), a_has_ts, b.data(), b.size(), b_has_ts);
}

void rocksdb_mergeoperator_t::TakeResult(char* result, size_t size, std::string* to) const {
  if (result != nullptr) to->assign(result, size);
  if (functions_.delete_value != nullptr) {
    functions_.delete_value(state_.get(), result, size);
  } else {
    free(result);
  }
}

bool rocksdb_mergeoperator_t::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  const OperandArrays operands(in.operand_list);
  const Slice existing = in.existing_value == nullptr ? Slice(nullptr, 0) : *in.existing_value;
  unsigned char success = 0;
  size_t size = 0;
  char* result = functions_.full_merge(state_.get(), in.key.data(), in.key.size(), existing.data(), existing.size(),
                                       operands.data.data(), operands.sizes.data(), operands.count(), &success, &size);
  TakeResult(result, size, &out->new_value);
  return success != 0;
}

bool rocksdb_mergeoperator_t::PartialMergeMulti(const Slice& key, const std::deque<Slice>& operand_list,
                                                std::string* new_value, rocksdb::Logger*) const {
  const OperandArrays operands(operand_list);
  unsigned char success = 0;
  size_t size = 0;
  char* result = functions_.partial_merge(state_.get(), key.data(), key.size(), operands.data.data(),
                                          operands.sizes.data(), operands.count(), &success, &size);
  TakeResult(result, size, new_value);
  return success != 0;
}

bool rocksdb_compactionfilter_t::Filter(int level, const Slice& key, const Slice& existing_value,
                                        std::string* new_value, bool* value_changed) const {
  char* changed_to = nullptr;
  size_t changed_size = 0;
  unsigned char changed = 0;
  const unsigned char remove = filter_(state_.get(), level, key.data(), key.size(), existing_value.data(),
                                       existing_value.size(), &changed_to, &changed_size, &changed);
  if (changed != 0) {
    new_value->assign(changed_to, changed_size);  // the buffer stays the client's
    *value_changed = true;
  }
  return remove != 0;
}

std::unique_ptr<rocksdb::CompactionFilter> rocksdb_compactionfilterfactory_t::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context& context) {
  rocksdb_compactionfiltercontext_t c_context{context};
  return std::unique_ptr<rocksdb::CompactionFilter>(create_(state_.get(), &c_context));
}

extern "C" {

rocksdb_comparator_t* rocksdb_comparator_create(void* state, void (*destructor)(void*),
                                                int (*compare)(void*, const char* a, size_t alen, const char* b,
                                                               size_t blen),
                                                const char* (*name)(void*)) {
  return new rocksdb_comparator_t(state, destructor, name, {compare, nullptr, nullptr}, 0);
}

rocksdb_comparator_t* rocksdb_comparator_with_ts_create(
    void* state, void (*destructor)(void*),
    int (*compare)(void*, const char* a, size_t alen, const char* b, size_t blen),
    int (*compare_ts)(void*, const char* a_ts, size_t a_tslen, const char* b_ts, size_t b_tslen),
    int (*compare_without_ts)(void*, const char* a, size_t alen, unsigned char a_has_ts, const char* b, size_t blen,
                              unsigned char b_has_ts),
    const char* (*name)(void*), size_t timestamp_size) {
  return new rocksdb_comparator_t(state, destructor, name, {compare, compare_ts, compare_without_ts}, timestamp_size);
}

void rocksdb_comparator_destroy(rocksdb_comparator_t* cmp) { delete cmp; }

rocksdb_mergeoperator_t* rocksdb_mergeoperator_create(
    void* state, void (*destructor)(void*),
    char* (*full_merge)(void*, const char* key, size_t key_length, const char* existing_value,
                        size_t existing_value_length, const char* const* operands_list,
                        const size_t* operands_list_length, int num_operands, unsigned char* success,
                        size_t* new_value_length),
    char* (*partial_merge)(void*, const char* key, size_t key_length, const char* const* operands_list,
                           const size_t* operands_list_length, int num_operands, unsigned char* success,
                           size_t* new_value_length),
    void (*delete_value)(void*, const char* value, size_t value_length), const char* (*name)(void*)) {
  return new rocksdb_mergeoperator_t(state, destructor, name, {full_merge, partial_merge, delete_value});
}

void rocksdb_mergeoperator_destroy(rocksdb_mergeoperator_t* merge_operator) { delete merge_operator; }

rocksdb_compactionfilter_t* rocksdb_compactionfilter_create(
    void* state, void (*destructor)(void*),
    unsigned char (*filter)(void*, int level, const char* key, size_t key_length, const char* existing_value,
                            size_t value_length, char** new_value, size_t* new_value_length,
                            unsigned char* value_changed),
    const char* (*name)(void*)) {
  return new rocksdb_compactionfilter_t(state, destructor, name, filter);
}

void rocksdb_compactionfilter_set_ignore_snapshots(rocksdb_compactionfilter_t* filter, unsigned char whether_ignore) {
  filter->ignore_snapshots = whether_ignore != 0;
}

void rocksdb_compactionfilter_destroy(rocksdb_compactionfilter_t* filter) { delete filter; }

unsigned char rocksdb_compactionfiltercontext_is_full_compaction(rocksdb_compactionfiltercontext_t* context) {
  return context->rep.is_full_compaction;
}

unsigned char rocksdb_compactionfiltercontext_is_manual_compaction(rocksdb_compactionfiltercontext_t* context) {
  return context->rep.is_manual_compaction;
}

rocksdb_compactionfilterfactory_t* rocksdb_compactionfilterfactory_create(
    void* state, void (*destructor)(void*),
    rocksdb_compactionfilter_t* (*create_compaction_filter)(void*, rocksdb_compactionfiltercontext_t* context),
    const char* (*name)(void*)) {
  return new rocksdb_compactionfilterfactory_t(state, destructor, name, create_compaction_filter);
}

void rocksdb_compactionfilterfactory_destroy(rocksdb_compactionfilterfactory_t* factory) { delete factory; }

rocksdb_slicetransform_t* rocksdb_slicetransform_create(
    void* state, void (*destructor)(void*),
    char* (*transform)(void*, const char* key, size_t length, size_t* dst_length),
    unsigned char (*in_domain)(void*, const char* key, size_t length),
    unsigned char (*in_range)(void*, const char* key, size_t length), const char* (*name)(void*)) {
  return new rocksdb_slicetransform_t{std::make_unique<CSliceTransform>(
      state, destructor, name, CSliceTransform::Functions{transform, in_domain, in_range})};
}

rocksdb_slicetransform_t* rocksdb_slicetransform_create_fixed_prefix(size_t prefix_length) {
  return new rocksdb_slicetransform_t{
      std::unique_ptr<const rocksdb::SliceTransform>(rocksdb::NewFixedPrefixTransform(prefix_length))};
}

rocksdb_slicetransform_t* rocksdb_slicetransform_create_noop(void) {
  return new rocksdb_slicetransform_t{std::unique_ptr<const rocksdb::SliceTransform>(rocksdb::NewNoopTransform())};
}

void rocksdb_slicetransform_destroy(rocksdb_slicetransform_t* transform) { delete transform; }

rocksdb_filterpolicy_t* rocksdb_filterpolicy_create_bloom(double bits_per_key) {
  return new rocksdb_filterpolicy_t{
      std::unique_ptr<const rocksdb::FilterPolicy>(rocksdb::NewBloomFilterPolicy(bits_per_key, true))};
}

rocksdb_filterpolicy_t* rocksdb_filterpolicy_create_bloom_full(double bits_per_key) {
  return new rocksdb_filterpolicy_t{
      std::unique_ptr<const rocksdb::FilterPolicy>(rocksdb::NewBloomFilterPolicy(bits_per_key, false))};
}

rocksdb_filterpolicy_t* rocksdb_filterpolicy_create_ribbon(double bloom_equivalent_bits_per_key) {
  return rocksdb_filterpolicy_create_ribbon_hybrid(bloom_equivalent_bits_per_key, -1);
}

rocksdb_filterpolicy_t* rocksdb_filterpolicy_create_ribbon_hybrid(double bloom_equivalent_bits_per_key,
                                                                  int bloom_before_level) {
  return new rocksdb_filterpolicy_t{std::unique_ptr<const rocksdb::FilterPolicy>(
      rocksdb::NewRibbonFilterPolicy(bloom_equivalent_bits_per_key, bloom_before_level))};
}

void rocksdb_filterpolicy_destroy(rocksdb_filterpolicy_t* filter) { delete filter; }

}  // extern "C"
