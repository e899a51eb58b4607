/* backend.c - see backend.h: which implementation a name means. */
#include "services/generator-gpu/backend.h"

struct backend *backend_open(const struct backend_conf *conf, struct err *err)
{
    if (strcmp(conf->name, "cpu") == 0)
        return backend_cpu_new(conf, err);
    (void)err_set(err, ERR_INVALID, "there is no backend \"%s\"; there is cpu", conf->name);
    return NULL;
}
