/* picture.h - what can be said of a picture by its key: mood, favourite, orientation. */
#ifndef SERVICES_RECOMMENDER_PROXY_PICTURE_H
#define SERVICES_RECOMMENDER_PROXY_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

/* A favourite of the kiosks' form "season,weather,time" in numbers from 1; 0: it says nothing
 * of that, or something else. */
enum { TRAITS = 3, TRAIT_VALUES = 5 };
enum trait { TRAIT_SEASON, TRAIT_WEATHER, TRAIT_TIME };

struct favorite {
    uint8_t trait[TRAITS];
    uint64_t hash; /* of the text, 0: there is none */
};

struct favorite favorite_parse(const char *text);

/* Of a search key: *ret_emotion into emotion_names. False: it is none. */
bool picture_ask(const char *search_key, int *ret_emotion, struct favorite *ret_favorite);

struct picture {
    uint8_t emotion;  /* into emotion_names */
    char orientation; /* 'h' or 'v' */
    bool garden;      /* chosen, not of the pool */
    struct favorite favorite;
};

/* False where the key is no picture's. */
bool picture_parse(const char *item_id, struct picture *ret_picture);

#endif
