/* body.c - see body.h. */
#include "gateway/body.h"

#include <string.h>

json_t *body_object(const struct http_request *request, struct err *err)
{
    size_t size;
    const void *body = http_body(request, &size);
    json_t *root;

    if (size == 0) {
        (void)err_set(err, ERR_INVALID, "the body is empty: send a JSON object");
        return NULL;
    }
    root = json_parse(body, size, err);
    if (root && !json_is_object(root)) {
        (void)err_set(err, ERR_INVALID, "the body is JSON, but no object: send {...}");
        json_decref(root);
        return NULL;
    }
    if (!root)
        (void)err_wrap(err, "the body");
    return root;
}

void key_list_done(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->keys[i]);
    free(list->keys);
    *list = (struct key_list){0};
}

static int copy_keys(const json_t *array, const char *member, struct key_list *list,
                     struct err *err)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *key = json_array_get(array, i);

        if (!json_is_string(key))
            return err_set(err, ERR_INVALID, "%s[%zu] is not a string", member, i);
        list->keys[i] = strdup(json_string_value(key));
        if (!list->keys[i])
            return err_set_nomem(err, member);
        list->count++;
    }
    return 0;
}

static int read_array(const json_t *array, const char *member, struct key_list *ret_list,
                      struct err *err)
{
    size_t count = json_array_size(array);
    struct key_list list = {0};

    if (count > KEY_LIST_MAX)
        return err_set(err, ERR_TOO_LARGE, "%s has %zu keys: send at most %d at a time", member,
                       count, KEY_LIST_MAX);
    list.keys = calloc(count ? count : 1, sizeof *list.keys);
    if (!list.keys)
        return err_set_nomem(err, member);
    if (copy_keys(array, member, &list, err) < 0)
        key_list_done(&list);
    else
        *ret_list = list;
    return err->code;
}

static int read_string(const json_t *value, const char *member, struct key_list *ret_list,
                       struct err *err)
{
    const char *text = json_string_value(value);
    OWNED_JSON array = NULL;

    if (text[strspn(text, " \t\r\n")] == '[')
        array = json_parse(text, strlen(text), err);
    else
        array = json_pack("[s]", text);
    if (!array)
        return err->code ? err_wrap(err, "%s, which is JSON in a string", member)
                         : err_set_nomem(err, member);
    return read_array(array, member, ret_list, err);
}

int key_list_read(const json_t *value, const char *member, struct key_list *ret_list,
                  struct err *err)
{
    if (!value)
        return err_set(err, ERR_INVALID, "%s is missing: send an array of keys", member);
    if (json_is_string(value))
        return read_string(value, member, ret_list, err);
    if (json_is_array(value))
        return read_array(value, member, ret_list, err);
    return err_set(err, ERR_INVALID, "%s is not an array of keys", member);
}
