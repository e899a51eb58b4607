/* importer.c - see importer.h. Pictures are read and checked one after the other while several
 * uploads are under way. */
#include "gardenctl/importer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/import_name.h"
#include "gardenctl/import_picture.h"
#include "gardenctl/import_scan.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote_items.h"
#include "lib/base/map.h"
#include "lib/base/text.h"

enum { UPLOADS = 8, RETRIES = 6, UPLOAD_MS = 120000, ANY_INDEX = 100000 };

struct import;

/* One picture on its way. */
struct upload {
    struct import *import;
    struct import_picture picture; /* owned */
    const char *path;
    bool busy;
};

struct import {
    struct remote *remote;
    const struct importer_conf *conf;
    struct import_list list;
    struct map
        *present;      /* "<search key>\n<sha256>" and keys that the garden has or will have */
    struct map *asked; /* emotions whose pictures are in present */
    struct upload uploads[UPLOADS];
    struct progress progress;
    struct importer_count count;
    bool denied; /* the key is wrong: no use in going on */
};

static char here; /* what the maps point to: only the keys matter */

static void say_refused(void *ctx, const char *path, const char *why)
{
    struct import *import = ctx;

    import->count.refused++;
    progress_say(&import->progress, "REFUSED %s: %s", path, why);
}

static void show(struct import *import)
{
    const struct importer_count *count = &import->count;

    if (!import->conf->quiet)
        progress_at(&import->progress, count->imported + count->already + count->refused);
}

/* -- what is there already -- */

static int note(struct map *map, const char *text, struct err *err)
{
    return map_put(map, text, strlen(text), &here) < 0
               ? err_set_nomem(err, "a list of pictures")
               : 0;
}

static int note_content(struct import *import, const char *search_key, const char *digest,
                        struct err *err)
{
    char text[KEY_BYTES + SHA256_HEX];

    (void)snprintf(text, sizeof text, "%s\n%s", search_key, digest);
    return note(import->present, text, err);
}

static bool has_content(const struct import *import, const char *search_key, const char *digest)
{
    char text[KEY_BYTES + SHA256_HEX];

    (void)snprintf(text, sizeof text, "%s\n%s", search_key, digest);
    return map_get(import->present, text, strlen(text)) != NULL;
}

static int note_item(void *ctx, const struct remote_item *item, struct err *err)
{
    struct import *import = ctx;
    struct key key;

    if (key_parse(item->key, strlen(item->key), &key, err) < 0 ||
        note(import->present, item->key, err) < 0)
        return err->code;
    return *item->sha256 ? note_content(import, key.search_key, item->sha256, err) : 0;
}

/* Asks once for each emotion. */
static int learn_present(struct import *import, const char *search_key, struct err *err)
{
    char emotion[KEY_BYTES];
    struct remote_filter filter = {.area = import->conf->area, .emotion = emotion};

    (void)snprintf(emotion, sizeof emotion, "%.*s", (int)strcspn(search_key, "/"), search_key);
    if (map_get(import->asked, emotion, strlen(emotion)))
        return 0;
    if (remote_items(import->remote, &filter, note_item, import, err) < 0)
        return err_wrap(err, "asking which pictures are there");
    return note(import->asked, emotion, err);
}

/* The first name that is free. */
static int choose_key(struct import *import, const struct import_file *file, char orientation,
                      char key[KEY_BYTES], struct err *err)
{
    struct import_name name;
    char text[IMPORT_STEM + 32];

    import_name_parse(file->name, &name);
    for (int tried = 0; tried < ANY_INDEX; tried++, name.index++) {
        import_name_format(&name, orientation, text, sizeof text);
        if (key_format(import->conf->area, file->search_key, text, key, err) < 0)
            return err->code;
        if (!map_get(import->present, key, strlen(key)))
            return note(import->present, key, err);
    }
    return err_set(err, ERR_CONFLICT, "%d pictures are called %.80s already", ANY_INDEX,
                   name.stem);
}

/* -- uploads -- */

static void on_uploaded(void *ctx, struct http_client_response *response,
                        const struct err *failure)
{
    struct upload *upload = ctx;
    struct import *import = upload->import;
    struct err err = {0};

    if (remote_check(import->remote, response, failure, &err) == 0)
        import->count.imported++;
    else
        say_refused(import, upload->path, err.text);
    if (err.code == ERR_DENIED)
        import->denied = true;
    import_picture_done(&upload->picture);
    upload->picture = (struct import_picture){0};
    upload->busy = false;
}

static void send_upload(struct upload *upload, const char *key)
{
    struct remote *remote = upload->import->remote;
    const char *const headers[] = {remote->authorization, "Content-Type: image/jpeg"};
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {
        .method = "PUT",
        .headers = headers,
        .header_count = 2,
        .body = upload->picture.jpeg.data,
        .body_size = upload->picture.jpeg.size,
        .deadline_ms = UPLOAD_MS,
        .retries = RETRIES,
    };

    buf_printf(&url, "%s/v1/objects/", remote->url);
    text_url_encode(&url, key, strlen(key), true);
    request.url = buf_text(&url);
    upload->busy = true;
    (void)http_client_send(remote->client, &request, on_uploaded, upload);
}

static void wait_for_uploads(struct import *import, int at_most)
{
    struct http_client *client = import->remote->client;

    while (http_client_active(client) > at_most) {
        struct pollfd fd = {.fd = http_client_fd(client), .events = POLLIN};

        (void)poll(&fd, 1, http_client_timeout_ms(client));
        http_client_step(client);
        show(import);
    }
}

static struct upload *free_upload(struct import *import)
{
    wait_for_uploads(import, UPLOADS - 1);
    for (size_t i = 0; i < UPLOADS; i++)
        if (!import->uploads[i].busy)
            return &import->uploads[i];
    return NULL; /* not reached: fewer are under way than there are */
}

/* A file that is bad is told and does not stop the rest; < 0 is what does. */
static int import_file(struct import *import, const struct import_file *file, struct err *err)
{
    struct upload *upload = free_upload(import);
    struct err why = {0};
    char key[KEY_BYTES];

    if (!upload || learn_present(import, file->search_key, err) < 0)
        return err->code;
    if (import_picture_read(file->path, &upload->picture, &why) < 0) {
        say_refused(import, file->path, why.text);
        return 0;
    }
    if (has_content(import, file->search_key, upload->picture.sha256)) {
        import->count.already++;
        import_picture_done(&upload->picture);
        return 0;
    }
    if (choose_key(import, file, upload->picture.orientation, key, err) < 0 ||
        note_content(import, file->search_key, upload->picture.sha256, err) < 0) {
        import_picture_done(&upload->picture);
        return err->code;
    }
    upload->import = import;
    upload->path = file->path;
    send_upload(upload, key);
    return 0;
}

static int import_all(struct import *import, struct err *err)
{
    int r = 0;

    progress_start(&import->progress, "importing", "pictures", import->list.count);
    for (size_t i = 0; i < import->list.count && r == 0 && !import->denied; i++) {
        r = import_file(import, &import->list.files[i], err);
        show(import);
    }
    wait_for_uploads(import, 0);
    progress_end(&import->progress);
    return r;
}

static void import_done(struct import *import)
{
    import_list_done(&import->list);
    map_free(import->present);
    map_free(import->asked);
}

int importer_run(struct remote *remote, const struct importer_conf *conf,
                 struct importer_count *ret_count, struct err *err)
{
    OWNED_VALUE(import) import = {.remote = remote, .conf = conf};

    import.list.on_odd = say_refused;
    import.list.ctx = &import;
    import.present = map_new();
    import.asked = map_new();
    if (!import.present || !import.asked)
        return err_set_nomem(err, "a list of pictures");
    if (import_scan(&import.list, conf->dir, conf->emotion, conf->favorite, err) < 0)
        return err->code;
    (void)import_all(&import, err);
    *ret_count = import.count;
    return err->code;
}
