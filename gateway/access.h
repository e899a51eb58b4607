/* access.h - who asks, and whether they may.
 *
 * A caller is known by "Authorization: Bearer <key>", or by the cookie of the login page. On
 * loopback, without GARDEN_REQUIRE_KEYS=1 and without a proxy in front, everybody may use all
 * but the operator's routes, and as often as they like. */
#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

#include <stdbool.h>

#include "gateway/keyring.h"
#include "gateway/reply.h"
#include "gateway/settings.h"
#include "lib/http/server.h"

struct caller {
    size_t index;   /* of this struct among the callers */
    const char *id; /* the key's id, or "" for nobody in particular */
    unsigned roles; /* that it has: enum role, ored */
    bool by_cookie;
};

struct access;

struct access *access_new(const struct settings *settings, bool on_loopback, struct err *err);
void access_free(struct access *access);
DEFINE_OWNED(access)

/* All callers that there can be live as long as the access; nobody in particular is the first.
 */
size_t access_caller_count(const struct access *access);
const struct caller *access_caller(const struct access *access, size_t i);

/* Says who asks. NULL where a wrong key was sent or too many were: then the reply is made. */
const struct caller *access_identify(struct access *access, struct http_request *request,
                                     struct reply *reply);

/* True where the caller may use a route for these roles (0: everybody). Else the reply is made:
 * 401, 403. */
bool access_permit(struct access *access, struct http_request *request,
                   const struct caller *caller, unsigned roles, struct reply *reply);

/* True where the caller keeps to the rate limits. Else the reply is made: 429. */
bool access_within_rate(struct access *access, struct http_request *request,
                        const struct caller *caller, struct reply *reply);

/* Checks a key that was typed in, and writes the session cookie's Set-Cookie value. Returns 0;
 * ERR_DENIED for a wrong key; ERR_UNAVAILABLE after too many wrong ones, with the seconds to
 * wait. */
enum { ACCESS_COOKIE = 256 };
int access_login(struct access *access, struct http_request *request, const char *key,
                 char ret_cookie[ACCESS_COOKIE], int *ret_wait_s);

/* The Set-Cookie value that ends a session. */
void access_logout(struct access *access, struct http_request *request,
                   char ret_cookie[ACCESS_COOKIE]);

/* True where an unsafe request by cookie comes from the garden's own pages. */
bool access_is_same_site(struct access *access, const struct http_request *request);

#endif
