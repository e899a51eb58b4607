/* tokenizer_bpe.c - byte-pair encoding (Sennrich et al. 2016,
 * https://arxiv.org/abs/1508.07909).
 *
 * The symbols of a word are a linked list, and the pairs that could merge wait in a heap, the
 * lowest rank first and then the leftmost. A pair whose symbols have become others in the
 * meantime is told by its id when it comes up: so nothing is ever searched for in the heap. */
#include "services/generator-gpu/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

struct bpe_slot {
    int32_t left, right; /* left is -1 while the slot is free */
    int32_t rank, merged;
};

struct symbol {
    int32_t id;         /* -1: it went into the one before */
    int32_t prev, next; /* -1: none */
};

struct candidate {
    int32_t rank, merged;
    int32_t at; /* the left symbol */
};

struct word {
    const struct bpe *bpe;
    struct symbol *symbols;
    struct candidate *heap;
    size_t waiting;
};

int bpe_init(struct bpe *bpe, size_t merges)
{
    size_t size = 16;

    while (size < 2 * merges)
        size *= 2;
    bpe->slots = calloc(size, sizeof *bpe->slots);
    if (!bpe->slots)
        return -1;
    bpe->mask = size - 1;
    for (size_t i = 0; i < size; i++)
        bpe->slots[i].left = -1;
    return 0;
}

void bpe_done(struct bpe *bpe)
{
    free(bpe->slots);
}

/* The pair's slot, or the free one where it would be. */
static struct bpe_slot *find_slot(const struct bpe *bpe, int32_t left, int32_t right)
{
    uint64_t hash = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15U;
    size_t i = hash >> 32 & bpe->mask;

    while (bpe->slots[i].left >= 0 &&
           (bpe->slots[i].left != left || bpe->slots[i].right != right))
        i = (i + 1) & bpe->mask;
    return &bpe->slots[i];
}

void bpe_add(struct bpe *bpe, int32_t left, int32_t right, int32_t rank, int32_t merged)
{
    *find_slot(bpe, left, right) = (struct bpe_slot){left, right, rank, merged};
}

/* -- the heap -------------------------------------------------------------------------------*/

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(struct word *word, struct candidate candidate)
{
    struct candidate *heap = word->heap;
    size_t i = word->waiting++;

    for (; i > 0 && is_before(&candidate, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = candidate;
}

static struct candidate pop(struct word *word)
{
    struct candidate *heap = word->heap, top = heap[0], last = heap[--word->waiting];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < word->waiting) {
        if (child + 1 < word->waiting && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* -- a word ---------------------------------------------------------------------------------*/

/* The symbol and the one after it may become one. */
static void consider(struct word *word, int32_t at)
{
    const struct symbol *left = at >= 0 ? &word->symbols[at] : NULL;
    const struct bpe_slot *slot;

    if (!left || left->next < 0)
        return;
    slot = find_slot(word->bpe, left->id, word->symbols[left->next].id);
    if (slot->left >= 0)
        push(word, (struct candidate){slot->rank, slot->merged, at});
}

static void merge(struct word *word, const struct candidate *candidate)
{
    struct symbol *left = &word->symbols[candidate->at], *right;
    const struct bpe_slot *slot;

    if (left->id < 0 || left->next < 0)
        return;
    right = &word->symbols[left->next];
    slot = find_slot(word->bpe, left->id, right->id);
    if (slot->left < 0 || slot->merged != candidate->merged)
        return;
    left->id = candidate->merged;
    left->next = right->next;
    right->id = -1;
    if (left->next >= 0)
        word->symbols[left->next].prev = candidate->at;
    consider(word, left->prev);
    consider(word, candidate->at);
}

static void append_ids(const struct word *word, struct buf *ids)
{
    for (int32_t i = 0; i >= 0; i = word->symbols[i].next)
        buf_append(ids, &word->symbols[i].id, sizeof word->symbols[i].id);
}

void bpe_encode(const struct bpe *bpe, const char *bytes, size_t size, struct buf *ids)
{
    /* A symbol is merged away by each merge, and brings two candidates at most. */
    struct word word = {.bpe = bpe,
                        .symbols = calloc(size, sizeof *word.symbols),
                        .heap = calloc(size, 3 * sizeof *word.heap)};

    if (!word.symbols || !word.heap) {
        ids->failed = true;
        size = 0;
    }
    for (size_t i = 0; i < size; i++)
        word.symbols[i] = (struct symbol){
            .id = bpe->bytes[i + 1 == size][(unsigned char)bytes[i]],
            .prev = (int32_t)i - 1,
            .next = i + 1 < size ? (int32_t)i + 1 : -1,
        };
    for (size_t i = 0; i < size; i++)
        consider(&word, (int32_t)i);
    while (word.waiting > 0) {
        struct candidate candidate = pop(&word);

        merge(&word, &candidate);
    }
    if (size > 0)
        append_ids(&word, ids);
    free(word.symbols);
    free(word.heap);
}
