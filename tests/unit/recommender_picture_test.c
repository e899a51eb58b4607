/* recommender_picture_test.c - what a key says of its picture, and a favourite of what is
 * wanted. */
#include "services/recommender-proxy/picture.h"

#include "proto/key.h"
#include "tests/test.h"

TEST(a_favourite_of_the_kiosks_form_is_taken_apart)
{
    const struct favorite favorite = favorite_parse("winter,snowy,the-early-dawn");

    CHECK_INT(favorite.trait[TRAIT_SEASON], ==, 4);
    CHECK_INT(favorite.trait[TRAIT_WEATHER], ==, 4);
    CHECK_INT(favorite.trait[TRAIT_TIME], ==, 4);
    CHECK(favorite.hash != 0);
    CHECK(favorite.hash != favorite_parse("winter,snowy,day").hash);
}

TEST(words_may_come_alone_in_any_order_and_unknown)
{
    static const struct {
        const char *text;
        uint8_t season, weather, time;
    } cases[] = {
        {"", 0, 0, 0},           {"summer", 2, 0, 0},
        {"day,rainy", 0, 3, 1},  {"springtime,sunny", 0, 1, 0},
        {",,autumn,,", 3, 0, 0}, {"제주도,봄,sunset", 0, 0, 2},
        {"벚꽃", 0, 0, 0},       {"dog", 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct favorite favorite = favorite_parse(cases[i].text);

        CHECK_INT(favorite.trait[TRAIT_SEASON], ==, cases[i].season);
        CHECK_INT(favorite.trait[TRAIT_WEATHER], ==, cases[i].weather);
        CHECK_INT(favorite.trait[TRAIT_TIME], ==, cases[i].time);
        CHECK((favorite.hash == 0) == (*cases[i].text == '\0'));
    }
}

TEST(a_search_key_names_one_of_the_moods)
{
    struct favorite favorite = {.hash = 7};
    int emotion = -1;

    CHECK(picture_ask("sad", &emotion, &favorite));
    CHECK_STR(emotion_names[emotion], "sad");
    CHECK(favorite.hash == 0);
    CHECK(picture_ask("calm/벚꽃", &emotion, &favorite));
    CHECK_STR(emotion_names[emotion], "calm");
    CHECK(favorite.hash == favorite_parse("벚꽃").hash);
    CHECK(!picture_ask("", &emotion, &favorite));
    CHECK(!picture_ask("happ", &emotion, &favorite));
    CHECK(!picture_ask("happyy/spring", &emotion, &favorite));
    CHECK(!picture_ask("Happy", &emotion, &favorite));
}

TEST(a_key_says_what_its_picture_is)
{
    struct picture picture;

    CHECK(
        picture_parse("emotions/happy/spring,sunny,day/img_20260504-090800_1v.jpeg", &picture));
    CHECK_STR(emotion_names[picture.emotion], "happy");
    CHECK(picture.garden && picture.orientation == 'v' && picture.favorite.trait[0] == 1);
    CHECK(picture_parse("imgPool/fear/사진 'a' \"b\".png", &picture));
    CHECK(!picture.garden && picture.orientation == 'h' && picture.favorite.hash == 0);
    CHECK(!picture_parse("emotions/happy", &picture));
    CHECK(!picture_parse("emotions/glad/a_1h.jpeg", &picture));
    CHECK(!picture_parse("display/zone1/img1h.jpeg", &picture));
    CHECK(!picture_parse("emotions/happy/a\n_1h.jpeg", &picture));
    CHECK(!picture_parse("", &picture));
}
