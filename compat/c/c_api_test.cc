// c.h through the shared library: ownership, error texts and the callbacks, over a real database.
#include <gtest/gtest.h>
#include <rocksdb/c.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

std::string TakeText(char* text) {
  const std::string copy = text == nullptr ? "(null)" : text;
  rocksdb_free(text);
  return copy;
}

std::string TakeBytes(char* bytes, size_t size) {
  if (bytes == nullptr) return "(null)";
  const std::string copy(bytes, size);
  rocksdb_free(bytes);
  return copy;
}

class CApi : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gneiss_c_XXXXXX";
    dir_ = mkdtemp(name);
    options_ = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options_, 1);
    write_ = rocksdb_writeoptions_create();
    read_ = rocksdb_readoptions_create();
  }
  void TearDown() override {
    if (db_ != nullptr) rocksdb_close(db_);
    rocksdb_readoptions_destroy(read_);
    rocksdb_writeoptions_destroy(write_);
    rocksdb_options_destroy(options_);
    EXPECT_EQ(nullptr, error_) << error_;
    rocksdb_free(error_);
    std::filesystem::remove_all(dir_);
  }

  void Open() {
    db_ = rocksdb_open(options_, (dir_ + "/db").c_str(), &error_);
    ASSERT_EQ(nullptr, error_) << error_;
  }
  void Put(const std::string& key, const std::string& value) {
    rocksdb_put(db_, write_, key.data(), key.size(), value.data(), value.size(), &error_);
    ASSERT_EQ(nullptr, error_) << error_;
  }
  std::string Get(const std::string& key) {
    size_t size = 99;
    char* value = rocksdb_get(db_, read_, key.data(), key.size(), &size, &error_);
    if (value == nullptr) {
      EXPECT_EQ(0u, size);
    }
    return TakeBytes(value, size);
  }
  std::string TakeError() { return TakeText(std::exchange(error_, nullptr)); }
  std::string ListKeys(rocksdb_iterator_t* iter) {
    std::string keys;
    for (rocksdb_iter_seek_to_first(iter); rocksdb_iter_valid(iter); rocksdb_iter_next(iter)) {
      size_t size;
      const char* key = rocksdb_iter_key(iter, &size);
      keys += std::string(key, size) + " ";
    }
    rocksdb_iter_get_error(iter, &error_);
    rocksdb_iter_destroy(iter);
    return keys;
  }

  std::string dir_;
  rocksdb_options_t* options_ = nullptr;
  rocksdb_writeoptions_t* write_ = nullptr;
  rocksdb_readoptions_t* read_ = nullptr;
  rocksdb_t* db_ = nullptr;
  char* error_ = nullptr;
};

TEST_F(CApi, PutsGetsAndDeletes) {
  Open();
  Put("key", "value");
  Put("empty", "");
  EXPECT_EQ("value", Get("key"));
  EXPECT_EQ("", Get("empty"));
  EXPECT_EQ("(null)", Get("absent"));
  rocksdb_delete(db_, write_, "key", 3, &error_);
  EXPECT_EQ("(null)", Get("key"));
}

TEST_F(CApi, ReplacesAnOldError) {
  error_ = strdup("an old error");
  rocksdb_options_set_create_if_missing(options_, 0);
  EXPECT_EQ(nullptr, rocksdb_open(options_, (dir_ + "/missing").c_str(), &error_));
  const std::string error = TakeError();
  EXPECT_EQ(0u, error.find("Invalid argument: ")) << error;
  EXPECT_NE(std::string::npos, error.find("does not exist (create_if_missing is false)")) << error;
}

TEST_F(CApi, PinsValues) {
  Open();
  Put("key", "pinned");
  rocksdb_pinnableslice_t* pinned = rocksdb_get_pinned(db_, read_, "key", 3, &error_);
  ASSERT_NE(nullptr, pinned);
  size_t size;
  EXPECT_EQ("pinned", std::string(rocksdb_pinnableslice_value(pinned, &size), 6));
  EXPECT_EQ(6u, size);
  rocksdb_pinnableslice_destroy(pinned);
  EXPECT_EQ(nullptr, rocksdb_get_pinned(db_, read_, "no", 2, &error_));
  EXPECT_EQ(nullptr, rocksdb_pinnableslice_value(nullptr, &size));
  EXPECT_EQ(0u, size);
}

TEST_F(CApi, GetsManyAtOnce) {
  Open();
  Put("a", "1");
  Put("c", "3");
  const char* keys[] = {"a", "b", "c"};
  const size_t key_sizes[] = {1, 1, 1};
  char* values[3];
  size_t value_sizes[3];
  char* errors[3];
  rocksdb_multi_get(db_, read_, 3, keys, key_sizes, values, value_sizes, errors);
  const std::string expected[] = {"1", "(null)", "3"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(expected[i], TakeBytes(values[i], value_sizes[i]));
    EXPECT_EQ(nullptr, errors[i]);
  }
}

TEST_F(CApi, WritesBatches) {
  Open();
  rocksdb_writebatch_t* batch = rocksdb_writebatch_create();
  rocksdb_writebatch_put(batch, "a", 1, "1", 1);
  rocksdb_writebatch_set_save_point(batch);
  rocksdb_writebatch_put(batch, "b", 1, "2", 1);
  rocksdb_writebatch_rollback_to_save_point(batch, &error_);
  rocksdb_writebatch_delete(batch, "c", 1);
  const char* pieces[] = {"k", "ey"};
  const size_t piece_sizes[] = {1, 2};
  rocksdb_writebatch_putv(batch, 2, pieces, piece_sizes, 2, pieces, piece_sizes);
  EXPECT_EQ(3, rocksdb_writebatch_count(batch));

  size_t rep_size;
  const char* rep = rocksdb_writebatch_data(batch, &rep_size);
  rocksdb_writebatch_t* copy = rocksdb_writebatch_create_from(rep, rep_size);
  std::string seen;
  rocksdb_writebatch_iterate(
      copy, &seen,
      [](void* state, const char* key, size_t key_size, const char* value, size_t value_size) {
        *static_cast<std::string*>(state) +=
            "put " + std::string(key, key_size) + "=" + std::string(value, value_size) + ";";
      },
      [](void* state, const char* key, size_t key_size) {
        *static_cast<std::string*>(state) += "delete " + std::string(key, key_size) + ";";
      });
  EXPECT_EQ("put a=1;delete c;put key=key;", seen);
  rocksdb_write(db_, write_, copy, &error_);
  EXPECT_EQ("1", Get("a"));
  EXPECT_EQ("(null)", Get("b"));
  EXPECT_EQ("key", Get("key"));
  rocksdb_writebatch_destroy(copy);
  rocksdb_writebatch_destroy(batch);
}

TEST_F(CApi, LaysABatchOverTheDatabase) {
  Open();
  for (const char* key : {"a", "b", "c"}) Put(key, "old");
  rocksdb_writebatch_wi_t* batch = rocksdb_writebatch_wi_create(0, 1);
  rocksdb_writebatch_wi_put(batch, "d", 1, "new", 3);
  rocksdb_writebatch_wi_delete(batch, "b", 1);
  rocksdb_iterator_t* iter =
      rocksdb_writebatch_wi_create_iterator_with_base(batch, rocksdb_create_iterator(db_, read_));
  EXPECT_EQ("a c d ", ListKeys(iter));
  size_t size;
  char* value = rocksdb_writebatch_wi_get_from_batch_and_db(batch, db_, read_, "d", 1, &size, &error_);
  EXPECT_EQ("new", TakeBytes(value, size));
  rocksdb_write_writebatch_wi(db_, write_, batch, &error_);
  rocksdb_writebatch_wi_destroy(batch);
  EXPECT_EQ("(null)", Get("b"));
}

TEST_F(CApi, ReadsSnapshotsWithinBounds) {
  Open();
  for (const char* key : {"a", "b", "c", "d"}) Put(key, "old");
  const rocksdb_snapshot_t* snapshot = rocksdb_create_snapshot(db_);
  Put("b2", "new");
  rocksdb_readoptions_set_snapshot(read_, snapshot);
  rocksdb_readoptions_set_iterate_lower_bound(read_, "b", 1);
  rocksdb_readoptions_set_iterate_upper_bound(read_, "d", 1);
  EXPECT_EQ("b c ", ListKeys(rocksdb_create_iterator(db_, read_)));
  rocksdb_readoptions_set_snapshot(read_, nullptr);
  rocksdb_readoptions_set_iterate_upper_bound(read_, nullptr, 0);
  EXPECT_EQ("b b2 c d ", ListKeys(rocksdb_create_iterator(db_, read_)));
  rocksdb_release_snapshot(db_, snapshot);
}

TEST_F(CApi, KeepsFamiliesApart) {
  Open();
  rocksdb_column_family_handle_t* family = rocksdb_create_column_family(db_, options_, "second", &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  rocksdb_put_cf(db_, write_, family, "key", 3, "there", 5, &error_);
  EXPECT_EQ("(null)", Get("key"));
  size_t name_size;
  EXPECT_EQ("second", TakeBytes(rocksdb_column_family_handle_get_name(family, &name_size), 6));
  EXPECT_EQ(1u, rocksdb_column_family_handle_get_id(family));
  rocksdb_column_family_handle_destroy(family);
  rocksdb_close(std::exchange(db_, nullptr));

  const std::string path = dir_ + "/db";
  size_t count;
  char** names = rocksdb_list_column_families(options_, path.c_str(), &count, &error_);
  ASSERT_EQ(2u, count);
  EXPECT_STREQ("default", names[0]);
  EXPECT_STREQ("second", names[1]);
  rocksdb_column_family_handle_t* handles[2];
  const rocksdb_options_t* family_options[] = {options_, options_};
  db_ = rocksdb_open_column_families(options_, path.c_str(), 2, names, family_options, handles, &error_);
  ASSERT_NE(nullptr, db_);
  size_t size;
  EXPECT_EQ("there", TakeBytes(rocksdb_get_cf(db_, read_, handles[1], "key", 3, &size, &error_), 5));
  for (auto* handle : handles) rocksdb_column_family_handle_destroy(handle);
  rocksdb_list_column_families_destroy(names, count);
}

// A merge operator that joins with '+', and says when its state dies.
struct Joiner {
  int* destroyed;
  static void Destroy(void* state) { ++*static_cast<Joiner*>(state)->destroyed; }
  static const char* Name(void*) { return "Joiner"; }
  static char* Full(void*, const char*, size_t, const char* existing, size_t existing_size, const char* const* operands,
                    const size_t* sizes, int count, unsigned char* success, size_t* new_size) {
    std::string result = existing == nullptr ? "" : std::string(existing, existing_size);
    for (int i = 0; i < count; ++i) result += "+" + std::string(operands[i], sizes[i]);
    *success = 1;
    *new_size = result.size();
    char* copy = static_cast<char*>(malloc(result.size()));
    memcpy(copy, result.data(), result.size());
    return copy;
  }
  static char* Partial(void*, const char*, size_t, const char* const*, const size_t*, int, unsigned char* success,
                       size_t* new_size) {
    *success = 0;
    *new_size = 0;
    return nullptr;
  }
};

TEST_F(CApi, MergesThroughCallbacks) {
  int destroyed = 0;
  Joiner joiner{&destroyed};
  rocksdb_options_set_merge_operator(options_, rocksdb_mergeoperator_create(&joiner, Joiner::Destroy, Joiner::Full,
                                                                            Joiner::Partial, nullptr, Joiner::Name));
  Open();
  Put("key", "base");
  rocksdb_merge(db_, write_, "key", 3, "one", 3, &error_);
  rocksdb_merge(db_, write_, "key", 3, "two", 3, &error_);
  EXPECT_EQ("base+one+two", Get("key"));
  rocksdb_close(std::exchange(db_, nullptr));
  rocksdb_options_set_uint64add_merge_operator(options_);
  EXPECT_EQ(1, destroyed);
}

TEST_F(CApi, OrdersThroughACallback) {
  rocksdb_comparator_t* reversed = rocksdb_comparator_create(
      nullptr, [](void*) {},
      [](void*, const char* a, size_t a_size, const char* b, size_t b_size) {
        return std::string(b, b_size).compare(std::string(a, a_size));
      },
      [](void*) { return "reversed"; });
  rocksdb_options_set_comparator(options_, reversed);
  Open();
  for (const char* key : {"a", "c", "b"}) Put(key, "");
  EXPECT_EQ("c b a ", ListKeys(rocksdb_create_iterator(db_, read_)));
  rocksdb_close(std::exchange(db_, nullptr));
  rocksdb_comparator_destroy(reversed);
}

TEST_F(CApi, FiltersInCompactions) {
  rocksdb_compactionfilter_t* filter = rocksdb_compactionfilter_create(
      nullptr, [](void*) {},
      [](void*, int, const char* key, size_t, const char*, size_t, char** new_value, size_t* new_size,
         unsigned char* changed) -> unsigned char {
        static char kChanged[] = "changed";
        if (key[0] == 'd') return 1;
        if (key[0] == 'c') {
          *new_value = kChanged;
          *new_size = 7;
          *changed = 1;
        }
        return 0;
      },
      [](void*) { return "filter"; });
  rocksdb_options_set_compaction_filter(options_, filter);
  Open();
  for (const char* key : {"keep", "change", "drop"}) Put(key, "value");
  rocksdb_compact_range(db_, nullptr, 0, nullptr, 0);
  EXPECT_EQ("value", Get("keep"));
  EXPECT_EQ("changed", Get("change"));
  EXPECT_EQ("(null)", Get("drop"));
  rocksdb_close(std::exchange(db_, nullptr));
  rocksdb_compactionfilter_destroy(filter);
}

TEST_F(CApi, TakesOverPolicyAndTransform) {
  rocksdb_block_based_table_options_t* table = rocksdb_block_based_options_create();
  rocksdb_cache_t* cache = rocksdb_cache_create_lru(1 << 20);
  rocksdb_block_based_options_set_block_cache(table, cache);
  rocksdb_cache_destroy(cache);
  rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_ribbon(9.9));
  rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
  rocksdb_options_set_block_based_table_factory(options_, table);
  rocksdb_block_based_options_destroy(table);
  rocksdb_options_set_prefix_extractor(options_, rocksdb_slicetransform_create_fixed_prefix(2));
  Open();
  for (int i = 0; i < 100; ++i) Put("k" + std::to_string(i), "v");
  rocksdb_flushoptions_t* flush = rocksdb_flushoptions_create();
  rocksdb_flush(db_, flush, &error_);
  rocksdb_flushoptions_destroy(flush);
  EXPECT_EQ("v", Get("k77"));
  EXPECT_EQ("(null)", Get("k777"));
  EXPECT_EQ("1", TakeText(rocksdb_property_value(db_, "rocksdb.num-files-at-level0")));
  EXPECT_EQ(nullptr, rocksdb_property_value(db_, "no such property"));
  uint64_t value;
  EXPECT_EQ(0, rocksdb_property_int(db_, "rocksdb.num-running-flushes", &value));
  EXPECT_EQ(-1, rocksdb_property_int(db_, "no such property", &value));

  const rocksdb_livefiles_t* files = rocksdb_livefiles(db_);
  ASSERT_EQ(1, rocksdb_livefiles_count(files));
  size_t size;
  EXPECT_EQ("k0", std::string(rocksdb_livefiles_smallestkey(files, 0, &size), 2));
  EXPECT_EQ("k99", std::string(rocksdb_livefiles_largestkey(files, 0, &size), 3));
  rocksdb_livefiles_destroy(files);

  rocksdb_column_family_metadata_t* meta = rocksdb_get_column_family_metadata(db_);
  EXPECT_EQ("default", TakeText(rocksdb_column_family_metadata_get_name(meta)));
  EXPECT_EQ(1u, rocksdb_column_family_metadata_get_file_count(meta));
  rocksdb_level_metadata_t* level = rocksdb_column_family_metadata_get_level_metadata(meta, 0);
  ASSERT_NE(nullptr, level);
  EXPECT_EQ(nullptr, rocksdb_level_metadata_get_sst_file_metadata(level, 1));
  rocksdb_level_metadata_destroy(level);
  EXPECT_EQ(nullptr, rocksdb_column_family_metadata_get_level_metadata(meta, 99));
  rocksdb_column_family_metadata_destroy(meta);
}

TEST_F(CApi, MakesCheckpoints) {
  Open();
  Put("flushed", "1");
  rocksdb_checkpoint_t* checkpoint = rocksdb_checkpoint_object_create(db_, &error_);
  ASSERT_NE(nullptr, checkpoint);
  const std::string flushed = dir_ + "/flushed";
  const std::string logged = dir_ + "/logged";
  rocksdb_checkpoint_create(checkpoint, flushed.c_str(), 0, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  Put("in the log", "2");
  rocksdb_checkpoint_create(checkpoint, logged.c_str(), UINT64_MAX, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  rocksdb_checkpoint_create(checkpoint, logged.c_str(), 0, &error_);
  EXPECT_EQ("Invalid argument: Directory exists", TakeError());
  rocksdb_checkpoint_object_destroy(checkpoint);
  Put("later", "3");
  rocksdb_close(std::exchange(db_, nullptr));

  for (const auto& [path, keys] : {std::pair{flushed, "flushed "}, std::pair{logged, "flushed in the log "}}) {
    db_ = rocksdb_open(options_, path.c_str(), &error_);
    ASSERT_EQ(nullptr, error_) << error_;
    EXPECT_EQ(keys, ListKeys(rocksdb_create_iterator(db_, read_)));
    rocksdb_close(std::exchange(db_, nullptr));
  }
}

TEST_F(CApi, DropsFilesByRange) {
  Open();
  for (const char* key : {"a", "b", "c"}) {
    Put(key, "1");
    rocksdb_compact_range(db_, key, 1, key, 1);  // one table for each key, below level 0
  }
  rocksdb_delete_file_in_range(db_, "b", 1, "b", 1, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  EXPECT_EQ("a c ", ListKeys(rocksdb_create_iterator(db_, read_)));
  rocksdb_delete_file(db_, "000001.log");  // has no way to say no
  rocksdb_suggest_compact_range(db_, "a", 1, nullptr, 0, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  rocksdb_delete_file_in_range(db_, nullptr, 0, "b", 1, &error_);
  EXPECT_EQ("c ", ListKeys(rocksdb_create_iterator(db_, read_)));
}

TEST_F(CApi, TakesInFilesWrittenOutside) {
  Open();
  Put("a", "old");
  rocksdb_envoptions_t* env = rocksdb_envoptions_create();
  rocksdb_sstfilewriter_t* writer = rocksdb_sstfilewriter_create(env, options_);
  const std::string file = dir_ + "/file.sst";
  rocksdb_sstfilewriter_put(writer, "a", 1, "1", 1, &error_);
  EXPECT_EQ("Invalid argument: File is not opened", TakeError());
  rocksdb_sstfilewriter_open(writer, file.c_str(), &error_);
  rocksdb_sstfilewriter_put(writer, "a", 1, "new", 3, &error_);
  rocksdb_sstfilewriter_put(writer, "b", 1, "1", 1, &error_);
  rocksdb_sstfilewriter_delete(writer, "c", 1, &error_);
  rocksdb_sstfilewriter_delete_range(writer, "x", 1, "z", 1, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  rocksdb_sstfilewriter_add(writer, "b", 1, "2", 1, &error_);
  EXPECT_EQ("Invalid argument: Keys must be added in strict ascending order.", TakeError());
  rocksdb_sstfilewriter_finish(writer, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  uint64_t size = 0;
  rocksdb_sstfilewriter_file_size(writer, &size);
  EXPECT_EQ(std::filesystem::file_size(file), size);
  rocksdb_sstfilewriter_destroy(writer);
  rocksdb_envoptions_destroy(env);

  Put("c", "old");
  Put("y", "old");
  rocksdb_ingestexternalfileoptions_t* ingest = rocksdb_ingestexternalfileoptions_create();
  const char* const files[] = {file.c_str()};
  rocksdb_ingestexternalfileoptions_set_allow_blocking_flush(ingest, 0);
  rocksdb_ingest_external_file(db_, files, 1, ingest, &error_);
  EXPECT_EQ("Invalid argument: External file requires flush", TakeError());
  rocksdb_ingestexternalfileoptions_set_allow_blocking_flush(ingest, 1);
  rocksdb_ingestexternalfileoptions_set_move_files(ingest, 1);
  rocksdb_ingest_external_file(db_, files, 1, ingest, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  rocksdb_ingestexternalfileoptions_destroy(ingest);
  EXPECT_EQ("new", Get("a"));
  EXPECT_EQ("a b ", ListKeys(rocksdb_create_iterator(db_, read_)));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(CApi, FollowsAPrimary) {
  Open();
  Put("a", "1");
  rocksdb_t* secondary =
      rocksdb_open_as_secondary(options_, (dir_ + "/db").c_str(), (dir_ + "/second").c_str(), &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  Put("b", "2");
  EXPECT_EQ("a ", ListKeys(rocksdb_create_iterator(secondary, read_)));
  rocksdb_try_catch_up_with_primary(secondary, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  EXPECT_EQ("a b ", ListKeys(rocksdb_create_iterator(secondary, read_)));
  rocksdb_close(secondary);
  rocksdb_close(std::exchange(db_, nullptr));
  std::filesystem::remove(dir_ + "/db/CURRENT");
  rocksdb_repair_db(options_, (dir_ + "/db").c_str(), &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  Open();
  EXPECT_EQ("a b ", ListKeys(rocksdb_create_iterator(db_, read_)));
}

TEST_F(CApi, LivesWithATimeToLive) {
  const std::string path = dir_ + "/db";
  db_ = rocksdb_open_with_ttl(options_, path.c_str(), 3600, &error_);
  ASSERT_EQ(nullptr, error_) << error_;
  Put("key", "value");
  EXPECT_EQ("value", Get("key"));
  EXPECT_EQ("key ", ListKeys(rocksdb_create_iterator(db_, read_)));
  rocksdb_compact_range(db_, nullptr, 0, nullptr, 0);
  EXPECT_EQ("value", Get("key"));
  rocksdb_close(std::exchange(db_, nullptr));
  // Without the class the time shows: four bytes behind the value.
  Open();
  EXPECT_EQ(9u, Get("key").size());
}

TEST_F(CApi, CopiesOptionFields) {
  rocksdb_options_set_write_buffer_size(options_, 12345);
  rocksdb_options_set_max_background_jobs(options_, 7);
  rocksdb_options_set_blob_gc_age_cutoff(options_, 0.75);
  rocksdb_options_set_level_compaction_dynamic_level_bytes(options_, 2);  // any number but 0 is true
  rocksdb_options_t* copy = rocksdb_options_create_copy(options_);
  EXPECT_EQ(12345u, rocksdb_options_get_write_buffer_size(copy));
  EXPECT_EQ(7, rocksdb_options_get_max_background_jobs(copy));
  EXPECT_EQ(0.75, rocksdb_options_get_blob_gc_age_cutoff(copy));
  EXPECT_EQ(1, rocksdb_options_get_level_compaction_dynamic_level_bytes(copy));
  EXPECT_EQ(0, rocksdb_options_get_info_log_level(copy));  // DEBUG, as Debian's RocksDB has it
  rocksdb_options_destroy(copy);
}

TEST_F(CApi, CountsPerThread) {
  Open();
  rocksdb_set_perf_level(rocksdb_enable_count);
  rocksdb_perfcontext_t* context = rocksdb_perfcontext_create();
  rocksdb_perfcontext_reset(context);
  EXPECT_EQ(0u, rocksdb_perfcontext_metric(context, rocksdb_get_from_memtable_count));
  EXPECT_EQ(0u, rocksdb_perfcontext_metric(context, 12345));
  EXPECT_EQ("", TakeText(rocksdb_perfcontext_report(context, 1)));
  rocksdb_perfcontext_destroy(context);
  rocksdb_set_perf_level(rocksdb_disable);
}

}  // namespace
