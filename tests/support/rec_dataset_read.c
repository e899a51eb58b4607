/* rec_dataset_read.c - a data set from an export's interactions.csv; see rec_dataset.h. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/intern.h"
#include "proto/dataset.h"
#include "tests/support/rec_dataset.h"

enum { LEFT_TOLD = 3 };

struct reading {
    struct rec_dataset *dataset;
    struct intern *users, *items;
    uint64_t left; /* rows that are none */
};

static int take(struct reading *r, const struct dataset_interaction *act, struct err *err)
{
    struct rec_like like = {.time = act->timestamp_s};

    if (act->type != INTERACTION_LIKE)
        return 0;
    like.user = intern_add(r->users, act->user_id.text);
    like.item = intern_add(r->items, act->item_id.text);
    if (like.user == INTERN_NONE || like.item == INTERN_NONE)
        return err_set_nomem(err, "ids");
    return rec_dataset_add(r->dataset, &like, err);
}

/* Rows that cannot be read are left out, and said. */
static int read_all(struct reading *r, int fd, struct err *err)
{
    OWNED(dataset_reader)
    reader = dataset_reader_new(DATASET_INTERACTIONS, csv_source_fd, &fd, err);
    struct dataset_row row;
    int more;

    if (!reader)
        return err->code;
    while ((more = dataset_read(reader, &row, err)) != 0) {
        if (more > 0 && take(r, &row.interaction, err) == 0)
            continue;
        if (more > 0 || err->code != ERR_INVALID)
            return err->code;
        if (r->left++ < LEFT_TOLD)
            (void)fprintf(stderr, "interactions.csv: %s\n", err->text);
        err_clear(err);
    }
    if (r->left > 0)
        (void)fprintf(stderr, "interactions.csv: %llu rows left out\n",
                      (unsigned long long)r->left);
    return 0;
}

static int open_csv(const char *dir, struct err *err)
{
    static const char *const places[] = {"interactions.csv", "interactions/interactions.csv"};
    char path[4096];
    int fd = -1;

    for (size_t i = 0; i < sizeof places / sizeof *places && fd < 0; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, places[i]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0)
        (void)err_set_errno(err, "%s/interactions.csv (or %s)", dir, path);
    return fd;
}

struct rec_dataset *rec_dataset_read(const char *dir, struct err *err)
{
    struct reading r = {.dataset = rec_dataset_empty(0, 0, err)};
    int fd = open_csv(dir, err);

    r.users = intern_new();
    r.items = intern_new();
    if (!r.users || !r.items)
        (void)err_set_nomem(err, "ids");
    if (err->code == 0)
        (void)read_all(&r, fd, err);
    if (fd >= 0)
        (void)close(fd);
    if (err->code == 0) {
        r.dataset->users = intern_count(r.users);
        r.dataset->items = intern_count(r.items);
    }
    intern_free(r.users);
    intern_free(r.items);
    if (err->code == 0)
        return r.dataset;
    rec_dataset_free(r.dataset);
    return NULL;
}
