/* emotion_program_test.c - the emotion program itself, with the nets that ship: real pictures,
 * bad ones, and what it does where memory cannot be locked. */
#define TEST_SECONDS 300
#include <glob.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tests/support/emotion.h"
#include "tests/support/faces.h"
#include "tests/support/jws.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { MOST_KIB = 120 * 1024 };

static void start(struct eyes *eyes)
{
    eyes_prepare(eyes, NULL);
    eyes_set(eyes, "EMOTION_MODELS=models/face");
    eyes_set(eyes, "EMOTION_MAX_PICTURE_MB=16");
    eyes_start(eyes, 0, "emotion");
}

static void load_face(const char *name, struct buf *out)
{
    char path[512];

    if (!faces_folder())
        SKIP("TEST_FACES is not set: tests/engines/faces.sh fetches the pictures");
    (void)snprintf(path, sizeof path, "%s/%s", faces_folder(), name);
    file_load(path, out);
}

static bool has_sanitizer(void)
{
    const char *build = getenv("GARDEN_BUILD");

    return build && strstr(build, "address");
}

TEST(an_astronaut_is_seen_and_nothing_is_kept)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(buf) records = {0};
    struct eyes eyes;

    load_face("astronaut.png", &picture);
    start(&eyes);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", "a", picture.data, picture.size), ==, 200);
    CHECK_HAS(eyes_body(&eyes), "\"smile\":true");
    CHECK_HAS(eyes_body(&eyes), "\"gender\":\"Female\"");
    CHECK_HAS(eyes_body(&eyes), "\"eyesOpen\":true,\"mouthOpen\":true,\"emotions\":\"HAPPY\"");
    eyes_records(&eyes, "a", &records);
    CHECK_HAS(buf_text(&records), "analysis happy ");
    CHECK_HAS(buf_text(&records), " Female");
    for (int i = 0; i < 5; i++)
        CHECK_INT(eyes_post(&eyes, 0, "/v1/faces", NULL, picture.data, picture.size), ==, 200);
    if (!has_sanitizer())
        CHECK_INT(process_resident_kib(eyes.pid[0], true), <, MOST_KIB);
    eyes_stop(&eyes, 0);
    eyes_done(&eyes);
}

TEST(an_admiral_has_glasses_and_ice_has_no_face)
{
    OWNED_VALUE(buf) admiral = {0};
    OWNED_VALUE(buf) ice = {0};
    struct eyes eyes;

    load_face("grace_hopper_512x512.jpg", &admiral);
    load_face("640px-IceBlockNearJoekullsarlon.jpg", &ice);
    start(&eyes);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, admiral.data, admiral.size), ==, 200);
    CHECK_HAS(eyes_body(&eyes), "\"eyeglasses\":true");
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, ice.data, ice.size), ==, 404);
    CHECK_STR(eyes_body(&eyes), "No Face");
    eyes_done(&eyes);
}

/* -- bad pictures -- */

/* An answer that is defined, and a program that goes on. */
static void check_bad(struct eyes *eyes, const char *name, const void *data, size_t size)
{
    const int status = eyes_post(eyes, 0, "/v1/faces", NULL, data, size);

    if (status != 200 && status != 400 && status != 413)
        TEST_FAIL("%s: %d %s", name, status, eyes_body(eyes));
    if (status != 200 && !strstr(eyes_body(eyes), "\"detail\":\""))
        TEST_FAIL("%s is refused without a reason: %s", name, eyes_body(eyes));
    if (eyes_get(eyes, 0, "/healthz") != 200)
        TEST_FAIL("%s ended the program", name);
}

static void check_files(struct eyes *eyes, const char *pattern, size_t least)
{
    glob_t found;

    CHECK_INT(glob(pattern, 0, NULL, &found), ==, 0);
    CHECK_INT(found.gl_pathc, >=, least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        OWNED_VALUE(buf) file = {0};

        file_load(found.gl_pathv[i], &file);
        check_bad(eyes, found.gl_pathv[i], file.data, file.size);
        check_bad(eyes, "cut in the middle", file.data, file.size / 2);
    }
    globfree(&found);
}

/* A PNG's head that promises 20,000 x 20,000 pixels. */
static void check_promise(struct eyes *eyes)
{
    static const unsigned char head[] = {
        0x89, 'P',  'N',  'G',  '\r', '\n', 0x1a, '\n', 0,    0,   0,   13,   'I',  'H', 'D',
        'R',  0,    0,    0x4e, 0x20, 0,    0,    0x4e, 0x20, 8,   2,   0,    0,    0,   0xb4,
        0x5c, 0x3c, 0x2f, 0,    0,    0,    0,    'I',  'D',  'A', 'T', 0x35, 0xaf, 6,   0x1e};

    CHECK_INT(eyes_post(eyes, 0, "/v1/faces", NULL, head, sizeof head), ==, 413);
}

TEST(every_bad_picture_has_a_defined_answer)
{
    enum { LARGE = 40 << 20 };
    char *large = calloc(1, LARGE);
    struct eyes eyes;

    start(&eyes);
    check_files(&eyes, "tests/fuzz/corpus/image/*", 10); /* CMYK, 16 bits, animated, ... */
    check_bad(&eyes, "a letter", "Dear garden,", 12);
    check_promise(&eyes);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, "", 0), ==, 400);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, "\xff\xd8\xff", 3), ==, 400);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, large, LARGE), ==, 413);
    CHECK_HAS(eyes_body(&eyes), "16777216");
    free(large);
    eyes_stop(&eyes, 0);
    eyes_done(&eyes);
}

/* -- memory -- */

enum { CAP_IPC_LOCK_BIT = 14 };

/* From here on this process and what it starts can lock nothing, root or not. */
static void allow_no_locks(void)
{
    const struct rlimit none = {0};

    (void)prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK_BIT, 0, 0, 0);
    CHECK_INT(setrlimit(RLIMIT_MEMLOCK, &none), ==, 0);
}

TEST(where_memory_cannot_be_locked_it_says_so_and_works)
{
    OWNED_VALUE(buf) payload = {0};
    OWNED_VALUE(buf) jws = {0};
    OWNED_VALUE(buf) log = {0};
    struct eyes eyes;

    allow_no_locks();
    start(&eyes);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", NULL, "no picture", 10), ==, 400);
    buf_append_str(&jws, eyes_header(&eyes, "x-privacy-receipt"));
    CHECK_INT(eyes_get(&eyes, 0, "/v1/privacy/key"), ==, 200);
    CHECK(jws_verify(buf_text(&jws), eyes_body(&eyes), &payload));
    CHECK_HAS(buf_text(&payload), "\"locked\":false");
    CHECK_HAS(buf_text(&payload), "\"analysed_ms\":null");
    file_load(eyes.log, &log);
    CHECK_HAS(buf_text(&log), "ulimit -l");
    eyes_done(&eyes);
}

TEST(where_it_has_to_be_locked_it_does_not_start)
{
    const char *argv[] = {program_path("emotion"), NULL};
    const char *env[] = {"EMOTION_REQUIRE_LOCKED=1", "EMOTION_MODELS=models/face",
                         "EMOTION_LISTEN=127.0.0.1:0", NULL, NULL};
    OWNED_VALUE(buf) output = {0};
    char data[300];

    (void)snprintf(data, sizeof data, "GARDEN_DATA=%s", folder_new());
    env[3] = data;
    allow_no_locks();
    CHECK_INT(process_run(argv, env, &output, 60000), ==, 1);
    CHECK_HAS(buf_text(&output), "EMOTION_REQUIRE_LOCKED is 1");
    CHECK_HAS(buf_text(&output), "ulimit -l");
}

TEST(settings_that_cannot_be_are_refused_with_what_they_take)
{
    static const struct {
        const char *setting, *says;
    } cases[] = {
        {"EMOTION_ENGINE=cloud", "it takes local or rekognition"},
        {"EMOTION_ENGINE=rekognition", "AWS_ACCESS_KEY_ID"},
        {"EMOTION_QUEUE_MB=1", "no such picture could ever be taken"},
        {"EMOTION_MODELS=/nowhere", "EMOTION_MODELS"},
        {"EMOTION_RECEIPT_KEY=/dev/null", "openssl genpkey"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *argv[] = {program_path("emotion"), NULL};
        const char *env[] = {cases[i].setting, "EMOTION_LISTEN=127.0.0.1:0",
                             "AWS_ACCESS_KEY_ID=", NULL, NULL};
        OWNED_VALUE(buf) output = {0};
        char data[300];

        (void)snprintf(data, sizeof data, "GARDEN_DATA=%s", folder_new());
        env[3] = data;
        CHECK_INT(process_run(argv, env, &output, 60000), ==, 1);
        CHECK_HAS(buf_text(&output), cases[i].says);
    }
}
