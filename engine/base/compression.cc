#include "engine/base/compression.h"

#include <bzlib.h>
#include <lz4.h>
#include <lz4hc.h>
#include <snappy.h>
#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>

#include "engine/base/coding.h"
#include "engine/base/uncompression_dictionary.h"

namespace gneiss {

namespace {

constexpr int kLevelDefault = 32767;
constexpr int kZlibMemoryLevel = 8;
constexpr int kZstdLevelDefault = 3;
// Reads what any encoder may have written: a decoder's window may be larger than the encoder's.
constexpr int kInflateWindowBits = -15;

// Calls `free_fn` on what a codec's create function returned.
template <auto free_fn>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    free_fn(object);
  }
};
template <typename T, auto free_fn>
using CodecObject = std::unique_ptr<T, Freer<free_fn>>;

int LevelOr(const CompressionConfig& config, int fallback) {
  return config.level == kLevelDefault ? fallback : config.level;
}

// Room at the end of a buffer for a payload, of which EndAfter keeps what came of it.
class PayloadRoom {
 public:
  PayloadRoom(size_t payload_bytes_max, ByteBuffer* out) : out_(out), bytes_(out->Grow(payload_bytes_max)) {}
  // Behind the raw size.
  static PayloadRoom WithSize(size_t raw_bytes, size_t payload_bytes_max, ByteBuffer* out) {
    PayloadRoom room(kVarint32BytesMax + payload_bytes_max, out);
    room.bytes_ = EncodeVarint32(room.bytes_, static_cast<uint32_t>(raw_bytes));
    return room;
  }
  char* bytes() const { return bytes_; }
  void EndAfter(size_t payload_bytes) const {
    out_->Truncate(static_cast<size_t>(bytes_ - out_->data()) + payload_bytes);
  }

 private:
  ByteBuffer* out_;
  char* bytes_;
};

bool CompressSnappy(Slice raw, ByteBuffer* out) {
  const PayloadRoom room(snappy::MaxCompressedLength(raw.size()), out);
  size_t payload_bytes = 0;
  snappy::RawCompress(raw.data(), raw.size(), room.bytes(), &payload_bytes);
  room.EndAfter(payload_bytes);
  return true;
}

bool CompressZlib(const CompressionConfig& config, Slice dictionary, Slice raw, ByteBuffer* out) {
  // Only raw deflate can be read back: a block does not say how it was wrapped.
  if (config.window_bits >= 0) return false;
  z_stream stream = {};
  if (deflateInit2(&stream, LevelOr(config, Z_DEFAULT_COMPRESSION), Z_DEFLATED, config.window_bits, kZlibMemoryLevel,
                   config.strategy) != Z_OK) {
    return false;
  }
  bool is_done = dictionary.empty() || deflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                                                            static_cast<uInt>(dictionary.size())) == Z_OK;
  if (is_done) {
    const size_t room_bytes = deflateBound(&stream, raw.size());
    const PayloadRoom room = PayloadRoom::WithSize(raw.size(), room_bytes, out);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
    stream.avail_in = static_cast<uInt>(raw.size());
    stream.next_out = reinterpret_cast<Bytef*>(room.bytes());
    stream.avail_out = static_cast<uInt>(room_bytes);
    is_done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    room.EndAfter(room_bytes - stream.avail_out);
  }
  deflateEnd(&stream);
  return is_done;
}

bool CompressBzip2(Slice raw, ByteBuffer* out) {
  bz_stream stream = {};
  if (BZ2_bzCompressInit(&stream, /*blockSize100k=*/1, /*verbosity=*/0, /*workFactor=*/30) != BZ_OK) return false;
  // What the library's manual says an incompressible payload may take: a blob is stored compressed whatever it takes.
  const size_t room_bytes = raw.size() + raw.size() / 100 + 600;
  const PayloadRoom room = PayloadRoom::WithSize(raw.size(), room_bytes, out);
  stream.next_in = const_cast<char*>(raw.data());
  stream.avail_in = static_cast<unsigned>(raw.size());
  stream.next_out = room.bytes();
  stream.avail_out = static_cast<unsigned>(room_bytes);
  const bool is_done = BZ2_bzCompress(&stream, BZ_FINISH) == BZ_STREAM_END;
  room.EndAfter(room_bytes - stream.avail_out);
  BZ2_bzCompressEnd(&stream);
  return is_done;
}

bool CompressLz4(Slice dictionary, Slice raw, ByteBuffer* out) {
  thread_local const CodecObject<LZ4_stream_t, &LZ4_freeStream> stream(LZ4_createStream());
  const int room_bytes = LZ4_compressBound(static_cast<int>(raw.size()));
  if (stream == nullptr || room_bytes <= 0) return false;
  LZ4_resetStream_fast(stream.get());
  if (!dictionary.empty()) LZ4_loadDict(stream.get(), dictionary.data(), static_cast<int>(dictionary.size()));
  const PayloadRoom room = PayloadRoom::WithSize(raw.size(), static_cast<size_t>(room_bytes), out);
  const int payload_bytes = LZ4_compress_fast_continue(stream.get(), raw.data(), room.bytes(),
                                                       static_cast<int>(raw.size()), room_bytes, /*acceleration=*/1);
  if (payload_bytes <= 0) return false;
  room.EndAfter(static_cast<size_t>(payload_bytes));
  return true;
}

bool CompressLz4hc(const CompressionConfig& config, Slice dictionary, Slice raw, ByteBuffer* out) {
  thread_local const CodecObject<LZ4_streamHC_t, &LZ4_freeStreamHC> stream(LZ4_createStreamHC());
  const int room_bytes = LZ4_compressBound(static_cast<int>(raw.size()));
  if (stream == nullptr || room_bytes <= 0) return false;
  LZ4_resetStreamHC_fast(stream.get(), LevelOr(config, 0));
  if (!dictionary.empty()) LZ4_loadDictHC(stream.get(), dictionary.data(), static_cast<int>(dictionary.size()));
  const PayloadRoom room = PayloadRoom::WithSize(raw.size(), static_cast<size_t>(room_bytes), out);
  const int payload_bytes =
      LZ4_compress_HC_continue(stream.get(), raw.data(), room.bytes(), static_cast<int>(raw.size()), room_bytes);
  if (payload_bytes <= 0) return false;
  room.EndAfter(static_cast<size_t>(payload_bytes));
  return true;
}

// One digested dictionary per thread: a table's blocks all come with the same one, and digesting costs more than
// compressing a block.
class ZstdDictionaryCache {
 public:
  const ZSTD_CDict* Digest(Slice dictionary, int level) {
    if (digested_ == nullptr || level != level_ || dictionary != bytes_) {
      bytes_ = dictionary;
      level_ = level;
      digested_.reset(ZSTD_createCDict(bytes_.data(), bytes_.size(), level));
    }
    return digested_.get();
  }

 private:
  std::string bytes_;
  int level_ = 0;
  CodecObject<ZSTD_CDict, &ZSTD_freeCDict> digested_;
};

// Contexts are reused: making one costs more than compressing a block. Null when there is no memory.
ZSTD_CCtx* ZstdCompressor() {
  thread_local const CodecObject<ZSTD_CCtx, &ZSTD_freeCCtx> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* ZstdUncompressor() {
  thread_local const CodecObject<ZSTD_DCtx, &ZSTD_freeDCtx> context(ZSTD_createDCtx());
  return context.get();
}

bool CompressZstd(const CompressionConfig& config, Slice dictionary, Slice raw, ByteBuffer* out) {
  thread_local ZstdDictionaryCache dictionaries;
  ZSTD_CCtx* const context = ZstdCompressor();
  if (context == nullptr) return false;
  const int level = LevelOr(config, kZstdLevelDefault);
  const size_t room_bytes = ZSTD_compressBound(raw.size());
  const PayloadRoom room = PayloadRoom::WithSize(raw.size(), room_bytes, out);
  const size_t payload_bytes = dictionary.empty()
                                   ? ZSTD_compressCCtx(context, room.bytes(), room_bytes, raw.data(), raw.size(), level)
                                   : ZSTD_compress_usingCDict(context, room.bytes(), room_bytes, raw.data(), raw.size(),
                                                              dictionaries.Digest(dictionary, level));
  if (ZSTD_isError(payload_bytes)) return false;
  room.EndAfter(payload_bytes);
  return true;
}

size_t FinishZstdDictionary(const CompressionConfig& config, Slice samples, const std::vector<size_t>& sample_sizes,
                            std::string* out) {
  ZDICT_params_t how = {};
  how.compressionLevel = LevelOr(config, kZstdLevelDefault);
  return ZDICT_finalizeDictionary(out->data(), out->size(), samples.data(), std::min(samples.size(), out->size()),
                                  samples.data(), sample_sizes.data(), static_cast<unsigned>(sample_sizes.size()), how);
}

// Each decoder fills exactly out->size_bytes bytes, or returns false.

bool UncompressZlib(Slice dictionary, Slice payload, RawBuffer* out) {
  z_stream stream = {};
  if (inflateInit2(&stream, kInflateWindowBits) != Z_OK) return false;
  bool is_done = dictionary.empty() || inflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                                                            static_cast<uInt>(dictionary.size())) == Z_OK;
  if (is_done) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
    stream.avail_in = static_cast<uInt>(payload.size());
    stream.next_out = reinterpret_cast<Bytef*>(out->bytes.get());
    stream.avail_out = static_cast<uInt>(out->size_bytes);
    is_done = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  }
  inflateEnd(&stream);
  return is_done;
}

bool UncompressBzip2(Slice payload, RawBuffer* out) {
  bz_stream stream = {};
  if (BZ2_bzDecompressInit(&stream, /*verbosity=*/0, /*small=*/0) != BZ_OK) return false;
  stream.next_in = const_cast<char*>(payload.data());
  stream.avail_in = static_cast<unsigned>(payload.size());
  stream.next_out = out->bytes.get();
  stream.avail_out = static_cast<unsigned>(out->size_bytes);
  const bool is_done = BZ2_bzDecompress(&stream) == BZ_STREAM_END && stream.avail_out == 0;
  BZ2_bzDecompressEnd(&stream);
  return is_done;
}

bool UncompressLz4(Slice dictionary, Slice payload, RawBuffer* out) {
  constexpr size_t kIntMax = static_cast<size_t>(std::numeric_limits<int>::max());
  if (payload.size() > kIntMax || out->size_bytes > kIntMax) return false;
  const int raw_bytes = LZ4_decompress_safe_usingDict(
      payload.data(), out->bytes.get(), static_cast<int>(payload.size()), static_cast<int>(out->size_bytes),
      dictionary.data(), static_cast<int>(dictionary.size()));
  return raw_bytes >= 0 && static_cast<size_t>(raw_bytes) == out->size_bytes;
}

bool UncompressZstd(Slice dictionary, Slice payload, RawBuffer* out) {
  ZSTD_DCtx* const context = ZstdUncompressor();
  if (context == nullptr) return false;
  const size_t raw_bytes = ZSTD_decompress_usingDict(context, out->bytes.get(), out->size_bytes, payload.data(),
                                                     payload.size(), dictionary.data(), dictionary.size());
  return !ZSTD_isError(raw_bytes) && raw_bytes == out->size_bytes;
}

bool UncompressZstdDigested(const ZSTD_DDict* dictionary, Slice payload, RawBuffer* out) {
  ZSTD_DCtx* const context = ZstdUncompressor();
  if (context == nullptr) return false;
  const size_t raw_bytes = ZSTD_decompress_usingDDict(context, out->bytes.get(), out->size_bytes, payload.data(),
                                                      payload.size(), dictionary);
  return !ZSTD_isError(raw_bytes) && raw_bytes == out->size_bytes;
}

// Both unsized decoders append to *raw until the stream ends, and stop at `raw_size_max_bytes`.
constexpr size_t kUnsizedStepBytes = 16 << 10;

bool UncompressUnsizedZlib(Slice dictionary, Slice payload, size_t raw_size_max_bytes, std::string* raw) {
  z_stream stream = {};
  if (inflateInit2(&stream, kInflateWindowBits) != Z_OK) return false;
  int result = dictionary.empty() ? Z_OK
                                  : inflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                                                         static_cast<uInt>(dictionary.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
  stream.avail_in = static_cast<uInt>(payload.size());
  while (result == Z_OK && stream.avail_out == 0 && raw->size() < raw_size_max_bytes) {
    raw->resize(raw->size() + kUnsizedStepBytes);
    stream.next_out = reinterpret_cast<Bytef*>(raw->data() + raw->size() - kUnsizedStepBytes);
    stream.avail_out = kUnsizedStepBytes;
    result = inflate(&stream, Z_NO_FLUSH);
  }
  raw->resize(raw->size() - stream.avail_out);
  inflateEnd(&stream);
  return result == Z_STREAM_END;
}

bool UncompressUnsizedBzip2(Slice payload, size_t raw_size_max_bytes, std::string* raw) {
  bz_stream stream = {};
  if (BZ2_bzDecompressInit(&stream, /*verbosity=*/0, /*small=*/0) != BZ_OK) return false;
  stream.next_in = const_cast<char*>(payload.data());
  stream.avail_in = static_cast<unsigned>(payload.size());
  int result = BZ_OK;
  while (result == BZ_OK && stream.avail_out == 0 && raw->size() < raw_size_max_bytes) {
    raw->resize(raw->size() + kUnsizedStepBytes);
    stream.next_out = raw->data() + raw->size() - kUnsizedStepBytes;
    stream.avail_out = kUnsizedStepBytes;
    result = BZ2_bzDecompress(&stream);
  }
  raw->resize(raw->size() - stream.avail_out);
  BZ2_bzDecompressEnd(&stream);
  return result == BZ_STREAM_END;
}

bool TakeRawSize(Compression type, Slice* payload, size_t* raw_bytes) {
  if (type == Compression::kSnappy) return snappy::GetUncompressedLength(payload->data(), payload->size(), raw_bytes);
  uint32_t stored_bytes = 0;
  if (!GetVarint32(payload, &stored_bytes)) return false;
  *raw_bytes = stored_bytes;
  return true;
}

bool UncompressInto(Compression type, Slice dictionary, Slice payload, RawBuffer* out) {
  switch (type) {
    case Compression::kSnappy:
      return snappy::RawUncompress(payload.data(), payload.size(), out->bytes.get());
    case Compression::kZlib:
      return UncompressZlib(dictionary, payload, out);
    case Compression::kBzip2:
      return UncompressBzip2(payload, out);
    case Compression::kLz4:
    case Compression::kLz4hc:
      return UncompressLz4(dictionary, payload, out);
    case Compression::kZstd:
      return UncompressZstd(dictionary, payload, out);
    case Compression::kNone:
    case Compression::kXpress:
      break;
  }
  return false;
}

// Takes the raw size from *payload and makes a buffer of it.
Status MakeRoom(Compression type, Slice* payload, size_t raw_size_max_bytes, RawBuffer* out) {
  if (type == Compression::kNone || !CompressionAvailable(type)) {
    return Status::Corruption("unknown compression type", std::to_string(static_cast<unsigned>(type)));
  }
  size_t raw_bytes = 0;
  if (!TakeRawSize(type, payload, &raw_bytes)) {
    return Status::Corruption("compressed block without its size", CompressionName(type));
  }
  if (raw_bytes > raw_size_max_bytes) {
    return Status::Corruption("compressed block claims too large a size", std::to_string(raw_bytes));
  }
  out->size_bytes = raw_bytes;
  out->bytes = RecycledBuffer::TryAllocate(raw_bytes);
  if (!out->bytes) return Status::Corruption("no memory for a block that claims", std::to_string(raw_bytes));
  return Status::Ok();
}

Status BadContents(Compression type) {
  return Status::Corruption("corrupted compressed block contents", CompressionName(type));
}

// Null for what does not begin as zstd's own dictionaries do: plain bytes cost nothing to load.
ZSTD_DDict* DigestForUncompression(Slice bytes) {
  const bool has_tables = bytes.size() > sizeof(uint32_t) && DecodeU32(bytes.data()) == ZSTD_MAGIC_DICTIONARY;
  return has_tables ? ZSTD_createDDict(bytes.data(), bytes.size()) : nullptr;
}

bool CompressAppending(Compression type, const CompressionConfig& config, Slice dictionary, Slice raw,
                       ByteBuffer* out) {
  switch (type) {
    case Compression::kSnappy:
      return CompressSnappy(raw, out);
    case Compression::kZlib:
      return CompressZlib(config, dictionary, raw, out);
    case Compression::kBzip2:
      return CompressBzip2(raw, out);
    case Compression::kLz4:
      return CompressLz4(dictionary, raw, out);
    case Compression::kLz4hc:
      return CompressLz4hc(config, dictionary, raw, out);
    case Compression::kZstd:
      return CompressZstd(config, dictionary, raw, out);
    case Compression::kNone:
    case Compression::kXpress:
      break;
  }
  return false;
}

}  // namespace

const char* CompressionName(Compression type) {
  switch (type) {
    case Compression::kNone:
      return "NoCompression";
    case Compression::kSnappy:
      return "Snappy";
    case Compression::kZlib:
      return "Zlib";
    case Compression::kBzip2:
      return "BZip2";
    case Compression::kLz4:
      return "LZ4";
    case Compression::kLz4hc:
      return "LZ4HC";
    case Compression::kXpress:
      return "Xpress";
    case Compression::kZstd:
      return "ZSTD";
  }
  return "";
}

bool CompressionAvailable(Compression type) { return type <= Compression::kZstd && type != Compression::kXpress; }

bool Compress(Compression type, const CompressionConfig& config, Slice dictionary, Slice raw, ByteBuffer* out) {
  // The size prefix has 32 bits, and some codecs count in ints.
  if (raw.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  const size_t begin = out->size();
  if (CompressAppending(type, config, dictionary, raw, out)) return true;
  out->Truncate(begin);
  return false;
}

Status Uncompress(Compression type, Slice dictionary, Slice payload, size_t raw_size_max_bytes, RawBuffer* out) {
  GNEISS_RETURN_IF_ERROR(MakeRoom(type, &payload, raw_size_max_bytes, out));
  return UncompressInto(type, dictionary, payload, out) ? Status::Ok() : BadContents(type);
}

Status Uncompress(Compression type, const UncompressionDictionary& dictionary, Slice payload, size_t raw_size_max_bytes,
                  RawBuffer* out) {
  if (type != Compression::kZstd || dictionary.digested() == nullptr) {
    return Uncompress(type, dictionary.bytes(), payload, raw_size_max_bytes, out);
  }
  GNEISS_RETURN_IF_ERROR(MakeRoom(type, &payload, raw_size_max_bytes, out));
  return UncompressZstdDigested(dictionary.digested(), payload, out) ? Status::Ok() : BadContents(type);
}

Status UncompressUnsized(Compression type, Slice dictionary, Slice payload, size_t raw_size_max_bytes, RawBuffer* out) {
  std::string raw;
  const bool is_done = type == Compression::kZlib
                           ? UncompressUnsizedZlib(dictionary, payload, raw_size_max_bytes, &raw)
                           : type == Compression::kBzip2 && UncompressUnsizedBzip2(payload, raw_size_max_bytes, &raw);
  if (!is_done) return BadContents(type);
  out->size_bytes = raw.size();
  out->bytes = RecycledBuffer(raw.size());
  raw.copy(out->bytes.get(), raw.size());
  return Status::Ok();
}

UncompressionDictionary::UncompressionDictionary(std::string bytes)
    : bytes_(std::move(bytes)), digested_(DigestForUncompression(bytes_)) {}

void UncompressionDictionary::Free::operator()(ZSTD_DDict_s* digested) const { ZSTD_freeDDict(digested); }

size_t UncompressionDictionary::MemoryBytes() const {
  return sizeof(*this) + bytes_.capacity() + ZSTD_sizeof_DDict(digested_.get());
}

std::string MakeZstdDictionary(const CompressionConfig& config, Slice samples,
                               const std::vector<size_t>& sample_sizes) {
  std::string dictionary;
  if (samples.empty()) return dictionary;
  dictionary.resize(config.dictionary_bytes_max);
  const size_t bytes = config.trains_zstd_dictionary
                           ? ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(),
                                                   sample_sizes.data(), static_cast<unsigned>(sample_sizes.size()))
                           : FinishZstdDictionary(config, samples, sample_sizes, &dictionary);
  dictionary.resize(ZDICT_isError(bytes) != 0 ? 0 : bytes);
  return dictionary;
}

bool CompressZstdFrame(Slice raw, ByteBuffer* out) {
  ZSTD_CCtx* const context = ZstdCompressor();
  if (context == nullptr) return false;
  const size_t room_bytes = ZSTD_compressBound(raw.size());
  const PayloadRoom room(room_bytes, out);
  const size_t frame_bytes =
      ZSTD_compressCCtx(context, room.bytes(), room_bytes, raw.data(), raw.size(), kZstdLevelDefault);
  room.EndAfter(ZSTD_isError(frame_bytes) ? 0 : frame_bytes);
  return !ZSTD_isError(frame_bytes);
}

Status UncompressZstdFrame(Slice frame, size_t raw_size_max_bytes, std::string* out) {
  out->clear();
  ZSTD_DCtx* const context = ZstdUncompressor();
  if (context == nullptr) return Status::Corruption("no memory to uncompress a record");
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  // The output grows as it comes: what a frame says of its size is only believed up to one step.
  const unsigned long long claimed_bytes = ZSTD_getFrameContentSize(frame.data(), frame.size());
  const size_t step_bytes = static_cast<size_t>(
      std::clamp<unsigned long long>(claimed_bytes, 1, static_cast<unsigned long long>(ZSTD_DStreamOutSize())));
  ZSTD_inBuffer in = {.src = frame.data(), .size = frame.size(), .pos = 0};
  size_t left = 1;  // 0 when the frame is complete
  while (left != 0) {
    const size_t begin = out->size();
    if (begin > raw_size_max_bytes) return Status::Corruption("compressed record is too large");
    out->resize(begin + step_bytes);
    ZSTD_outBuffer to = {.dst = out->data() + begin, .size = step_bytes, .pos = 0};
    left = ZSTD_decompressStream(context, &to, &in);
    if (ZSTD_isError(left)) return Status::Corruption("corrupted compressed record", ZSTD_getErrorName(left));
    out->resize(begin + to.pos);
    if (left != 0 && to.pos == 0 && in.pos == in.size) return Status::Corruption("compressed record is cut short");
  }
  return in.pos == in.size ? Status::Ok() : Status::Corruption("compressed record with bytes behind its end");
}

}  // namespace gneiss
