/* A snapshot that somebody changed and whose sum they made right again: it is refused, or the
 * engine works with what is in it. The input is what is changed: two bytes of place and one to
 * exclusive-or it with, again and again; what is left over cuts the file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "services/recommender-proxy/snapshot.h"
#include "services/recommender-proxy/snapshot_local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PICTURES = 12, VISITORS = 8 };

static struct buf original;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static struct rec_local *engine(void)
{
    struct rec_local_conf conf = rec_local_defaults;
    struct err err = {0};
    struct rec_local *local;

    conf.als.factors = 16;
    conf.als.sweeps = 2;
    conf.als.threads = 1;
    local = rec_local_new(&conf, &err);
    must(local != NULL);
    return local;
}

static void put(struct rec_local *local, const char *key)
{
    struct err err = {0};

    must(rec_local_item(
             local,
             &(struct item_event){
                 .item_id = key, .timestamp_ms = 1700000000000, .emotion = "", .sha256 = ""},
             &err) == 0);
}

static void like(struct rec_local *local, const char *user, const char *key)
{
    struct err err = {0};

    must(rec_local_interaction(local,
                               &(struct interaction_event){.user_id = user,
                                                           .item_id = key,
                                                           .timestamp_ms = 1700000000000,
                                                           .event_id = "1",
                                                           .asked = "happy/spring",
                                                           .recommendation_id = ""},
                               &err) == 0);
}

static void ask(struct rec_local *local)
{
    static struct rec_answer answer;
    struct rec_engine *as_engine = rec_local_engine(local);
    struct err err = {0};
    char user[] = "v0";

    for (user[1] = '0'; user[1] <= '9'; user[1] += 3) {
        const struct rec_query query = {.user_id = user,
                                        .emotion = "happy/spring",
                                        .generation = "",
                                        .gender = "",
                                        .count = 20};

        must(as_engine->recommend(as_engine, &query, 0, &answer, &err) == 0);
        for (size_t i = 0; i < answer.count; i++)
            must(*answer.results[i].item_id != '\0');
    }
    rec_answer_done(&answer);
}

static void make_original(void)
{
    static struct follow_offsets offsets[INTAKE_TOPICS];
    struct rec_local *local = engine();
    char path[64];
    struct err err = {0};

    for (int i = 0; i < PICTURES; i++) {
        char key[64];

        (void)snprintf(key, sizeof key, "emotions/happy/%s%dh.jpeg", i % 2 ? "spring/" : "", i);
        put(local, key);
        for (int visitor = 0; visitor < VISITORS; visitor++) {
            char user[] = {'v', (char)('0' + visitor), '\0'};

            if ((visitor + i) % 3)
                like(local, user, key);
        }
    }
    must(rec_local_train(local, NULL, NULL, &err) == 0);
    (void)snprintf(path, sizeof path, "/tmp/recommender_snapshot_fuzz.%d", (int)getpid());
    must(rec_snapshot_write(local, path, offsets, &err) == 0);
    must(file_read(path, 1 << 20, &original, &err) == 0);
    (void)unlink(path);
    rec_local_free(local);
}

static void change(struct buf *file, const uint8_t *data, size_t size)
{
    unsigned char *bytes;
    uint64_t sum;

    buf_append(file, original.data, original.size - sizeof sum);
    bytes = (unsigned char *)file->data;
    for (; size >= 3; data += 3, size -= 3)
        bytes[(size_t)(data[0] * 256 + data[1]) % file->size] ^= data[2];
    if (size == 2)
        file->size = (size_t)(data[0] * 256 + data[1]) % file->size / 8 * 8;
    sum = snapshot_sum(0, file->data, file->size);
    buf_append(file, &sum, sizeof sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct follow_offsets offsets[INTAKE_TOPICS];
    OWNED_VALUE(buf) file = {0};
    struct rec_local *local = engine();
    struct err err = {0};
    const int fd = memfd_create("snapshot", MFD_CLOEXEC);
    char path[64];

    if (original.size == 0)
        make_original();
    change(&file, data, size);
    must(fd >= 0 && write(fd, file.data, file.size) == (ssize_t)file.size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (rec_snapshot_read(local, path, offsets, &err) < 0) {
        must(err.code == ERR_INVALID && *err.text);
        put(local, "emotions/happy/1h.jpeg");
    }
    ask(local);
    if (size % 16 == 0)
        must(rec_local_train(local, NULL, NULL, &err) == 0);
    ask(local);
    (void)close(fd);
    rec_local_free(local);
    return 0;
}
