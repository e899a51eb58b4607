/* server.c - see server.h: starts and stops the loops. */
#include "lib/http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/http/server_local.h"

enum { MOST_LOOPS = 4 };

static int core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        return 1;
    return cores > MOST_LOOPS ? MOST_LOOPS : (int)cores;
}

static void set_default(int *value, int fallback)
{
    if (*value <= 0)
        *value = fallback;
}

static void fill_defaults(struct http_server_conf *conf)
{
    set_default(&conf->loops, core_count());
    set_default(&conf->max_connections, 8192);
    set_default(&conf->header_ms, 10000);
    set_default(&conf->request_ms, 60000);
    set_default(&conf->answer_ms, 30000);
    set_default(&conf->idle_ms, 75000);
    set_default(&conf->beat_ms, 15000);
    if (conf->max_body_bytes == 0)
        conf->max_body_bytes = (size_t)1 << 20;
    if (conf->head_bytes == 0)
        conf->head_bytes = HTTP_POOL_BYTES;
}

static int open_socket(struct http_server *server, struct err *err)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int flags;

    if (server->conf.listen_fd > 0)
        server->listen_fd = server->conf.listen_fd;
    else if (server->conf.listen)
        server->listen_fd = http_listen(server->conf.listen, err);
    else
        return err_set(err, ERR_INVALID, "a server needs an address to listen on");
    if (server->listen_fd < 0)
        return err->code;
    flags = fcntl(server->listen_fd, F_GETFL);
    if (flags < 0 || fcntl(server->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        getsockname(server->listen_fd, (struct sockaddr *)&address, &size) < 0)
        return err_set_errno(err, "use descriptor %d to listen on", server->listen_fd);
    if (address.ss_family == AF_INET)
        server->port = ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
    else if (address.ss_family == AF_INET6)
        server->port = ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port);
    return 0;
}

static int start_loops(struct http_server *server, struct err *err)
{
    server->loop_count = server->conf.loops;
    for (int i = 0; i < server->loop_count; i++) {
        struct http_loop *loop = http_loop_new(server, err);

        if (!loop)
            return err->code;
        loop->next = server->loops;
        server->loops = loop;
    }
    for (struct http_loop *loop = server->loops; loop; loop = loop->next)
        if (http_loop_start(loop, err) < 0)
            return err->code;
    return 0;
}

struct http_server *http_server_start(const struct http_server_conf *conf, struct err *err)
{
    struct http_server *server = calloc(1, sizeof *server);

    if (!server) {
        (void)err_set_nomem(err, "a server");
        return NULL;
    }
    server->conf = *conf;
    server->listen_fd = -1;
    fill_defaults(&server->conf);
    if (conf->max_connections_per_ip > 0) {
        server->peers = http_peers_new(conf->max_connections_per_ip);
        if (!server->peers)
            (void)err_set_nomem(err, "a server");
    }
    if (err->code || open_socket(server, err) < 0 || start_loops(server, err) < 0) {
        (void)err_wrap(err, "start the HTTP server");
        http_server_free(server);
        return NULL;
    }
    return server;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server, int drain_ms)
{
    int64_t until_ms = clock_mono_ms() + drain_ms;

    for (struct http_loop *loop = server->loops; loop; loop = loop->next)
        if (loop->started)
            http_loop_stop(loop, until_ms);
    for (struct http_loop *loop = server->loops; loop; loop = loop->next)
        http_loop_join(loop);
    if (server->listen_fd >= 0)
        (void)close(server->listen_fd);
    server->listen_fd = -1;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    http_server_stop(server, 0);
    while (server->loops) {
        struct http_loop *loop = server->loops;

        server->loops = loop->next;
        http_loop_free(loop);
    }
    http_peers_free(server->peers);
    free(server);
}
