/* key_test.c - which keys there are, and what is said of the others. */
#include "proto/key.h"

#include "tests/test.h"

static void refuses_n(const char *text, size_t size, const char *reason)
{
    struct err err = {0};
    struct key key;

    if (key_parse(text, size, &key, &err) != ERR_INVALID)
        TEST_FAIL("'%s' was taken", text);
    CHECK_HAS(err.text, reason);
}

static void refuses(const char *text, const char *reason)
{
    refuses_n(text, strlen(text), reason);
}

static struct key takes(const char *text)
{
    struct err err = {0};
    struct key key = {0};

    CHECK_OK(key_parse(text, strlen(text), &key, &err), err);
    return key;
}

TEST(takes_a_key_apart)
{
    struct key key = takes("imgPool/happy/img_20260504-090807_3v.jpeg");

    CHECK_INT(key.area, ==, KEY_POOL);
    CHECK_STR(key.search_key, "happy");
    CHECK_STR(key.name, "img_20260504-090807_3v.jpeg");
    CHECK_INT(key.orientation, ==, 'v');
}

TEST(a_favorite_is_part_of_the_search_key)
{
    struct key key = takes("emotions/sad/winter,snowy,the-middle-of-the-night/1h.jpeg");

    CHECK_INT(key.area, ==, KEY_GARDEN);
    CHECK_STR(key.search_key, "sad/winter,snowy,the-middle-of-the-night");
    CHECK_INT(key.orientation, ==, 'h');
    CHECK_STR(takes("emotions/sad/\xeb\xb4\x84 a+b%/1.jpeg").search_key,
              "sad/\xeb\xb4\x84 a+b%");
}

TEST(orientation_is_what_stands_before_jpeg)
{
    CHECK_INT(takes("emotions/fear/v.jpeg").orientation, ==, 'v');
    CHECK_INT(takes("emotions/fear/V.jpeg").orientation, ==, 'h');
    CHECK_INT(takes("emotions/fear/x.jpeg").orientation, ==, 'h');
    CHECK_INT(takes("emotions/fear/v.jpg").orientation, ==, 'h');
    CHECK_INT(takes("emotions/fear/v.PNG").orientation, ==, 'h');
}

TEST(refuses_what_is_unsafe)
{
    refuses("", "empty");
    refuses("/emotions/happy/a.jpeg", "empty part at byte 0");
    refuses("emotions//a.jpeg", "empty part at byte 9");
    refuses("emotions/happy/", "empty part at byte 15");
    refuses("emotions/../a.jpeg", "part '..' at byte 9");
    refuses("emotions/happy/./a.jpeg", "part '.' at byte 15");
    refuses("emotions/happy/a\x01.jpeg", "control character at byte 16");
    refuses("emotions/happy/a\x7f.jpeg", "control character at byte 16");
    refuses("emotions/happy/\xc2\x85.jpeg", "control character at byte 15");
    refuses_n("emotions/happy/a\0.jpeg", 22, "control character at byte 16");
    refuses("emotions/happy/\xff.jpeg", "not UTF-8 at byte 15");
    refuses("emotions/happy/\xed\xa0\x80.jpeg", "not UTF-8 at byte 15");
}

TEST(refuses_what_is_too_long_and_takes_what_just_fits)
{
    char text[KEY_BYTES + 1];
    struct err err = {0};
    struct key key;

    (void)snprintf(text, sizeof text, "emotions/happy/%01004d.jpeg", 0);
    CHECK_OK(key_parse(text, 1024, &key, &err), err);
    (void)snprintf(text, sizeof text, "emotions/happy/%01005d.jpeg", 0);
    refuses(text, "1025 bytes");
}

TEST(refuses_another_number_of_parts)
{
    refuses("emotions/a.jpeg", "2 parts");
    refuses("imgPool/happy/a/b/c.jpeg", "5 parts");
    refuses("display/zone1/img1h.jpeg", "not under imgPool/ or emotions/");
    refuses("emotionsx/happy/a.jpeg", "not under");
    refuses("trash/emotions/happy/a.jpeg", "not under");
}

TEST(refuses_unknown_emotions_with_the_list)
{
    refuses("emotions/joyful/a.jpeg",
            "'joyful' is no emotion: it must be happy, surprised, calm, angry, fear, confused, "
            "disgusted or sad");
    refuses("emotions/Happy/a.jpeg", "no emotion");
    refuses("emotions/happ/a.jpeg", "no emotion");
}

TEST(refuses_capitals_in_a_favorite_and_names_that_are_no_pictures)
{
    refuses("emotions/happy/Spring/a.jpeg", "capital letter");
    refuses("emotions/happy/.jpeg", "no picture's name");
    refuses("emotions/happy/readme.txt", "it must end in .jpeg");
    refuses("emotions/happy/jpeg", "no picture's name");
}

TEST(formats_what_it_parsed)
{
    struct err err = {0}, slash = {0}, unknown = {0}, empty = {0};
    char key[KEY_BYTES] = "as before";

    CHECK_INT(key_format(KEY_POOL, "happy", "x/a.jpeg", key, &slash), ==, ERR_INVALID);
    CHECK_INT(key_format(KEY_POOL, "glad", "a.jpeg", key, &unknown), ==, ERR_INVALID);
    CHECK_INT(key_format(KEY_POOL, "happy", "", key, &empty), ==, ERR_INVALID);
    CHECK_STR(key, "as before");
    CHECK_OK(key_format(KEY_POOL, "happy/x", "a.jpeg", key, &err), err);
    CHECK_STR(key, "imgPool/happy/x/a.jpeg");
}

TEST(moves_between_pool_and_garden)
{
    struct err err = {0};
    char key[KEY_BYTES];

    CHECK_OK(key_move("imgPool/calm/x/a_1v.jpeg", KEY_GARDEN, key, &err), err);
    CHECK_STR(key, "emotions/calm/x/a_1v.jpeg");
    CHECK(key_is_picture(key));
    CHECK(!key_is_picture("trash/emotions/calm/a.jpeg"));
}

TEST(checks_search_keys)
{
    struct err ok = {0}, parts = {0}, emotion = {0}, empty = {0};

    CHECK_OK(search_key_check("happy", &ok), ok);
    CHECK_OK(search_key_check("happy/spring,sunny,day", &ok), ok);
    CHECK_INT(search_key_check("happy/a/b", &parts), ==, ERR_INVALID);
    CHECK_INT(search_key_check("HAPPY", &emotion), ==, ERR_INVALID);
    CHECK_HAS(emotion.text, "happy, surprised");
    CHECK_INT(search_key_check("", &empty), ==, ERR_INVALID);
    CHECK_INT(search_key_check("happy/", &empty), ==, ERR_INVALID);
}
