/* Nothing of a picture stays in the process that has looked at it: not its pixels, not its
 * text. As the service does, this program has the heap of wiping_heap.h. */
#include "lib/base/wiping_heap.h"

#include "services/emotion/engine.h"
#include "tests/test.h"
#include "tests/unit/image_samples.h"

enum { WIDTH = 300, HEIGHT = 200, MARK = 8 /* pixels */ };

/* A row of marks is nowhere else: each pixel follows from a seed. */
static void mark_pixel(uint32_t i, uint8_t rgb[3])
{
    uint32_t x = (i + 77) * 2654435761U;

    rgb[0] = (uint8_t)(x >> 24);
    rgb[1] = (uint8_t)(x >> 16);
    rgb[2] = (uint8_t)(x >> 8);
}

static struct buf marked_png(void)
{
    OWNED_VALUE(buf) rows = {0};
    struct buf file = {0};
    struct sample_png png = {WIDTH, HEIGHT, 8, 2, 0, NULL, 0, "tEXt", "Comment\0", 0};
    char text[64] = "Comment";

    (void)snprintf(text + 8, sizeof text - 8, "%s%s", "the-visitor-", "was-here-4711");
    png.extra = text;
    png.extra_size = 8 + strlen(text + 8);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        buf_append_char(&rows, 0);
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint8_t rgb[3];

            mark_pixel(x, rgb);
            buf_append(&rows, rgb, 3);
        }
    }
    png.rows = (const uint8_t *)rows.data;
    png.rows_size = rows.size;
    sample_png(&file, &png);
    return file;
}

/* How often bytes stand in this process's memory that can be written, between here and there.
 */
static size_t count_in(const char *from, size_t size, const char *what, size_t what_size)
{
    size_t count = 0;

    for (const char *p = from; size >= what_size;) {
        const char *hit = memmem(p, size, what, what_size);

        if (!hit)
            break;
        count++;
        size -= (size_t)(hit + 1 - p);
        p = hit + 1;
    }
    return count;
}

static size_t count_everywhere(const char *what, size_t what_size)
{
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "r");
    static char chunk[1 << 16];
    char line[512], *rest;
    size_t count = 0, from, to;

    CHECK(maps && memory);
    while (fgets(line, sizeof line, maps)) {
        from = strtoul(line, &rest, 16);
        to = strtoul(rest + 1, &rest, 16); /* "from-to rw-p ..." */
        if (rest[2] != 'w')
            continue;
        for (; from < to; from += sizeof chunk - what_size) {
            size_t size = to - from < sizeof chunk ? to - from : sizeof chunk;

            /* not the copy that is being looked at, nor what is looked for */
            if (from < (size_t)chunk + sizeof chunk && from + size > (size_t)chunk)
                continue;
            if (fseek(memory, (long)from, SEEK_SET) || fread(chunk, 1, size, memory) != size)
                continue;
            count += count_in(chunk, size, what, what_size);
        }
    }
    explicit_bzero(chunk, sizeof chunk);
    (void)fclose(maps);
    (void)fclose(memory);
    return count;
}

/* The marks as the file has them (3 bytes a pixel), as pixels (4), and as floats. */
static size_t count_marks(size_t step, bool floats)
{
    char what[MARK * 12] = {0};
    size_t count, size = 0;

    for (uint32_t i = 0; i < MARK; i++) {
        uint8_t rgb[4] = {0, 0, 0, 255};
        float values[3];

        mark_pixel(100 + i, rgb);
        for (size_t c = 0; c < 3; c++)
            values[c] = rgb[c];
        if (floats)
            memcpy(what + size, values, sizeof values);
        else
            memcpy(what + size, rgb, step);
        size += floats ? sizeof values : step;
    }
    count = count_everywhere(what, size);
    explicit_bzero(what, sizeof what);
    return count - 1; /* what is looked for stands on the stack */
}

static size_t count_text(void)
{
    char what[64];
    size_t count;

    (void)snprintf(what, sizeof what, "%s%s", "the-visitor-", "was-here-4711");
    count = count_everywhere(what, strlen(what));
    explicit_bzero(what, sizeof what);
    return count - 1;
}

static struct face_engine *new_engine(void)
{
    struct engine_local_conf conf = {.models = "models/face", .threads = 1};
    struct err err = {0};
    struct face_engine *engine;

#ifdef WIPING_HEAP_OFF
    SKIP("the sanitizer's heap");
#endif
    engine = engine_local_new(&conf, &err);
    if (!engine)
        TEST_FAIL("engine_local_new: %s", err.text);
    return engine;
}

TEST(neither_pixels_nor_text_stay_behind)
{
    OWNED(face_engine) engine = new_engine();
    struct buf file = marked_png();
    struct analysis analysis;
    struct err err = {0};

    CHECK_INT(count_marks(3, false), >, 0); /* the file: so they can be found */
    CHECK_INT(count_text(), >, 0);
    CHECK_OK(engine->analyse(engine, file.data, file.size, &analysis, &err), err);
    explicit_bzero(file.data, file.size);
    buf_done(&file);
    CHECK_INT(count_marks(3, false), ==, 0);
    CHECK_INT(count_marks(4, false), ==, 0);
    CHECK_INT(count_marks(0, true), ==, 0);
    CHECK_INT(count_text(), ==, 0);
}

/* Cut in the middle: half of it was decoded when it failed. */
TEST(nor_those_of_a_picture_that_could_not_be_read)
{
    OWNED(face_engine) engine = new_engine();
    struct buf file = marked_png();
    struct analysis analysis;
    struct err err = {0};

    file.data[file.size / 2] ^= 1; /* its checksum is wrong */
    CHECK_INT(engine->analyse(engine, file.data, file.size, &analysis, &err), ==, ERR_INVALID);
    explicit_bzero(file.data, file.size);
    buf_done(&file);
    CHECK_INT(count_marks(3, false), ==, 0);
    CHECK_INT(count_marks(4, false), ==, 0);
    CHECK_INT(count_text(), ==, 0);
}
