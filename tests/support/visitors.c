/* visitors.c - the garden and its visitors; the log is in visitors_log.c. */
#include "tests/support/visitors.h"

#include <stdio.h>

#include "tests/support/random.h"

enum { SEASONS = 4, WEATHERS = 4, TIMES = 4, GENERATIONS = 7, GENDERS = 2, DAY_MS = 86400000 };
enum { CALIBRATION = 4000, KEY_TEXT = 128, HASH_TEXT = 65 };

static const char *const seasons[SEASONS] = {"spring", "summer", "autumn", "winter"};
static const char *const weathers[WEATHERS] = {"sunny", "cloudy", "rainy", "snowy"};
static const char *const times[TIMES] = {"day", "sunset", "the-middle-of-the-night",
                                         "the-early-dawn"};
static const double mood_shares[EMOTION_COUNT] = {.30, .10, .22, .06, .06, .08, .04, .14};
static const double generation_shares[GENERATIONS] = {.03, .12, .15, .20, .30, .13, .07};

struct picture {
    struct item_event event;
    char key[KEY_TEXT], asked[64], sha256[HASH_TEXT];
    int mood, season, weather, time;
    float quality, style[VISITORS_STYLE];
};

typedef float style_vector[VISITORS_STYLE];

struct visitors {
    struct visitors_conf conf;
    double base;
    struct picture *pictures;
    style_vector mood_style[EMOTION_COUNT], season_style[SEASONS], season_taste[SEASONS];
    style_vector group[GENERATIONS][GENDERS][EMOTION_COUNT];
};

enum { OF_WORLD = 1, OF_ITEM, OF_VISITOR, OF_VISIT };

/* A sequence for each thing that is made up. */
static struct random sequence(const struct visitors *v, uint64_t kind, uint64_t which)
{
    return random_of(v->conf.seed * 8 + kind, which);
}

static void draw(struct random *random, double deviation, style_vector ret)
{
    for (int d = 0; d < VISITORS_STYLE; d++)
        ret[d] = (float)(deviation * random_normal(random));
}

static void add(style_vector sum, double factor, const style_vector part)
{
    for (int d = 0; d < VISITORS_STYLE; d++)
        sum[d] += (float)factor * part[d];
}

static int pick(struct random *random, const double *shares, int count)
{
    double left = random_unit(random);

    for (int i = 0; i < count - 1; i++) {
        left -= shares[i];
        if (left < 0)
            return i;
    }
    return count - 1;
}

/* -- what visitors have in common -----------------------------------------------------------
 */

static void make_groups(struct visitors *v, struct random *random)
{
    const double unit = 1 / sqrt(VISITORS_STYLE);
    style_vector generation[GENERATIONS], gender[GENDERS], mood[EMOTION_COUNT], own;

    for (int g = 0; g < GENERATIONS; g++) {
        draw(random, g == 0 ? unit : unit * sqrt(1 - .7 * .7), generation[g]);
        if (g > 0)
            add(generation[g], .7, generation[g - 1]);
    }
    for (int g = 0; g < GENDERS; g++)
        draw(random, unit, gender[g]);
    for (int e = 0; e < EMOTION_COUNT; e++)
        draw(random, unit, mood[e]);
    for (int i = 0; i < GENERATIONS * GENDERS * EMOTION_COUNT; i++) {
        int g = i / (GENDERS * EMOTION_COUNT), s = i / EMOTION_COUNT % GENDERS;
        float *taste = v->group[g][s][i % EMOTION_COUNT];

        draw(random, unit, own);
        add(taste, sqrt(.3), generation[g]);
        add(taste, sqrt(.2), gender[s]);
        add(taste, sqrt(.2), mood[i % EMOTION_COUNT]);
        add(taste, sqrt(.3), own);
    }
}

static void make_world(struct visitors *v)
{
    struct random random = sequence(v, OF_WORLD, 0);

    for (int e = 0; e < EMOTION_COUNT; e++)
        draw(&random, 1, v->mood_style[e]);
    for (int s = 0; s < SEASONS; s++) {
        draw(&random, 1, v->season_style[s]);
        draw(&random, 1 / sqrt(VISITORS_STYLE), v->season_taste[s]);
    }
    make_groups(v, &random);
}

/* -- pictures ------------------------------------------------------------------------------ */

/* Keys are dealt out in turn; of five pictures one is born during the period. */
static void make_picture(struct visitors *v, uint32_t i)
{
    struct random random = sequence(v, OF_ITEM, i);
    struct picture *p = &v->pictures[i];
    char orientation = i / (EMOTION_COUNT * VISITORS_FAVORITES) % 2 ? 'v' : 'h';
    uint32_t favorite = i / EMOTION_COUNT % VISITORS_FAVORITES;
    double born = random_unit(&random);

    p->mood = (int)(i % EMOTION_COUNT);
    p->season = (int)(favorite / (WEATHERS * TIMES));
    p->weather = (int)(favorite / TIMES % WEATHERS);
    p->time = (int)(favorite % TIMES);
    p->quality = (float)random_normal(&random);
    draw(&random, sqrt(.6), p->style);
    add(p->style, sqrt(.2), v->mood_style[p->mood]);
    add(p->style, sqrt(.2), v->season_style[p->season]);
    (void)snprintf(p->asked, sizeof p->asked, "%s/%s,%s,%s", emotion_names[p->mood],
                   seasons[p->season], weathers[p->weather], times[p->time]);
    (void)snprintf(p->key, sizeof p->key, "emotions/%s/img_20260101-%06u_0%c.jpeg", p->asked, i,
                   orientation);
    for (int part = 0; part < 4; part++)
        (void)snprintf(p->sha256 + (size_t)part * 16, 17, "%016llx",
                       (unsigned long long)random_next(&random));
    p->event = (struct item_event){
        .item_id = p->key,
        .timestamp_ms =
            v->conf.start_ms + (born < .8 ? -(int64_t)(born * 90 * DAY_MS)
                                          : (int64_t)((born - .8) * 5 * v->conf.days * DAY_MS)),
        .emotion = p->asked,
        .orientation = orientation,
        .width = orientation == 'h' ? 1280 : 800,
        .height = orientation == 'h' ? 800 : 1280,
        .size_bytes = 200000 + i,
        .sha256 = p->sha256,
    };
}

const struct item_event *visitors_item(const struct visitors *v, uint32_t item)
{
    return &v->pictures[item].event;
}

uint32_t visitors_item_count(const struct visitors *v)
{
    return v->conf.items;
}

int visitors_item_mood(const struct visitors *v, uint32_t item)
{
    return v->pictures[item].mood;
}

/* -- visits -------------------------------------------------------------------------------- */

bool visitors_comes_again(const struct visitors *v, uint64_t visitor)
{
    struct random random = sequence(v, OF_VISITOR, visitor);

    return random_unit(&random) < .2;
}

static void choose_favorite(struct random *random, struct visit *visit)
{
    visit->season = (int)random_below(random, SEASONS);
    visit->weather = (int)random_below(random, WEATHERS);
    visit->time = (int)random_below(random, TIMES);
}

void visitors_visit(const struct visitors *v, uint64_t visitor, int number,
                    struct visit *ret_visit)
{
    struct random random = sequence(v, OF_VISITOR, visitor);
    struct random today = sequence(v, OF_VISIT, visitor * 2 + (uint64_t)number);
    struct visit visit = {.visitor = visitor, .number = number};
    style_vector personal;
    int generation, gender;

    (void)random_unit(&random); /* visitors_comes_again's */
    generation = pick(&random, generation_shares, GENERATIONS);
    gender = (int)random_below(&random, GENDERS);
    visit.generation = user_generations[generation];
    visit.gender = user_genders[gender];
    if (random_unit(&random) < .25)
        visit.generation = visit.gender = "";
    draw(&random, 1 / sqrt(VISITORS_STYLE), personal);
    choose_favorite(&random, &visit);
    visit.start_ms =
        v->conf.start_ms + (int64_t)(random_unit(&random) * v->conf.days * (double)DAY_MS);
    if (number > 0) {
        visit.start_ms += (int64_t)((1 + 29 * random_unit(&today)) * DAY_MS);
        if (random_unit(&today) < .3)
            choose_favorite(&today, &visit);
    }
    visit.mood = pick(&today, mood_shares, EMOTION_COUNT);
    visit.rounds = 3 + (int)random_below(&today, 6);
    add(visit.taste, VISITORS_GROUP, v->group[generation][gender][visit.mood]);
    add(visit.taste, VISITORS_SEASON, v->season_taste[visit.season]);
    add(visit.taste, VISITORS_PERSONAL, personal);
    (void)snprintf(visit.user_id, sizeof visit.user_id, "visitor-%08llu",
                   (unsigned long long)visitor);
    (void)snprintf(visit.asked, sizeof visit.asked, "%s/%s,%s,%s", emotion_names[visit.mood],
                   seasons[visit.season], weathers[visit.weather], times[visit.time]);
    *ret_visit = visit;
}

struct user_event visitors_user_event(const struct visit *visit)
{
    return (struct user_event){
        .user_id = visit->user_id,
        .generation = visit->generation,
        .gender = visit->gender,
        .emotion = emotion_names[visit->mood],
        .source = USER_SOURCE_VISITOR,
        .timestamp_ms = visit->start_ms,
    };
}

/* -- chances ------------------------------------------------------------------------------- */

static double log_odds(const struct visitors *v, const struct visit *visit, uint32_t item)
{
    const struct picture *p = &v->pictures[item];
    double z = v->base + VISITORS_QUALITY * (double)p->quality;

    for (int d = 0; d < VISITORS_STYLE; d++)
        z += (double)visit->taste[d] * (double)p->style[d];
    z += p->season == visit->season ? VISITORS_MATCH_SEASON : 0;
    z += p->weather == visit->weather ? VISITORS_MATCH_WEATHER : 0;
    z += p->time == visit->time ? VISITORS_MATCH_TIME : 0;
    return z - (p->mood == visit->mood ? 0 : VISITORS_OTHER_MOOD);
}

double visitors_chance(const struct visitors *v, const struct visit *visit, uint32_t item)
{
    return 1 / (1 + exp(-log_odds(v, visit, item)));
}

/* How often a picture of the own mood is liked, over some visitors that never come. */
static double blind_rate(const struct visitors *v)
{
    struct random random = sequence(v, OF_WORLD, 1);
    double sum = 0;

    for (uint64_t i = 0; i < CALIBRATION; i++) {
        struct visit visit;
        uint32_t nth;

        visitors_visit(v, UINT32_MAX + i, 0, &visit);
        nth = random_below(&random, v->conf.items / EMOTION_COUNT);
        sum += visitors_chance(v, &visit, nth * EMOTION_COUNT + (uint32_t)visit.mood);
    }
    return sum / CALIBRATION;
}

static void calibrate(struct visitors *v)
{
    double low = -12, high = 6;

    for (int i = 0; i < 30; i++) {
        v->base = (low + high) / 2;
        if (blind_rate(v) < VISITORS_BASE_RATE)
            low = v->base;
        else
            high = v->base;
    }
}

struct visitors *visitors_new(const struct visitors_conf *conf, struct err *err)
{
    struct visitors *v;

    if (conf->items < EMOTION_COUNT * VISITORS_FAVORITES || conf->days < 1) {
        (void)err_set(err, ERR_INVALID, "a garden of %u pictures and %d days is too small",
                      conf->items, conf->days);
        return NULL;
    }
    v = calloc(1, sizeof *v);
    if (v)
        v->pictures = calloc(conf->items, sizeof *v->pictures);
    if (!v || !v->pictures) {
        visitors_free(v);
        (void)err_set_nomem(err, "a garden");
        return NULL;
    }
    v->conf = *conf;
    make_world(v);
    for (uint32_t i = 0; i < conf->items; i++)
        make_picture(v, i);
    calibrate(v);
    return v;
}

void visitors_free(struct visitors *v)
{
    if (!v)
        return;
    free(v->pictures);
    free(v);
}
