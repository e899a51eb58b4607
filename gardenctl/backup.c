/* backup.c - gardenctl backup: the store's objects and the topics that hold state, into a
 * folder that can be copied away.
 *
 * An interrupted backup is gone on with, and a later one into the same folder copies only what
 * changed. Until the new manifest is there, the old backup stays whole but for objects that
 * were replaced under the same key. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gardenctl/backup_objects.h"
#include "gardenctl/backup_topics.h"
#include "gardenctl/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/text.h"
#include "services/common/garden_conf.h"

#define PART "objects.part"     /* the list that is being written */
#define RESUME "objects.resume" /* that of an interrupted backup */

enum { ID = 32 };

struct backup {
    const char *dir;
    char id[ID];
    struct store *store; /* owned */
    struct bus *bus;     /* owned */
    bool has_old;
    struct manifest old, manifest;
    struct backup_count count;
};

static void backup_done(struct backup *backup)
{
    store_free(backup->store);
    bus_free(backup->bus);
}

static void path_of(const struct backup *backup, const char *name, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%.3000s/%.900s", backup->dir, name);
}

static FILE *open_in(const struct backup *backup, const char *name, const char *mode)
{
    char path[PATH_MAX];

    path_of(backup, name, path);
    return fopen(path, mode);
}

static void close_file(FILE *file)
{
    if (file)
        (void)fclose(file);
}

/* "20260504T090807123Z" */
static void make_id(int64_t now_ms, char created[CLOCK_TEXT], char id[ID])
{
    size_t used = 0;

    clock_format_rfc3339(now_ms, created);
    for (const char *c = created; *c && used + 1 < ID; c++)
        if (*c != '-' && *c != ':' && *c != '.')
            id[used++] = *c;
    id[used] = '\0';
}

static int lock_folder(const struct backup *backup, struct err *err)
{
    int fd = open(backup->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_set_errno(err, "opening %.200s", backup->dir);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    (void)close(fd);
    return err_set(err, ERR_CONFLICT, "another backup or restore is at work in %.150s",
                   backup->dir);
}

/* Of two interrupted backups the one that came further is gone on with. */
static void keep_part(const struct backup *backup)
{
    char part[PATH_MAX], resume[PATH_MAX];
    struct stat part_info, resume_info;

    path_of(backup, PART, part);
    path_of(backup, RESUME, resume);
    if (stat(part, &part_info) < 0)
        return;
    if (stat(resume, &resume_info) == 0 && resume_info.st_size > part_info.st_size)
        return;
    (void)rename(part, resume);
}

static int copy_objects(struct backup *backup, struct err *err)
{
    struct backup_lists lists = {0};
    int r;

    keep_part(backup);
    if (backup->has_old)
        lists.old = open_in(backup, backup->old.objects.file, "re");
    lists.resumed = open_in(backup, RESUME, "re");
    lists.list = open_in(backup, PART, "we");
    if (!lists.list)
        r = err_set_errno(err, "writing into %.200s", backup->dir);
    else
        r = backup_objects(backup->store, backup->dir, &lists, &backup->count, err);
    if (lists.list && fclose(lists.list) != 0 && r == 0)
        r = err_set_errno(err, "writing the list of objects");
    close_file(lists.old);
    close_file(lists.resumed);
    return r;
}

/* Names the list for good, and writes the manifest. */
static int finish(struct backup *backup, struct err *err)
{
    struct manifest *manifest = &backup->manifest;
    char part[PATH_MAX], list[PATH_MAX];

    (void)snprintf(manifest->objects.file, sizeof manifest->objects.file, "objects-%s.jsonl",
                   backup->id);
    manifest->objects.lines = (int64_t)backup->count.objects;
    manifest->object_bytes = (int64_t)backup->count.bytes;
    path_of(backup, PART, part);
    path_of(backup, manifest->objects.file, list);
    if (rename(part, list) < 0)
        return err_set_errno(err, "renaming %.200s", part);
    if (manifest_hash(backup->dir, &manifest->objects, err) < 0)
        return err->code;
    return manifest_write(backup->dir, manifest, err);
}

/* Removes what only the old backup, or an interrupted one, had. */
static void clean_up(const struct backup *backup)
{
    char path[PATH_MAX];
    FILE *old = backup->has_old ? open_in(backup, backup->old.objects.file, "re") : NULL;
    FILE *list = open_in(backup, backup->manifest.objects.file, "re");

    if (old && list)
        backup_prune(backup->dir, old, list);
    close_file(old);
    close_file(list);
    path_of(backup, RESUME, path);
    (void)unlink(path);
    if (!backup->has_old ||
        strcmp(backup->old.objects.file, backup->manifest.objects.file) == 0)
        return;
    path_of(backup, backup->old.objects.file, path);
    (void)unlink(path);
    for (size_t i = 0; i < backup->old.topic_count; i++) {
        path_of(backup, backup->old.topics[i].file, path);
        (void)unlink(path);
        *strrchr(path, '/') = '\0';
        (void)rmdir(path); /* works once it is empty */
    }
}

static int open_engines(struct backup *backup, struct err *err)
{
    struct garden_conf conf;

    if (garden_conf_load(&conf, err) < 0)
        return err->code;
    backup->store = garden_open_store(&conf, err);
    if (backup->store)
        backup->bus = garden_open_bus(&conf, "gardenctl", err);
    return backup->bus ? 0 : err->code;
}

static int do_backup(struct backup *backup, struct err *err)
{
    char folder[ID + 16];
    struct err none = {0};

    backup->has_old = manifest_read(backup->dir, &backup->old, &none) == 0;
    if (!backup->has_old && none.code != ERR_NOT_FOUND)
        return err_set(err, none.code, "%s", none.text);
    make_id(clock_wall_ms(), backup->manifest.created, backup->id);
    (void)snprintf(folder, sizeof folder, "topics-%s", backup->id);
    if (open_engines(backup, err) < 0)
        return err->code;
    /* topics first: what they name is then in the store's listing, unless it was removed */
    if (backup_topics(backup->bus, backup->dir, folder, &backup->manifest, err) < 0 ||
        copy_objects(backup, err) < 0 || finish(backup, err) < 0)
        return err->code;
    clean_up(backup);
    return 0;
}

static int run(const struct args *args)
{
    OWNED_VALUE(backup) backup = {.dir = args->words[0]};
    struct err err = {0};
    char inside[PATH_MAX], took[32];
    int64_t start_ms = clock_mono_ms();
    int lock, r;

    path_of(&backup, "x", inside);
    if (file_make_folders(inside, &err) < 0)
        return command_failed(&err);
    lock = lock_folder(&backup, &err);
    if (lock < 0)
        return command_failed(&err);
    r = do_backup(&backup, &err);
    (void)close(lock);
    if (r < 0)
        return command_failed(&err);
    progress_format_time(clock_mono_ms() - start_ms, took);
    printf("%" PRIu64 " objects (%.1f MiB), of which %" PRIu64 " were copied now",
           backup.count.objects, (double)backup.count.bytes / (1 << 20), backup.count.copied);
    for (size_t i = 0; i < backup.manifest.topic_count; i++)
        printf(", %" PRId64 " of %s", backup.manifest.topics[i].lines,
               backup.manifest.topics[i].topic);
    printf("\nBacked up to %s in %s\n", backup.dir, took);
    return EXIT_WORKED;
}

const struct command command_backup = {
    .name = "backup",
    .words = "DIR",
    .meaning = "Copies pictures and topics into a folder, running or not",
    .details =
        "Into the same DIR again it copies only what changed; an interrupted backup is gone\n"
        "on with. DIR/manifest.json is written last: without it there is no backup.\n"
        "gardenctl restore DIR puts it back.\n\n"
        "Example: gardenctl backup /mnt/backup/garden\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
