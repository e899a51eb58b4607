/* shipped.c - see shipped.h. */
#include "services/common/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has(const char *folder, const char *file)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%s", folder, file) < PATH_MAX &&
           access(path, R_OK) == 0;
}

static void program_folder(char ret[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - 1);
    char *slash;

    ret[size > 0 ? size : 0] = '\0';
    slash = strrchr(ret, '/');
    if (slash)
        *slash = '\0';
}

int shipped_find(const char *share, const char *file, char ret_folder[PATH_MAX],
                 struct err *err)
{
    static const char *const around[] = {"/..", "/../..", "/../share/emotion-gardens"};
    char program[PATH_MAX], folder[PATH_MAX];

    if (*share && !has(share, file))
        return err_set(err, ERR_NOT_FOUND, "GARDEN_SHARE is %.150s, which has no %s", share,
                       file);
    if (*share) {
        (void)snprintf(ret_folder, PATH_MAX, "%s", share);
        return 0;
    }
    program_folder(program);
    for (size_t i = 0; i < sizeof around / sizeof *around; i++)
        if (snprintf(folder, sizeof folder, "%s%s", program, around[i]) < PATH_MAX &&
            has(folder, file) && realpath(folder, ret_folder))
            return 0;
    return err_set(err, ERR_NOT_FOUND,
                   "%.80s is not beside %.150s: set GARDEN_SHARE to the folder that holds it",
                   file, program);
}

/* name: of the setting; file: what has to be in the folder. */
static int find_model(const char *name, const char *setting, const char *folder,
                      const char *file, char ret_folder[PATH_MAX], struct err *err)
{
    const char *share = getenv("GARDEN_SHARE");
    char place[PATH_MAX], path[PATH_MAX];

    if (strcmp(setting, "none") == 0)
        return err_set(err, ERR_DENIED, "%s is none", name);
    if (*setting) {
        (void)snprintf(ret_folder, PATH_MAX, "%s", setting);
        return 0;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    if (shipped_find(share ? share : "", path, place, err) < 0)
        return err->code;
    if (snprintf(ret_folder, PATH_MAX, "%s/%s", place, folder) >= PATH_MAX)
        return err_set(err, ERR_INVALID, "the path of %s is too long", folder);
    return 0;
}

int shipped_model(const char *setting, char ret_folder[PATH_MAX], struct err *err)
{
    return find_model("GENERATOR_MODEL", setting, SHIPPED_MODEL, "model_index.json", ret_folder,
                      err);
}

int shipped_face_models(const char *setting, char ret_folder[PATH_MAX], struct err *err)
{
    return find_model("EMOTION_MODELS", setting, SHIPPED_FACE_MODELS, "blazeface.safetensors",
                      ret_folder, err);
}
