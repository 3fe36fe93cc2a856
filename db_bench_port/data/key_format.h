#pragma once

#include <rocksdb/slice.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// A KeyFormat turns key numbers into keys of one length:
//     [prefix: number % prefixes, big-endian, filled up with '0'] [number: 8 bytes big-endian, filled up with '0']
// The prefix is there only when keys per prefix are asked for; what does not fit is cut off.
//
// Threads: const methods are safe from any thread; each thread writes into a KeyBuffer of its own.
class KeyFormat {
 public:
  KeyFormat(int key_bytes, int prefix_bytes, int64_t keys_per_prefix)
      : key_bytes_(key_bytes), prefix_bytes_(prefix_bytes), keys_per_prefix_(keys_per_prefix) {}

  int key_bytes() const { return key_bytes_; }

  // Fills key_bytes() bytes at `to` with the key of `number`, of `key_count` keys in all.
  void Write(uint64_t number, int64_t key_count, char* to) const;

  // From now on number i stands for existing[i]; the vector outlives this object.
  void UseExisting(const std::vector<std::string>* existing) { existing_ = existing; }
  const std::vector<std::string>* existing() const { return existing_; }

 private:
  int key_bytes_;
  int prefix_bytes_;
  int64_t keys_per_prefix_;
  const std::vector<std::string>* existing_ = nullptr;
};

// Room for one key that is made again and again without allocation.
class KeyBuffer {
 public:
  explicit KeyBuffer(const KeyFormat& format) : format_(&format), bytes_(format.key_bytes(), '\0') {}

  // The key of `number`. Valid until the next call.
  const rocksdb::Slice& Make(uint64_t number, int64_t key_count) {
    if (format_->existing() != nullptr) {
      key_ = (*format_->existing())[number];
    } else {
      format_->Write(number, key_count, bytes_.data());
      key_ = bytes_;
    }
    return key_;
  }

  const rocksdb::Slice& key() const { return key_; }
  char* data() { return bytes_.data(); }

 private:
  const KeyFormat* format_;
  std::string bytes_;
  rocksdb::Slice key_;
};

}  // namespace bench
