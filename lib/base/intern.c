/* intern.c - see intern.h: an arena of texts, and open addressing over their numbers. */
#include "lib/base/intern.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/buf.h"

enum { FIRST_SLOTS = 64 };

struct entry {
    uint64_t hash;
    size_t start; /* in texts */
};

struct intern {
    struct buf texts; /* each with its NUL */
    struct entry *entries;
    uint32_t count, room;
    uint32_t *slots; /* number + 1; 0: empty */
    size_t slot_count;
};

struct intern *intern_new(void)
{
    struct intern *intern = calloc(1, sizeof *intern);

    if (!intern)
        return NULL;
    intern->slot_count = FIRST_SLOTS;
    intern->slots = calloc(FIRST_SLOTS, sizeof *intern->slots);
    if (intern->slots)
        return intern;
    free(intern);
    return NULL;
}

void intern_free(struct intern *intern)
{
    if (!intern)
        return;
    buf_done(&intern->texts);
    free(intern->entries);
    free(intern->slots);
    free(intern);
}

/* FNV-1a, and a finish that spreads what short texts differ in over all bits. */
uint64_t intern_hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

/* The slot that has the text, or the empty one where it would be. */
static size_t slot_of(const struct intern *intern, const char *text, uint64_t hash)
{
    size_t slot = hash & (intern->slot_count - 1);

    for (; intern->slots[slot]; slot = (slot + 1) & (intern->slot_count - 1)) {
        const struct entry *entry = &intern->entries[intern->slots[slot] - 1];

        if (entry->hash == hash && strcmp(intern->texts.data + entry->start, text) == 0)
            break;
    }
    return slot;
}

uint32_t intern_find(const struct intern *intern, const char *text)
{
    uint32_t found = intern->slots[slot_of(intern, text, intern_hash_text(text))];

    return found ? found - 1 : INTERN_NONE;
}

static bool grow_slots(struct intern *intern)
{
    size_t count = intern->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);

    if (!slots)
        return false;
    for (uint32_t i = 0; i < intern->count; i++) {
        size_t slot = intern->entries[i].hash & (count - 1);

        while (slots[slot])
            slot = (slot + 1) & (count - 1);
        slots[slot] = i + 1;
    }
    free(intern->slots);
    intern->slots = slots;
    intern->slot_count = count;
    return true;
}

static bool make_room(struct intern *intern)
{
    uint32_t room = intern->room ? intern->room * 2 : FIRST_SLOTS;
    struct entry *entries;

    if (intern->count >= INTERN_NONE - 1)
        return false;
    if ((size_t)intern->count + 1 > intern->slot_count - intern->slot_count / 4 &&
        !grow_slots(intern))
        return false;
    if (intern->count < intern->room)
        return true;
    if (room < intern->room)
        room = INTERN_NONE - 1;
    entries = realloc(intern->entries, room * sizeof *entries);
    if (!entries)
        return false;
    intern->entries = entries;
    intern->room = room;
    return true;
}

uint32_t intern_add(struct intern *intern, const char *text)
{
    const uint64_t hash = intern_hash_text(text);
    size_t slot = slot_of(intern, text, hash), start = intern->texts.size;

    if (intern->slots[slot])
        return intern->slots[slot] - 1;
    if (!make_room(intern))
        return INTERN_NONE;
    buf_append(&intern->texts, text, strlen(text) + 1);
    if (!buf_ok(&intern->texts)) {
        intern->texts.failed = false; /* what it has is whole */
        return INTERN_NONE;
    }
    slot = slot_of(intern, text, hash); /* the slots may be others now */
    intern->entries[intern->count] = (struct entry){.hash = hash, .start = start};
    intern->slots[slot] = ++intern->count;
    return intern->count - 1;
}

const char *intern_text(const struct intern *intern, uint32_t number)
{
    return intern->texts.data + intern->entries[number].start;
}

uint64_t intern_hash(const struct intern *intern, uint32_t number)
{
    return intern->entries[number].hash;
}

uint32_t intern_count(const struct intern *intern)
{
    return intern->count;
}
