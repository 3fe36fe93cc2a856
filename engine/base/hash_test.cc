#include "engine/base/hash.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <memory>

namespace gneiss {
namespace {

// The input of all vectors: byte i is i * 131 + 7, modulo 256.
std::string Input(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 131 + 7);
  return bytes;
}

constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;

// What RocksDB 7.8.3 computes: its filters, hash indexes and unique ids hold these numbers.
TEST(HashTest, Xxph3) {
  const struct {
    size_t size;
    uint64_t unseeded;
    uint64_t seeded;
  } kVectors[] = {
      {0, 0x5342c3010fe1dd04, 0xffddb7ee647f9cb2},    {1, 0xb71d295c7865c7e9, 0xf51667166d985c9b},
      {2, 0x777096a9131e825d, 0x5b7e82ede0f498df},    {3, 0x8b93d65306b47960, 0x2059f557e1b35eca},
      {4, 0x640dfa78d9602caa, 0xa71d2c553fd8773b},    {5, 0x407604ac2e18c141, 0x58e1669761867479},
      {7, 0x238a82301009f53f, 0x470c328f9ef4f753},    {8, 0xe02bb0260ca2f426, 0xe2ebc54983fe4a5e},
      {9, 0x82e27d91ecbde0e3, 0x07d15b2895961547},    {12, 0x649b222eadd8f8d3, 0x8405d8a84cb57b7b},
      {15, 0x42742cff0156771e, 0x6443ec92b8f9ccb3},   {16, 0x808dc7f6a08e1828, 0x0243f0f41259f5b1},
      {17, 0x6216c07c87bfe5d1, 0x65525b196cbc2d69},   {24, 0x5ec19a87c0441e20, 0x491ff46c0dd1ecd6},
      {31, 0xbd66bc2da03a2366, 0x2265be34c425bcf4},   {32, 0xf1baab985ecf232e, 0x2fce2568d77cdb55},
      {33, 0x48c3ee9be5231873, 0x7f7c1af0e66bff2c},   {48, 0xf04f1c0a2e30c839, 0x8522b044826d6a04},
      {63, 0x47c3b0964ac5935b, 0x8677459b76a6d4f7},   {64, 0xec9764f4fa2586fd, 0x6aea6addb365f611},
      {65, 0x070482c3b1bc6389, 0x46943ea5ecdcb088},   {95, 0x0a9291e94bdd860d, 0xb3e3646951d3ef53},
      {96, 0x8bf55ea9f6da04e5, 0x7b8dd44668e0c228},   {97, 0x682d0b1bfce2169d, 0x0ff65faa39b7c9ae},
      {100, 0x8b246eccbbc283b5, 0x59da5b53d652c1da},  {127, 0x95709ca17c3e6735, 0xe06ee59946fd42e6},
      {128, 0xb885f0d2689835e1, 0x1a09ccce590a43a5},  {129, 0xfe146eb2e99b1a68, 0xdf7382d07b85cbc7},
      {130, 0x205434cfaef9ea8c, 0x06562f63a19ff495},  {144, 0x9731b6d8c6e0d8c3, 0x4308ada0ff413cd9},
      {160, 0x090f530ba8a18786, 0x41dabcd3fdb97a64},  {191, 0x537b99a1b10f7f03, 0xdd6425952e088f98},
      {192, 0xbf7e7e439e286e60, 0xd33b46c96921ff82},  {200, 0xdc07fbe307a7cb37, 0x3511ce80be99b46f},
      {239, 0xc3cece2158c77b46, 0x0bfdc2c958c84314},  {240, 0xddce7abbd046abf1, 0xeb5286abef497761},
      {241, 0xb1e53475de84b071, 0xbc3de625560972ae},  {242, 0xfbd80f3ea118bb86, 0xa0390dae29eea74f},
      {255, 0xdd49cac5ccf4b3d0, 0xc4721ab574ade7f2},  {256, 0xd4e21b1ad9fad6c0, 0x17636d3fd4c510a3},
      {257, 0x159beedf4d69fff8, 0xfd937d64d953e377},  {300, 0x45776d4ebfc61dc7, 0x1ba08442dadc3b79},
      {511, 0xf256885a6497a7d5, 0x39494311d11be67d},  {512, 0xe48d39a8e36d4c18, 0x9a0379a643b80f98},
      {1000, 0x79003f49f1dc1fce, 0x89e1ef4b1aa03c4c}, {1023, 0x836424161aeef716, 0x76c25166b4fb8c32},
      {1024, 0x144aa676708da11c, 0x98b77a723f96d951}, {1025, 0x621058c4914d5089, 0xec3ac9b756b4c6d4},
      {1088, 0x28c9bdc58de042c5, 0x66dbdafed3ccd000}, {1089, 0x8dd3b5477ccd47cd, 0xc33882db234f26c7},
      {2048, 0xefa57a0132823302, 0xb9e6175b026ae158}, {2049, 0x5400141362550599, 0xa4326e4a5477b89f},
      {5000, 0xae56d4a9c095d7c2, 0xd3421330b93bad77},
  };
  for (const auto& vector : kVectors) {
    EXPECT_EQ(Xxph3(Input(vector.size)), vector.unseeded) << vector.size;
    EXPECT_EQ(Xxph3(Input(vector.size), kSeed), vector.seeded) << vector.size;
  }
}

// Every length, in a buffer of exactly that length: a sanitizer sees a read beyond it; every byte counts.
TEST(HashTest, Xxph3ReadsAllBytesAndNoMore) {
  for (size_t size = 1; size <= 1300; size = size < 300 ? size + 1 : size + 37) {
    const std::unique_ptr<char[]> exact(new char[size]);
    Input(size).copy(exact.get(), size);
    const uint64_t hash = Xxph3(Slice(exact.get(), size));
    for (size_t at = 0; at < size; at += 1 + size / 100) {
      exact[at] = static_cast<char>(exact[at] ^ 0x10);
      EXPECT_NE(Xxph3(Slice(exact.get(), size)), hash) << size << " " << at;
      exact[at] = static_cast<char>(exact[at] ^ 0x10);
    }
  }
}

TEST(HashTest, LegacyHash32) {
  const struct {
    size_t size;
    uint32_t hash;
  } kVectors[] = {
      {0, 0xbc9f1d34}, {1, 0x528bb3b8}, {2, 0x7665b12d}, {3, 0x76b40f8a},  {4, 0x96b20e5f},   {5, 0xaa04b758},
      {6, 0x3864687e}, {7, 0x797702c3}, {8, 0x49d181ac}, {31, 0xa1da4574}, {100, 0x4c7c7a0a},
  };
  for (const auto& vector : kVectors)
    EXPECT_EQ(LegacyHash32(Input(vector.size), 0xbc9f1d34), vector.hash) << vector.size;
  // LevelDB's own test: no byte of the tail is negative here.
  EXPECT_EQ(LegacyHash32("\x62", 0xbc9f1d34), 0xef1345c4u);
  EXPECT_EQ(LegacyHash32("\xe1\x80\xb9\x32", 0xbc9f1d34), 0xed21633au);
}

// From xxHash's own documentation and sanity checks of empty and short inputs.
TEST(HashTest, XxHash) {
  EXPECT_EQ(XxHash32(""), 0x02cc5d05u);
  EXPECT_EQ(XxHash32("a"), 0x550d7456u);
  EXPECT_EQ(XxHash64(""), 0xef46db3751d8e999u);
  EXPECT_EQ(XxHash64("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(Xxh3(""), 0x2d06800538d394c2u);
  EXPECT_NE(XxHash32("a", 1), XxHash32("a"));
  EXPECT_NE(XxHash64("a", 1), XxHash64("a"));
  // Whatever instructions are chosen.
  for (size_t size = 0; size <= 5000; size = size < 300 ? size + 1 : size + 61) {
    EXPECT_EQ(Xxh3(Input(size)), XXH3_64bits(Input(size).data(), size)) << size;
  }
  // The preview and the final XXH3 are different functions.
  EXPECT_NE(Xxh3("gneiss"), Xxph3("gneiss"));
}

}  // namespace
}  // namespace gneiss
