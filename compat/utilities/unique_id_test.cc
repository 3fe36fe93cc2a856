// Ids of table files and sessions, pinned by values that RocksDB 7.8.3 computed.
#include "compat/utilities/unique_id.h"

#include <gtest/gtest.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/unique_id.h>

#include <set>

namespace {

using rocksdb::Status;

rocksdb::TableProperties Properties() {
  rocksdb::TableProperties properties;
  properties.db_id = "f4a1c0de-0001-4c3b-9a77-000000000042";
  properties.db_session_id = "5TAQQKUZJ5YQGZL9C3AD";
  properties.orig_file_number = 77;
  return properties;
}

TEST(UniqueId, IsRocksDbs) {
  std::string id;
  ASSERT_TRUE(rocksdb::GetUniqueIdFromTableProperties(Properties(), &id).ok());
  EXPECT_EQ("3A4087796EA7520F-9C18F0BCAFEF406E", rocksdb::UniqueIdToHumanString(id));
  ASSERT_TRUE(rocksdb::GetExtendedUniqueIdFromTableProperties(Properties(), &id).ok());
  EXPECT_EQ("3A4087796EA7520F-9C18F0BCAFEF406E-FE7BAB3F07704332", rocksdb::UniqueIdToHumanString(id));
}

TEST(UniqueId, RefusesWhatIsIncomplete) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "Not implemented: Missing db_session_id"},
      {"123", "Not implemented: Too short db_session_id"},
      {"1234567890123456789012345", "Not implemented: Too long db_session_id"},
      {"12345678901234567 90", "Not implemented: Bad digit in db_session_id"},
  };
  for (const auto& [session_id, error] : kCases) {
    rocksdb::TableProperties properties = Properties();
    properties.db_session_id = session_id;
    std::string id = "old";
    EXPECT_EQ(error, rocksdb::GetUniqueIdFromTableProperties(properties, &id).ToString());
    EXPECT_EQ("", id);
  }
}

TEST(SessionId, GoesThroughItsText) {
  for (const uint64_t upper : {uint64_t{0}, uint64_t{1}, (uint64_t{1} << 39) - 1}) {
    for (const uint64_t lower : {uint64_t{1}, uint64_t{1} << 62, UINT64_MAX}) {
      const std::string text = gneiss::compat::EncodeSessionId(upper, lower);
      EXPECT_EQ(20u, text.size());
      uint64_t upper_again;
      uint64_t lower_again;
      ASSERT_TRUE(gneiss::compat::DecodeSessionId(text, &upper_again, &lower_again).ok());
      EXPECT_EQ(upper, upper_again);
      EXPECT_EQ(lower, lower_again);
    }
  }
}

TEST(SessionId, NeverRepeats) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(ids.insert(gneiss::compat::NewSessionId()).second);
}

}  // namespace
