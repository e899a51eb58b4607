/* reconcile.c - gardenctl reconcile: has item-ingest compare the store with the catalogue, and
 * follows it to the end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote.h"
#include "lib/base/stop.h"

enum { POLL_MS = 300 };

/* What the answer says; 0 or "" where it says nothing. */
struct state {
    bool running;
    char failure[200];
    int64_t objects, rows, created, removed, bad_keys;
};

static int read_state(const json_t *answer, struct state *ret, struct err *err)
{
    struct state state = {0};
    const char *name, *failure = "";

    if (json_get_str(answer, "state", &name, err) < 0 ||
        json_opt_str(answer, "error", &failure, err) < 0 ||
        json_opt_int(answer, "objects", &state.objects, err) < 0 ||
        json_opt_int(answer, "rows", &state.rows, err) < 0 ||
        json_opt_int(answer, "created", &state.created, err) < 0 ||
        json_opt_int(answer, "removed", &state.removed, err) < 0 ||
        json_opt_int(answer, "bad_keys", &state.bad_keys, err) < 0)
        return err_wrap(err, "item-ingest's answer");
    state.running = strcmp(name, "running") == 0;
    (void)snprintf(state.failure, sizeof state.failure, "%s", failure);
    *ret = state;
    return 0;
}

static int ask(struct remote *remote, const char *method, struct state *ret, struct err *err)
{
    OWNED_JSON answer = NULL;

    if (remote_call(remote, method, "/v1/reconcile", NULL, &answer, err) < 0)
        return err->code;
    return read_state(answer, ret, err);
}

static int follow(struct remote *remote, struct state *ret, struct err *err)
{
    struct progress progress;
    int r = ask(remote, "POST", ret, err);

    if (r == ERR_CONFLICT) { /* one is under way already */
        err_clear(err);
        r = ask(remote, "GET", ret, err);
    }
    progress_start(&progress, "comparing", "objects", 0);
    while (r == 0 && ret->running && !stop_wait(POLL_MS)) {
        r = ask(remote, "GET", ret, err);
        progress_at(&progress, (uint64_t)ret->objects);
    }
    progress_end(&progress);
    if (r == 0 && ret->running)
        return err_set(err, ERR_UNAVAILABLE, "stopped looking; item-ingest goes on with it");
    if (r == 0 && *ret->failure)
        return err_set(err, ERR_REMOTE, "item-ingest could not compare: %s", ret->failure);
    return r;
}

static int run(const struct args *args)
{
    OWNED_VALUE(remote) remote = {0};
    struct state state = {0};
    struct err err = {0};

    (void)args;
    if (stop_on_signals(&err) < 0 || remote_open(&remote, &err) < 0 ||
        follow(&remote, &state, &err) < 0)
        return command_failed(&err);
    printf("%" PRId64 " objects in the store, %" PRId64 " in the catalogue: %" PRId64
           " were missing there and are catalogued now, %" PRId64
           " were gone from the store and are taken out\n",
           state.objects, state.rows, state.created, state.removed);
    if (state.bad_keys)
        printf("%" PRId64 " objects have keys that belong to no garden; they are left alone\n",
               state.bad_keys);
    return EXIT_WORKED;
}

const struct command command_reconcile = {
    .name = "reconcile",
    .words = "",
    .meaning = "Compares store and catalogue and repairs what differs, both ways",
    .details =
        "item-ingest does so by itself whenever it starts; this is for after somebody changed\n"
        "the store by hand. It needs the running garden.\n\n"
        "Example: gardenctl reconcile\n",
    .run = run,
};
