/* nets_files_test.c - models/face is what was converted, and files that are something else are
 * refused with a word on where. */
#include <math.h>

#include "lib/base/buf.h"
#include "lib/crypto/crypto.h"
#include "lib/nn/safetensors.h"
#include "tests/support/process.h"
#include "tests/test.h"
#include "tests/unit/nets_case.h"

static const char *const files[] = {"age_gender", "blazeface", "expression",
                                    "facemesh",   "faceres",   "iris"};
enum { FILES = sizeof files / sizeof files[0] };

TEST(files_are_those_that_were_converted)
{
    OWNED_VALUE(buf) sums = {0};

    file_load("models/face/SHA256SUMS", &sums);
    for (size_t i = 0; i < FILES; i++) {
        OWNED_VALUE(buf) file = {0};
        char hex[SHA256_HEX], path[64], line[128];

        (void)snprintf(path, sizeof path, "models/face/%s.safetensors", files[i]);
        file_load(path, &file);
        sha256_hex(file.data, file.size, hex);
        (void)snprintf(line, sizeof line, "%s  %s.safetensors\n", hex, files[i]);
        CHECK_HAS(buf_text(&sums), line);
    }
}

/* A folder with the files as they are, but for bad, which has other bytes (none: is missing).
 */
static const char *folder_with(const char *bad, const struct buf *bytes)
{
    const char *folder = folder_new();
    char here[512], from[640], name[64];

    CHECK(getcwd(here, sizeof here));
    for (size_t i = 0; i < FILES; i++) {
        int made;

        if (strcmp(files[i], bad) == 0)
            continue;
        (void)snprintf(from, sizeof from, "%s/models/face/%s.safetensors", here, files[i]);
        (void)snprintf(name, sizeof name, "%s/%s.safetensors", folder, files[i]);
        made = symlink(from, name);
        CHECK(made == 0);
    }
    (void)snprintf(name, sizeof name, "%s.safetensors", bad);
    if (bytes)
        folder_put(folder, name, bytes->data, bytes->size);
    return folder;
}

static void check_refused(const char *bad, const struct buf *bytes, int code, const char *why)
{
    const char *folder = folder_with(bad, bytes);
    struct err err = {0};
    char path[256];
    OWNED(nets) nets = nets_open(folder, 1, &err);

    CHECK(!nets);
    CHECK_INT(err.code, ==, code);
    (void)snprintf(path, sizeof path, "%s/%s.safetensors", folder, bad);
    CHECK_HAS(err.text, path);
    CHECK_HAS(err.text, why);
    printf("# %s\n", err.text);
}

static void load(const char *net, struct buf *ret_bytes)
{
    char path[64];

    (void)snprintf(path, sizeof path, "models/face/%s.safetensors", net);
    file_load(path, ret_bytes);
}

/* The first from in the file becomes to, which is as long. */
static void replace(struct buf *bytes, const char *from, const char *to)
{
    size_t size = strlen(from);
    char *at = memmem(bytes->data, bytes->size, from, size);

    CHECK(at && strlen(to) == size);
    memcpy(at, to, size);
}

TEST(a_missing_file_is_named)
{
    check_refused("iris", NULL, ERR_NOT_FOUND, "iris");
}

TEST(a_truncated_file_is_refused)
{
    OWNED_VALUE(buf) bytes = {0};

    load("faceres", &bytes);
    bytes.size -= 1000;
    check_refused("faceres", &bytes, ERR_INVALID, "");
    bytes.size = 5;
    check_refused("faceres", &bytes, ERR_INVALID, "");
}

TEST(a_renamed_tensor_is_missing)
{
    OWNED_VALUE(buf) bytes = {0};

    load("blazeface", &bytes);
    replace(&bytes, "\"blocks.3.pointwise.weight\"", "\"blocks.3.pointwise.height\"");
    check_refused("blazeface", &bytes, ERR_INVALID, "no blocks.3.pointwise.weight");
}

TEST(a_tensor_of_another_shape_is_refused)
{
    OWNED_VALUE(buf) bytes = {0};

    load("expression", &bytes);
    replace(&bytes, "[32,3,3,3]", "[27,4,2,4]");
    check_refused("expression", &bytes, ERR_INVALID, "dense.0.0.weight is [27,4,2,4]");
}

/* Where in a file the tensor begins. */
static size_t offset_of(const char *net, const char *tensor)
{
    struct err err = {0};
    size_t header_size = 0;
    const struct safetensor *found;
    const char *header;
    char path[64];
    OWNED(safetensors) file = NULL;

    (void)snprintf(path, sizeof path, "models/face/%s.safetensors", net);
    file = safetensors_open(path, &err);
    CHECK_OK(err.code, err);
    header = safetensors_header(file, &header_size);
    found = safetensors_find(file, tensor);
    CHECK(found);
    return (size_t)((const char *)found->data - header) + sizeof(uint64_t);
}

TEST(not_a_number_in_weights_is_refused)
{
    static const struct {
        const char *net, *layer, *tensor;
    } cases[] = {
        {"blazeface", "stem", "weight"},
        {"blazeface", "blocks.30.depthwise", "weight"},
        {"iris", "eye.blocks.7.pointwise", "slope"},
        {"age_gender", "gender", "bias"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWNED_VALUE(buf) bytes = {0};
        const float nan = NAN;
        char tensor[64], word[96];

        (void)snprintf(tensor, sizeof tensor, "%s.%s", cases[i].layer, cases[i].tensor);
        (void)snprintf(word, sizeof word, "layer %s: %s has NaN", cases[i].layer,
                       cases[i].tensor);
        load(cases[i].net, &bytes);
        memcpy(bytes.data + offset_of(cases[i].net, tensor), &nan, sizeof nan);
        check_refused(cases[i].net, &bytes, ERR_INVALID, word);
    }
}
