#include <math.h>

#define TEST_SECONDS 300
#include "services/emotion/engine.h"
#include "tests/support/faces.h"
#include "tests/test.h"

static struct face_engine *new_engine(void)
{
    struct engine_local_conf conf = {.models = "models/face", .threads = 1};
    struct err err = {0};
    struct face_engine *engine;

    if (!faces_folder())
        SKIP("TEST_FACES is not set: tests/engines/faces.sh fetches the pictures");
    engine = engine_local_new(&conf, &err);
    if (!engine)
        TEST_FAIL("engine_local_new: %s", err.text);
    return engine;
}

static struct analysis analyse(struct face_engine *engine, const struct buf *file)
{
    struct analysis analysis;
    struct err err = {0};

    CHECK_OK(engine->analyse(engine, file->data, file->size, &analysis, &err), err);
    return analysis;
}

static struct analysis analyse_named(struct face_engine *engine, const char *name)
{
    OWNED_VALUE(buf) file = faces_file(name);

    return analyse(engine, &file);
}

static struct analysis analyse_image(struct face_engine *engine, const struct image *image,
                                     int quality)
{
    OWNED_VALUE(buf) file = faces_jpeg(image, quality);

    return analyse(engine, &file);
}

static void check_sure(const struct trait *trait, bool value)
{
    CHECK_INT(trait->value, ==, value);
    CHECK(trait->confidence >= 50 && trait->confidence < 100);
}

/* astronaut.png: what stays the same however the picture comes. */
static void check_astronaut(const struct analysis *analysis, const char *how)
{
    const struct face *face = &analysis->faces[0];

    printf("# %s: %zu faces, %s %.0f %%, age %d-%d\n", how, analysis->count,
           emotion_names[face_emotion(face)], (double)face->emotions[face_emotion(face)],
           face->age_low, face->age_high);
    CHECK_INT(analysis->count, ==, 1);
    CHECK_STR(emotion_names[face_emotion(face)], "happy");
    check_sure(&face->male, false);
    check_sure(&face->smile, true);
    check_sure(&face->eyes_open, true);
    check_sure(&face->mouth_open, true);
    check_sure(&face->eyeglasses, false);
    check_sure(&face->sunglasses, false);
    check_sure(&face->beard, false);
    CHECK_INT(face->profile, ==, false);
}

TEST(an_astronaut_smiles)
{
    OWNED(face_engine) engine = new_engine();
    struct analysis analysis = analyse_named(engine, "astronaut.png");
    const struct face *face = &analysis.faces[0];
    float total = 0;

    check_astronaut(&analysis, "as it is");
    CHECK_INT(analysis.width, ==, 512);
    CHECK(fabsf(face->left - 0.34F) < 0.02F && fabsf(face->top - 0.145F) < 0.02F);
    CHECK(fabsf(face->width - 0.2F) < 0.02F && fabsf(face->height - 0.2F) < 0.02F);
    CHECK(face->age_low > 20 && face->age_high < 45);
    CHECK(fabsf(face->roll) < 10 && fabsf(face->yaw) < 10);
    for (size_t i = 0; i < EMOTION_COUNT; i++)
        total += face->emotions[i];
    CHECK(fabsf(total - 100) < 0.1F);
    CHECK_STR(face_generation(face), "adult");
}

TEST(an_admiral_wears_glasses)
{
    OWNED(face_engine) engine = new_engine();
    struct analysis analysis = analyse_named(engine, "grace_hopper_512x512.jpg");

    CHECK_INT(analysis.count, ==, 1);
    check_sure(&analysis.faces[0].eyeglasses, true);
    check_sure(&analysis.faces[0].sunglasses, false);
    CHECK_STR(face_generation(&analysis.faces[0]), "elder");
    CHECK_STR(emotion_names[face_emotion(&analysis.faces[0])], "calm");
}

TEST(ice_has_no_face)
{
    OWNED(face_engine) engine = new_engine();

    CHECK_INT(analyse_named(engine, "640px-IceBlockNearJoekullsarlon.jpg").count, ==, 0);
}

static const char *const portraits[] = {
    "user1-128x128.jpg", "user2-160x160.jpg", "user3-128x128.jpg", "user4-128x128.jpg",
    "user5-128x128.jpg", "user6-128x128.jpg", "user7-128x128.jpg", "user8-128x128.jpg",
};
enum { PORTRAITS = sizeof portraits / sizeof *portraits };

TEST(every_portrait_has_its_face)
{
    OWNED(face_engine) engine = new_engine();

    for (size_t i = 0; i < PORTRAITS; i++) {
        struct analysis analysis = analyse_named(engine, portraits[i]);

        printf("# %s\n", portraits[i]);
        CHECK_INT(analysis.count, ==, 1);
        check_sure(&analysis.faces[0].eyes_open, true);
    }
}

TEST(the_camera_may_be_held_in_any_way)
{
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(image) image = faces_picture("astronaut.png");

    for (int orientation = 1; orientation <= 8; orientation++) {
        OWNED_VALUE(buf) file = faces_jpeg_turned(&image, orientation);
        struct analysis analysis = analyse(engine, &file);

        check_astronaut(&analysis, "turned");
        CHECK(fabsf(analysis.faces[0].left - 0.34F) < 0.02F);
    }
}

TEST(a_mirror_changes_nothing_but_the_side)
{
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(image) image = faces_picture("astronaut.png");
    OWNED_VALUE(image) mirrored = faces_mirrored(&image);
    struct analysis analysis = analyse_image(engine, &mirrored, 92);

    check_astronaut(&analysis, "mirrored");
    CHECK(fabsf(analysis.faces[0].left - 0.46F) < 0.02F);
}

TEST(size_and_quality_change_nothing)
{
    static const float scales[] = {0.5F, 0.7F, 1, 1.5F, 2, 3, 4};
    static const int qualities[] = {30, 50, 75, 95};
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(image) image = faces_picture("astronaut.png");

    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        OWNED_VALUE(image) scaled = faces_scaled(&image, scales[i]);
        struct analysis analysis = analyse_image(engine, &scaled, 90);

        check_astronaut(&analysis, "scaled");
        CHECK_INT(analysis.width, ==, scaled.width);
    }
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
        struct analysis analysis = analyse_image(engine, &image, qualities[i]);

        check_astronaut(&analysis, "of less quality");
    }
}

/* Glasses are seen at every size and quality, too. */
TEST(glasses_stay_where_they_are)
{
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(image) image = faces_picture("grace_hopper_512x512.jpg");

    for (int percent = 50; percent <= 400; percent *= 2) {
        OWNED_VALUE(image) scaled = faces_scaled(&image, (float)percent / 100);
        struct analysis analysis = analyse_image(engine, &scaled, percent == 100 ? 30 : 90);

        CHECK_INT(analysis.count, ==, 1);
        CHECK(analysis.faces[0].eyeglasses.value);
        CHECK_STR(emotion_names[face_emotion(&analysis.faces[0])], "calm");
    }
}

TEST(twenty_people_are_found_the_largest_first)
{
    OWNED(face_engine) engine = new_engine();
    struct image people[PORTRAITS];
    struct analysis analysis;

    for (size_t i = 0; i < PORTRAITS; i++)
        people[i] = faces_picture(portraits[i]);
    {
        OWNED_VALUE(image) group = faces_collage(people, PORTRAITS, 5, 4);

        analysis = analyse_image(engine, &group, 90);
    }
    printf("# %zu faces\n", analysis.count);
    CHECK_INT(analysis.count, >=, 18);
    CHECK_INT(analysis.count, <=, 20);
    for (size_t i = 1; i < analysis.count; i++)
        CHECK(analysis.faces[i].width <= analysis.faces[i - 1].width * 1.01F);
    CHECK(!analysis.faces[0].brief);
    CHECK(analysis.faces[analysis.count - 1].brief);
    for (size_t i = 0; i < PORTRAITS; i++)
        image_done(&people[i]);
}

TEST(a_face_at_the_border_is_found)
{
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(image) image = faces_picture("astronaut.png");
    OWNED_VALUE(image) cut = faces_cut(&image, 200, 40, 260, 240);
    struct analysis analysis = analyse_image(engine, &cut, 92);

    CHECK_INT(analysis.count, ==, 1);
    CHECK(analysis.faces[0].left < 0);
    check_sure(&analysis.faces[0].male, false);
}

/* user2 looks away from the camera a little, user7 nearly at it. */
TEST(who_looks_aside_is_believed_less)
{
    OWNED(face_engine) engine = new_engine();
    struct analysis aside = analyse_named(engine, "user2-160x160.jpg");
    struct analysis straight = analyse_named(engine, "user7-128x128.jpg");

    CHECK(aside.faces[0].yaw > 20);
    CHECK(fabsf(straight.faces[0].yaw) < 20);
    CHECK(aside.faces[0].sunglasses.confidence < straight.faces[0].sunglasses.confidence);
}

static void check_refused(struct face_engine *engine, const void *file, size_t size, int code)
{
    struct analysis analysis = {.count = 77};
    struct err err = {0};

    CHECK_INT(engine->analyse(engine, file, size, &analysis, &err), ==, code);
    CHECK(err.text[0]);
    CHECK_INT(analysis.count, ==, 77); /* untouched */
}

TEST(what_is_no_picture_is_said_to_be_none)
{
    OWNED(face_engine) engine = new_engine();
    OWNED_VALUE(buf) file = faces_file("grace_hopper_512x512.jpg");

    check_refused(engine, "", 0, ERR_INVALID);
    check_refused(engine, "hello", 5, ERR_INVALID);
    check_refused(engine, file.data, file.size / 2, ERR_INVALID);
    check_refused(engine, file.data, 100, ERR_INVALID);
    CHECK_INT(analyse(engine, &file).count, ==, 1); /* and goes on */
}

TEST(a_plain_picture_has_no_face)
{
    OWNED(face_engine) engine = new_engine();
    static const uint32_t sides[][2] = {{1, 1}, {3, 2000}, {2000, 3}, {600, 400}};

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint32_t width = sides[i][0], height = sides[i][1];
        struct image image = {width, height, calloc((size_t)width * height, 3)};
        struct analysis analysis = analyse_image(engine, &image, 90);

        CHECK_INT(analysis.count, ==, 0);
        CHECK_INT(analysis.width, ==, width);
        image_done(&image);
    }
}

TEST(missing_models_are_named)
{
    struct engine_local_conf conf = {.models = "/nowhere", .threads = 1};
    struct err err = {0};

    CHECK(!engine_local_new(&conf, &err));
    CHECK_HAS(err.text, "/nowhere");
}
