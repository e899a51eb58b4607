/* listen.c - listening sockets. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/http/server.h"

enum {
    BACKLOG = 4096, /* the kernel cuts it to net.core.somaxconn */
    FIRST_INHERITED_FD = 3,
};

/* Splits "host:port" or "[host]:port". */
static int split(const char *address, char *host, size_t host_size, const char **ret_port,
                 struct err *err)
{
    const char *colon = strrchr(address, ':');
    size_t size = colon ? (size_t)(colon - address) : 0;

    if (colon && *address == '[' && size >= 2 && address[size - 1] == ']') {
        address++;
        size -= 2;
    } else if (colon && memchr(address, ':', size)) {
        colon = NULL; /* an IPv6 address without brackets */
    }
    if (!colon || size >= host_size)
        return err_set(err, ERR_INVALID,
                       "'%.100s' is not an address to listen on; write HOST:PORT or "
                       "[IPV6]:PORT, e.g. 127.0.0.1:8080",
                       address);
    memcpy(host, address, size);
    host[size] = '\0';
    *ret_port = colon + 1;
    return 0;
}

static int bind_and_listen(const struct addrinfo *info, const char *address, struct err *err)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

    if (fd < 0)
        return err_set_errno(err, "make a socket for %.100s", address);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        if (errno == EADDRINUSE)
            (void)err_set(err, ERR_CONFLICT,
                          "%.100s is in use; stop what listens there or choose another port",
                          address);
        else
            (void)err_set_errno(err, "listen on %.100s", address);
        (void)close(fd);
        return err->code;
    }
    return fd;
}

int http_listen(const char *address, struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info;
    char host[256] = "";
    const char *port = "";
    int64_t number;
    int rc, fd;

    if (split(address, host, sizeof host, &port, err) < 0 ||
        text_parse_int(port, 0, 65535, &number, err) < 0)
        return err_wrap(err, "listen on '%.100s'", address);
    rc = getaddrinfo(*host ? host : NULL, port, &hints, &info);
    if (rc)
        return err_set(err, ERR_INVALID, "listen on '%.100s': %s", address, gai_strerror(rc));
    fd = bind_and_listen(info, address, err);
    freeaddrinfo(info);
    return fd;
}

int http_inherited_fd(void)
{
    const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    struct err ignored = {0};
    int64_t count, owner;

    if (!fds || !pid || text_parse_int(fds, 1, 1024, &count, &ignored) < 0 ||
        text_parse_int(pid, 1, INT32_MAX, &owner, &ignored) < 0 || owner != getpid())
        return -1;
    if (fcntl(FIRST_INHERITED_FD, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return FIRST_INHERITED_FD;
}
