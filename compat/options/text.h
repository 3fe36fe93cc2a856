// Small text helpers of the option strings: trimming, escaping, and numbers with k/m/g/t suffixes.
//
// Units:   the suffixes are powers of 1024.
// Owner:   everything is returned by value.
// Threads: plain functions.
// Errors:  the Parse functions throw std::invalid_argument or std::out_of_range, as the std::sto* family does;
//          OptionTypeInfo::Parse turns that into InvalidArgument, and what() becomes part of the user's message.
#pragma once

#include <cstdint>
#include <string>

namespace gneiss::compat {

// How option strings spell an absent object.
inline constexpr char kNullText[] = "nullptr";

std::string TrimText(const std::string& text);
bool StartsWith(const std::string& text, const std::string& prefix);
bool EndsWith(const std::string& text, const std::string& suffix);

// Option values escape '\\', '#', ':', CR and LF with a backslash.
std::string EscapeOption(const std::string& raw);
std::string UnescapeOption(const std::string& escaped);

bool ParseBool(const std::string& text);  // "true", "1", "false", "0"
int ParseInt(const std::string& text);
int64_t ParseInt64(const std::string& text);
uint32_t ParseUint32(const std::string& text);
uint64_t ParseUint64(const std::string& text);

}  // namespace gneiss::compat
