/* up_model.c - see up_model.h. */
#include "gardenctl/up_model.h"

#include <stdlib.h>
#include <string.h>

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

bool up_eyes_are_there(void)
{
    const char *engine = getenv("EMOTION_ENGINE"), *models = getenv("EMOTION_MODELS");
    struct err ignored = {0};
    char folder[PATH_MAX];

    if (!models)
        models = "";
    if (engine && *engine && strcmp(engine, "local") != 0)
        return strcmp(models, "none") != 0;
    return shipped_face_models(models, folder, &ignored) == 0;
}
