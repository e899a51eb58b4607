/* starter_pool.c - see starter_pool.h. */
#include "gardenctl/starter_pool.h"

#include <stdio.h>
#include <time.h>

#include "proto/key.h"

enum { SEASONS = 4 };

static const char *const seasons[SEASONS] = {"spring", "summer", "autumn", "winter"};
static const char *const times[] = {
    "day", "sunset", "day", "the-early-dawn", "day", "the-middle-of-the-night"};
static const char *const animals[] = {"none", "dog", "none", "cat"};

/* Snow falls in winter only. */
static const char *const weathers[SEASONS][4] = {
    {"sunny", "rainy", "sunny", "cloudy"},
    {"sunny", "cloudy", "sunny", "rainy"},
    {"cloudy", "sunny", "rainy", "sunny"},
    {"snowy", "sunny", "snowy", "cloudy"},
};

/* Season by season, so that every emotion has its first pictures soon. */
static struct prompt_choice choose(size_t i)
{
    const size_t emotion = i % EMOTION_COUNT, season = i / EMOTION_COUNT % SEASONS;

    return (struct prompt_choice){
        .emotion = emotion_names[emotion],
        .season = seasons[season],
        .weather = weathers[season][(emotion + season) % 4],
        .time = times[(emotion + 5 * season) % (sizeof times / sizeof *times)],
        .animal = animals[(emotion + emotion / 4 + season) % 4],
    };
}

static void write_stamp(int64_t since_ms, char stamp[32])
{
    const time_t seconds = (time_t)(since_ms / 1000);
    struct tm utc;

    (void)gmtime_r(&seconds, &utc);
    (void)strftime(stamp, 32, "%Y%m%d-%H%M%S", &utc);
}

int starter_pool_body(const struct prompts *prompts, int64_t since_ms, size_t i,
                      struct buf *body, struct err *err)
{
    const struct prompt_choice choice = choose(i);
    /* one half to a favourite, the other to the emotion alone */
    const bool favorite = (i + i / EMOTION_COUNT) % 2 == 1;
    OWNED_VALUE(buf) text = {0}, search = {0}, prompt = {0}, fname = {0};
    char stamp[32];

    write_stamp(since_ms, stamp);
    if (favorite)
        buf_printf(&search, "%s,%s,%s", choice.season, choice.weather, choice.time);
    buf_printf(&fname, KEY_POOL_PREFIX "%s%s%s/img_%s", choice.emotion, favorite ? "/" : "",
               buf_text(&search), stamp);
    prompts_fill(prompts, i, &choice, &text);
    json_write_open(&prompt, '{');
    json_put_str(&prompt, "emotion", choice.emotion);
    json_put_str(&prompt, "emotionText", buf_text(&text));
    json_put_str(&prompt, "favorite", buf_text(&search));
    json_put_str(&prompt, "others", prompts_others(prompts));
    json_write_close(&prompt, '}');
    json_write_open(body, '{');
    json_put_int(body, "index", (int64_t)i);
    json_put_str(body, "prompt", buf_text(&prompt));
    json_put_str(body, "fname", buf_text(&fname));
    json_write_close(body, '}');
    if (!buf_ok(&text) || !buf_ok(&search) || !buf_ok(&prompt) || !buf_ok(&fname) ||
        !buf_ok(body))
        return err_set_nomem(err, "a request");
    return 0;
}
