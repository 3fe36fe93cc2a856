#include "compat/options/options_file.h"

#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include <algorithm>
#include <cctype>
#include <type_traits>

#include "compat/options/text.h"

namespace gneiss::compat {

namespace {

using rocksdb::ColumnFamilyOptions;
using rocksdb::ConfigOptions;
using rocksdb::Configurable;
using rocksdb::DBOptions;
using rocksdb::FileSystem;
using rocksdb::IOOptions;
using rocksdb::Status;
using rocksdb::TableFactory;

constexpr char kHead[] =
    "# This is a RocksDB option file.\n"
    "#\n"
    "# For detailed file format spec, please refer to the example file\n"
    "# in examples/rocksdb_option_file_example.ini\n"
    "#\n"
    "\n";
constexpr char kVersionTitle[] = "Version";
constexpr char kDbTitle[] = "DBOptions";
constexpr char kCfTitle[] = "CFOptions";
constexpr char kTableTitle[] = "TableOptions/";

ConfigOptions FileText() {
  ConfigOptions how;
  how.delimiter = "\n  ";
  how.invoke_prepare_options = false;
  return how;
}

std::string Quoted(const std::string& cf_name) { return " \"" + EscapeOption(cf_name) + "\"]\n  "; }

// Without what follows a '#' that no backslash protects.
std::string DropComment(const std::string& line) {
  for (size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] != '\\') return line.substr(0, at);
  }
  return line;
}

Status ParseVersion(const std::string& name, const std::string& text, int parts_max, int* version) {
  std::fill(version, version + parts_max, 0);
  int part = 0;
  bool has_digit = false;
  for (const char c : text) {
    if (c == '.') {
      if (part == parts_max - 1) {
        return Status::InvalidArgument("A valid " + name + " can only contains at most " +
                                       std::to_string(parts_max - 1) + " dots.");
      }
      if (!has_digit) {
        return Status::InvalidArgument("A valid " + name + " must have at least one digit before each dot.");
      }
      ++part;
      has_digit = false;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 && version[part] < 100'000'000) {
      version[part] = version[part] * 10 + (c - '0');
      has_digit = true;
    } else {
      return Status::InvalidArgument("A valid " + name + " can only contains dots and numbers.");
    }
  }
  if (part > 0 && !has_digit) {
    return Status::InvalidArgument("A valid " + name + " must have at least one digit after each dot.");
  }
  return Status::OK();
}

// Reads one file, line by line; a section is applied when the next one starts.
class Parser {
 public:
  Parser(const ConfigOptions& how, ParsedOptionsFile* parsed) : how_(how), parsed_(parsed) {}

  Status Run(const std::string& text);

 private:
  enum class Section { kNone, kVersion, kDb, kColumnFamily, kTable };

  Status Fail(const std::string& message) const {
    return Status::InvalidArgument("[RocksDBOptionsParser Error] ",
                                   message + " (at line " + std::to_string(line_number_) + ")");
  }
  Status TakeLine(const std::string& line);
  Status BeginSection(const std::string& line);
  Status CheckOrder() const;
  Status EndSection();
  Status EndVersion();
  Status EndColumnFamily();
  Status EndTable();
  size_t FindColumnFamily(const std::string& name) const;

  ConfigOptions how_;
  ParsedOptionsFile* const parsed_;
  int line_number_ = 0;
  Section section_ = Section::kNone;
  std::string title_;
  std::string argument_;
  StringMap values_;
  bool has_version_ = false;
  bool has_db_ = false;
};

Status Parser::Run(const std::string& text) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    ++line_number_;
    const std::string line = TrimText(DropComment(text.substr(begin, end - begin)));
    begin = end + 1;
    Status s = line.empty() ? Status::OK() : TakeLine(line);
    if (!s.ok()) return s;
  }
  Status s = EndSection();
  if (!s.ok()) return s;
  if (!has_db_) return Status::Corruption("A RocksDB Option file must have a single DBOptions section");
  if (parsed_->cf_names.empty()) {
    return Status::Corruption("A RocksDB Option file must have a single CFOptions:default section");
  }
  return s;
}

Status Parser::TakeLine(const std::string& line) {
  if (line.size() >= 2 && line.front() == '[' && line.back() == ']') {
    Status s = EndSection();
    return s.ok() ? BeginSection(line) : s;
  }
  const size_t equals = line.find('=');
  if (equals == std::string::npos) return Fail("A valid statement must have a '='.");
  const std::string name = TrimText(line.substr(0, equals));
  if (name.empty()) return Fail("A valid statement must have a variable name.");
  values_.emplace(name, TrimText(line.substr(equals + 1)));
  return Status::OK();
}

// [Title] or [Title "argument"]
Status Parser::BeginSection(const std::string& line) {
  const size_t open = line.find('"');
  const size_t close = line.rfind('"');
  const bool has_argument = open != std::string::npos && open != close;
  title_ = TrimText(has_argument ? line.substr(1, open - 1) : line.substr(1, line.size() - 2));
  argument_ = has_argument ? UnescapeOption(line.substr(open + 1, close - open - 1)) : "";
  if (title_ == kVersionTitle) {
    section_ = Section::kVersion;
  } else if (title_ == kDbTitle) {
    section_ = Section::kDb;
  } else if (title_ == kCfTitle) {
    section_ = Section::kColumnFamily;
  } else if (StartsWith(title_, kTableTitle) && title_ != kTableTitle) {
    section_ = Section::kTable;
  } else {
    return Status::InvalidArgument("Unknown section " + line);
  }
  return CheckOrder();
}

Status Parser::CheckOrder() const {
  const bool is_default = argument_ == rocksdb::kDefaultColumnFamilyName;
  switch (section_) {
    case Section::kNone:
      break;
    case Section::kVersion:
      if (has_version_) return Fail("More than one Version section found in the option config file.");
      break;
    case Section::kDb:
      if (has_db_) return Fail("More than one DBOption section found in the option config file");
      break;
    case Section::kColumnFamily:
      if (parsed_->cf_names.empty() != is_default) {
        return Fail("Default column family must be the first CFOptions section in the option config file");
      }
      if (FindColumnFamily(argument_) != std::string::npos) {
        return Fail("Two identical column families found in option config file");
      }
      break;
    case Section::kTable:
      if (FindColumnFamily(argument_) == std::string::npos) {
        return Fail("Does not find a matched column family name in TableOptions section.  Column Family Name:" +
                    argument_);
      }
      break;
  }
  return Status::OK();
}

Status Parser::EndSection() {
  Status s;
  switch (section_) {
    case Section::kNone:
      break;
    case Section::kVersion:
      s = EndVersion();
      break;
    case Section::kDb:
      has_db_ = true;
      s = rocksdb::GetDBOptionsFromMap(how_, DBOptions(), values_, &parsed_->db_options);
      parsed_->db_texts = values_;
      break;
    case Section::kColumnFamily:
      s = EndColumnFamily();
      break;
    case Section::kTable:
      s = EndTable();
      break;
  }
  section_ = Section::kNone;
  values_.clear();
  return s;
}

Status Parser::EndVersion() {
  has_version_ = true;
  if (const auto value = values_.find("rocksdb_version"); value != values_.end()) {
    Status s = ParseVersion(value->first, value->second, 3, parsed_->rocksdb_version);
    if (!s.ok()) return s;
  }
  if (const auto value = values_.find("options_file_version"); value != values_.end()) {
    Status s = ParseVersion(value->first, value->second, 2, parsed_->file_version);
    if (!s.ok()) return s;
    if (parsed_->file_version[0] < 1) {
      return Status::InvalidArgument("A valid options_file_version must be at least 1.");
    }
  }
  const int* version = parsed_->rocksdb_version;
  const bool is_newer = version[0] > ROCKSDB_MAJOR || (version[0] == ROCKSDB_MAJOR && version[1] > ROCKSDB_MINOR);
  if (!is_newer) how_.ignore_unknown_options = false;
  return Status::OK();
}

Status Parser::EndColumnFamily() {
  ColumnFamilyOptions options;
  Status s = rocksdb::GetColumnFamilyOptionsFromMap(how_, ColumnFamilyOptions(), values_, &options);
  if (!s.ok()) return s;
  parsed_->cf_names.push_back(argument_);
  parsed_->cf_options.push_back(std::move(options));
  parsed_->cf_texts.push_back(values_);
  return Status::OK();
}

// A factory that cannot be made from its name leaves none: the program brings its own.
Status Parser::EndTable() {
  std::shared_ptr<TableFactory>& factory = parsed_->cf_options[FindColumnFamily(argument_)].table_factory;
  factory.reset();
  Status s = TableFactory::CreateFromString(how_, title_.substr(sizeof(kTableTitle) - 1), &factory);
  if (!s.ok() || factory == nullptr) {
    factory.reset();
    return Status::OK();
  }
  s = factory->ConfigureFromMap(how_, values_);
  return s.ok() || s.IsInvalidArgument() ? s : Status::InvalidArgument(s.getState());
}

size_t Parser::FindColumnFamily(const std::string& name) const {
  for (size_t i = 0; i < parsed_->cf_names.size(); ++i) {
    if (parsed_->cf_names[i] == name) return i;
  }
  return std::string::npos;
}

// RocksDB's messages for the two structs differ in their dashes.
template <class Struct>
constexpr const char* kDashes = std::is_same_v<Struct, DBOptions> ? " -- --" : "---";

Status Differs(const ConfigOptions& how, const std::string& what, const std::string& option, const Configurable& ours,
               const Configurable& file) {
  std::string our_value;
  std::string file_value;
  Status s = ours.GetOption(how, option, &our_value);
  if (s.ok()) s = file.GetOption(how, option, &file_value);
  if (!s.ok()) return Status::InvalidArgument(what + " Unable to re-serialize an option: " + s.ToString() + ".\n");
  return Status::InvalidArgument(what + " The specified one is " + our_value + " while the persisted one is " +
                                 file_value + ".\n");
}

template <class Struct>
Status VerifyStruct(const ConfigOptions& how, const char* struct_name, const Struct& ours, const Struct& file,
                    const StringMap& texts) {
  const auto our_config = AsConfigurable(ours, &texts);
  const auto file_config = AsConfigurable(file, &texts);
  std::string mismatch;
  if (our_config->AreEquivalent(how, file_config.get(), &mismatch)) return Status::OK();
  const std::string what = std::string("[RocksDBOptionsParser]: failed the verification on ") + struct_name +
                           "::" + mismatch + kDashes<Struct>;
  return Differs(how, what, mismatch, *our_config, *file_config);
}

Status VerifyTable(const ConfigOptions& how, const TableFactory* ours, const TableFactory* file) {
  if (ours == nullptr || file == nullptr) return Status::OK();
  if (how.sanity_level > ConfigOptions::kSanityLevelNone && std::string(ours->Name()) != file->Name()) {
    return Status::Corruption("[RocksDBOptionsParser]: failed the verification on TableFactory->Name()");
  }
  std::string mismatch;
  if (ours->AreEquivalent(how, file, &mismatch)) return Status::OK();
  return Status::Corruption(std::string("[RocksDBOptionsParser]:failed the verification on ") + ours->Name() + "::",
                            mismatch);
}

Status VerifyNames(const ConfigOptions& how, const std::vector<std::string>& ours,
                   const std::vector<std::string>& file) {
  if (ours.size() != file.size() && how.sanity_level >= ConfigOptions::kSanityLevelLooselyCompatible) {
    return Status::InvalidArgument(
        "[RocksDBOptionParser Error] The persisted options does not have the same number of column family names as "
        "the db instance.");
  }
  if (ours.size() > file.size()) {
    return Status::InvalidArgument(
        "[RocksDBOptionsParser Error]",
        "The persisted options file has less number of column family names than that of the specified one.");
  }
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] != file[i]) {
      return Status::InvalidArgument(
          "[RocksDBOptionParser Error] The persisted options and the dbinstance does not have the same name for column "
          "family ",
          std::to_string(i));
    }
  }
  return Status::OK();
}

Status WriteAndSync(const std::string& text, const std::string& file_name, FileSystem* fs) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  Status s = fs->NewWritableFile(file_name, rocksdb::FileOptions(), &file, nullptr);
  if (s.ok()) s = file->Append(text, IOOptions(), nullptr);
  if (s.ok()) s = file->Fsync(IOOptions(), nullptr);
  if (s.ok()) s = file->Close(IOOptions(), nullptr);
  return s;
}

Status ReadWhole(const std::string& file_name, FileSystem* fs, size_t chunk_bytes, std::string* text) {
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  Status s = fs->NewSequentialFile(file_name, rocksdb::FileOptions(), &file, nullptr);
  std::string buffer(chunk_bytes, '\0');
  while (s.ok()) {
    rocksdb::Slice chunk;
    s = file->Read(buffer.size(), IOOptions(), &chunk, buffer.data(), nullptr);
    if (!s.ok() || chunk.empty()) break;
    text->append(chunk.data(), chunk.size());
  }
  return s;
}

}  // namespace

Status RenderOptionsFile(const DBOptions& db_options, const std::vector<std::string>& cf_names,
                         const std::vector<ColumnFamilyOptions>& cf_options, std::string* text) {
  if (cf_names.size() != cf_options.size()) {
    return Status::InvalidArgument("cf_names.size() and cf_opts.size() must be the same");
  }
  text->clear();
  Status s = RenderOptionsFileHead(db_options, text);
  for (size_t i = 0; s.ok() && i < cf_names.size(); ++i) s = RenderFamilySections(cf_names[i], cf_options[i], text);
  return s;
}

Status RenderOptionsFileHead(const DBOptions& db_options, std::string* text) {
  std::string body;
  Status s = rocksdb::GetStringFromDBOptions(FileText(), db_options, &body);
  if (!s.ok()) return s;
  *text += std::string(kHead) + "[" + kVersionTitle + "]\n  rocksdb_version=" + std::to_string(ROCKSDB_MAJOR) + "." +
           std::to_string(ROCKSDB_MINOR) + "." + std::to_string(ROCKSDB_PATCH) + "\n  options_file_version=1.1\n\n[" +
           kDbTitle + "]\n  " + body + "\n";
  return s;
}

Status RenderFamilySections(const std::string& name, const ColumnFamilyOptions& options, std::string* text) {
  const ConfigOptions how = FileText();
  std::string body;
  Status s = rocksdb::GetStringFromColumnFamilyOptions(how, options, &body);
  if (!s.ok()) return s;
  text->append("\n[").append(kCfTitle).append(Quoted(name)).append(body).append("\n");
  const TableFactory* factory = options.table_factory.get();
  if (factory == nullptr) return Status::OK();
  s = factory->GetOptionString(how, &body);
  if (!s.ok()) return s;
  text->append("[").append(kTableTitle).append(factory->Name()).append(Quoted(name)).append(body).append("\n");
  return s;
}

Status WriteOptionsFile(const DBOptions& db_options, const std::vector<std::string>& cf_names,
                        const std::vector<ColumnFamilyOptions>& cf_options, const std::string& file_name,
                        FileSystem* fs) {
  std::string text;
  Status s = RenderOptionsFile(db_options, cf_names, cf_options, &text);
  if (s.ok()) s = WriteAndSync(text, file_name, fs);
  return s.ok() ? VerifyOptionsFile(FileText(), db_options, cf_names, cf_options, file_name, fs) : s;
}

Status ParseOptionsFile(const ConfigOptions& how, const std::string& text, ParsedOptionsFile* parsed) {
  *parsed = ParsedOptionsFile();
  return Parser(how, parsed).Run(text);
}

Status ReadOptionsFile(const ConfigOptions& how, const std::string& file_name, FileSystem* fs,
                       ParsedOptionsFile* parsed) {
  constexpr size_t kChunkBytesMin = 4096;
  std::string text;
  Status s = ReadWhole(file_name, fs, std::max(how.file_readahead_size, kChunkBytesMin), &text);
  return s.ok() ? ParseOptionsFile(how, text, parsed) : s;
}

Status VerifyOptionsFile(const ConfigOptions& how_in, const DBOptions& db_options,
                         const std::vector<std::string>& cf_names, const std::vector<ColumnFamilyOptions>& cf_options,
                         const std::string& file_name, FileSystem* fs) {
  ConfigOptions how = how_in;
  how.invoke_prepare_options = false;
  // A loose comparison must not fail for an object that this process cannot make.
  if (how.sanity_level < ConfigOptions::kSanityLevelExactMatch) how.ignore_unsupported_options = true;
  ParsedOptionsFile file;
  Status s = ReadOptionsFile(how, file_name, fs, &file);
  if (s.ok()) s = VerifyStruct(how, "DBOptions", db_options, file.db_options, file.db_texts);
  if (s.ok()) s = VerifyNames(how, cf_names, file.cf_names);
  for (size_t i = 0; s.ok() && i < cf_options.size(); ++i) {
    s = VerifyStruct(how, "ColumnFamilyOptions", cf_options[i], file.cf_options[i], file.cf_texts[i]);
    if (s.ok()) s = VerifyTable(how, cf_options[i].table_factory.get(), file.cf_options[i].table_factory.get());
  }
  return s;
}

}  // namespace gneiss::compat
