#pragma once

// What runs when --benchmarks is not given: the list of db_bench, in its order.
#define GNEISS_DEFAULT_BENCHMARKS                                                                                    \
  "fillseq,fillseqdeterministic,fillsync,fillrandom,filluniquerandomdeterministic,overwrite,readrandom,newiterator," \
  "newiteratorwhilewriting,seekrandom,seekrandomwhilewriting,seekrandomwhilemerging,readseq,readreverse,compact,"    \
  "compactall,flush,compact0,compact1,waitforcompaction,multireadrandom,mixgraph,readseq,readtorowcache,"            \
  "readtocache,readreverse,readwhilewriting,readwhilemerging,readwhilescanning,readrandomwriterandom,updaterandom,"  \
  "xorupdaterandom,approximatesizerandom,randomwithverify,fill100K,crc32c,xxhash,xxhash64,xxh3,compress,uncompress," \
  "acquireload,fillseekseq,randomtransaction,randomreplacekeys,timeseries,getmergeoperands,"
