/* events_fuzz.c - every event: what is read can be written, and reads back as the same bytes.
 * The first byte of the input says which event the rest is. */
#include "proto/display_event.h"
#include "proto/export_event.h"
#include "proto/generation_event.h"
#include "proto/generation_request.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/play_event.h"
#include "proto/user_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUND_TRIP(event_)                                                            \
    static void round_trip_##event_(const uint8_t *data, size_t size)                 \
    {                                                                                 \
        OWNED_VALUE(buf) storage = {0};                                               \
        OWNED_VALUE(buf) once = {0};                                                  \
        OWNED_VALUE(buf) twice = {0};                                                 \
        struct event_ event;                                                          \
        struct err err = {0};                                                         \
                                                                                      \
        if (event_##_decode(data, size, &event, &storage, &err) < 0)                  \
            return;                                                                   \
        if (event_##_encode(&once, &event, &err) < 0 ||                               \
            event_##_decode(once.data, once.size, &event, &storage, &err) < 0 ||      \
            event_##_encode(&twice, &event, &err) < 0)                                \
            abort();                                                                  \
        if (once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0) \
            abort();                                                                  \
    }

ROUND_TRIP(item_event)
ROUND_TRIP(user_event)
ROUND_TRIP(interaction_event)
ROUND_TRIP(display_event)
ROUND_TRIP(play_event)
ROUND_TRIP(export_event)
ROUND_TRIP(generation_request)
ROUND_TRIP(generation_event)

static void (*const round_trips[])(const uint8_t *data, size_t size) = {
    round_trip_item_event,       round_trip_user_event,   round_trip_interaction_event,
    round_trip_display_event,    round_trip_export_event, round_trip_generation_request,
    round_trip_generation_event, round_trip_play_event,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    round_trips[data[0] % (sizeof round_trips / sizeof *round_trips)](data + 1, size - 1);
    return 0;
}
