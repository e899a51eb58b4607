/* picture.c - see picture.h. */
#include "services/recommender-proxy/picture.h"

#include <string.h>

#include "lib/base/intern.h"
#include "proto/key.h"

static const char *const trait_words[TRAITS][TRAIT_VALUES - 1] = {
    [TRAIT_SEASON] = {"spring", "summer", "autumn", "winter"},
    [TRAIT_WEATHER] = {"sunny", "cloudy", "rainy", "snowy"},
    [TRAIT_TIME] = {"day", "sunset", "the-middle-of-the-night", "the-early-dawn"},
};

static void note_word(struct favorite *favorite, const char *word, size_t size)
{
    for (int trait = 0; trait < TRAITS; trait++)
        for (int i = 0; i < TRAIT_VALUES - 1; i++)
            if (strlen(trait_words[trait][i]) == size &&
                memcmp(trait_words[trait][i], word, size) == 0)
                favorite->trait[trait] = (uint8_t)(i + 1);
}

struct favorite favorite_parse(const char *text)
{
    struct favorite favorite = {.hash = *text ? intern_hash_text(text) : 0};

    while (*text) {
        const size_t size = strcspn(text, ",");

        note_word(&favorite, text, size);
        text += size + (text[size] == ',');
    }
    return favorite;
}

bool picture_ask(const char *search_key, int *ret_emotion, struct favorite *ret_favorite)
{
    const size_t size = strcspn(search_key, "/");

    for (int i = 0; i < EMOTION_COUNT; i++)
        if (strlen(emotion_names[i]) == size &&
            memcmp(emotion_names[i], search_key, size) == 0) {
            *ret_emotion = i;
            *ret_favorite = favorite_parse(search_key + size + (search_key[size] == '/'));
            return true;
        }
    return false;
}

bool picture_parse(const char *item_id, struct picture *ret_picture)
{
    struct err err = {0};
    struct key key;
    int emotion;

    if (key_parse(item_id, strlen(item_id), &key, &err) < 0 ||
        !picture_ask(key.search_key, &emotion, &ret_picture->favorite))
        return false;
    ret_picture->emotion = (uint8_t)emotion;
    ret_picture->orientation = key.orientation;
    ret_picture->garden = key.area == KEY_GARDEN;
    return true;
}
