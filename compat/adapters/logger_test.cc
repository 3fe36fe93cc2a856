// Log lines, levels, and the rolling of LOG files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "compat/adapters/engine_logger.h"

namespace rocksdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Collects messages instead of writing them.
class ListLogger final : public Logger {
 public:
  explicit ListLogger(InfoLogLevel level) : Logger(level) {}
  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[200];
    vsnprintf(text, sizeof(text), format, arguments);
    messages.emplace_back(text);
  }
  void Flush() override { ++flushes; }

  std::vector<std::string> messages;
  int flushes = 0;
};

TEST(Logger, MarksLevelsAndFlushesWarnings) {
  ListLogger logger(DEBUG_LEVEL);
  Debug(&logger, "d %d", 1);
  Info(&logger, "i %d", 2);
  Log(&logger, "l %d", 3);
  EXPECT_EQ(0, logger.flushes);
  Warn(&logger, "w %d", 4);
  Error(&logger, "e %d", 5);
  Fatal(&logger, "f %d", 6);
  EXPECT_EQ(3, logger.flushes);
  Header(&logger, "h %d", 7);
  Log(WARN_LEVEL, &logger, "x %d", 8);
  EXPECT_THAT(logger.messages, ElementsAre("[DEBUG] d 1", "i 2", "l 3", "[WARN] w 4", "[ERROR] e 5", "[FATAL] f 6",
                                           "h 7", "[WARN] x 8"));
  LogFlush(&logger);
  EXPECT_EQ(5, logger.flushes);
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  const auto logger = std::make_shared<ListLogger>(WARN_LEVEL);
  const std::shared_ptr<Logger> as_base = logger;
  Info(as_base, "i");
  Log(as_base, "l");
  Debug(as_base, "d");
  Warn(as_base, "w");
  Header(as_base, "a header is information unless the logger says otherwise");
  EXPECT_THAT(logger->messages, ElementsAre("[WARN] w"));
  logger->SetInfoLogLevel(HEADER_LEVEL);
  Fatal(as_base, "f");
  EXPECT_EQ(1u, logger->messages.size());
  const std::shared_ptr<Logger> nobody;
  Info(nobody, "nothing happens");
  LogFlush(nobody);
}

TEST(EngineLogger, PassesLevelsOn) {
  const auto logger = std::make_shared<ListLogger>(INFO_LEVEL);
  const auto engine = gneiss::compat::NewEngineLogger(logger);
  EXPECT_FALSE(engine->Wants(gneiss::LogLevel::kDebug));
  EXPECT_TRUE(engine->Wants(gneiss::LogLevel::kInfo));
  gneiss::Log(engine.get(), gneiss::LogLevel::kDebug, "d");
  gneiss::Log(engine.get(), gneiss::LogLevel::kInfo, "i %d", 1);
  gneiss::Log(engine.get(), gneiss::LogLevel::kError, "e %s", "x");
  gneiss::Log(engine.get(), gneiss::LogLevel::kHeader, "h");
  EXPECT_THAT(logger->messages, ElementsAre("i 1", "[ERROR] e x", "h"));
  EXPECT_EQ(nullptr, gneiss::compat::NewEngineLogger(nullptr));
}

class LogFileTest : public ::testing::Test {
 protected:
  void Open() {
    options_.env = env_.get();
    ASSERT_TRUE(CreateLoggerFromOptions("/db", options_, &logger_).ok());
  }
  std::string Read(const std::string& path) {
    std::string text;
    EXPECT_TRUE(ReadFileToString(env_.get(), path, &text).ok()) << path;
    return text;
  }
  std::vector<std::string> Files(const std::string& dir) {
    std::vector<std::string> names;
    EXPECT_TRUE(env_->GetChildren(dir, &names).ok());
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::unique_ptr<Env> env_{NewMemEnv(Env::Default())};
  DBOptions options_;
  std::shared_ptr<Logger> logger_;
};

TEST_F(LogFileTest, LinesCarryTimeAndThread) {
  ASSERT_TRUE(env_->NewLogger("/LOG", &logger_).ok());
  logger_->SetInfoLogLevel(INFO_LEVEL);
  Info(logger_, "hello %s", "world");
  Info(logger_, "ends with a line feed\n");
  Error(logger_, "%s", std::string(5000, 'x').c_str());
  const std::string text = Read("/LOG");
  EXPECT_THAT(text.substr(0, text.find('\n')), MatchesRegex("20../../..-..:..:..\\.[0-9]{6} [0-9]+ hello world"));
  EXPECT_EQ(3, std::count(text.begin(), text.end(), '\n'));
  EXPECT_THAT(text, HasSubstr(" [ERROR] " + std::string(5000, 'x') + "\n"));
  EXPECT_EQ(text.size(), logger_->GetLogFileSize());
  EXPECT_TRUE(logger_->Close().ok());
  EXPECT_TRUE(logger_->Close().ok());
}

TEST_F(LogFileTest, LinesReachTheFileOnFlushAndAtTheEnd) {
  ASSERT_TRUE(env_->NewLogger("/LOG", &logger_).ok());
  logger_->SetInfoLogLevel(INFO_LEVEL);
  Info(logger_, "first");
  Info(logger_, "second");
  logger_->Flush();
  EXPECT_THAT(Read("/LOG"), HasSubstr("second"));
  Info(logger_, "third");
  logger_.reset();
  EXPECT_THAT(Read("/LOG"), HasSubstr("third"));
}

TEST_F(LogFileTest, AVeryLongLineIsCut) {
  ASSERT_TRUE(env_->NewLogger("/LOG", &logger_).ok());
  Error(logger_, "%s", std::string(100'000, 'y').c_str());
  EXPECT_EQ(65536u, Read("/LOG").size());
}

TEST_F(LogFileTest, ManyThreadsLoseNoLine) {
  ASSERT_TRUE(env_->NewLogger("/LOG", &logger_).ok());
  logger_->SetInfoLogLevel(INFO_LEVEL);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 500; ++i) Info(logger_, "line %d", i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  logger_->Flush();
  const std::string text = Read("/LOG");
  EXPECT_EQ(2000, std::count(text.begin(), text.end(), '\n'));
}

TEST_F(LogFileTest, OpeningMovesTheOldLogAway) {
  Open();
  Header(logger_, "one");
  logger_.reset();
  env_->SleepForMicroseconds(1000);
  Open();
  Header(logger_, "two");
  logger_->Flush();
  EXPECT_THAT(Files("/db"), ElementsAre("LOG", "LOG.old.1000"));
  EXPECT_THAT(Read("/db/LOG.old.1000"), HasSubstr("one"));
  EXPECT_THAT(Read("/db/LOG"), HasSubstr("two"));
}

TEST_F(LogFileTest, RollsBySizeAndRepeatsHeaders) {
  options_.max_log_file_size = 1000;
  options_.keep_log_file_num = 3;
  options_.info_log_level = INFO_LEVEL;
  Open();
  Header(logger_, "the header");
  for (int i = 0; i < 100; ++i) Info(logger_, "line %d %s", i, std::string(50, 'z').c_str());
  logger_->Flush();
  const std::vector<std::string> files = Files("/db");
  ASSERT_EQ(3u, files.size());
  for (const std::string& file : files) EXPECT_THAT(Read("/db/" + file), HasSubstr("the header"));
  EXPECT_THAT(Read("/db/LOG"), HasSubstr("line 99"));
}

TEST_F(LogFileTest, RollsByAge) {
  options_.log_file_time_to_roll = 10;
  options_.info_log_level = INFO_LEVEL;
  Open();
  Info(logger_, "young");
  env_->SleepForMicroseconds(11'000'000);
  for (int i = 0; i < 200; ++i) Info(logger_, "old %d", i);
  logger_->Flush();
  EXPECT_EQ(2u, Files("/db").size());
}

TEST_F(LogFileTest, AnotherDirectoryTakesThePathIntoTheName) {
  options_.db_log_dir = "/logs";
  Open();
  Header(logger_, "there");
  logger_->Flush();
  EXPECT_THAT(Files("/logs"), ElementsAre("db_LOG"));
}

TEST_F(LogFileTest, AGivenLoggerIsUsed) {
  options_.info_log = std::make_shared<ListLogger>(INFO_LEVEL);
  Open();
  EXPECT_EQ(options_.info_log, logger_);
}

}  // namespace
}  // namespace rocksdb
