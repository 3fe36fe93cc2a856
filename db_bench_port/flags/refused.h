#pragma once

namespace bench {

// Ends the program when a flag asks for what RocksDB keeps out of its public headers. No flag is ignored in silence.
void RefuseWhatThePublicHeadersLack();

}  // namespace bench
