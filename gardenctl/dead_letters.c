/* dead_letters.c - gardenctl dead-letters: the records that a service could not handle; shown,
 * and sent again once the reason is gone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/record_line.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/dead_letter.h"
#include "proto/key.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

enum {
    MAX_PARTITIONS = 256,
    ASK_MS = 10000,
    PUBLISH_MS = 30000,
    READ_AT_ONCE = 1000,
    TOPIC_BYTES = 256
};

/* What to do with the letters. */
struct job {
    struct bus *bus;
    int (*fn)(struct job *job, const struct bus_record *letter, struct err *err);
    uint64_t count;
    int64_t next; /* while reading a partition */
};

/* A header's text, cut to fit. */
static const char *header(const struct bus_record *letter, const char *name, char *out,
                          size_t size)
{
    size_t value_size = 0;
    const char *value = bus_record_header(letter, name, &value_size);

    (void)snprintf(out, size, "%.*s", value ? (int)value_size : 0, value ? value : "");
    return command_printable(out);
}

static int print_line(struct job *job, const struct bus_record *letter, struct err *err)
{
    char time[CLOCK_TEXT], id[48], service[40], reason[200], topic[80], key[KEY_BYTES];

    (void)err;
    if (job->count++ == 0)
        printf("%-12s %-25s %-14s %-16s %s\n", "ID", "time", "service", "topic", "reason; key");
    clock_format_rfc3339(letter->timestamp_ms, time);
    (void)snprintf(id, sizeof id, "%" PRId32 ":%" PRId64, letter->partition, letter->offset);
    (void)snprintf(key, sizeof key, "%.*s", letter->key ? (int)letter->key_size : 0,
                   letter->key ? letter->key : "");
    printf("%-12s %-25s %-14s %-16s %s; %s\n", id, time,
           header(letter, "service", service, sizeof service),
           header(letter, "topic", topic, sizeof topic),
           header(letter, "reason", reason, sizeof reason), command_printable(key));
    return 0;
}

static int print_whole(struct job *job, const struct bus_record *letter, struct err *err)
{
    OWNED_VALUE(buf) line = {0};

    job->count++;
    record_line_write(&line, letter);
    if (!buf_ok(&line))
        return err_set_nomem(err, "a dead letter");
    printf("%s", buf_text(&line));
    return 0;
}

static int replay(struct job *job, const struct bus_record *letter, struct err *err)
{
    OWNED_VALUE(dead_letter) parts = {0};
    struct dead_letter_origin origin;
    struct bus_record original;
    char topic[TOPIC_BYTES];

    if (dead_letter_read(letter, &origin, err) < 0)
        return err_wrap(err, "%" PRId32 ":%" PRId64, letter->partition, letter->offset);
    (void)snprintf(topic, sizeof topic, "%.*s", (int)origin.topic_size, origin.topic);
    if (dead_letter_restore(&parts, letter, topic, &original, err) < 0 ||
        bus_publish(job->bus, &original, 1, PUBLISH_MS, err) < 0)
        return err_wrap(err, "%" PRId32 ":%" PRId64, letter->partition, letter->offset);
    job->count++;
    printf("sent %" PRId32 ":%" PRId64 " to %s again\n", letter->partition, letter->offset,
           topic);
    return 0;
}

static int on_record(void *ctx, const struct bus_record *letter, struct err *err)
{
    struct job *job = ctx;

    job->next = letter->offset + 1;
    return job->fn(job, letter, err);
}

static int each_letter(struct job *job, struct err *err)
{
    struct bus_partition_info infos[MAX_PARTITIONS];
    int count =
        bus_topic_info(job->bus, TOPIC_DEAD_LETTERS, infos, MAX_PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count && i < MAX_PARTITIONS; i++) {
        int r = 1;

        /* up to what is there now: what a replay dead-letters again is not replayed */
        for (job->next = infos[i].low; job->next < infos[i].high && r > 0;) {
            int64_t left = infos[i].high - job->next;
            size_t most = left < READ_AT_ONCE ? (size_t)left : READ_AT_ONCE;

            r = bus_read(job->bus, TOPIC_DEAD_LETTERS, infos[i].partition, job->next, most,
                         on_record, job, err);
        }
        if (r < 0)
            return r;
    }
    return count < 0 ? count : 0;
}

/* "partition:offset" */
static int read_id(const char *text, int32_t *ret_partition, int64_t *ret_offset)
{
    const char *colon = strchr(text, ':');
    struct err ignored = {0};
    char partition[16];
    int64_t number;

    if (!colon || (size_t)(colon - text) >= sizeof partition)
        return -1;
    (void)snprintf(partition, sizeof partition, "%.*s", (int)(colon - text), text);
    if (text_parse_int(partition, 0, INT32_MAX, &number, &ignored) < 0 ||
        text_parse_int(colon + 1, 0, INT64_MAX, ret_offset, &ignored) < 0)
        return -1;
    *ret_partition = (int32_t)number;
    return 0;
}

static int one_letter(struct job *job, const char *id, struct err *err)
{
    int32_t partition;
    int64_t offset;
    int r;

    if (read_id(id, &partition, &offset) < 0)
        return err_set(err, ERR_INVALID, "'%.40s' is no ID; list shows them, like 0:17", id);
    job->next = -1;
    r = bus_read(job->bus, TOPIC_DEAD_LETTERS, partition, offset, 1, on_record, job, err);
    if (r < 0)
        return err_wrap(err, "the dead letter %.40s", id);
    if (r == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no dead letter %.40s", id);
    return 0;
}

static int each_word(struct job *job, const struct args *args, struct err *err)
{
    for (size_t i = 1; i < args->word_count; i++)
        if (one_letter(job, args->words[i], err) < 0)
            return err->code;
    return 0;
}

/* The verb, and whether it goes over all letters. */
static bool understand(const struct args *args, struct job *job, bool *ret_all)
{
    const char *verb = args->word_count ? args->words[0] : "list";
    size_t ids = args->word_count > 1 ? args->word_count - 1 : 0;
    bool all = args_has(args, "--all");

    *ret_all = all;
    if (strcmp(verb, "list") == 0) {
        job->fn = print_line;
        *ret_all = true;
        return ids == 0 && !all;
    }
    job->fn = strcmp(verb, "show") == 0 ? print_whole : replay;
    if (strcmp(verb, "show") != 0 && strcmp(verb, "replay") != 0)
        return false;
    return (ids > 0) != all;
}

static int run(const struct args *args)
{
    struct garden_conf conf;
    struct job job = {0};
    struct err err = {0};
    OWNED(bus) bus = NULL;
    bool all;

    if (!understand(args, &job, &all))
        return command_misused("dead-letters", "dead-letters: it is list, show ID..., "
                                               "replay ID... or replay --all");
    if (garden_conf_load(&conf, &err) == 0)
        bus = garden_open_bus(&conf, "gardenctl", &err);
    if (!bus)
        return command_failed(&err);
    job.bus = bus;
    (void)(all ? each_letter(&job, &err) : each_word(&job, args, &err));
    if (err.code)
        return command_failed(&err);
    if (job.count == 0)
        printf("There are no dead letters.\n");
    return EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--all", NULL, "every dead letter"},
};

const struct command command_dead_letters = {
    .name = "dead-letters",
    .words = "[list | show ID... | replay ID...]",
    .meaning = "Shows records that could not be handled, and sends them again",
    .details = "A replay sends the original to its topic again, for letters that a cured cause "
               "can read now;\n"
               "where the picture itself was mended, run gardenctl reconcile. The letter stays "
               "until it is 30 days\n"
               "old. An ID is partition:offset, as list shows it.\n\n"
               "Example: gardenctl dead-letters replay 0:17\n",
    .options = options,
    .option_count = 1,
    .max_words = 1000,
    .run = run,
};
