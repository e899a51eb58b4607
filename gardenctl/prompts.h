/* prompts.h - the garden's prompt templates, web/prompts.json, which the pages read, too.
 *
 *   {"templates": ["a flower garden [SEASON], [WEATHER], [TIME], [EMOTION], [ANIMAL]", ...],
 *    "words": {"TIME": {"the-early-dawn": "at the early dawn", ...}, ...},
 *    "others": "flowers, fantasy, ..."}
 *
 * words has what a template says for a choice where that is not the choice's own name; nothing
 * is said for an empty one. tools/train-garden/captions.py is the vocabulary that the model
 * that ships has learnt. */
#ifndef GARDENCTL_PROMPTS_H
#define GARDENCTL_PROMPTS_H

#include "lib/base/buf.h"
#include "lib/json/json.h"

struct prompts {
    json_t *json; /* owned */
};

/* The names are the contract's: "happy", "spring", "sunny", "the-early-dawn", "none". */
struct prompt_choice {
    const char *emotion, *animal, *weather, *season, *time;
};

/* Reads what ships. ERR_INVALID says what is wrong with it. */
int prompts_load(struct prompts *prompts, struct err *err);
void prompts_done(struct prompts *prompts);

size_t prompts_count(const struct prompts *prompts);

/* Appends template i (of prompts_count, counted round) filled in. */
void prompts_fill(const struct prompts *prompts, size_t i, const struct prompt_choice *choice,
                  struct buf *out);

/* What the demo puts after each prompt. */
const char *prompts_others(const struct prompts *prompts);

#endif
