/* bus_hash.h - which partition a key belongs to, the same on every backend.
 *
 * murmur2 with Java's seed, and the sign bit cleared before the division, as the Java client's
 * default partitioner and librdkafka's murmur2_random do: a producer in another language finds
 * the same partition. */
#ifndef LIB_BUS_BUS_HASH_H
#define LIB_BUS_BUS_HASH_H

#include <stddef.h>
#include <stdint.h>

uint32_t bus_murmur2(const void *bytes, size_t size);

/* 0 .. partitions - 1. */
int32_t bus_partition_of(const void *key, size_t key_size, int32_t partitions);

/* SipHash-2-4 with a secret seed: for tables that a sender of keys must not be able to fill
 * with collisions. */
uint64_t bus_siphash(const uint64_t seed[2], const void *bytes, size_t size);

#endif
