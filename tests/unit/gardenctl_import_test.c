/* What imported files are called, and which garden they belong to. */
#include "gardenctl/import_name.h"
#include "gardenctl/import_picture.h"
#include "gardenctl/import_scan.h"

#include <sys/stat.h>

#include "tests/support/process.h"
#include "tests/test.h"
#include "tests/unit/image_samples.h"

static void check_name(const char *file_name, char orientation, const char *expected)
{
    struct import_name name;
    char out[300];

    import_name_parse(file_name, &name);
    import_name_format(&name, orientation, out, sizeof out);
    CHECK_STR(out, expected);
}

TEST(names_follow_the_contract)
{
    check_name("meadow.png", 'h', "meadow_0h.jpeg");
    check_name("img_20260504-090807_3h.jpeg", 'h', "img_20260504-090807_3h.jpeg");
    check_name("img_20260504-090807_12v.jpeg", 'v', "img_20260504-090807_12v.jpeg");
    check_name("img_7h.jpeg", 'v', "img_7v.jpeg"); /* its size tells, not its name */
    check_name("watch.jpeg", 'h', "watch_0h.jpeg");
    check_name("_3h.jpeg", 'h', "_3h_0h.jpeg");
    check_name("a_b_h.jpg", 'h', "a_b_h_0h.jpeg");
    check_name("no ending", 'v', "no ending_0v.jpeg");
    check_name(".hidden", 'v', ".hidden_0v.jpeg");
    check_name("a_123456789h.jpg", 'v', "a_123456789h_0v.jpeg");
}

TEST(names_are_made_fit_for_keys)
{
    struct import_name name;
    char file_name[600];

    check_name("tab\there.png", 'h', "tab_here_0h.jpeg");
    check_name("\xff\xfe.png", 'h', "___0h.jpeg");
    check_name("\xea\xbd\x83.png", 'h', "\xea\xbd\x83_0h.jpeg");
    for (size_t i = 0; i < 500; i += 2)
        memcpy(file_name + i, "\xc3\xa9", 2);
    file_name[500] = '\0';
    import_name_parse(file_name, &name);
    CHECK_INT(strlen(name.stem), ==, 198); /* whole characters */
}

static int odd_count;
static char odd_text[2000];

static void note_odd(void *ctx, const char *path, const char *why)
{
    size_t used = strlen(odd_text);

    (void)ctx;
    odd_count++;
    (void)snprintf(odd_text + used, sizeof odd_text - used, "%s: %s\n", path, why);
}

TEST(folders_tell_the_garden)
{
    const char *dir = folder_new();
    OWNED_VALUE(import_list) list = {.on_odd = note_odd};
    struct err err = {0};

    folder_put(dir, "loose.jpeg", "x", 1);
    folder_put(dir, "happy/b.jpeg", "x", 1);
    folder_put(dir, "happy/a.jpeg", "x", 1);
    folder_put(dir, "happy/.hidden", "x", 1);
    folder_put(dir, "happy/spring,sunny,day/c.jpeg", "x", 1);
    folder_put(dir, "happy/spring,sunny,day/deep/d.jpeg", "x", 1);
    folder_put(dir, "joyful/e.jpeg", "x", 1);
    CHECK_OK(import_scan(&list, dir, NULL, NULL, &err), err);
    CHECK_INT(list.count, ==, 3);
    CHECK_STR(list.files[0].search_key, "happy");
    CHECK_STR(list.files[0].name, "a.jpeg");
    CHECK_STR(list.files[1].name, "b.jpeg");
    CHECK_STR(list.files[2].search_key, "happy/spring,sunny,day");
    CHECK_INT(odd_count, ==, 3);
    CHECK_HAS(odd_text, "loose.jpeg: in no emotion's folder");
    CHECK_HAS(odd_text, "joyful: no emotion");
    CHECK_HAS(odd_text, "deep: a folder too deep");
}

TEST(an_emotion_that_is_given_makes_folders_favorites)
{
    const char *dir = folder_new();
    OWNED_VALUE(import_list) list = {.on_odd = note_odd}, flat = {.on_odd = note_odd};
    struct err err = {0};

    folder_put(dir, "a.jpeg", "x", 1);
    folder_put(dir, "sea/b.jpeg", "x", 1);
    CHECK_OK(import_scan(&list, dir, "calm", NULL, &err), err);
    CHECK_INT(list.count, ==, 2);
    CHECK_STR(list.files[0].search_key, "calm");
    CHECK_STR(list.files[1].search_key, "calm/sea");
    CHECK_OK(import_scan(&flat, dir, "calm", "night", &err), err);
    CHECK_INT(flat.count, ==, 1);
    CHECK_STR(flat.files[0].search_key, "calm/night");
    CHECK_INT(odd_count, ==, 1);
    CHECK_INT(import_scan(&flat, "/nonexistent", "calm", NULL, &err), ==, ERR_NOT_FOUND);
}

TEST(pictures_become_jpegs_and_bad_ones_are_refused)
{
    static const uint8_t rows[] = {0, 1, 2, 0, 3, 4, 0, 5, 6};
    struct sample_png png = {.width = 2,
                             .height = 3,
                             .depth = 8,
                             .rows = rows,
                             .rows_size = sizeof rows,
                             .extra_type = "tEXt",
                             .extra = "parameters\0a meadow",
                             .extra_size = 19};
    const char *dir = folder_new();
    OWNED_VALUE(buf) file = {0}, wide = {0};
    OWNED_VALUE(image) image = sample_gradient(32, 16);
    OWNED_VALUE(import_picture) high = {0}, again = {0}, turned = {0};
    OWNED_VALUE(image_metadata_read) read = {0};
    struct err err = {0};
    char path[500];

    sample_png(&file, &png);
    folder_put(dir, "high.png", file.data, file.size);
    (void)snprintf(path, sizeof path, "%s/high.png", dir);
    CHECK_OK(import_picture_read(path, &high, &err), err);
    CHECK_INT(high.orientation, ==, 'v');
    CHECK_OK(image_read_metadata(high.jpeg.data, high.jpeg.size, &read, &err), err);
    CHECK_STR(read.parameters, "a meadow");
    CHECK_OK(import_picture_read(path, &again, &err), err);
    CHECK_STR(high.sha256, again.sha256);

    CHECK_OK(image_encode_jpeg(&image, 80, NULL, &wide, &err), err);
    add_exif(&wide, EXIF_ROTATED_BE);
    folder_put(dir, "turned.jpeg", wide.data, wide.size);
    (void)snprintf(path, sizeof path, "%s/turned.jpeg", dir);
    CHECK_OK(import_picture_read(path, &turned, &err), err);
    CHECK_INT(turned.orientation, ==, 'v'); /* stored wide, shown high */
    CHECK_INT(turned.jpeg.size, ==, wide.size);

    folder_put(dir, "cut.jpeg", wide.data, wide.size / 2);
    (void)snprintf(path, sizeof path, "%s/cut.jpeg", dir);
    CHECK_INT(import_picture_read(path, &turned, &err), ==, ERR_INVALID);
}
