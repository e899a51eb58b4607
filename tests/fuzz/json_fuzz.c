/* json_fuzz.c - the reader, the skimming reader and the writer: what is read is written and
 * read again as the same, and skimming leaves out members and changes nothing else. */
#include "lib/json/json.h"
#include "lib/json/json_skim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_wanted(const char *name, size_t size)
{
    (void)name;
    return size % 2 == 0;
}

/* Takes out of the tree what json_skim leaves out. Names with an escape are kept by it, and are
 * not told apart here, so the caller passes on documents that have none. */
static void leave_out(json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    void *next;

    json_array_foreach(value, i, member) leave_out(member);
    json_object_foreach_safe(value, next, name, member)
    {
        if (is_wanted(name, strlen(name)))
            leave_out(member);
        else
            json_object_del(value, name);
    }
}

static void check_skim(const uint8_t *data, size_t size)
{
    struct err err = {0}, skim_err = {0};
    OWNED_JSON whole = json_parse(data, size, &err);
    OWNED_JSON part = json_skim(data, size, is_wanted, &skim_err);

    if (!whole || memchr(data, '\\', size))
        return;
    leave_out(whole);
    if (!part || !json_equal(whole, part))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    OWNED_JSON value = json_parse(data, size, &err);
    OWNED_JSON again = NULL;
    OWNED_VALUE(buf) written = {0};

    check_skim(data, size);
    json_write_str_n(&written, (const char *)data, size);
    again = json_parse(written.data, written.size, &err);
    if (!memchr(data, '\0', size) && !again)
        abort(); /* any bytes make a string */
    if (!value)
        return 0;
    json_decref(again);
    buf_clear(&written);
    json_write_tree(&written, value);
    again = json_parse(written.data, written.size, &err);
    if (!again || !json_equal(value, again))
        abort();
    return 0;
}
