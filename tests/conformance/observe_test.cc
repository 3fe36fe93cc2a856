// What a program can watch: listeners, Statistics, PerfContext, EVENT_LOG_v1 lines in LOG.

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/statistics.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "tests/conformance/db_test.h"

namespace gneiss::conformance {

namespace {

// Keeps every call's facts.
class Watcher : public EventListener {
 public:
  void OnFlushBegin(DB*, const FlushJobInfo& info) override { Keep(&flush_begins, info); }
  void OnFlushCompleted(DB*, const FlushJobInfo& info) override { Keep(&flushes, info); }
  void OnCompactionBegin(DB*, const CompactionJobInfo& info) override { Keep(&compaction_begins, info); }
  void OnCompactionCompleted(DB*, const CompactionJobInfo& info) override { Keep(&compactions, info); }
  void OnTableFileCreated(const TableFileCreationInfo& info) override { Keep(&created, info); }
  void OnTableFileCreationStarted(const TableFileCreationBriefInfo& info) override { Keep(&started, info); }
  void OnTableFileDeleted(const TableFileDeletionInfo& info) override { Keep(&deleted, info); }
  void OnMemTableSealed(const MemTableInfo& info) override { Keep(&sealed, info); }
  void OnColumnFamilyHandleDeletionStarted(ColumnFamilyHandle* handle) override {
    const std::lock_guard<std::mutex> lock(mutex);
    handles.push_back(handle->GetName());
  }

  std::mutex mutex;
  std::vector<FlushJobInfo> flush_begins, flushes;
  std::vector<CompactionJobInfo> compaction_begins, compactions;
  std::vector<TableFileCreationInfo> created;
  std::vector<TableFileCreationBriefInfo> started;
  std::vector<TableFileDeletionInfo> deleted;
  std::vector<MemTableInfo> sealed;
  std::vector<std::string> handles;

  template <typename Info>
  size_t CountOf(const std::vector<Info>& kept) {
    const std::lock_guard<std::mutex> lock(mutex);
    return kept.size();
  }

 private:
  template <typename Info>
  void Keep(std::vector<Info>* kept, const Info& info) {
    const std::lock_guard<std::mutex> lock(mutex);
    kept->push_back(info);
  }
};

}  // namespace

// Holds compactions until released, and keeps the stall conditions told meanwhile.
class StallWatcher : public EventListener {
 public:
  void OnCompactionBegin(DB*, const CompactionJobInfo&) override {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [this] { return is_open_; });
  }
  void OnStallConditionsChanged(const WriteStallInfo& info) override {
    const char* const names[] = {"normal", "delayed", "stopped"};
    const std::lock_guard<std::mutex> lock(mutex_);
    told_ += info.cf_name + ":" + names[static_cast<int>(info.condition.prev)] + ">" +
             names[static_cast<int>(info.condition.cur)] + " ";
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  std::string told() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return told_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
  std::string told_;
};

class ListenerTest : public DbTest {
 protected:
  ListenerTest() { options_.listeners.push_back(watcher_); }
  const std::shared_ptr<Watcher> watcher_ = std::make_shared<Watcher>();
};

TEST_F(ListenerTest, FlushesAreTold) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->flushes) == 1; }));
  const FlushJobInfo& info = watcher_->flushes[0];
  EXPECT_EQ("default", info.cf_name);
  EXPECT_EQ(0u, info.cf_id);
  EXPECT_EQ(1u, info.smallest_seqno);
  EXPECT_EQ(2u, info.largest_seqno);
  EXPECT_EQ(2u, info.table_properties.num_entries);
  EXPECT_EQ(Path() + "/" + FilesEndingIn(".sst").at(0), info.file_path);
  EXPECT_EQ(std::stoull(FilesEndingIn(".sst").at(0)), info.file_number);
  EXPECT_EQ(FlushReason::kManualFlush, info.flush_reason);
  EXPECT_FALSE(info.triggered_writes_slowdown);
  EXPECT_FALSE(info.triggered_writes_stop);
  EXPECT_GT(info.job_id, 0);
  ASSERT_EQ(1u, watcher_->flush_begins.size());
  EXPECT_EQ(info.job_id, watcher_->flush_begins[0].job_id);
}

TEST_F(ListenerTest, FullBuffersAreAFlushReason) {
  options_.write_buffer_size = 64 << 10;
  Open();
  for (int i = 0; i < 150; ++i) ASSERT_OK(Put(Key(i), RandomBytes(1000, static_cast<uint32_t>(i))));
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->flushes) >= 1; }));
  EXPECT_EQ(FlushReason::kWriteBufferFull, watcher_->flushes[0].flush_reason);
}

TEST_F(ListenerTest, SealedMemtablesAreTold) {
  Open();
  PutTable({{"a", "1"}, {"b", "2"}});
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->sealed) == 1; }));
  EXPECT_EQ("default", watcher_->sealed[0].cf_name);
  EXPECT_EQ(2u, watcher_->sealed[0].num_entries);
  EXPECT_EQ(0u, watcher_->sealed[0].num_deletes);
  EXPECT_EQ(1u, watcher_->sealed[0].first_seqno);
}

TEST_F(ListenerTest, CompactionsAreTold) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  const std::vector<std::string> inputs = FilesEndingIn(".sst");
  Compact();
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->compactions) == 1; }));
  const CompactionJobInfo& info = watcher_->compactions[0];
  EXPECT_EQ("default", info.cf_name);
  EXPECT_OK(info.status);
  EXPECT_EQ(0, info.base_input_level);
  EXPECT_EQ(1, info.output_level);
  EXPECT_EQ(2u, info.input_files.size());
  EXPECT_EQ(2u, info.input_file_infos.size());
  EXPECT_EQ(1u, info.output_files.size());
  ASSERT_EQ(1u, info.output_file_infos.size());
  EXPECT_EQ(1, info.output_file_infos[0].level);
  EXPECT_EQ(CompactionReason::kManualCompaction, info.compaction_reason);
  EXPECT_EQ(4u, info.stats.num_input_records);
  EXPECT_EQ(2u, info.stats.num_output_records);
  EXPECT_EQ(2u, info.stats.num_input_files);
  EXPECT_EQ(1u, info.stats.num_output_files);
  EXPECT_TRUE(info.stats.is_manual_compaction);
  EXPECT_TRUE(info.stats.is_full_compaction);
  EXPECT_GT(info.stats.total_input_bytes, 0u);
  EXPECT_GT(info.stats.total_output_bytes, 0u);
  EXPECT_EQ(kSnappyCompression, info.compression);
  EXPECT_EQ(3u, info.table_properties.size());
  ASSERT_EQ(1u, watcher_->compaction_begins.size());
  EXPECT_EQ(info.job_id, watcher_->compaction_begins[0].job_id);
}

TEST_F(ListenerTest, AutomaticCompactionsTellTheirReason) {
  options_.level0_file_num_compaction_trigger = 2;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->compactions) == 1; }));
  EXPECT_EQ(CompactionReason::kLevelL0FilesNum, watcher_->compactions[0].compaction_reason);
  EXPECT_FALSE(watcher_->compactions[0].stats.is_manual_compaction);
}

TEST_F(ListenerTest, TableFilesAreToldFromBeginToEnd) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  ASSERT_TRUE(Eventually([this] { return watcher_->CountOf(watcher_->deleted) == 2; }));
  ASSERT_EQ(3u, watcher_->created.size());
  ASSERT_EQ(3u, watcher_->started.size());
  EXPECT_EQ(TableFileCreationReason::kFlush, watcher_->created[0].reason);
  EXPECT_EQ(TableFileCreationReason::kCompaction, watcher_->created[2].reason);
  EXPECT_OK(watcher_->created[0].status);
  EXPECT_GT(watcher_->created[0].file_size, 0u);
  EXPECT_EQ(2u, watcher_->created[0].table_properties.num_entries);
  EXPECT_EQ("default", watcher_->created[0].cf_name);
  EXPECT_EQ(Path(), watcher_->created[0].db_name);
  EXPECT_EQ(watcher_->started[0].file_path, watcher_->created[0].file_path);
  EXPECT_EQ(Path(), watcher_->deleted[0].db_name);
  EXPECT_OK(watcher_->deleted[0].status);
}

TEST_F(ListenerTest, HandleDeletionIsTold) {
  OpenWith({"one"});
  ASSERT_OK(db()->DestroyColumnFamilyHandle(Family(1)));
  ForgetHandle(1);
  EXPECT_EQ(std::vector<std::string>{"one"}, watcher_->handles);
}

TEST_F(ListenerTest, EveryListenerIsTold) {
  const auto second = std::make_shared<Watcher>();
  options_.listeners.push_back(second);
  Open();
  PutTable({{"a", "1"}});
  EXPECT_TRUE(
      Eventually([&] { return watcher_->CountOf(watcher_->flushes) == 1 && second->CountOf(second->flushes) == 1; }));
}

// ---------------------------------------------------------------- Statistics

class StatisticsTest : public DbTest {
 protected:
  StatisticsTest() { options_.statistics = CreateDBStatistics(); }
  uint64_t Ticks(Tickers ticker) const { return options_.statistics->getTickerCount(ticker); }
  HistogramData Data(Histograms histogram) const {
    HistogramData data;
    options_.statistics->histogramData(histogram, &data);
    return data;
  }
};

TEST_F(StatisticsTest, KeysAndBytesWritten) {
  Open();
  for (int i = 0; i < 10; ++i) ASSERT_OK(Put(Key(i), "v"));
  EXPECT_EQ(10u, Ticks(NUMBER_KEYS_WRITTEN));
  EXPECT_EQ(10u * (12 + 1 + 1 + 6 + 1 + 1), Ticks(BYTES_WRITTEN));
  EXPECT_EQ(10u, Ticks(WRITE_DONE_BY_SELF));
  EXPECT_EQ(10u, Ticks(WRITE_WITH_WAL));
  EXPECT_EQ(10u, Data(BYTES_PER_WRITE).count);
  EXPECT_EQ(10u, Data(DB_WRITE).count);
  EXPECT_GE(Ticks(WAL_FILE_BYTES), Ticks(BYTES_WRITTEN));
}

TEST_F(StatisticsTest, KeysAndBytesRead) {
  Open();
  ASSERT_OK(Put("a", "12345"));
  Get("a");
  Get("absent");
  EXPECT_EQ(2u, Ticks(NUMBER_KEYS_READ));
  EXPECT_EQ(5u, Ticks(BYTES_READ));
  EXPECT_EQ(2u, Data(BYTES_PER_READ).count);
  EXPECT_EQ(2u, Data(DB_GET).count);
}

TEST_F(StatisticsTest, MemtableHitsAndMisses) {
  Open();
  ASSERT_OK(Put("a", "1"));
  Get("a");
  Get("b");
  EXPECT_EQ(1u, Ticks(MEMTABLE_HIT));
  EXPECT_EQ(1u, Ticks(MEMTABLE_MISS));
}

TEST_F(StatisticsTest, HitsByLevel) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  CompactRangeOptions to_two;
  to_two.change_level = true;
  to_two.target_level = 2;
  Compact(to_two);
  PutTable({{"b", "2"}, {"c", "2"}});
  Get("a");
  Get("b");
  EXPECT_EQ(1u, Ticks(GET_HIT_L0));
  EXPECT_EQ(0u, Ticks(GET_HIT_L1));
  EXPECT_EQ(1u, Ticks(GET_HIT_L2_AND_UP));
}

TEST_F(StatisticsTest, BlockCacheHitsAndMisses) {
  Open();
  PutTable({{"a", "1"}});
  Get("a");
  EXPECT_EQ(1u, Ticks(BLOCK_CACHE_DATA_MISS));
  EXPECT_EQ(1u, Ticks(BLOCK_CACHE_DATA_ADD));
  EXPECT_EQ(0u, Ticks(BLOCK_CACHE_DATA_HIT));
  Get("a");
  EXPECT_EQ(1u, Ticks(BLOCK_CACHE_DATA_HIT));
  EXPECT_GE(Ticks(BLOCK_CACHE_HIT), 1u);
  EXPECT_GE(Ticks(BLOCK_CACHE_MISS), 1u);
  EXPECT_GT(Ticks(BLOCK_CACHE_BYTES_READ), 0u);
  EXPECT_GT(Ticks(BLOCK_CACHE_BYTES_WRITE), 0u);
}

TEST_F(StatisticsTest, FlushAndCompactionBytes) {
  options_.compression = kNoCompression;
  Open();
  PutTable({{"a", RandomBytes(10'000, 1)}, {"b", "1"}});
  EXPECT_GE(Ticks(FLUSH_WRITE_BYTES), 10'000u);
  PutTable({{"a", RandomBytes(10'000, 2)}, {"b", "1"}});
  Compact();
  EXPECT_GE(Ticks(COMPACT_READ_BYTES), 20'000u);
  EXPECT_GE(Ticks(COMPACT_WRITE_BYTES), 10'000u);
  EXPECT_EQ(2u, Data(FLUSH_TIME).count);
  EXPECT_EQ(1u, Data(COMPACTION_TIME).count);
}

TEST_F(StatisticsTest, DroppedKeysByReason) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  ASSERT_OK(Put("a", "2"));
  ASSERT_OK(Delete("b"));
  Flush();
  Compact(Forced());
  EXPECT_EQ(2u, Ticks(COMPACTION_KEY_DROP_NEWER_ENTRY));
  EXPECT_EQ(1u, Ticks(COMPACTION_KEY_DROP_OBSOLETE));
}

TEST_F(StatisticsTest, IteratorBytes) {
  Open();
  ASSERT_OK(Put("a", "12345"));
  ASSERT_OK(Put("b", "12345"));
  {
    const auto iterator = NewIterator();
    for (iterator->Seek("a"); iterator->Valid(); iterator->Next()) {
    }
  }
  EXPECT_EQ(12u, Ticks(ITER_BYTES_READ));
  EXPECT_EQ(1u, Data(DB_SEEK).count);
}

TEST_F(StatisticsTest, SyncsAreTimed) {
  Open();
  write_options_.sync = true;
  for (int i = 0; i < 3; ++i) ASSERT_OK(Put("a", "1"));
  EXPECT_EQ(3u, Ticks(WAL_FILE_SYNCED));
  EXPECT_EQ(3u, Data(WAL_FILE_SYNC_MICROS).count);
}

TEST_F(StatisticsTest, DisabledStatisticsCountNothing) {
  options_.statistics->set_stats_level(StatsLevel::kDisableAll);
  Open();
  ASSERT_OK(Put("a", "1"));
  Get("a");
  EXPECT_EQ(0u, Ticks(NUMBER_KEYS_WRITTEN));
  EXPECT_EQ(0u, Data(DB_GET).count);
}

TEST_F(StatisticsTest, ExceptTimersKeepsTickers) {
  options_.statistics->set_stats_level(StatsLevel::kExceptTimers);
  Open();
  ASSERT_OK(Put("a", "1"));
  Get("a");
  EXPECT_EQ(1u, Ticks(NUMBER_KEYS_WRITTEN));
  EXPECT_EQ(0u, Data(DB_GET).count);
  EXPECT_EQ(1u, Data(BYTES_PER_READ).count);
}

TEST_F(StatisticsTest, ResetAndTake) {
  Open();
  ASSERT_OK(Put("a", "1"));
  EXPECT_EQ(1u, options_.statistics->getAndResetTickerCount(NUMBER_KEYS_WRITTEN));
  EXPECT_EQ(0u, Ticks(NUMBER_KEYS_WRITTEN));
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(options_.statistics->Reset());
  EXPECT_EQ(0u, Ticks(NUMBER_KEYS_WRITTEN));
}

TEST_F(StatisticsTest, TextNamesEveryTicker) {
  Open();
  ASSERT_OK(Put("a", "1"));
  const std::string text = options_.statistics->ToString();
  for (const auto& [ticker, name] : TickersNameMap) {
    EXPECT_NE(std::string::npos, text.find(name + " COUNT : ")) << name;
  }
  for (const auto& [histogram, name] : HistogramsNameMap) {
    EXPECT_NE(std::string::npos, text.find(name + " P50 : ")) << name;
  }
  std::map<std::string, uint64_t> map;
  ASSERT_TRUE(options_.statistics->getTickerMap(&map));
  EXPECT_EQ(1u, map["rocksdb.number.keys.written"]);
}

TEST_F(StatisticsTest, UpdatesInPlaceAreCounted) {
  options_.inplace_update_support = true;
  options_.allow_concurrent_memtable_write = false;
  Open();
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("a", "2"));
  EXPECT_EQ("2", Get("a"));
  EXPECT_EQ(2u, Ticks(NUMBER_KEYS_WRITTEN));
}

// ---------------------------------------------------------------- PerfContext

class PerfContextTest : public DbTest {
 protected:
  PerfContextTest() { SetPerfLevel(PerfLevel::kEnableTimeExceptForMutex); }
  ~PerfContextTest() override { SetPerfLevel(PerfLevel::kDisable); }
};

TEST_F(PerfContextTest, LevelsAreKeptPerThread) {
  EXPECT_EQ(PerfLevel::kEnableTimeExceptForMutex, GetPerfLevel());
  std::thread([] { EXPECT_EQ(PerfLevel::kEnableCount, GetPerfLevel()); }).join();
}

TEST_F(PerfContextTest, DisabledCountsNothing) {
  SetPerfLevel(PerfLevel::kDisable);
  Open();
  PutTable({{"a", "1"}});
  get_perf_context()->Reset();
  Get("a");
  EXPECT_EQ(0u, get_perf_context()->block_read_count);
  EXPECT_EQ(0u, get_perf_context()->get_from_memtable_count);
}

// ---------------------------------------------------------------- LOG

class InfoLogTest : public DbTest {
 protected:
  // The first EVENT_LOG_v1 line of that event, or "".
  std::string Event(const std::string& name) {
    std::string log = ReadFile("LOG");
    size_t begin = 0;
    while ((begin = log.find("EVENT_LOG_v1 {", begin)) != std::string::npos) {
      const std::string line = log.substr(begin, log.find('\n', begin) - begin);
      if (line.find("\"event\": \"" + name + "\"") != std::string::npos) return line;
      begin += line.size();
    }
    return "";
  }
  void ExpectIn(const std::string& line, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) EXPECT_NE(std::string::npos, line.find(part)) << part << "\n" << line;
  }
};

TEST_F(InfoLogTest, BeginsWithTheVersion) {
  Open();
  EXPECT_NE(std::string::npos, ReadFile("LOG").find("RocksDB version: 7.8.3\n"));
  EXPECT_NE(std::string::npos, ReadFile("LOG").find("Options.max_open_files: -1\n"));
}

TEST_F(InfoLogTest, OldLogsAreKept) {
  Open();
  Reopen();
  std::vector<std::string> names;
  ASSERT_OK(Env::Default()->GetChildren(Path(), &names));
  int old = 0;
  for (const std::string& name : names) old += name.rfind("LOG.old.", 0) == 0 ? 1 : 0;
  EXPECT_EQ(1, old);
}

TEST_F(InfoLogTest, Flushes) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  EXPECT_TRUE(Eventually([this] { return !Event("flush_finished").empty(); }));
  ExpectIn(Event("flush_started"),
           {"\"time_micros\": ", "\"job\": ", "\"num_memtables\": 1", "\"num_entries\": 2", "\"num_deletes\": 0",
            "\"total_data_size\": ", "\"memory_usage\": ", "\"flush_reason\": \"Manual Flush\""});
  ExpectIn(Event("flush_finished"), {"\"job\": ", "\"output_compression\": \"Snappy\"",
                                     "\"lsm_state\": [1, 0, 0, 0, 0, 0, 0]", "\"immutable_memtables\": 0"});
}

TEST_F(InfoLogTest, TableCreation) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  EXPECT_TRUE(Eventually([this] { return !Event("table_file_creation").empty(); }));
  ExpectIn(Event("table_file_creation"),
           {"\"cf_name\": \"default\"", "\"file_number\": ", "\"file_size\": ", "\"smallest_seqno\": 1",
            "\"largest_seqno\": 2", "\"table_properties\": {", "\"num_entries\": 2", "\"raw_key_size\": 18",
            "\"comparator\": \"leveldb.BytewiseComparator\"", "\"compression\": \"Snappy\"",
            "\"db_id\": ", "\"orig_file_number\": "});
}

TEST_F(InfoLogTest, Compactions) {
  options_.disable_auto_compactions = true;
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  EXPECT_TRUE(Eventually([this] { return !Event("compaction_finished").empty(); }));
  ExpectIn(Event("compaction_started"), {"\"job\": ", "\"compaction_reason\": \"ManualCompaction\"", "\"files_L0\": [",
                                         "\"score\": ", "\"input_data_size\": "});
  ExpectIn(
      Event("compaction_finished"),
      {"\"job\": ", "\"compaction_time_micros\": ", "\"compaction_time_cpu_micros\": ", "\"output_level\": 1",
       "\"num_output_files\": 1", "\"total_output_size\": ", "\"num_input_records\": 4", "\"num_output_records\": 2",
       "\"num_subcompactions\": 1", "\"output_compression\": \"Snappy\"", "\"lsm_state\": [0, 1, 0, 0, 0, 0, 0]"});
}

TEST_F(InfoLogTest, TableDeletion) {
  Open();
  PutTable({{"a", "1"}, {"b", "1"}});
  PutTable({{"a", "2"}, {"b", "2"}});
  Compact();
  EXPECT_TRUE(Eventually([this] { return !Event("table_file_deletion").empty(); }));
  ExpectIn(Event("table_file_deletion"), {"\"time_micros\": ", "\"job\": ", "\"file_number\": "});
}

TEST_F(InfoLogTest, TrivialMoves) {
  Open();
  PutTable({{"a", "1"}});
  Compact();
  EXPECT_TRUE(Eventually([this] { return !Event("trivial_move").empty(); }));
  ExpectIn(Event("trivial_move"), {"\"job\": ", "\"destination_level\": 1", "\"files\": 1", "\"total_files_size\": "});
}

// A change is told soon after it, and two changes by different threads in any order.
TEST_F(ListenerTest, HearsOfStalls) {
  const auto watcher = std::make_shared<StallWatcher>();
  const auto hears = [&](const char* change) {
    return Eventually([&] { return watcher->told().find(change) != std::string::npos; });
  };
  options_.listeners = {watcher};
  options_.level0_file_num_compaction_trigger = 2;
  options_.level0_slowdown_writes_trigger = 2;
  options_.level0_stop_writes_trigger = 3;
  OpenWith({"other"});
  PutTable({{"a", "1"}});
  PutTable({{"b", "1"}}, 1);
  EXPECT_EQ("", watcher->told());
  PutTable({{"a", "2"}});
  EXPECT_TRUE(hears("default:normal>delayed ")) << watcher->told();
  FlushOptions at_once;
  at_once.allow_write_stall = true;
  ASSERT_OK(Put("a", "3"));
  ASSERT_OK(db()->Flush(at_once));
  EXPECT_TRUE(hears("default:delayed>stopped ")) << watcher->told();
  watcher->Open();
  EXPECT_TRUE(hears(">normal ")) << watcher->told();
  EXPECT_EQ(std::string::npos, watcher->told().find("other")) << watcher->told();
}

}  // namespace gneiss::conformance
