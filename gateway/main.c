/* main.c - gateway: the garden's only door. Wiring only; the routes are in routes.c. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/dispatch.h"
#include "gateway/gateway.h"
#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/base/stop.h"
#include "lib/base/wiping_heap.h" /* what libraries give back of a picture is zeroed */

enum { DRAIN_MS = 10000 };

/* True where the socket can be reached from this machine only. */
static bool is_on_loopback(int fd)
{
    struct sockaddr_storage any = {0};
    socklen_t size = sizeof any;

    if (getsockname(fd, (struct sockaddr *)&any, &size) < 0)
        return false;
    if (any.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&any;

        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    if (any.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&any;

        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return any.ss_family == AF_UNIX;
}

static int serve(const struct settings *settings, struct err *err)
{
    int fd = http_inherited_fd();
    struct http_server_conf conf = {
        .loops = (int)settings->loops,
        .max_connections = (int)settings->max_connections,
        .on_head = dispatch_on_head,
        .on_request = dispatch_on_request,
        .on_answered = dispatch_on_answered,
        .on_error = reply_on_error,
    };

    if (fd < 0)
        fd = http_listen(settings->listen, err);
    if (fd < 0)
        return err->code;

    OWNED(gateway) gateway = gateway_new(settings, is_on_loopback(fd), err);
    if (!gateway)
        return err->code;
    conf.listen = settings->listen;
    conf.listen_fd = fd;
    conf.ctx = gateway;

    OWNED(http_server) server = http_server_start(&conf, err);
    if (!server)
        return err->code;
    log_info("listening on port %d", http_server_port(server));
    (void)stop_wait(-1);
    log_info("stopping");
    gateway_closing(gateway);
    http_server_stop(server, DRAIN_MS);
    gateway_stop(gateway);
    return 0;
}

static void print_help(void)
{
    printf("gateway: serves the garden over HTTP\n\n"
           "  --help               this text\n"
           "  --settings-markdown  its own settings as a section of docs/settings.md\n\n"
           "Settings, by environment variables:\n");
    settings_print_help();
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct err err = {0};

    secret_process(); /* visitors' pictures pass through, and keys are kept */
    log_init("gateway");
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (argc > 1 && strcmp(argv[1], "--settings-markdown") == 0) {
        settings_print_markdown();
        return EXIT_SUCCESS;
    }
    if (settings_load(&settings, &err) < 0)
        return log_fatal(&err, "reading the settings");
    if (stop_on_signals(&err) < 0 || serve(&settings, &err) < 0)
        return log_fatal(&err, "serving");
    log_info("stopped");
    return EXIT_SUCCESS;
}
