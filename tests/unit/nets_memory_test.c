/* nets_memory_test.c - what the nets keep of a picture, and how much memory they take; and that
 * the number of threads changes no result. */
#include "tests/support/process.h"
#include "tests/test.h"
#include "tests/unit/nets_case.h"

static float pixels[CASE_PIXELS * 3];

static struct net_face_crops all_crops(void)
{
    return (struct net_face_crops){
        .eyes = pixels,
        .expressions = pixels,
        .people = pixels,
        .faceres = pixels,
        .eye_count = 2,
        .expression_count = 4,
        .person_count = 2,
    };
}

/* -- results ----------------------------------------------------------------------------------
 */

static bool same(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void ask(int threads, struct net_face *ret_face)
{
    const struct net_face_crops crops = all_crops();
    struct err err = {0};
    OWNED(nets) nets = case_open(threads);

    memset(ret_face, 0, sizeof *ret_face);
    for (int i = 0; i < 3; i++)
        CHECK_OK(nets_face(nets, &crops, ret_face, &err), err);
}

TEST(threads_change_no_result)
{
    static struct net_face one, more;

    case_noise(pixels, DETECT_SIDE);
    ask(1, &one);
    for (int threads = 2; threads < 6; threads++) {
        ask(threads, &more);
        CHECK(same(&one, &more, sizeof one));
    }
}

TEST(all_at_once_is_as_one_after_the_other)
{
    static struct net_face all, each;
    struct err err = {0};
    OWNED(nets) nets = case_open(1);

    case_noise(pixels, DETECT_SIDE);
    ask(2, &all);
    memset(&each, 0, sizeof each);
    CHECK_OK(nets_iris(nets, pixels, 2, each.eyes, &err), err);
    CHECK_OK(nets_expression(nets, pixels, 4, each.expressions, &err), err);
    CHECK_OK(nets_age_gender(nets, pixels, 2, each.people, &err), err);
    CHECK_OK(nets_faceres(nets, pixels, &each.faceres, &err), err);
    CHECK(same(&all, &each, sizeof all));
    CHECK(!same(&each.eyes[0], &each.eyes[1], sizeof each.eyes[0]));
}

TEST(what_is_not_asked_stays_untouched)
{
    static struct net_face face, before;
    struct net_face_crops crops = {.eyes = pixels, .eye_count = 1};
    struct err err = {0};
    OWNED(nets) nets = case_open(2);

    memset(&face, 7, sizeof face);
    before = face;
    CHECK_OK(nets_face(nets, &crops, &face, &err), err);
    CHECK(!same(&face.eyes[0], &before.eyes[0], sizeof face.eyes[0]));
    face.eyes[0] = before.eyes[0];
    CHECK(same(&face, &before, sizeof face));
    crops.eye_count = NETS_BATCH + 1;
    CHECK_INT(nets_face(nets, &crops, &face, &err), ==, ERR_INVALID);
}

TEST(a_picture_that_is_not_finite_is_refused)
{
    static struct net_detection rows[DETECT_ROWS];
    struct err err = {0};
    OWNED(nets) nets = case_open(1);

    case_smooth(pixels, DETECT_SIDE);
    pixels[5000] = __builtin_inff();
    CHECK_INT(nets_detect(nets, pixels, rows, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "blazeface");
    err_clear(&err);
    case_smooth(pixels, DETECT_SIDE);
    CHECK_OK(nets_detect(nets, pixels, rows, &err), err);
}

/* -- memory -----------------------------------------------------------------------------------
 */

/* What the memory that is left out of core dumps (lib/base/secret.h) holds. */
struct secrets {
    size_t bytes, not_zero;
};

static size_t not_zero(const char *memory, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++)
        count += memory[i] != 0;
    return count;
}

/* The piece of memory that a line of /proc/self/maps or smaps begins to tell of. */
struct piece {
    char *from, *to;
    char rights[8];
};

static bool read_piece(const char *line, struct piece *ret)
{
    void *from, *to;
    char rights[8];

    if (sscanf(line, "%p-%p %7s", &from, &to, rights) != 3)
        return false;
    ret->from = from;
    ret->to = to;
    memcpy(ret->rights, rights, sizeof rights);
    return true;
}

static struct secrets look_at_secrets(void)
{
    struct secrets found = {0};
    struct piece piece = {0};
    char line[512];
    FILE *maps = fopen("/proc/self/smaps", "re");

    CHECK(maps);
    while (fgets(line, sizeof line, maps)) {
        (void)read_piece(line, &piece);
        if (strncmp(line, "VmFlags:", 8) != 0 || !strstr(line, " dd") || !strstr(line, " wf"))
            continue;
        found.bytes += (size_t)(piece.to - piece.from);
        found.not_zero += not_zero(piece.from, (size_t)(piece.to - piece.from));
    }
    (void)fclose(maps);
    return found;
}

static void use_all(struct nets *nets)
{
    static struct net_detection rows[DETECT_ROWS];
    static struct net_mesh mesh;
    static struct net_face face;
    const struct net_face_crops crops = all_crops();
    struct err err = {0};

    case_noise(pixels, DETECT_SIDE);
    CHECK_OK(nets_detect(nets, pixels, rows, &err), err);
    CHECK_OK(nets_mesh(nets, pixels, &mesh, &err), err);
    CHECK_OK(nets_face(nets, &crops, &face, &err), err);
}

TEST(wipe_leaves_nothing_of_a_picture)
{
    struct secrets used, wiped;
    OWNED(nets) nets = case_open(2);

    use_all(nets);
    used = look_at_secrets();
    printf("# %zu KB of secret memory\n", used.bytes >> 10);
    CHECK_INT(used.bytes, >, 2 << 20);
    CHECK_INT(used.not_zero, >, 1 << 20);
    nets_wipe(nets);
    wiped = look_at_secrets();
    CHECK_INT(wiped.bytes, ==, used.bytes);
    CHECK_INT(wiped.not_zero, ==, 0);
    use_all(nets); /* and they still work */
}

/* How often these floats are in the process's memory, beside where they are. */
static size_t copies_of(const float *floats, size_t count)
{
    size_t found = 0, bytes = count * sizeof *floats;
    struct piece piece = {0};
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");

    CHECK(maps);
    while (fgets(line, sizeof line, maps)) {
        const char *at;

        if (!read_piece(line, &piece) || strncmp(piece.rights, "rw", 2) != 0)
            continue;
        at = piece.from;
        while (at && (at = memmem(at, (size_t)(piece.to - at), floats, bytes)) != NULL) {
            found += at != (const char *)floats;
            at += sizeof *floats;
        }
    }
    (void)fclose(maps);
    return found;
}

TEST(wipe_leaves_no_copy_of_the_pixels_anywhere)
{
#if defined __SANITIZE_ADDRESS__
    SKIP("the sanitizer's own memory cannot be read");
#endif
    enum { SOME = 12, PLACES = 16 };
    static const float mean[] = {103.939F, 116.779F, 123.68F};
    static struct net_faceres faceres;
    float some[SOME];
    struct err err = {0};
    OWNED(nets) nets = case_open(1);
    float *copy = malloc(sizeof some);

    CHECK(copy);
    case_noise(pixels, FACERES_SIDE);
    CHECK_OK(nets_faceres(nets, pixels, &faceres, &err), err);
    nets_wipe(nets);
    for (size_t place = 0; place < PLACES; place++) {
        const float *from = pixels + place * 3000 * 3;

        for (size_t i = 0; i < SOME; i++) /* as net_faceres.c prepares them */
            some[i] = from[i - i % 3 + 2 - i % 3] - mean[i % 3];
        memset(copy, 0, sizeof some);
        CHECK_INT(copies_of(some, SOME), ==, 0);
        memcpy(copy, some, sizeof some);
        CHECK_INT(copies_of(some, SOME), ==, 1); /* it would be seen */
    }
    free(copy);
}

TEST(takes_less_than_60_megabytes)
{
#if defined __SANITIZE_ADDRESS__
    SKIP("a sanitizer takes memory of its own");
#endif
    long before = process_resident_kib(getpid(), false), after;
    OWNED(nets) nets = case_open(2);

    use_all(nets);
    after = process_resident_kib(getpid(), true);
    printf("# %ld MB\n", (after - before) >> 10);
    CHECK_INT(after - before, <, 60L << 10);
}
