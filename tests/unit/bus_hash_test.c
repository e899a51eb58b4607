/* Keys find the partitions that other clients of Kafka send them to. */
#include "lib/bus/bus_hash.h"
#include "tests/test.h"

/* Values that Java's org.apache.kafka.common.utils.Utils.murmur2 gives. */
TEST(murmur2_agrees_with_java)
{
    static const struct {
        const char *key;
        int32_t hash;
    } known[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"a-little-bit-longer-string", -1486304829},
                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                 {"abc", 479470107}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CHECK_INT((int32_t)bus_murmur2(known[i].key, strlen(known[i].key)), ==, known[i].hash);
}

TEST(a_partition_is_in_range_for_every_hash)
{
    char key[16];

    for (int i = 0; i < 10000; i++) {
        const int size = snprintf(key, sizeof key, "key-%d", i);
        const int32_t partition = bus_partition_of(key, (size_t)size, 7);

        CHECK_INT(partition, >=, 0);
        CHECK_INT(partition, <, 7);
    }
    CHECK_INT(bus_partition_of("", 0, 1), ==, 0);
}

/* The first vectors of the reference implementation: key 00..0f, messages of 0 to 3 bytes. */
TEST(siphash_agrees_with_its_reference)
{
    const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    const unsigned char bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

    CHECK(bus_siphash(seed, bytes, 0) == 0x726fdb47dd0e0e31);
    CHECK(bus_siphash(seed, bytes, 1) == 0x74f839c593dc67fd);
    CHECK(bus_siphash(seed, bytes, 8) == 0x93f5f5799a932462);
    CHECK(bus_siphash(seed, bytes, 15) == 0xa129ca6149be45e5);
}
