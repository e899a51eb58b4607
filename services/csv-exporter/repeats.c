/* repeats.c - see repeats.h.
 *
 * A bucket is a chain of chunks in one file, each with the place of the one before it in front;
 * the last is in memory. Within it an id is its act's number, its size and its bytes. */
#include "services/csv-exporter/repeats.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/spool.h"
#include "lib/crypto/crypto.h"

enum {
    BUCKETS_MAX = 1024,
    BUCKET_IDS = 65536,
    CHUNK_BYTES = 8192,
    HEAD_BYTES = 16, /* of a chunk: the one before, its bytes */
    ENTRY_BYTES = sizeof(uint64_t) + sizeof(uint16_t), /* of an id: number, size */
};

#define NO_CHUNK UINT64_MAX

struct bucket {
    uint64_t before; /* its last chunk in the file */
    char *chunk;     /* HEAD_BYTES, then ids */
    size_t used;
};

/* The distinct ids of a bucket. An entry is the lowest number that had it, its hash, its size
 * and its bytes. */
struct ids {
    char *bytes;
    size_t used, capacity;
    size_t *slots; /* place of the entry + 1; 0: free */
    size_t slot_count, count;
};

struct repeats {
    const char *dir;
    int fd;
    uint64_t file_size, numbers, found; /* numbers: above the largest */
    uint64_t seed[2];
    struct bucket *buckets;
    size_t bucket_count; /* a power of two */
    uint8_t *bits;
    struct ids ids;
};

struct repeats *repeats_new(const char *dir, uint64_t expected, struct err *err)
{
    struct repeats *repeats = calloc(1, sizeof *repeats);
    size_t count = 1;

    while (count < BUCKETS_MAX && expected / count > BUCKET_IDS)
        count *= 2;
    if (repeats)
        repeats->buckets = calloc(count, sizeof *repeats->buckets);
    if (!repeats || !repeats->buckets) {
        free(repeats);
        err_set_nomem(err, "the acts' ids");
        return NULL;
    }
    repeats->dir = dir;
    repeats->bucket_count = count;
    random_bytes(repeats->seed, sizeof repeats->seed);
    for (size_t i = 0; i < count; i++)
        repeats->buckets[i] = (struct bucket){.before = NO_CHUNK, .used = HEAD_BYTES};
    repeats->fd = -1;
    return repeats;
}

void repeats_free(struct repeats *repeats)
{
    if (!repeats)
        return;
    for (size_t i = 0; i < repeats->bucket_count; i++)
        free(repeats->buckets[i].chunk);
    if (repeats->fd >= 0)
        (void)close(repeats->fd);
    free(repeats->buckets);
    free(repeats->bits);
    free(repeats->ids.bytes);
    free(repeats->ids.slots);
    free(repeats);
}

/* A word into the hash, by a product whose halves are folded: each bit of it comes from all. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    const unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const struct repeats *repeats, const char *id, size_t size)
{
    const uint64_t factor = repeats->seed[1] | 1;
    uint64_t hash = repeats->seed[0] ^ size, word;

    for (; size >= sizeof word; id += sizeof word, size -= sizeof word) {
        memcpy(&word, id, sizeof word);
        hash = fold(hash ^ word, factor);
    }
    word = 0;
    memcpy(&word, id, size);
    hash = fold(hash ^ word, factor);
    return fold(hash, repeats->seed[0] | 1);
}

/* -- filling buckets -- */

static int write_chunk(struct repeats *repeats, struct bucket *bucket, struct err *err)
{
    const uint64_t used = bucket->used;

    if (repeats->fd < 0)
        repeats->fd = spool_open(repeats->dir, err);
    if (repeats->fd < 0)
        return err->code;
    memcpy(bucket->chunk, &bucket->before, sizeof bucket->before);
    memcpy(bucket->chunk + sizeof bucket->before, &used, sizeof used);
    if (spool_write(repeats->fd, repeats->file_size, bucket->chunk, bucket->used, err) < 0)
        return err->code;
    bucket->before = repeats->file_size;
    repeats->file_size += bucket->used;
    bucket->used = HEAD_BYTES;
    return 0;
}

static void put_entry(struct bucket *bucket, uint64_t number, const char *id, size_t size)
{
    const uint16_t short_size = (uint16_t)size;
    char *to = bucket->chunk + bucket->used;

    memcpy(to, &number, sizeof number);
    memcpy(to + sizeof number, &short_size, sizeof short_size);
    memcpy(to + ENTRY_BYTES, id, size);
    bucket->used += ENTRY_BYTES + size;
}

int repeats_add(struct repeats *repeats, uint64_t number, const char *id, size_t size,
                struct err *err)
{
    const uint64_t hash = hash_of(repeats, id, size);
    struct bucket *bucket = &repeats->buckets[hash & (repeats->bucket_count - 1)];

    if (size > CHUNK_BYTES - HEAD_BYTES - ENTRY_BYTES)
        return err_set(err, ERR_TOO_LARGE, "an event id of %zu bytes", size);
    if (!bucket->chunk)
        bucket->chunk = malloc(CHUNK_BYTES);
    if (!bucket->chunk)
        return err_set_nomem(err, "the acts' ids");
    if (bucket->used + ENTRY_BYTES + size > CHUNK_BYTES &&
        write_chunk(repeats, bucket, err) < 0)
        return err->code;
    put_entry(bucket, number, id, size);
    if (number >= repeats->numbers)
        repeats->numbers = number + 1;
    return 0;
}

/* -- finding -- */

struct entry {
    uint64_t number, hash;
    size_t size;
};

static int grow_slots(struct ids *ids, struct err *err)
{
    const size_t count = ids->slot_count ? 2 * ids->slot_count : 1024;
    size_t *slots = calloc(count, sizeof *slots);
    struct entry entry;

    if (!slots)
        return err_set_nomem(err, "the acts' ids");
    for (size_t at = 0; at < ids->used; at += sizeof entry + entry.size) {
        size_t i;

        memcpy(&entry, ids->bytes + at, sizeof entry);
        i = (entry.hash >> 10) & (count - 1);
        while (slots[i])
            i = (i + 1) & (count - 1);
        slots[i] = at + 1;
    }
    free(ids->slots);
    ids->slots = slots;
    ids->slot_count = count;
    return 0;
}

static int append_entry(struct ids *ids, const struct entry *entry, const char *id,
                        struct err *err)
{
    const size_t needed = ids->used + sizeof *entry + entry->size;

    if (needed > ids->capacity) {
        const size_t capacity = 2 * needed;
        char *grown = realloc(ids->bytes, capacity);

        if (!grown)
            return err_set_nomem(err, "the acts' ids");
        ids->bytes = grown;
        ids->capacity = capacity;
    }
    memcpy(ids->bytes + ids->used, entry, sizeof *entry);
    memcpy(ids->bytes + ids->used + sizeof *entry, id, entry->size);
    ids->used = needed;
    ids->count++;
    return 0;
}

static void mark(struct repeats *repeats, uint64_t number)
{
    repeats->bits[number / 8] |= (uint8_t)(1U << (number % 8));
    repeats->found++;
}

/* Acts come in any order: where an id is met again, the lower number stays. */
static void meet(struct repeats *repeats, size_t at, uint64_t number)
{
    struct entry known;

    memcpy(&known, repeats->ids.bytes + at, sizeof known);
    mark(repeats, number < known.number ? known.number : number);
    if (number < known.number)
        known.number = number;
    memcpy(repeats->ids.bytes + at, &known, sizeof known);
}

static int consider(struct repeats *repeats, const struct entry *entry, const char *id,
                    struct err *err)
{
    struct ids *ids = &repeats->ids;
    size_t i;

    if (2 * (ids->count + 1) > ids->slot_count && grow_slots(ids, err) < 0)
        return err->code;
    if (!ids->slots)
        return err_set_nomem(err, "the acts' ids");
    for (i = (entry->hash >> 10) & (ids->slot_count - 1); ids->slots[i];
         i = (i + 1) & (ids->slot_count - 1)) {
        const size_t at = ids->slots[i] - 1;
        struct entry known;

        memcpy(&known, ids->bytes + at, sizeof known);
        if (known.hash == entry->hash && known.size == entry->size &&
            memcmp(ids->bytes + at + sizeof known, id, entry->size) == 0) {
            meet(repeats, at, entry->number);
            return 0;
        }
    }
    ids->slots[i] = ids->used + 1;
    return append_entry(ids, entry, id, err);
}

static int find_in_chunk(struct repeats *repeats, const char *chunk, size_t used,
                         struct err *err)
{
    for (size_t at = HEAD_BYTES; at < used;) {
        struct entry entry;
        uint16_t size;
        const char *id = chunk + at + ENTRY_BYTES;

        memcpy(&entry.number, chunk + at, sizeof entry.number);
        memcpy(&size, chunk + at + sizeof entry.number, sizeof size);
        entry.size = size;
        entry.hash = hash_of(repeats, id, size);
        if (consider(repeats, &entry, id, err) < 0)
            return err->code;
        at += ENTRY_BYTES + entry.size;
    }
    return 0;
}

static int find_in_bucket(struct repeats *repeats, struct bucket *bucket, struct err *err)
{
    uint64_t head[2] = {bucket->before, 0};

    repeats->ids.used = repeats->ids.count = 0;
    if (repeats->ids.slots)
        memset(repeats->ids.slots, 0, repeats->ids.slot_count * sizeof *repeats->ids.slots);
    if (!bucket->chunk)
        return 0;
    if (find_in_chunk(repeats, bucket->chunk, bucket->used, err) < 0)
        return err->code;
    while (head[0] != NO_CHUNK) {
        const uint64_t at = head[0];

        if (spool_read(repeats->fd, at, head, sizeof head, err) < 0 ||
            spool_read(repeats->fd, at, bucket->chunk, (size_t)head[1], err) < 0 ||
            find_in_chunk(repeats, bucket->chunk, (size_t)head[1], err) < 0)
            return err->code;
    }
    free(bucket->chunk);
    bucket->chunk = NULL;
    return 0;
}

int repeats_find(struct repeats *repeats, struct err *err)
{
    repeats->bits = calloc((size_t)(repeats->numbers / 8 + 1), 1);
    if (!repeats->bits)
        return err_set_nomem(err, "the acts' ids");
    for (size_t i = 0; i < repeats->bucket_count; i++)
        if (find_in_bucket(repeats, &repeats->buckets[i], err) < 0)
            return err->code;
    free(repeats->ids.bytes);
    free(repeats->ids.slots);
    repeats->ids = (struct ids){.bytes = NULL};
    return 0;
}

bool repeats_is(const struct repeats *repeats, uint64_t number)
{
    return (repeats->bits[number / 8] >> (number % 8) & 1) != 0;
}

uint64_t repeats_count(const struct repeats *repeats)
{
    return repeats->found;
}
