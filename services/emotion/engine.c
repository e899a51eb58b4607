/* engine.c - see engine.h. */
#include "services/emotion/engine.h"

void face_engine_free(struct face_engine *engine)
{
    if (engine)
        engine->free(engine);
}
