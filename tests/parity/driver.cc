// One turn of a hand-over, over the public API alone. The same program is started once with this library and once with
// the reference's; handover.py starts it.
//
//     parity_driver turn DIRECTORY STATE SEED TURN FEATURES
//         opens, compares with the model, operates, compares; may kill itself
//     parity_driver fill DIRECTORY SEED
//         writes a new directory, alike with both libraries; exit code 77: an option is not built
//     parity_driver library
//         prints the librocksdb that it runs with
//     parity_driver features DIRECTORY
//         prints which of the features that stay in a directory this library has
//     parity_driver options DIRECTORY
//         prints what LoadLatestOptions makes of the directory's OPTIONS file, one option per line
//     parity_driver shown STATE
//         prints the default family's model as `ldb scan --hex` would
//
// STATE is a directory for the model and the ledger. Exit code 0: all agrees. 137 (SIGKILL) is the killed turn's.
#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/options_util.h>
#include <rocksdb/write_batch.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/parity/ledger.h"
#include "tests/parity/session.h"

namespace gneiss::parity {
namespace {

constexpr uint64_t kUseKill = 4;
constexpr uint64_t kUseChecks = 5;
constexpr int kNotBuilt = 77;

int Fail(const std::string& what) {
  std::printf("%s\n", what.c_str());
  std::fflush(stdout);
  return 1;
}

std::string LoadedLibrary() {
  std::ifstream maps("/proc/self/maps");
  std::string line, found;
  while (std::getline(maps, line)) {
    const size_t path = line.find('/');
    if (path == std::string::npos || line.find("librocksdb", path) == std::string::npos) continue;
    const std::string file = line.substr(path);
    if (!found.empty() && found != file) return found + " and " + file;
    found = file;
  }
  return found;
}

// Kills the process somewhere inside the operation `at`, or inside the opening.
class Killer {
 public:
  void Start(uint64_t spins) {
    std::thread([this, spins] {
      while (!is_due_.load(std::memory_order_acquire)) sched_yield();
      std::atomic<uint64_t> spun{0};
      while (spun.fetch_add(1) < spins) {
      }
      kill(getpid(), SIGKILL);
    }).detach();
  }
  void Due() { is_due_.store(true, std::memory_order_release); }

 private:
  std::atomic<bool> is_due_{false};
};

class Turn {
 public:
  Turn(std::string directory, std::string state, uint64_t seed, uint64_t turn, const std::string& features)
      : state_(std::move(state)),
        seed_(seed),
        turn_(turn),
        traits_(seed, turn),
        ledger_(state_ + "/ledger"),
        session_(std::move(directory), seed, turn, traits_, FeaturesOf(features)) {}
  int Run();

 private:
  std::string ModelFile() const { return state_ + "/model"; }
  std::vector<Model> Candidates() const;
  std::string Verify(const std::vector<Model>& candidates);
  std::string Compare(const Model& model);
  std::string Operate();
  void Die() {
    std::fflush(stdout);
    kill(getpid(), SIGKILL);
  }

  const std::string state_;
  const uint64_t seed_;
  const uint64_t turn_;
  const TurnTraits traits_;
  mutable Ledger ledger_;
  Session session_;
  Killer killer_;
  Model model_;
  uint64_t entries_ = 0;
};

// What the directory may hold: the model as saved, or, after a kill, that with the killed turn's operations up to
// somewhere between the last that must be there and the last that was begun.
std::vector<Model> Turn::Candidates() const {
  if (!std::filesystem::exists(ModelFile())) return {Model::Fresh(SeedFor(seed_, 0, 0))};
  Model model = Model::Load(ModelFile());
  if (ledger_->is_running.load() == 0) return {model};
  std::vector<Model> candidates;
  const uint64_t killed_turn = ledger_->turn.load();
  const uint64_t safe = ledger_->safe.load(), begun = ledger_->begun.load();
  OperationStream stream(seed_, killed_turn, TurnTraits(seed_, killed_turn));
  for (uint64_t done = 0;; ++done) {
    if (done >= safe) candidates.push_back(model);
    if (done == begun) return candidates;
    Apply(stream.Next(model), &model);
  }
}

std::string Turn::Verify(const std::vector<Model>& candidates) {
  Dump dump;
  std::string wrong = ReadDump(session_.db(), session_.handles(), nullptr, &dump);
  if (!wrong.empty()) return wrong;
  std::string first_wrong;
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    wrong = Difference(*candidate, dump);
    if (first_wrong.empty()) first_wrong = wrong;
    if (!wrong.empty()) continue;
    model_ = *candidate;
    return Compare(model_);
  }
  if (candidates.size() == 1) return first_wrong;
  return "none of the " + std::to_string(candidates.size()) +
         " states that a kill may leave; from the newest: " + first_wrong + "; from the oldest: " + wrong;
}

// Point reads, MultiGet and scans; the full dump has been compared.
std::string Turn::Compare(const Model& model) {
  Dice dice(SeedFor(seed_, turn_, kUseChecks));
  std::string wrong = CheckGets(session_.db(), session_.handles(), nullptr, model, 60, &dice);
  for (int i = 0; i < 3 && wrong.empty(); ++i) {
    wrong = CheckMultiGet(session_.db(), session_.handles(), nullptr, model, &dice);
    if (wrong.empty()) wrong = CheckScan(session_.db(), session_.handles(), nullptr, model, true, &dice);
    if (wrong.empty()) wrong = CheckScan(session_.db(), session_.handles(), nullptr, model, false, &dice);
  }
  return wrong;
}

std::string Turn::Operate() {
  OperationStream stream(seed_, turn_, traits_);
  for (uint64_t number = 0; number < traits_.operations; ++number) {
    const Operation operation = stream.Next(model_);
    entries_ += operation.entries.size();
    const bool is_kill = traits_.is_killed && traits_.kill_at == number;
    ledger_->begun.store(number + 1);
    if (is_kill && !traits_.is_killed_after) killer_.Due();
    const std::string wrong = session_.Run(operation, model_);
    if (!wrong.empty()) return "operation " + std::to_string(number) + ": " + wrong;
    Apply(operation, &model_);
    using Kind = Operation::Kind;
    const bool is_written_out = !traits_.has_manual_wal_flush || operation.kind == Kind::kFlushWal ||
                                operation.kind == Kind::kReopen || operation.is_sync;
    if (is_written_out) ledger_->safe.store(number + 1);
    if (is_kill && traits_.is_killed_after) Die();
  }
  return {};
}

int Turn::Run() {
  const std::vector<Model> candidates = Candidates();
  const bool is_killed_opening = traits_.is_killed && traits_.kill_at == traits_.operations;
  if (traits_.is_killed) {
    Dice dice(SeedFor(seed_, turn_, kUseKill));
    killer_.Start(dice.Below(uint64_t{1} << dice.Between(5, is_killed_opening ? 23 : 19)));
  }
  const auto fail = [&](const std::string& what) {
    std::ofstream(state_ + "/options_of_failure") << session_.OptionsText();
    return Fail(what);
  };
  if (is_killed_opening) killer_.Due();
  std::string wrong = session_.Open(candidates, ledger_->is_running.load() != 0);
  if (!wrong.empty()) return fail(wrong);
  if (is_killed_opening) Die();
  wrong = Verify(candidates);
  if (!wrong.empty()) return fail("as handed over: " + wrong);
  model_.Save(ModelFile());
  ledger_->seed.store(seed_);
  ledger_->turn.store(turn_);
  ledger_->safe.store(0);
  ledger_->begun.store(0);
  ledger_->is_running.store(1);
  wrong = Operate();
  if (!wrong.empty()) return fail(wrong);
  // A kill that came too late for its operation.
  if (traits_.is_killed) Die();
  wrong = Verify({model_});
  if (wrong.empty()) wrong = session_.Close();
  if (!wrong.empty()) return fail("at the end: " + wrong);
  model_.Save(ModelFile());
  ledger_->is_running.store(0);
  std::printf("operations %llu entries %llu refusals %d\n", static_cast<unsigned long long>(traits_.operations),
              static_cast<unsigned long long>(entries_), session_.refusals());
  return 0;
}

// Asks by opening: what is not built is refused with NotSupported.
int PrintFeatures(const std::string& directory) {
  const auto has = [&](const auto& set) {
    rocksdb::Options options;
    options.create_if_missing = true;
    set(&options);
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, directory, &db);
    delete db;
    return status.ok();
  };
  std::string words;
  if (has([](rocksdb::Options* options) { options->enable_blob_files = true; })) words += ",blobs";
  if (has([](rocksdb::Options* options) { options->wal_compression = rocksdb::kZSTD; })) words += ",compressed_logs";
  if (has([](rocksdb::Options* options) { options->persist_stats_to_disk = true; })) words += ",stats_family";
  std::printf("%s\n", words.empty() ? "none" : words.c_str() + 1);
  return 0;
}

// The same writes into the same tables and log, whichever library runs: nothing here depends on background work.
int Fill(const std::string& directory, uint64_t seed) {
  Model model = Model::Fresh(seed);
  model.is_for_tools = true;
  model.has_wal_dir = model.has_db_paths = model.may_recycle_logs = false;
  model.families.clear();
  FamilyPlan plan = DrawFamilyPlan(seed, "default", model);
  plan.style = Style::kLeveled;
  plan.levels = 7;
  plan.may_have_old_tables = false;
  model.families.emplace_back(plan);
  TurnTraits traits(seed, 0);
  traits.is_killed = traits.has_manual_wal_flush = traits.may_skip_wal = traits.has_large_values = false;
  const Features features{.has_blobs = false, .has_compressed_logs = false, .has_stats_family = false};
  Dice dice(seed);
  const rocksdb::DBOptions db_options = DrawDbOptions(&dice, directory, model, traits, features, false);
  rocksdb::Options options(db_options, DrawFamilyOptions(&dice, directory, plan, features, db_options));
  options.compaction_style = rocksdb::kCompactionStyleLevel;
  options.disable_auto_compactions = options.avoid_flush_during_shutdown = true;
  options.write_buffer_size = options.target_file_size_base = 64 << 20;  // where files are cut is each library's own
  options.max_total_wal_size = options.db_write_buffer_size = options.sample_for_compression = 0;
  options.max_subcompactions = 1;
  options.min_write_buffer_number_to_merge = 1;
  options.max_successive_merges = 0;
  options.compression_opts.parallel_threads = options.bottommost_compression_opts.parallel_threads = 1;
  // What README.md says that both do differently.
  auto* const table = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table == nullptr) return Fail("no table options");
  table->optimize_filters_for_memory = false;
  table->whole_key_filtering |= table->partition_filters;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, directory, &raw);
  if (opened.IsNotSupported()) return kNotBuilt;
  if (!opened.ok()) return Fail(opened.ToString());
  const std::unique_ptr<rocksdb::DB> db(raw);
  OperationStream stream(seed, 0, traits);
  rocksdb::Status status;
  for (int number = 0; number < 130 && status.ok(); ++number) {
    const Operation operation = stream.Next(model);
    if (number % 40 == 39) status = db->Flush({});
    if (number == 100 && seed % 2 == 0) status = db->CompactRange({}, nullptr, nullptr);
    if (operation.kind != Operation::Kind::kWrite) continue;
    rocksdb::WriteBatch batch;
    for (const Entry& entry : operation.entries) {
      const bool is_empty_range =
          entry.kind == Entry::Kind::kDeleteRange && options.comparator->Compare(entry.key, entry.value) == 0;
      if (!is_empty_range) AddTo(&batch, entry, db->DefaultColumnFamily());
    }
    if (status.ok()) status = db->Write({}, &batch);
    Apply(operation, &model);
  }
  if (status.ok()) status = db->Close();
  return status.ok() ? 0 : Fail(status.ToString());
}

int PrintOptions(const std::string& directory) {
  rocksdb::ConfigOptions config;
  config.delimiter = "\n";
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::Status status = rocksdb::LoadLatestOptions(config, directory, &db_options, &families);
  // What was read must be what a check against the same file takes for equal.
  if (status.ok()) status = rocksdb::CheckOptionsCompatibility(config, directory, db_options, families);
  std::string text;
  if (status.ok()) status = rocksdb::GetStringFromDBOptions(config, db_options, &text);
  std::printf("%s\n", text.c_str());
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    if (status.ok()) status = rocksdb::GetStringFromColumnFamilyOptions(config, family.options, &text);
    std::printf("family %s\n%s\n", family.name.c_str(), text.c_str());
  }
  return status.ok() ? 0 : Fail(status.ToString());
}

int PrintShown(const std::string& state) {
  const Model model = Model::Load(state + "/model");
  if (!model.is_for_tools) return Fail("not for tools");
  for (const auto& [key, value] : model.Find("default")->map) {
    std::printf("0x%s : 0x%s\n", Hex(key).c_str(), Hex(value).c_str());
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "library") return std::printf("%s\n", LoadedLibrary().c_str()) < 0;
  if (command == "features" && argc == 3) return PrintFeatures(argv[2]);
  if (command == "fill" && argc == 4) return Fill(argv[2], std::stoull(argv[3]));
  if (command == "options" && argc == 3) return PrintOptions(argv[2]);
  if (command == "shown" && argc == 3) return PrintShown(argv[2]);
  if (command == "turn" && argc == 7) {
    Turn turn(argv[2], argv[3], std::stoull(argv[4]), std::stoull(argv[5]), argv[6]);
    return turn.Run();
  }
  return Fail("usage: see the head of driver.cc");
}

}  // namespace
}  // namespace gneiss::parity

int main(int argc, char** argv) { return gneiss::parity::Main(argc, argv); }
