// Block compression: one call each way for all of RocksDB's codecs, over snappy, zlib, bzip2, lz4 and zstd.
//
// Format:  RocksDB's "compress format version 2" (docs/formats/table.md): zlib, bzip2, lz4, lz4hc and zstd payloads
// start with
//          the raw size as varint32; snappy carries its own.
// Units:   sizes count bytes.
// Errors:  Compress returns false when the codec refuses or is missing: the caller stores the block raw.
//          Uncompress answers Corruption for bad payloads, in bounded memory (`raw_size_max_bytes`).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/base/recycled_buffer.h"
#include "engine/base/slice.h"
#include "engine/base/status.h"

namespace gneiss {

// The byte stored in a block's trailer; RocksDB's CompressionType numbers.
enum class Compression : uint8_t {
  kNone = 0x0,
  kSnappy = 0x1,
  kZlib = 0x2,
  kBzip2 = 0x3,
  kLz4 = 0x4,
  kLz4hc = 0x5,
  kXpress = 0x6,  // Windows only; never available here
  kZstd = 0x7,
};

struct CompressionConfig {
  int window_bits = -14;
  int level = 32767;  // RocksDB's kDefaultCompressionLevel: the codec's own default
  int strategy = 0;
  // Dictionaries: see engine/table/dictionary_buffer.h.
  uint32_t dictionary_bytes_max = 0;
  uint32_t zstd_train_bytes_max = 0;
  bool is_enabled = false;
  uint64_t dictionary_buffer_bytes_max = 0;
  bool trains_zstd_dictionary = true;
};

const char* CompressionName(
    Compression type);  // as RocksDB prints it: "NoCompression", "Snappy", "Zlib", "LZ4", "ZSTD" ...
bool CompressionAvailable(Compression type);

// Appends the payload to *out. `dictionary` may be empty.
bool Compress(Compression type, const CompressionConfig& config, Slice dictionary, Slice raw, ByteBuffer* out);

// An uncompressed payload, in memory that was allocated once, for its size.
struct RawBuffer {
  RecycledBuffer bytes;
  size_t size_bytes = 0;
};
Status Uncompress(Compression type, Slice dictionary, Slice payload, size_t raw_size_max_bytes, RawBuffer* out);
// Zlib and bzip2 payloads of tables before format_version 2, which do not say how large they were.
Status UncompressUnsized(Compression type, Slice dictionary, Slice payload, size_t raw_size_max_bytes, RawBuffer* out);

// A zstd dictionary of at most dictionary_bytes_max for data like the samples, which follow each other with these
// sizes: trained, or the samples' beginning with tables of what is frequent in all of them (trains_zstd_dictionary).
// Empty when zstd finds too little to go by.
std::string MakeZstdDictionary(const CompressionConfig& config, Slice samples, const std::vector<size_t>& sample_sizes);

// One bare zstd frame without a size prefix, as compressed logs hold them (docs/formats/log.md).
bool CompressZstdFrame(Slice raw, ByteBuffer* out);                                    // appends
Status UncompressZstdFrame(Slice frame, size_t raw_size_max_bytes, std::string* out);  // replaces *out

}  // namespace gneiss
