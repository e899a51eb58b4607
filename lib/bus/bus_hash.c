/* bus_hash.c - see bus_hash.h. */
#include "lib/bus/bus_hash.h"

#include <string.h>

static uint32_t load32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

uint32_t bus_murmur2(const void *bytes, size_t size)
{
    const uint32_t multiplier = 0x5bd1e995;
    const unsigned char *at = bytes;
    uint32_t hash = 0x9747b28cU ^ (uint32_t)size;

    for (; size >= 4; at += 4, size -= 4) {
        uint32_t word = load32(at) * multiplier;

        word ^= word >> 24;
        hash = hash * multiplier ^ word * multiplier;
    }
    if (size > 0) {
        unsigned char rest[4] = {0};

        memcpy(rest, at, size);
        hash = (hash ^ load32(rest)) * multiplier;
    }
    hash = (hash ^ hash >> 13) * multiplier;
    return hash ^ hash >> 15;
}

int32_t bus_partition_of(const void *key, size_t key_size, int32_t partitions)
{
    return (int32_t)(bus_murmur2(key, key_size) & 0x7fffffff) % partitions;
}

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static uint64_t load64(const unsigned char *at)
{
    return (uint64_t)load32(at) | (uint64_t)load32(at + 4) << 32;
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t bus_siphash(const uint64_t seed[2], const void *bytes, size_t size)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
                     seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573};
    const unsigned char *at = bytes;
    unsigned char rest[8] = {0};
    const size_t tail = size % 8;

    for (size_t i = 0; i + 8 <= size; i += 8)
        sip_word(v, load64(at + i));
    if (tail)
        memcpy(rest, at + size - tail, tail);
    rest[7] = (unsigned char)size;
    sip_word(v, load64(rest));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
