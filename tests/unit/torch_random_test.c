/* torch_random_test.c - the numbers are torch's, to the last bit.
 *
 * What is expected was printed by torch 2.15 with its AVX2 code (which AVX-512 machines use,
 * too): draws of 16, 100 and 16384 one after the other from
 * torch.Generator().manual_seed(seed). */
#include "services/generator-gpu/torch_random.h"

#include "tests/test.h"

enum { DRAWS = 3, LONGEST = 16384 };

static const size_t COUNTS[DRAWS] = {16, 100, LONGEST};

struct drawn {
    float first, last;
    uint64_t sum; /* of all the bit patterns */
};

static const struct golden {
    uint64_t seed;
    struct drawn draws[DRAWS];
} GOLDEN[] = {
    {0,
     {{-0x1.20370ap+0F, -0x1.fa6cf8p-3F, 0x7f0ed5502},
      {-0x1.5a4784p+0F, -0x1.042cbap+0F, 0x2f22988043},
      {0x1.3881b6p-1F, -0x1.019c6p+0F, 0x1fe4550ff9e2}}},
    {42,
     {{0x1.ed4a52p+0F, 0x1.865f3ep-1F, 0x8f54d9b89},
      {0x1.a46ee2p+0F, -0x1.f7d5ccp-2F, 0x2f2093048a},
      {-0x1.169946p-3F, 0x1.97daf4p-1F, 0x1fc44e07bc96}}},
    {4294967303,
     {{-0x1.a3e8acp-1F, 0x1.17151p+0F, 0x7f21f111a},
      {-0x1.952982p+0F, 0x1.2d111ep-1F, 0x351f13f4b9},
      {-0x1.cababcp-3F, 0x1.f288a8p-3F, 0x1f9e21931a9f}}},
    {9007199254740991,
     {{-0x1.5507b4p+1F, 0x1.209538p-3F, 0x6f5442172},
      {0x1.cb1c42p+0F, -0x1.2f29fcp-2F, 0x3496901774},
      {-0x1.59ed8ep+0F, -0x1.6f06eep+1F, 0x1f7612b88da0}}},
};

static uint64_t sum_of_bits(const float *values, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits;

        memcpy(&bits, &values[i], sizeof bits);
        sum += bits;
    }
    return sum;
}

TEST(draws_what_torch_draws)
{
    static float values[LONGEST];

    for (size_t g = 0; g < sizeof GOLDEN / sizeof GOLDEN[0]; g++) {
        struct torch_random random;

        torch_random_seed(&random, GOLDEN[g].seed);
        for (int d = 0; d < DRAWS; d++) {
            const struct drawn *drawn = &GOLDEN[g].draws[d];

            torch_random_normal(&random, values, COUNTS[d]);
            if (values[0] != drawn->first || values[COUNTS[d] - 1] != drawn->last ||
                sum_of_bits(values, COUNTS[d]) != drawn->sum)
                TEST_FAIL(
                    "seed %llu, draw %d: begins with %a, not %a, and ends with %a, not %a",
                    (unsigned long long)GOLDEN[g].seed, d, (double)values[0],
                    (double)drawn->first, (double)values[COUNTS[d] - 1], (double)drawn->last);
        }
    }
}

TEST(numbers_are_normal)
{
    enum { COUNT = 100003 };
    static float values[COUNT];
    struct torch_random random;
    double sum = 0, squares = 0;

    torch_random_seed(&random, 7);
    torch_random_normal(&random, values, COUNT);
    for (int i = 0; i < COUNT; i++) {
        sum += values[i];
        squares += (double)values[i] * values[i];
        CHECK(values[i] > -6 && values[i] < 6);
    }
    CHECK(sum / COUNT > -0.01 && sum / COUNT < 0.01);
    CHECK(squares / COUNT > 0.98 && squares / COUNT < 1.02);
}
