/* up_starter.h - gardenctl starter as a child of gardenctl up: once the garden is ready, beside
 * everything else. */
#ifndef GARDENCTL_UP_STARTER_H
#define GARDENCTL_UP_STARTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/err.h"

struct up_starter {
    bool wanted; /* GARDEN_STARTER */
    pid_t pid;   /* 0: it does not run */
    int pid_fd;  /* readable when it has ended; -1: it does not run */
};

/* Reads GARDEN_STARTER. */
int up_starter_load(struct up_starter *starter, struct err *err);

/* Starts it on the garden at address, unless it is not wanted. */
int up_starter_start(struct up_starter *starter, const char *address, struct err *err);

/* It has ended. Returns false where it has not come to its end, and what it has not done is for
 * the next start; it has said why. */
bool up_starter_reap(struct up_starter *starter);

/* Kills it: it goes on at the next start. */
void up_starter_stop(struct up_starter *starter);

#endif
