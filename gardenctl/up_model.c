/* up_model.c - see up_model.h. */
#include "gardenctl/up_model.h"

#include <stdlib.h>

#include "services/common/shipped.h"

bool up_model_find(char ret_folder[PATH_MAX])
{
    const char *setting = getenv("GENERATOR_MODEL");
    struct err ignored = {0};

    return shipped_model(setting ? setting : "", ret_folder, &ignored) == 0;
}

bool up_model_is_there(void)
{
    char folder[PATH_MAX];

    return up_model_find(folder);
}
