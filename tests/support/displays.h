/* displays.h - display-feed under test: the real program on a folder and a port of its own, and
 * the test as whoever fills the garden, chooses for zones, and hangs screens.
 *
 * Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_DISPLAYS_H
#define TESTS_SUPPORT_DISPLAYS_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "lib/json/json.h"
#include "services/common/garden_conf.h"

enum { DISPLAYS_KEY = 64 };

struct displays {
    const char *data; /* its folder */
    int port;
    char url[64], log[300], bus_url[160];
    pid_t pid; /* 0: not running */
    struct garden_conf conf;
    struct bus *bus;
    struct store *store;
    struct http_client *http; /* one thread */
};

/* A new folder with the garden's topics, and a free port. The program is not started. */
void displays_prepare(struct displays *displays);
void displays_prepare_on(struct displays *displays, const char *bus_url);
void displays_done(struct displays *displays); /* stops it first where it runs */

/* Starts it and waits until it is ready. */
void displays_start(struct displays *displays);
void displays_kill(struct displays *displays); /* as kill -9 does */
void displays_stop(struct displays *displays); /* fails the test where its status is not 0 */

/* Pictures "emotions/happy/p<i>h.jpeg" and "...v.jpeg" for i below count, each with bytes of
 * its own, in the store and in the catalogue. */
void displays_fill(struct displays *displays, int count);
void displays_key(int i, char orientation, char ret_key[DISPLAYS_KEY]);
int displays_number(const char *key); /* the i, or -1 */

/* The picture is removed from the catalogue, as item-ingest does it. */
void displays_remove(struct displays *displays, const char *key);

/* The copy "zone1/img1h.jpeg" is of this picture; there is one. */
void displays_copy_is(struct displays *displays, const char *name, const char *key);
bool displays_has_copy(struct displays *displays, const char *name);

/* Asks and returns the status, 0 where there was no answer; ret_body (may be NULL) is emptied
 * and filled. body NULL: none. */
int displays_ask(struct displays *displays, const char *method, const char *path,
                 const char *body, struct buf *ret_body);

/* A member of an answer; 0 or "" where there is none. */
int64_t displays_int(const json_t *object, const char *name);
const char *displays_text(const json_t *object, const char *name);

/* The body of a change: so many pictures of each orientation from the first on. extra (may be
 * "") is put into the object. */
void displays_body(int first, int landscape, int portrait, const char *extra,
                   struct buf *ret_body);

/* Changes the zone by that, and returns its new version. */
int64_t displays_put(struct displays *displays, const char *zone, int first, int landscape,
                     int portrait, const char *extra);

/* The answer as JSON, to be json_decref()ed, after checking its status. */
json_t *displays_json(struct displays *displays, const char *method, const char *path,
                      const char *body, int status);

#endif
