/* doctor.c - gardenctl doctor: looks at everything that a garden needs, a line each: "ok" or
 * "MEND" and how. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "gardenctl/lag.h"
#include "gardenctl/remote.h"
#include "gardenctl/up_model.h"
#include "lib/base/clock.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum {
    PING_MS = 5000,
    ANSWER_MS = 5000,
    LEAST_FREE_MIB = 1024,
    LEAST_FREE_FILES = 10000,
    MOST_BEHIND = 1000, /* records; a healthy consumer has a handful */
    MOST_APART_S = 30,  /* between this clock and another */
};

struct doctor {
    struct garden_conf conf;
    struct bus *bus;         /* owned; NULL: not reached */
    struct catalog *catalog; /* owned; NULL: not reached */
    int to_mend;
};

static void doctor_done(struct doctor *doctor)
{
    bus_free(doctor->bus);
    catalog_free(doctor->catalog);
}

static void ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void ok(const char *fmt, ...)
{
    va_list args;

    printf("ok    ");
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

static void mend(struct doctor *doctor, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void mend(struct doctor *doctor, const char *fmt, ...)
{
    va_list args;

    doctor->to_mend++;
    printf("MEND  ");
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

/* -- the disk -- */

static bool look_at_folder(struct doctor *doctor)
{
    const char *data = doctor->conf.data;
    struct stat info;

    if (stat(data, &info) < 0)
        mend(doctor, "data folder %s: %s; gardenctl up makes it, or set GARDEN_DATA", data,
             strerror(errno));
    else if (!S_ISDIR(info.st_mode))
        mend(doctor, "data folder %s is no folder: set GARDEN_DATA", data);
    else if (access(data, R_OK | W_OK | X_OK) < 0)
        mend(doctor,
             "data folder %s cannot be written by this user: chown it, or run as user %u", data,
             info.st_uid);
    else if (info.st_mode & 07)
        mend(doctor, "data folder %s is open to everybody: chmod 700 %s", data, data);
    else
        ok("data folder %s", data);
    return S_ISDIR(info.st_mode) && access(data, W_OK) == 0;
}

static void look_at_keys(struct doctor *doctor)
{
    static const char *const names[] = {"operator.key", "kiosk.key", "display.key", "keys.json",
                                        "session.secret"};
    char path[PATH_MAX];
    struct stat info;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", doctor->conf.data, names[i]);
        if (stat(path, &info) == 0 && (info.st_mode & 077)) {
            mend(doctor, "%s can be read by others: chmod 600 %s", path, path);
            return;
        }
    }
    ok("keys are only their owner's to read");
}

static void look_at_space(struct doctor *doctor)
{
    struct statvfs disk;
    uint64_t free_mib;

    if (statvfs(doctor->conf.data, &disk) < 0) {
        mend(doctor, "disk of %s: %s", doctor->conf.data, strerror(errno));
        return;
    }
    free_mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    if (free_mib < LEAST_FREE_MIB)
        mend(doctor, "disk: %" PRIu64 " MiB are left: make room for pictures and logs",
             free_mib);
    else if (disk.f_files && disk.f_favail < LEAST_FREE_FILES)
        mend(doctor, "disk: %" PRIu64 " more files fit: make room (df -i)",
             (uint64_t)disk.f_favail);
    else
        ok("disk: %" PRIu64 " GiB are free", free_mib >> 10);
}

/* -- the engines -- */

static void look_at_store(struct doctor *doctor)
{
    struct err err = {0};
    OWNED(store) store = garden_open_store(&doctor->conf, &err);

    if (store && store_ping(store, &err) == 0)
        ok("store (%.*s) reads and writes", (int)strcspn(doctor->conf.store, "?"),
           doctor->conf.store);
    else
        mend(doctor, "store: %s", err.text);
}

static void look_at_topics(struct doctor *doctor)
{
    struct lag_topic topic;
    struct err err = {0};

    for (size_t i = 0; i < garden_topic_count; i++) {
        if (lag_topic_read(doctor->bus, garden_topics[i].name, &topic, &err) == 0)
            continue;
        mend(doctor, "topic %s: %s; gardenctl up makes the topics", garden_topics[i].name,
             err.text);
        return;
    }
    ok("all %zu topics are there", garden_topic_count);
}

static void look_at_bus(struct doctor *doctor)
{
    struct err err = {0};

    doctor->bus = garden_open_bus(&doctor->conf, "gardenctl", &err);
    if (!doctor->bus || bus_ping(doctor->bus, PING_MS, &err) < 0) {
        mend(doctor, "bus: %s", err.text);
        return;
    }
    ok("bus (%s) answers", doctor->conf.bus);
    look_at_topics(doctor);
}

static void look_at_catalog(struct doctor *doctor)
{
    struct err err = {0};

    doctor->catalog = garden_open_catalog(&doctor->conf, false, &err);
    if (doctor->catalog && catalog_ping(doctor->catalog, &err) == 0)
        ok("catalogue (%.*s) answers", (int)strcspn(doctor->conf.catalog, ":"),
           doctor->conf.catalog);
    else
        mend(doctor, "catalogue: %s", err.text);
}

static void look_at_lag(struct doctor *doctor)
{
    struct lag_group *groups = calloc(LAG_GROUPS, sizeof *groups);
    struct lag_topic topic;
    struct err err = {0};
    int count = 0;

    if (groups && doctor->bus && doctor->catalog)
        count = lag_groups_read(doctor->catalog, groups, &err);
    for (int i = 0; i < count; i++) {
        if (lag_topic_read(doctor->bus, groups[i].topic, &topic, &err) < 0)
            continue;
        if (lag_behind(&topic, &groups[i]) > MOST_BEHIND)
            mend(doctor, "%s is %" PRId64 " records behind in %s: does it run? See its log",
                 groups[i].group, lag_behind(&topic, &groups[i]), groups[i].topic);
        else
            ok("%s is %" PRId64 " records behind in %s", groups[i].group,
               lag_behind(&topic, &groups[i]), groups[i].topic);
    }
    free(groups);
}

static int newest_time(void *ctx, const struct bus_record *record, struct err *err)
{
    int64_t *newest_ms = ctx;

    (void)err;
    if (record->timestamp_ms > *newest_ms)
        *newest_ms = record->timestamp_ms;
    return 0;
}

/* Records from the future mean that the clock of whoever wrote them was ahead, or that ours has
 * gone back. */
static void look_at_clock(struct doctor *doctor)
{
    struct lag_topic topic;
    struct err err = {0};
    int64_t newest_ms = 0, ahead_s;
    char now[CLOCK_TEXT];

    if (doctor->bus && lag_topic_read(doctor->bus, TOPIC_OBJECTS, &topic, &err) == 0)
        for (int i = 0; i < topic.partition_count; i++)
            if (topic.partitions[i].high > topic.partitions[i].low)
                (void)bus_read(doctor->bus, TOPIC_OBJECTS, topic.partitions[i].partition,
                               topic.partitions[i].high - 1, 1, newest_time, &newest_ms, &err);
    ahead_s = (newest_ms - clock_wall_ms()) / 1000;
    clock_format_rfc3339(clock_wall_ms(), now);
    if (ahead_s > MOST_APART_S)
        mend(doctor,
             "clock: it says %s, but a record was written %" PRId64
             " s later: set the clock (NTP)",
             now, ahead_s);
    else
        ok("clock says %s", now);
}

/* -- the generator -- */

static void look_at_model(struct doctor *doctor)
{
    char model[PATH_MAX], index[PATH_MAX + 32];

    if (!up_model_find(model)) {
        ok("no generator: to have pictures drawn, set GENERATOR_MODEL to the folder of a "
           "Stable Diffusion model (diffusers layout) for gardenctl up");
        return;
    }
    (void)snprintf(index, sizeof index, "%s/model_index.json", model);
    if (access(index, R_OK) < 0)
        mend(doctor,
             "generator: GENERATOR_MODEL is %.150s, but there is no model_index.json in it: "
             "name a folder in diffusers layout, or unset it",
             model);
    else
        ok("generator draws with %s", model);
}

/* -- the running garden -- */

static void look_at_services(struct doctor *doctor, const json_t *status)
{
    json_t *services = NULL, *service;
    const char *name;
    struct err err = {0};

    if (json_get_object(status, "services", &services, &err) < 0) {
        mend(doctor, "gateway: %s", err.text);
        return;
    }
    json_object_foreach(services, name, service)
    {
        const char *state = "unknown", *reason = "see its log";

        (void)json_opt_str(service, "state", &state, &err);
        (void)json_opt_str(service, "reason", &reason, &err);
        if (strcmp(state, "up") == 0)
            ok("the gateway reaches %s", name);
        else
            mend(doctor, "the gateway says that %s is %s: %s", name, state, reason);
    }
}

static void compare_clocks(struct doctor *doctor, const json_t *status)
{
    const char *text = NULL;
    struct err err = {0};
    int64_t theirs_ms = 0, apart_s;

    if (json_get_str(status, "time", &text, &err) < 0 ||
        clock_parse_rfc3339(text, &theirs_ms, &err) < 0)
        return;
    apart_s = (theirs_ms - clock_wall_ms()) / 1000;
    if (apart_s > MOST_APART_S || apart_s < -MOST_APART_S)
        mend(doctor,
             "clock: the gateway's is %" PRId64 " s away from this one: set both by NTP",
             apart_s);
}

static void look_at_gateway(struct doctor *doctor)
{
    OWNED_VALUE(remote) remote = {0};
    OWNED_JSON status = NULL;
    struct err err = {0};
    const char *version = "of unknown version";

    if (remote_open(&remote, &err) < 0 ||
        remote_call(&remote, "GET", "/v1/status", NULL, &status, &err) < 0) {
        mend(doctor, "gateway: %s", err.text);
        return;
    }
    (void)json_opt_str(status, "version", &version, &err);
    ok("gateway %s answers at %s", version, remote.url);
    look_at_services(doctor, status);
    compare_clocks(doctor, status);
}

static int run(const struct args *args)
{
    OWNED_VALUE(doctor) doctor = {0};
    struct err err = {0};

    (void)args;
    if (garden_conf_load(&doctor.conf, &err) < 0) {
        mend(&doctor, "settings: %s", err.text);
        return EXIT_FAILED;
    }
    ok("settings: bus %s, store %.*s, catalogue %.*s", doctor.conf.bus,
       (int)strcspn(doctor.conf.store, "?"), doctor.conf.store,
       (int)strcspn(doctor.conf.catalog, ":"), doctor.conf.catalog);
    if (look_at_folder(&doctor)) {
        look_at_keys(&doctor);
        look_at_space(&doctor);
        look_at_store(&doctor);
        look_at_bus(&doctor);
        look_at_catalog(&doctor);
        look_at_lag(&doctor);
        look_at_clock(&doctor);
    }
    look_at_model(&doctor);
    look_at_gateway(&doctor);
    if (doctor.to_mend)
        printf("%d to mend\n", doctor.to_mend);
    return doctor.to_mend ? EXIT_FAILED : EXIT_WORKED;
}

const struct command command_doctor = {
    .name = "doctor",
    .words = "",
    .meaning = "Looks whether everything is well: each line says ok, or how to mend it",
    .details = "It looks at the data folder, the disk, store, bus, catalogue, clock and at the "
               "running\n"
               "garden. Exit status 1 where something is to mend.\n\n"
               "Example: gardenctl doctor\n",
    .run = run,
};
