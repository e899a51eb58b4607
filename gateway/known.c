/* known.c - see known.h. */
#include "gateway/known.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/handles.h"
#include "lib/base/text.h"
#include "proto/key.h"

struct known {
    struct object_change_request requests[KNOWN_MAX];
    size_t asked_for[KNOWN_MAX]; /* for each ref: the number of its request */
    struct key keys[KNOWN_MAX];  /* for each ref: its texts */
    struct catalog_ref refs[KNOWN_MAX];
    struct catalog_item rows[KNOWN_MAX];
    bool found[KNOWN_MAX];
    struct store_meta metas[KNOWN_MAX]; /* for each ref */
    size_t ref_count;
};

/* A picture in the trash is catalogued under the key it was removed from. */
static const char *catalogued_key(const char *key)
{
    return text_starts_with(key, KEY_TRASH_PREFIX) ? key + strlen(KEY_TRASH_PREFIX) : key;
}

static void plan_lookup(struct known *known, size_t number)
{
    const struct object_change_request *request = &known->requests[number];
    struct key *key = &known->keys[known->ref_count];
    struct err bad = {0};
    const char *from;

    if ((request->what != OBJECT_COPY && request->what != OBJECT_MOVE) || request->meta ||
        !key_is_picture(request->to))
        return;
    from = catalogued_key(request->key);
    if (key_parse(from, strlen(from), key, &bad) < 0)
        return;
    known->refs[known->ref_count] = (struct catalog_ref){
        key->area == KEY_POOL ? CATALOG_POOL : CATALOG_GARDEN, key->search_key, key->name};
    known->asked_for[known->ref_count++] = number;
}

static int look_up(struct gateway *gateway, struct known *known)
{
    struct err err = {0};
    struct catalog *catalog = handles_take(gateway->catalogs, &err);

    if (!catalog)
        return err.code;
    (void)catalog_get(catalog, known->refs, known->ref_count, known->rows, known->found, &err);
    handles_give(gateway->catalogs, catalog);
    handles_failed(gateway->catalogs, err.code);
    return err.code;
}

/* A row tells of the trash only while the picture is removed: else another one has come under
 * its key since. */
static bool describes(const struct catalog_item *row, const char *source)
{
    bool in_trash = text_starts_with(source, KEY_TRASH_PREFIX);

    return in_trash == (row->state == CATALOG_REMOVED) && *row->sha256 && row->width &&
           row->height;
}

static void use_row(struct known *known, size_t i)
{
    struct object_change_request *request = &known->requests[known->asked_for[i]];
    const struct catalog_item *row = &known->rows[i];

    if (!known->found[i] || !describes(row, request->key))
        return;
    known->metas[i] =
        (struct store_meta){.sha256 = row->sha256, .width = row->width, .height = row->height};
    request->meta = &known->metas[i];
    request->size = row->size_bytes;
}

struct known *known_new(struct gateway *gateway, const struct object_change_request *requests,
                        size_t count)
{
    struct known *known;

    /* Where the store publishes, the event is not ours to add to. */
    if (gateway->writer.silent || count > KNOWN_MAX)
        return NULL;
    known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    memcpy(known->requests, requests, count * sizeof *requests);
    for (size_t i = 0; i < count; i++)
        plan_lookup(known, i);
    if (known->ref_count == 0 || look_up(gateway, known) < 0) {
        known_free(known);
        return NULL;
    }
    for (size_t i = 0; i < known->ref_count; i++)
        use_row(known, i);
    return known;
}

void known_free(struct known *known)
{
    free(known);
}

const struct object_change_request *known_requests(const struct known *known)
{
    return known->requests;
}
