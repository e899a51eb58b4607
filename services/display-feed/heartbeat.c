/* heartbeat.c - see heartbeat.h. */
#include "services/display-feed/heartbeat.h"

#include <string.h>

#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/play_event.h"

static int read_place(const json_t *root, struct screen *screen, struct err *err)
{
    const char *orientation = "h";
    int64_t slot = 1;

    if (json_opt_int(root, "slot", &slot, err) < 0 ||
        json_opt_str(root, "orientation", &orientation, err) < 0)
        return err->code;
    if (slot < 1 || slot > DISPLAY_PLACES)
        return err_set(err, ERR_INVALID, "slot is %lld, not 1 to %d", (long long)slot,
                       DISPLAY_PLACES);
    if (strcmp(orientation, "h") != 0 && strcmp(orientation, "v") != 0)
        return err_set(err, ERR_INVALID, "orientation is '%.20s', not 'h' or 'v'", orientation);
    screen->slot = (int)slot;
    screen->orientation = *orientation;
    return 0;
}

static int read_showing(const json_t *root, struct screen *screen, struct err *err)
{
    const char *showing = "";

    if (json_opt_int(root, "version", &screen->version, err) < 0 ||
        json_opt_str(root, "showing", &showing, err) < 0)
        return err->code;
    if (screen->version < 0)
        return err_set(err, ERR_INVALID, "version is below 0");
    if (*showing && codec_check_sha256(showing, err) < 0)
        return err_wrap(err, "showing");
    (void)text_copy(screen->showing, sizeof screen->showing, showing);
    return 0;
}

int heartbeat_read(const json_t *root, const char *zone, int64_t now_ms, struct screen *screen,
                   json_t **ret_plays, struct err *err)
{
    const char *id = "";
    int64_t clock_ms = now_ms;

    *ret_plays = NULL;
    memset(screen, 0, sizeof *screen);
    if (json_get_str(root, "screen", &id, err) < 0 || play_screen_check(id, err) < 0 ||
        read_place(root, screen, err) < 0 || read_showing(root, screen, err) < 0 ||
        json_opt_int(root, "clock", &clock_ms, err) < 0 ||
        json_opt_array(root, "plays", ret_plays, err) < 0)
        return err->code;
    if (clock_ms < 0 || clock_ms > CODEC_TIME_MAX)
        return err_set(err, ERR_INVALID, "clock is no time in milliseconds since the epoch");
    if (*ret_plays && json_array_size(*ret_plays) == 0)
        *ret_plays = NULL;
    (void)text_copy(screen->id, sizeof screen->id, id);
    (void)text_copy(screen->zone, sizeof screen->zone, zone);
    screen->seen_ms = now_ms;
    screen->clock_off_ms = clock_ms - now_ms;
    return 0;
}
