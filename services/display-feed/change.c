/* change.c - see change.h. */
#include "services/display-feed/change.h"

#include <string.h>

#include "services/common/problem.h"

enum { AHEAD_MOST_MS = 24 * 3600 * 1000 };

static int check_repeats(const char *name, const char *const *keys, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(keys[i], keys[k]) == 0)
                return err_set(err, ERR_INVALID,
                               "%s names %.120s twice: name each picture once, places are "
                               "filled by repeating them",
                               name, keys[i]);
    return 0;
}

/* Returns 0 or a status. */
static int read_list(const json_t *root, const char *name, const char **keys, size_t *ret_count,
                     struct err *err)
{
    json_t *list = NULL;
    size_t count;

    *ret_count = 0;
    if (json_opt_array(root, name, &list, err) < 0)
        return 400;
    count = list ? json_array_size(list) : 0;
    if (count > CHANGE_PLACES) {
        (void)err_set(err, ERR_INVALID, "%s names %zu pictures: a zone takes at most %d", name,
                      count, CHANGE_PLACES);
        return 422;
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = json_string_value(json_array_get(list, i));
        if (!keys[i]) {
            (void)err_set(err, ERR_INVALID, "%s[%zu] is no text: name pictures by their keys",
                          name, i);
            return 400;
        }
    }
    *ret_count = count;
    return check_repeats(name, keys, count, err) < 0 ? 422 : 0;
}

static int read_time(struct change *change, const json_t *root, int64_t now_ms, int64_t lead_ms,
                     struct err *err)
{
    int64_t at_ms = now_ms + lead_ms;

    if (json_opt_int(root, "effective_at", &at_ms, err) < 0)
        return 400;
    if (at_ms < 0 || at_ms > now_ms + AHEAD_MOST_MS) {
        (void)err_set(err, ERR_INVALID,
                      "effective_at is %lld, more than a day from now, which is %lld here: set "
                      "the clock, or leave it out",
                      (long long)at_ms, (long long)now_ms);
        return 422;
    }
    change->effective_at_ms = at_ms;
    return 0;
}

int change_read(struct change *change, const char *zone, const json_t *root, int64_t now_ms,
                int64_t lead_ms, struct err *err)
{
    int status;

    change->zone = zone;
    status = read_list(root, "landscape", change->keys, &change->landscape, err);
    if (status == 0)
        status = read_list(root, "portrait", change->keys + change->landscape,
                           &change->portrait, err);
    if (status == 0)
        status = read_time(change, root, now_ms, lead_ms, err);
    if (status == 0 && change->landscape + change->portrait == 0) {
        (void)err_set(err, ERR_INVALID,
                      "there is nothing to show: name at least one picture in landscape or "
                      "portrait");
        status = 422;
    }
    return status;
}

static void say_unknown(struct change *change, struct buf *ret_unknown, struct err *err)
{
    const size_t count = change->landscape + change->portrait;
    const char *first = NULL;
    size_t unknown = 0;

    for (size_t i = 0; i < count; i++) {
        if (*change->sha256[i])
            continue;
        if (!first)
            first = change->keys[i];
        unknown++;
        json_write_str(ret_unknown, change->keys[i]);
    }
    if (unknown == 1)
        (void)err_set(err, ERR_INVALID, "%.160s is no picture of the garden (any more)", first);
    else if (unknown > 1)
        (void)err_set(
            err, ERR_INVALID,
            "%zu of them are no pictures of the garden (any more), %.120s is the first",
            unknown, first);
}

int change_find(struct change *change, struct pictures *pictures, struct buf *ret_unknown,
                struct err *err)
{
    const size_t count = change->landscape + change->portrait;

    if (pictures_find(pictures, change->keys, count, change->sha256, err) < 0)
        return problem_status_of(err->code);
    say_unknown(change, ret_unknown, err);
    for (size_t i = 0; i < count; i++)
        change->pictures[i] = (struct display_picture){change->keys[i], change->sha256[i]};
    return err->code ? 422 : 0;
}

int change_make(void *ctx, const struct manifest *now, struct display_event *event,
                struct err *err)
{
    const struct change *change = ctx;

    (void)now;
    (void)err;
    event->effective_at_ms = change->effective_at_ms;
    event->landscape = change->pictures;
    event->landscape_count = change->landscape;
    event->portrait = change->pictures + change->landscape;
    event->portrait_count = change->portrait;
    return 0;
}
