/* engine.c - see engine.h. */
#include "services/recommender-proxy/engine.h"

void rec_answer_done(struct rec_answer *answer)
{
    buf_done(&answer->storage);
    answer->count = 0;
}

void rec_engine_free(struct rec_engine *engine)
{
    if (engine)
        engine->free(engine);
}
