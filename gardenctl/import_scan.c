/* import_scan.c - see import_scan.h. */
#include "gardenctl/import_scan.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/key.h"

/* What the folders so far have told. */
struct place {
    const char *emotion, *favorite; /* NULL: not yet */
};

static int add_file(struct import_list *list, const char *path, const struct place *place,
                    struct err *err)
{
    struct import_file file = {0};

    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct import_file *grown = realloc(list->files, capacity * sizeof *grown);

        if (!grown)
            return err_set_nomem(err, "the list of files");
        list->files = grown;
        list->capacity = capacity;
    }
    file.path = strdup(path);
    if (asprintf(&file.search_key, "%s%s%s", place->emotion, place->favorite ? "/" : "",
                 place->favorite ? place->favorite : "") < 0)
        file.search_key = NULL;
    if (!file.path || !file.search_key) {
        free(file.path);
        free(file.search_key);
        return err_set_nomem(err, "the list of files");
    }
    file.name = strrchr(file.path, '/') + 1;
    list->files[list->count++] = file;
    return 0;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What a folder called name says about what is in it; false where it says nothing known. */
static bool enter(struct place *place, const char *name, struct err *why)
{
    char search_key[KEY_BYTES + NAME_MAX];

    if (!place->emotion) {
        place->emotion = name;
        if (emotion_is_known(name, strlen(name)))
            return true;
        (void)err_set(why, ERR_INVALID,
                      "no emotion (happy surprised calm angry fear confused disgusted sad)");
        return false;
    }
    if (place->favorite) {
        (void)err_set(why, ERR_INVALID, "a folder too deep: emotion, favorite, then files");
        return false;
    }
    place->favorite = name;
    (void)snprintf(search_key, sizeof search_key, "%s/%s", place->emotion, name);
    return search_key_check(search_key, why) == 0;
}

static int scan(struct import_list *list, const char *dir, const struct place *place,
                struct err *err);

static int take_entry(struct import_list *list, const char *path, const char *name,
                      const struct place *place, struct err *err)
{
    struct place inner = *place;
    struct stat info;
    struct err why = {0};

    if (stat(path, &info) < 0) {
        (void)err_set_errno(&why, "cannot be looked at");
    } else if (S_ISDIR(info.st_mode)) {
        if (enter(&inner, name, &why))
            return scan(list, path, &inner, err);
    } else if (!S_ISREG(info.st_mode)) {
        (void)err_set(&why, ERR_INVALID, "neither a file nor a folder");
    } else if (!place->emotion) {
        (void)err_set(&why, ERR_INVALID,
                      "in no emotion's folder: give its emotion by --emotion");
    } else {
        return add_file(list, path, place, err);
    }
    list->on_odd(list->ctx, path, why.text);
    return 0;
}

static int scan(struct import_list *list, const char *dir, const struct place *place,
                struct err *err)
{
    struct dirent **entries;
    int count = scandir(dir, &entries, not_hidden, alphasort), r = 0;

    if (count < 0)
        return err_set_errno(err, "reading the folder %.200s", dir);
    /* files first, so that those of a search key stay side by side */
    for (int folders = 0; folders <= 1; folders++) {
        for (int i = 0; i < count && r == 0; i++) {
            char path[PATH_MAX];
            struct stat info;
            bool is_folder;

            (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
            is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
            if (is_folder == (folders == 1))
                r = take_entry(list, path, entries[i]->d_name, place, err);
        }
    }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free((void *)entries);
    return r;
}

int import_scan(struct import_list *list, const char *dir, const char *emotion,
                const char *favorite, struct err *err)
{
    const struct place place = {.emotion = emotion, .favorite = favorite};

    return scan(list, dir, &place, err);
}

void import_list_done(struct import_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->files[i].path);
        free(list->files[i].search_key);
    }
    free(list->files);
}
