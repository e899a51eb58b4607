/* trouble.c - see trouble.h. */
#include "services/common/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json/json_write.h"

void trouble_set(struct trouble *trouble, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)pthread_mutex_lock(&trouble->lock);
    (void)vsnprintf(trouble->text, sizeof trouble->text, fmt, args);
    (void)pthread_mutex_unlock(&trouble->lock);
    va_end(args);
}

void trouble_clear(struct trouble *trouble)
{
    (void)pthread_mutex_lock(&trouble->lock);
    trouble->text[0] = '\0';
    (void)pthread_mutex_unlock(&trouble->lock);
}

bool trouble_get(struct trouble *trouble, char ret_text[TROUBLE_TEXT])
{
    (void)pthread_mutex_lock(&trouble->lock);
    memcpy(ret_text, trouble->text, sizeof trouble->text);
    (void)pthread_mutex_unlock(&trouble->lock);
    return *ret_text != '\0';
}

bool trouble_render(struct trouble *troubles, size_t count, struct buf *out)
{
    bool well = true;

    json_write_name(out, "trouble");
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++) {
        char text[TROUBLE_TEXT];

        if (trouble_get(&troubles[i], text)) {
            json_write_str(out, text);
            well = false;
        }
    }
    json_write_close(out, ']');
    return well;
}
