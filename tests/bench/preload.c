/* preload.c - fills a catalogue: preload DIR GARDENS ITEMS puts ITEMS pictures in each of
 * GARDENS gardens named happy/g0000 ..., as `make bench-gardens` needs them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/catalog/catalog.h"
#include "proto/key.h"

enum { NAME_BYTES = 48 };

static int put_garden(struct catalog *catalog, int garden, int items, struct err *err)
{
    struct catalog_item *list = calloc((size_t)items, sizeof *list);
    char(*names)[NAME_BYTES] = calloc((size_t)items, sizeof *names);
    char search_key[NAME_BYTES];
    int r = ERR_NOMEM;

    (void)snprintf(search_key, sizeof search_key, "%s/g%04d",
                   emotion_names[garden % EMOTION_COUNT], garden);
    for (int i = 0; list && names && i < items; i++) {
        (void)snprintf(names[i], NAME_BYTES, "img_20260504-%06d_0%c.jpeg", i,
                       i % 2 ? 'v' : 'h');
        list[i] = (struct catalog_item){
            .ref = {CATALOG_GARDEN, search_key, names[i]},
            .orientation = i % 2 ? 'v' : 'h',
            .width = 1280,
            .height = 800,
            .size_bytes = 250000,
            .event_time_ms = 1777885687000 + i,
        };
    }
    if (list && names)
        r = catalog_apply(
            catalog, &(struct catalog_batch){.items = list, .item_count = (size_t)items}, err);
    free(list);
    free(names);
    return r;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    int64_t gardens = 0, items = 0;

    if (argc != 4 || text_parse_int(argv[2], 1, 1000000, &gardens, &err) < 0 ||
        text_parse_int(argv[3], 1, 100000, &items, &err) < 0) {
        (void)fprintf(stderr, "usage: preload DIR GARDENS ITEMS %s\n", err.text);
        return 2;
    }
    OWNED(catalog)
    catalog = catalog_open(&(struct catalog_conf){.url = "sqlite", .dir = argv[1]}, &err);
    for (int i = 0; err.code == 0 && i < gardens; i++)
        (void)put_garden(catalog, i, (int)items, &err);
    if (err.code)
        (void)fprintf(stderr, "preload: %s\n", err.text);
    return err.code ? EXIT_FAILURE : EXIT_SUCCESS;
}
