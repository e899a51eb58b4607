/* safetensors_test.c - weights are read as they are, and files that lie are found out. */
#include "lib/nn/safetensors.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "tests/test.h"

/* A file that only this process has: header_size in front of header, then the data. */
struct sample {
    int fd;
    char path[64];
};

static void sample_done(struct sample *sample)
{
    (void)close(sample->fd);
}

static struct sample sample_raw(const void *bytes, size_t size)
{
    struct sample sample = {.fd = memfd_create("safetensors", MFD_CLOEXEC)};

    CHECK(sample.fd >= 0);
    CHECK_INT(write(sample.fd, bytes, size), ==, (long long)size);
    (void)snprintf(sample.path, sizeof sample.path, "/proc/self/fd/%d", sample.fd);
    return sample;
}

static struct sample sample_new(const char *header, const void *data, size_t size)
{
    OWNED_VALUE(buf) file = {0};
    uint64_t header_size = strlen(header);

    buf_append(&file, &header_size, sizeof header_size);
    buf_append(&file, header, header_size);
    buf_append(&file, data, size);
    return sample_raw(file.data, file.size);
}

static void check_refused(struct sample sample, const char *reason)
{
    struct err err = {0};
    OWNED(safetensors) file = safetensors_open(sample.path, &err);

    if (file)
        TEST_FAIL("the file was taken where \"%s\" was expected", reason);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, sample.path);
    CHECK_HAS(err.text, reason);
    sample_done(&sample);
}

static void refuses(const char *header, size_t data_size, const char *reason)
{
    char data[64] = {0};

    CHECK(data_size <= sizeof data);
    check_refused(sample_new(header, data, data_size), reason);
}

TEST(reads_each_type)
{
    static const unsigned char data[] = {
        0,    0,    0xc0, 0x3f, 0,    0,    0, 0x80, /* f32: 1.5, -0 */
        0x80, 0x3f, 0x10, 0xc1,                      /* bf16: 1, -9 */
        0,    0x3c, 1,    0,    0xff, 0x7b, 0, 0xfc, /* f16: 1, 2^-24, 65504, -inf */
        1,    2,    3,    4,    5,    6,    7, 8,    /* i64 */
    };
    struct sample sample =
        sample_new("{\"__metadata__\":{\"format\":\"pt\"},"
                   "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                   "\"half\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[12,20]},"
                   "\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[8,12]},"
                   "\"position_ids\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[20,28]},"
                   "\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[28,28]}}   ",
                   data, sizeof data);
    struct err err = {0};
    OWNED(safetensors) file = safetensors_open(sample.path, &err);
    const struct safetensor *tensor;
    float values[4];

    CHECK_OK(err.code, err);
    CHECK_INT(safetensors_count(file), ==, 4);
    CHECK_STR(safetensors_at(file, 0)->name, "a");
    CHECK_STR(safetensors_at(file, 3)->name, "none");
    CHECK(!safetensors_find(file, "position_ids"));
    CHECK(!safetensors_find(file, "__metadata__"));
    tensor = safetensors_find(file, "b");
    CHECK_INT(tensor->rank, ==, 2);
    CHECK_INT(tensor->shape[1], ==, 2);
    CHECK(safetensor_at(tensor, 0) == 1.5F);
    CHECK(signbit(safetensor_at(tensor, 1)));
    tensor = safetensors_find(file, "a");
    CHECK(safetensor_at(tensor, 1) == -9);
    tensor = safetensors_find(file, "half");
    safetensor_read(tensor, 1, 3, values);
    CHECK(values[0] == 0x1p-24F);
    CHECK(values[1] == 65504);
    CHECK(isinf(values[2]) && values[2] < 0);
    tensor = safetensors_find(file, "none");
    CHECK_INT(tensor->count, ==, 0);
    safetensors_release(tensor);
    tensor = safetensors_find(file, "half");
    safetensors_release(tensor);
    CHECK(safetensor_at(tensor, 2) == 65504);
    sample_done(&sample);
}

/* By the definition of the format, for all of its 65536 numbers. */
static double f16_expected(unsigned half)
{
    double sign = half & 0x8000 ? -1 : 1, fraction = half & 0x3ff;
    int exponent = (int)(half >> 10 & 31);

    if (exponent == 31)
        return fraction != 0 ? NAN : sign * INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

TEST(reads_every_half)
{
    enum { COUNT = 65536 };
    static uint16_t data[COUNT];
    static float many[COUNT];
    struct err err = {0};
    struct sample sample;
    const struct safetensor *tensor;

    for (unsigned i = 0; i < COUNT; i++)
        data[i] = (uint16_t)i;
    sample =
        sample_new("{\"h\":{\"dtype\":\"F16\",\"shape\":[65536],\"data_offsets\":[0,131072]}}",
                   data, sizeof data);
    {
        OWNED(safetensors) file = safetensors_open(sample.path, &err);

        CHECK_OK(err.code, err);
        tensor = safetensors_find(file, "h");
        safetensor_read(tensor, 0, COUNT, many);
        for (unsigned i = 0; i < COUNT; i++) {
            double expected = f16_expected(i), one = safetensor_at(tensor, i);

            if (isnan(expected) ? !isnan(many[i]) || !isnan(one)
                                : many[i] != expected || one != expected)
                TEST_FAIL("half %04x is %g and alone %g, not %g", i, many[i], one, expected);
            CHECK_INT(!signbit(many[i]), ==, i < 0x8000);
        }
    }
    sample_done(&sample);
}

TEST(refuses_what_is_no_safetensors_file)
{
    static const uint64_t huge = UINT64_MAX, long_header = 100;
    struct err err = {0};

    check_refused(sample_raw("", 0), "only 0 bytes");
    check_refused(sample_raw("1234567", 7), "only 7 bytes");
    check_refused(sample_raw(&huge, 8), "not a safetensors file");
    check_refused(sample_raw(&long_header, 8), "the header has 100 bytes");
    check_refused(sample_raw("version https://git-lfs.github.com/spec/v1\noid sha256:0", 53),
                  "git lfs pull");
    check_refused(sample_raw("PK\3\4\0\0\0\0pickle", 14), "the header has 67324752 bytes");
    refuses("", 0, "the header: there is nothing");
    refuses("[]", 0, "not a JSON object");
    refuses("{\"a\":", 0, "not valid JSON at line 1");
    refuses("{}", 1, "the tensors end at byte 0 of the data, and 1 bytes are there");
    CHECK(!safetensors_open("/nonexistent/x.safetensors", &err));
    CHECK_INT(err.code, ==, ERR_NOT_FOUND);
    err_clear(&err);
    CHECK(!safetensors_open("/tmp", &err));
    CHECK_HAS(err.text, "not a regular file");
}

TEST(refuses_a_header_that_lies)
{
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
            "tensor 'w': data_offsets end at 8, and the file has 7 bytes");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
            "tensor 'w': shape has 3 numbers of type F32, and data_offsets hold 8 bytes");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
            "end before they begin");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8,
            "data_offsets[0] is not a whole number of 0 or more");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8,
            "data_offsets has 1 numbers, not 2");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
            "\"data_offsets\":[0,0]}}",
            0, "shape is larger than any file");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],"
            "\"data_offsets\":[0,0]}}",
            0, "data_offsets hold 0 bytes");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[-2,-1],\"data_offsets\":[0,8]}}", 8,
            "shape[0] is not a whole number");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}",
            8, "shape has 9 numbers");
    refuses("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "w': shape is missing");
    refuses("{\"w\":7}", 8, "tensor 'w': dtype is needed in an object");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
            16, "duplicate");
}

TEST(refuses_gaps_and_overlaps)
{
    refuses("{\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
            12, "tensors 'v' and 'w' overlap at byte 4");
    refuses("{\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
            16, "bytes 8 to 12 of the data, before tensor 'w', belong to no tensor");
    refuses("{\"v\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
            "the tensors end at byte 8 of the data, and 9 bytes are there");
    refuses("{\"v\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
            "shape has 2 numbers of type I64");
}

/* An SD UNet has 686 tensors; this is a file with many times as many. */
TEST(opens_thousands_of_tensors_quickly)
{
    enum { COUNT = 10000 };
    static const uint16_t data[2 * COUNT];
    OWNED_VALUE(buf) header = {0};
    struct err err = {0};
    struct sample sample;
    int64_t before_ms;

    for (int i = 0; i < COUNT; i++)
        buf_printf(&header,
                   "%s\"down_blocks.%d.attentions.0.transformer_blocks.0.attn1.to_q.weight\":"
                   "{\"dtype\":\"F16\",\"shape\":[1,1,2],\"data_offsets\":[%d,%d]}",
                   i ? "," : "{", i, 4 * i, 4 * i + 4);
    buf_append_str(&header, "}");
    sample = sample_new(buf_text(&header), data, sizeof data);
    before_ms = clock_mono_ms();
    {
        OWNED(safetensors) file = safetensors_open(sample.path, &err);

        CHECK_OK(err.code, err);
        CHECK_INT(safetensors_count(file), ==, COUNT);
        CHECK(safetensors_find(
            file, "down_blocks.77.attentions.0.transformer_blocks.0.attn1.to_q.weight"));
    }
    printf("# %zu bytes of header: %lld ms\n", header.size,
           (long long)(clock_mono_ms() - before_ms));
    CHECK_INT(clock_mono_ms() - before_ms, <, 1000); /* under sanitizers, too */
    sample_done(&sample);
}
