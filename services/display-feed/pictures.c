/* pictures.c - see pictures.h. */
#include "services/display-feed/pictures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/key.h"

struct pictures {
    const struct garden_conf *conf;
    struct store *store;
    pthread_mutex_t lock;
    struct catalog *catalog; /* NULL: not opened yet, or away */
};

/* What is asked for, and of which key it is. */
struct query {
    struct key keys[PICTURES_MAX];
    struct catalog_ref refs[PICTURES_MAX];
    struct catalog_item items[PICTURES_MAX];
    bool found[PICTURES_MAX];
    size_t number[PICTURES_MAX], count;
};

struct pictures *pictures_new(const struct garden_conf *conf, struct store *store,
                              struct err *err)
{
    struct pictures *pictures = calloc(1, sizeof *pictures);

    if (!pictures) {
        (void)err_set_nomem(err, "the pictures");
        return NULL;
    }
    pictures->conf = conf;
    pictures->store = store;
    (void)pthread_mutex_init(&pictures->lock, NULL);
    return pictures;
}

void pictures_free(struct pictures *pictures)
{
    if (!pictures)
        return;
    catalog_free(pictures->catalog);
    (void)pthread_mutex_destroy(&pictures->lock);
    free(pictures);
}

static void add(struct query *query, const char *text, size_t number)
{
    struct key *key = &query->keys[query->count];
    struct err bad = {0};

    if (key_parse(text, strlen(text), key, &bad) < 0 || key->area != KEY_GARDEN)
        return;
    query->refs[query->count] =
        (struct catalog_ref){CATALOG_GARDEN, key->search_key, key->name};
    query->number[query->count++] = number;
}

/* A handle that failed is opened anew the next time. */
static int ask(struct pictures *pictures, struct query *query, struct err *err)
{
    (void)pthread_mutex_lock(&pictures->lock);
    if (!pictures->catalog)
        pictures->catalog = garden_open_catalog(pictures->conf, true, err);
    if (pictures->catalog && catalog_get(pictures->catalog, query->refs, query->count,
                                         query->items, query->found, err) < 0) {
        catalog_free(pictures->catalog);
        pictures->catalog = NULL;
    }
    (void)pthread_mutex_unlock(&pictures->lock);
    return err->code;
}

/* A picture whose object has gone is no picture. */
static int hash(struct pictures *pictures, const char *key, char ret_sha256[SHA256_HEX],
                struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    struct err failure = {0};

    if (store_get(pictures->store, key, &data, NULL, &failure) == 0)
        sha256_hex(data.data, data.size, ret_sha256);
    else if (failure.code != ERR_NOT_FOUND)
        *err = failure;
    return err->code;
}

static int take(struct pictures *pictures, const struct query *query, size_t i,
                const char *const *keys, char (*ret_sha256)[SHA256_HEX], struct err *err)
{
    const struct catalog_item *item = &query->items[i];
    const size_t number = query->number[i];

    if (!query->found[i] || item->state != CATALOG_LIVE)
        return 0;
    if (!*item->sha256)
        return hash(pictures, keys[number], ret_sha256[number], err);
    memcpy(ret_sha256[number], item->sha256, SHA256_HEX);
    return 0;
}

int pictures_find(struct pictures *pictures, const char *const *keys, size_t count,
                  char (*ret_sha256)[SHA256_HEX], struct err *err)
{
    struct query *query = calloc(1, sizeof *query);

    if (!query)
        return err_set_nomem(err, "the pictures");
    for (size_t i = 0; i < count; i++) {
        ret_sha256[i][0] = '\0';
        add(query, keys[i], i);
    }
    if (query->count > 0 && ask(pictures, query, err) < 0)
        (void)err_wrap(err, "looking the pictures up");
    for (size_t i = 0; i < query->count && err->code == 0; i++)
        (void)take(pictures, query, i, keys, ret_sha256, err);
    free(query);
    return err->code;
}
