/* drawings_list.c - the jobs of the generator in the order of their age: see drawings.h. */
#include <stdlib.h>
#include <string.h>

#include "gateway/drawing_json.h"
#include "gateway/drawings_local.h"
#include "lib/base/text.h"

/* The newer comes first; of the same age, the greater id. */
static int compare(int64_t a_ms, const char *a_id, int64_t b_ms, const char *b_id)
{
    if (a_ms != b_ms)
        return a_ms > b_ms ? -1 : 1;
    return -strcmp(a_id, b_id);
}

static int by_age(const void *a, const void *b)
{
    const struct drawing *left = *(struct drawing *const *)a,
                         *right = *(struct drawing *const *)b;

    return compare(left->created_ms, left->id, right->created_ms, right->id);
}

static size_t collect(const struct drawing_list *list, const struct drawings_page *page,
                      struct drawing **out)
{
    size_t count = 0;

    for (struct drawing *at = list->first; at; at = at->next) {
        bool wanted = page->state < 0 || at->state == (enum drawing_state)page->state;

        if (wanted && (!*page->after_id ||
                       compare(page->after_ms, page->after_id, at->created_ms, at->id) < 0))
            out[count++] = at;
    }
    return count;
}

size_t drawings_list(struct drawings *drawings, const struct drawings_page *page,
                     struct buf *out, int64_t *ret_last_ms, char ret_last_id[DRAWING_ID],
                     bool *ret_more)
{
    struct drawing **found;
    size_t count = 0, shown = 0;

    (void)pthread_mutex_lock(&drawings->lock);
    found = calloc(map_count(drawings->by_id) + 1, sizeof(struct drawing *));
    if (found) {
        count = collect(&drawings->going, page, found);
        count += collect(&drawings->ended, page, found + count);
        qsort(found, count, sizeof(struct drawing *), by_age);
    }
    for (; shown < count && shown < page->limit; shown++) {
        drawing_write(found[shown], page->base, out);
        *ret_last_ms = found[shown]->created_ms;
        (void)text_copy(ret_last_id, DRAWING_ID, found[shown]->id);
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    *ret_more = shown < count;
    free(found);
    return shown;
}
