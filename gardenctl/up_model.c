/* up_model.c - see up_model.h. */
#include "gardenctl/up_model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SETTING "GENERATOR_MODEL"
#define SHIPPED "models/garden-tiny"

static bool use(const char *folder)
{
    char index[PATH_MAX + 32];

    (void)snprintf(index, sizeof index, "%s/model_index.json", folder);
    return access(index, R_OK) == 0 && setenv(SETTING, folder, 1) == 0;
}

bool up_model_find(const char *program_dir)
{
    const char *set = getenv(SETTING);
    char beside[PATH_MAX + 32];

    if (set && *set)
        return true;
    (void)snprintf(beside, sizeof beside, "%s/../" SHIPPED, program_dir);
    return use(SHIPPED) || use(beside);
}
