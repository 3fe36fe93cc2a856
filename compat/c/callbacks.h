// C callbacks dressed as the C++ plug-in classes.
//
// Owner:   each object owns the client's `state` and gives it to `destructor` when it dies. c.h says who owns the
// object. Threads: the callbacks are called from the engine's threads, as the C++ classes document. Errors:  a merge
// callback reports failure through *success; nothing else can fail.
#pragma once

#include <rocksdb/c.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/comparator.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>

namespace gneiss::compat {

// What every callback set of c.h starts with.
class CState {
 public:
  CState(void* state, void (*destructor)(void*), const char* (*name)(void*))
      : state_(state), destructor_(destructor), name_(name) {}
  CState(const CState&) = delete;
  CState& operator=(const CState&) = delete;
  ~CState() { destructor_(state_); }
  void* get() const { return state_; }
  const char* Name() const { return name_(state_); }

 private:
  void* state_;
  void (*destructor_)(void*);
  const char* (*name_)(void*);
};

// A SliceTransform as the client describes it, behind a rocksdb_slicetransform_t.
class CSliceTransform : public rocksdb::SliceTransform {
 public:
  struct Functions {
    char* (*transform)(void*, const char*, size_t, size_t*);
    unsigned char (*in_domain)(void*, const char*, size_t);
    unsigned char (*in_range)(void*, const char*, size_t);
  };
  CSliceTransform(void* state, void (*destructor)(void*), const char* (*name)(void*), const Functions& functions)
      : state_(state, destructor, name), functions_(functions) {}
  const char* Name() const override { return state_.Name(); }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override;
  bool InDomain(const rocksdb::Slice& key) const override;
  bool InRange(const rocksdb::Slice& prefix) const override;

 private:
  CState state_;
  Functions functions_;
};

}  // namespace gneiss::compat

struct rocksdb_compactionfiltercontext_t {
  rocksdb::CompactionFilter::Context rep;
};

struct rocksdb_comparator_t final : public rocksdb::Comparator {
  struct Functions {
    int (*compare)(void*, const char*, size_t, const char*, size_t);
    int (*compare_ts)(void*, const char*, size_t, const char*, size_t);
    int (*compare_without_ts)(void*, const char*, size_t, unsigned char, const char*, size_t, unsigned char);
  };
  rocksdb_comparator_t(void* state, void (*destructor)(void*), const char* (*name)(void*), const Functions& functions,
                       size_t timestamp_size)
      : Comparator(timestamp_size), state_(state, destructor, name), functions_(functions) {}
  const char* Name() const override { return state_.Name(); }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override;
  int CompareTimestamp(const rocksdb::Slice& a_ts, const rocksdb::Slice& b_ts) const override;
  int CompareWithoutTimestamp(const rocksdb::Slice& a, bool a_has_ts, const rocksdb::Slice& b,
                              bool b_has_ts) const override;
  // A C client cannot say how keys are shortened, so they are not.
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  gneiss::compat::CState state_;
  Functions functions_;
};

struct rocksdb_mergeoperator_t final : public rocksdb::MergeOperator {
  struct Functions {
    char* (*full_merge)(void*, const char*, size_t, const char*, size_t, const char* const*, const size_t*, int,
                        unsigned char*, size_t*);
    char* (*partial_merge)(void*, const char*, size_t, const char* const*, const size_t*, int, unsigned char*, size_t*);
    void (*delete_value)(void*, const char*, size_t);  // absent: the value is malloc'ed
  };
  rocksdb_mergeoperator_t(void* state, void (*destructor)(void*), const char* (*name)(void*),
                          const Functions& functions)
      : state_(state, destructor, name), functions_(functions) {}
  const char* Name() const override { return state_.Name(); }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override;
  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operand_list,
                         std::string* new_value, rocksdb::Logger* logger) const override;

 private:
  // Copies the client's result into *to and frees it.
  void TakeResult(char* result, size_t size, std::string* to) const;

  gneiss::compat::CState state_;
  Functions functions_;
};

struct rocksdb_compactionfilter_t final : public rocksdb::CompactionFilter {
  using FilterFunction = unsigned char (*)(void*, int, const char*, size_t, const char*, size_t, char**, size_t*,
                                           unsigned char*);
  rocksdb_compactionfilter_t(void* state, void (*destructor)(void*), const char* (*name)(void*), FilterFunction filter)
      : state_(state, destructor, name), filter_(filter) {}
  const char* Name() const override { return state_.Name(); }
  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& existing_value, std::string* new_value,
              bool* value_changed) const override;
  bool IgnoreSnapshots() const override { return ignore_snapshots; }

  bool ignore_snapshots = true;

 private:
  gneiss::compat::CState state_;
  FilterFunction filter_;
};

struct rocksdb_compactionfilterfactory_t final : public rocksdb::CompactionFilterFactory {
  using CreateFunction = rocksdb_compactionfilter_t* (*)(void*, rocksdb_compactionfiltercontext_t*);
  rocksdb_compactionfilterfactory_t(void* state, void (*destructor)(void*), const char* (*name)(void*),
                                    CreateFunction create)
      : state_(state, destructor, name), create_(create) {}
  const char* Name() const override { return state_.Name(); }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  gneiss::compat::CState state_;
  CreateFunction create_;
};
