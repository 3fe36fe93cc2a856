// rocksdb/sst_file_writer.h and sst_file_reader.h
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include "compat/not_supported.h"

namespace rocksdb {

using gneiss::compat::NotBuilt;

struct SstFileWriter::Rep {};
struct SstFileReader::Rep {};

SstFileWriter::SstFileWriter(const EnvOptions&, const Options&, const Comparator*, ColumnFamilyHandle*, bool,
                             Env::IOPriority, bool)
    : rep_(std::make_unique<Rep>()) {}

SstFileWriter::~SstFileWriter() = default;

Status SstFileWriter::Open(const std::string&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Add(const Slice& user_key, const Slice& value) { return Put(user_key, value); }

Status SstFileWriter::Put(const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Put(const Slice&, const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Merge(const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Delete(const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Delete(const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::DeleteRange(const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::DeleteRange(const Slice&, const Slice&, const Slice&) { return NotBuilt("SstFileWriter"); }

Status SstFileWriter::Finish(ExternalSstFileInfo*) { return NotBuilt("SstFileWriter"); }

uint64_t SstFileWriter::FileSize() { return 0; }

SstFileReader::SstFileReader(const Options&) : rep_(std::make_unique<Rep>()) {}

SstFileReader::~SstFileReader() = default;

Status SstFileReader::Open(const std::string&) { return NotBuilt("SstFileReader"); }

Iterator* SstFileReader::NewIterator(const ReadOptions&) { return NewErrorIterator(NotBuilt("SstFileReader")); }

std::shared_ptr<const TableProperties> SstFileReader::GetTableProperties() const { return nullptr; }

Status SstFileReader::VerifyChecksum(const ReadOptions&) { return NotBuilt("SstFileReader"); }

}  // namespace rocksdb
