/* gardenctl_starter_test.c - the prompts that ship, and which pictures a new garden has drawn.
 */
#include "gardenctl/starter_pool.h"
#include "lib/base/text.h"
#include "proto/key.h"
#include "tests/test.h"

static void load(struct prompts *prompts)
{
    struct err err = {0};

    CHECK_INT(setenv("GARDEN_SHARE", ".", 1), ==, 0); /* tests run in the root of the tree */
    CHECK_OK(prompts_load(prompts, &err), err);
}

TEST(a_template_is_filled_in_and_nothing_is_left_of_what_is_empty)
{
    static const struct {
        struct prompt_choice choice;
        const char *texts[4];
    } cases[] = {
        {{"happy", "cat", "snowy", "winter", "the-early-dawn"},
         {"a flower garden in winter, snowy, at the early dawn, happy, a cat",
          "happy flower garden at the early dawn, in winter, snowy, a cat",
          "a cat in a garden full of flowers, happy, snowy, in winter, at the early dawn",
          "beautiful flowers in a garden that feels happy, in winter at the early dawn, snowy, "
          "a cat"}},
        {{"sad", "none", "rainy", "spring", "day"},
         {"a flower garden in spring, rainy, by day, sad",
          "sad flower garden by day, in spring, rainy",
          "in a garden full of flowers, sad, rainy, in spring, by day",
          "beautiful flowers in a garden that feels sad, in spring by day, rainy"}},
    };
    OWNED_VALUE(prompts) prompts = {0};

    load(&prompts);
    CHECK_INT(prompts_count(&prompts), ==, 4);
    CHECK(text_starts_with(prompts_others(&prompts), "flowers, fantasy, concept art"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t k = 0; k < 4; k++) {
            OWNED_VALUE(buf) text = {0};

            prompts_fill(&prompts, k, &cases[i].choice, &text);
            CHECK_STR(buf_text(&text), cases[i].texts[k]);
        }
}

/* What POST /bulk takes. */
struct job {
    json_t *body, *prompt; /* owned */
    const char *fname, *text, *favorite;
    int64_t index;
};

static void job_done(struct job *job)
{
    json_decref(job->body);
    json_decref(job->prompt);
}

static void read_job(const struct prompts *prompts, size_t i, struct job *job)
{
    OWNED_VALUE(buf) body = {0};
    const char *prompt = NULL;
    struct err err = {0};

    CHECK_OK(starter_pool_body(prompts, INT64_C(1777885687123), i, &body, &err), err);
    job->body = json_parse(buf_text(&body), body.size, &err);
    CHECK_OK(err.code, err);
    CHECK_OK(json_get_str(job->body, "fname", &job->fname, &err), err);
    CHECK_OK(json_get_int(job->body, "index", &job->index, &err), err);
    CHECK_OK(json_get_str(job->body, "prompt", &prompt, &err), err);
    job->prompt = json_parse(prompt, strlen(prompt), &err);
    CHECK_OK(err.code, err);
    CHECK_OK(json_get_str(job->prompt, "emotionText", &job->text, &err), err);
    CHECK_OK(json_get_str(job->prompt, "favorite", &job->favorite, &err), err);
}

TEST(the_pool_has_each_emotion_in_each_season)
{
    static const char *const seasons[] = {"spring", "summer", "autumn", "winter"};
    OWNED_VALUE(prompts) prompts = {0};
    int seen[EMOTION_COUNT][4] = {{0}}, favorites = 0, dogs = 0, nights = 0, snow = 0;

    load(&prompts);
    for (size_t i = 0; i < STARTER_POOL_JOBS; i++) {
        OWNED_VALUE(job) job = {0};
        char key[KEY_BYTES];
        struct key parsed;
        struct err err = {0};

        read_job(&prompts, i, &job);
        CHECK_INT(job.index, ==, i);
        (void)snprintf(key, sizeof key, "%s_%zuh.jpeg", job.fname, i);
        CHECK_OK(key_parse(key, strlen(key), &parsed, &err), err);
        CHECK(text_starts_with(parsed.name, "img_20260504-090807_"));
        CHECK(!strchr(job.text, '[') && !strstr(job.text, ",,") && !strstr(job.text, "  "));
        for (size_t e = 0; e < EMOTION_COUNT; e++)
            for (size_t s = 0; s < 4; s++)
                seen[e][s] += strncmp(parsed.search_key, emotion_names[e],
                                      strlen(emotion_names[e])) == 0 &&
                              strstr(job.text, emotion_names[e]) &&
                              strstr(job.text, seasons[s]);
        favorites += *job.favorite != '\0';
        CHECK((*job.favorite != '\0') == (strchr(parsed.search_key, '/') != NULL));
        dogs += strstr(job.text, "a dog") != NULL;
        nights += strstr(job.text, "night") != NULL;
        snow += strstr(job.text, "snowy") != NULL;
        CHECK(!strstr(job.text, "snowy") || strstr(job.text, "winter"));
    }
    for (size_t e = 0; e < EMOTION_COUNT; e++)
        for (size_t s = 0; s < 4; s++)
            CHECK_INT(seen[e][s], ==, 1);
    CHECK_INT(favorites, ==, STARTER_POOL_JOBS / 2);
    CHECK_INT(dogs, >, 3);
    CHECK_INT(nights, >, 3);
    CHECK_INT(snow, >, 2);
}
