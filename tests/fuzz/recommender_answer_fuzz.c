/* recommender_answer_fuzz.c - what other programs recommend: whatever they answer, what is
 * taken of it is pictures' keys of the mood and orientation that were asked for, each once and
 * no more than that many, with finite scores; an error leaves what was there; and ids that are
 * read are those that are written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/key.h"
#include "services/recommender-proxy/gorse_id.h"
#include "services/recommender-proxy/remote_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_answer(const struct rec_query *query, const struct rec_answer *answer)
{
    must(answer->count <= query->count);
    must(memchr(answer->recommendation_id, '\0', sizeof answer->recommendation_id) != NULL);
    for (size_t i = 0; i < answer->count; i++) {
        const struct rec_result *result = &answer->results[i];
        struct err err = {0};
        struct key key;

        must(key_parse(result->item_id, strlen(result->item_id), &key, &err) == 0);
        must(key.area == KEY_GARDEN);
        must(!query->orientation || key.orientation == query->orientation);
        must(!*query->emotion || strncmp(key.search_key, "happy", strlen("happy")) == 0);
        must(isfinite(result->score));
        for (size_t k = 0; k < i; k++)
            must(strcmp(answer->results[k].item_id, result->item_id) != 0);
    }
}

static void check_id(const uint8_t *data, size_t size)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) written = {0};
    OWNED_VALUE(buf) plain = {0};
    struct err err = {0};
    const char *id;

    buf_append(&text, data, size);
    id = buf_text(&text); /* up to its first NUL */
    if (gorse_id_write(&written, id, &err) == 0) {
        must(!strpbrk(written.data, "/,:"));
        must(gorse_id_read(&plain, written.data, &err) == 0);
        must(strcmp(buf_text(&plain), id) == 0);
    }
    err_clear(&err);
    buf_clear(&plain);
    buf_clear(&written);
    if (gorse_id_read(&plain, id, &err) == 0) {
        must(gorse_id_write(&written, buf_text(&plain), &err) == 0);
        must(strcmp(buf_text(&written), id) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rec_query queries[] = {
        {"u", "happy/spring", "", "", 0, 3},
        {"u", "happy", "", "", 'v', REC_COUNT_MAX},
        {"u", "", "", "", 0, 5},
    };

    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        OWNED_VALUE(rec_answer) answer = {0};
        struct err err = {0};
        size_t count;

        (void)remote_answer_personalize(data, size, &queries[q], &answer, &err);
        must(err.code == 0 || answer.count == 0);
        check_answer(&queries[q], &answer);
        count = answer.count;
        err_clear(&err);
        (void)remote_answer_gorse(data, size, &queries[q], &answer, &err);
        must(answer.count >= count && (err.code == 0 || answer.count == count));
        check_answer(&queries[q], &answer);
        (void)remote_answer_personalize(data, size, &queries[q], &answer, &err);
        check_answer(&queries[q], &answer);
    }
    check_id(data, size);
    return 0;
}
