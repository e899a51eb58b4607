/* The bodies of POST /v1/events and /like: what is accepted can be written as an event, names
 * its own picture and happened; what is refused says why. */
#include <stdlib.h>
#include <string.h>

#include "services/recommender-proxy/acts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_impression(const struct interaction_event *event)
{
    bool own = event->impression_count == 0;

    must(event->impression_count <= INTERACTION_IMPRESSION_MAX);
    for (size_t i = 0; i < event->impression_count; i++) {
        own = own || strcmp(event->impression[i], event->item_id) == 0;
        for (size_t j = 0; j < i; j++)
            must(strcmp(event->impression[i], event->impression[j]) != 0);
    }
    must(own);
}

static void check(struct client_act *act)
{
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};

    must(memchr(act->detail, '\0', sizeof act->detail) != NULL);
    if (act->status == ACT_REFUSED) {
        must(*act->detail != '\0');
    } else {
        must(act->status == ACT_ACCEPTED);
        check_impression(&act->event);
        must(interaction_event_encode(&out, &act->event, &err) == 0);
    }
    client_act_done(act);
}

static void read_events(const json_t *events)
{
    const json_t *event;
    size_t i;

    json_array_foreach(events, i, event)
    {
        struct client_act act;

        client_act_read(&act, event);
        check(&act);
    }
}

/* answers_user has looked at the visitor's id before. */
static void read_like(const json_t *body)
{
    const json_t *impression = json_object_get(body, "impression");
    struct client_act act;

    client_act_like(&act, "u", json_string_value(json_object_get(body, "itemId")),
                    json_is_array(impression) ? impression : NULL);
    check(&act);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    OWNED_JSON body = json_parse(data, size, &err);

    if (!body)
        return 0;
    read_events(json_object_get(body, "events"));
    read_like(body);
    return 0;
}
