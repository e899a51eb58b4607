/* exports.h - csv-exporter under test: what it reads put on a bus, and processes of it alone.
 *
 * Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_EXPORTS_H
#define TESTS_SUPPORT_EXPORTS_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "lib/json/json.h"
#include "proto/export_event.h"
#include "proto/interaction_event.h"
#include "services/common/garden_conf.h"

/* -- records, as others publish them -- */

/* generation and gender "": not known. emotion NULL: a tombstone. */
void tell_user(struct bus *bus, const char *user_id, const char *generation, const char *gender,
               const char *emotion);

/* search_key NULL: a tombstone. */
void tell_item(struct bus *bus, const char *item_id, int64_t timestamp_ms,
               const char *search_key);

void tell_act(struct bus *bus, const struct interaction_event *event);

/* So many acts, of which each has its own time: 1000000 s and on. */
void tell_acts(struct bus *bus, int count);

/* Bytes that may be anything. */
void tell_bytes(struct bus *bus, const char *topic, const char *key, const char *value);

void tell_export(struct bus *bus, const char *id, enum export_type type);

/* -- processes -- */

enum { EXPORTERS = 2 };

struct exporters {
    struct garden_conf conf;
    struct bus *bus;
    struct http_client *http;
    char settings[2][512], listen[EXPORTERS][64], url[EXPORTERS][64], log[EXPORTERS][300];
    pid_t pid[EXPORTERS]; /* 0: not running */
    struct buf body;      /* of the last answer */
};

/* A new folder and the topics; bus NULL: the embedded one. */
void exporters_prepare(struct exporters *exporters, const char *bus);

/* Starts process i with one more setting (NULL: none) and waits until it is ready. */
void exporters_start(struct exporters *exporters, int i, const char *setting);

/* sig SIGTERM: it has to end with status 0. */
void exporters_end(struct exporters *exporters, int i, int sig);
void exporters_done(struct exporters *exporters);

/* Asks process i and returns the status; the answer is in body until the next. */
int exporters_ask(struct exporters *exporters, int i, const char *method, const char *path);

/* Waits until process i's answer to a GET of path contains text. */
void exporters_wait(struct exporters *exporters, int i, const char *path, const char *text);

/* Appends an object of the store. */
void exporters_object(const struct exporters *exporters, const char *key, struct buf *out);

/* How often process i, started before, has said text. */
int exporters_count_said(const struct exporters *exporters, int i, const char *text);

/* Checks that process i has said text. */
void exporters_check_log(const struct exporters *exporters, int i, const char *text);

#endif
