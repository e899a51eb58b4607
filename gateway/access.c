/* access.c - see access.h. */
#include "gateway/access.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/cors.h"
#include "gateway/rate.h"
#include "gateway/session.h"
#include "gateway/site.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum {
    CALLERS = 1 + 2 * KEYRING_MAX, /* nobody, then each key by itself and by cookie */
    WRONG_KEYS = 20,               /* from one address at once */
    WRONG_KEYS_SECOND = 2,         /* and after that */
    BURST_SECONDS = 2,
};

struct access {
    const struct settings *settings;
    struct keyring *keyring;
    uint8_t secret[SESSION_SECRET];
    bool open;                          /* kiosk and display routes need no key */
    struct rate *per_key, *per_address; /* NULL: no limit */
    struct rate *wrong_keys;
    struct caller callers[CALLERS];
    size_t caller_count;
};

static void list_callers(struct access *access)
{
    access->callers[0] = (struct caller){
        .id = "", .roles = access->open ? (unsigned)(ROLE_KIOSK | ROLE_DISPLAY) : 0};
    access->caller_count = 1;
    for (size_t i = 0; i < keyring_count(access->keyring); i++) {
        const struct keyring_entry *entry = keyring_get(access->keyring, i);

        for (int by_cookie = 0; by_cookie < 2; by_cookie++) {
            size_t index = access->caller_count++;

            access->callers[index] = (struct caller){
                .index = index,
                .id = entry->id,
                .roles = entry->role | access->callers[0].roles,
                .by_cookie = by_cookie,
            };
        }
    }
}

static int make_limits(struct access *access, struct err *err)
{
    const struct settings *settings = access->settings;
    double key = (double)settings->rate_per_key, address = (double)settings->rate_per_address;

    access->wrong_keys = rate_new(WRONG_KEYS_SECOND, WRONG_KEYS, err);
    if (!access->open && key > 0)
        access->per_key = rate_new(key, key * BURST_SECONDS, err);
    if (!access->open && address > 0)
        access->per_address = rate_new(address, address * BURST_SECONDS, err);
    return err->code;
}

struct access *access_new(const struct settings *settings, bool on_loopback, struct err *err)
{
    const struct keyring_wanted wanted = {settings->operator_key, settings->kiosk_key,
                                          settings->display_key};
    struct access *access = calloc(1, sizeof *access);

    if (!access) {
        err_set_nomem(err, "access control");
        return NULL;
    }
    access->settings = settings;
    /* behind a proxy, loopback says nothing about where a request comes from */
    access->open = on_loopback && !settings->require_keys && !settings->trust_proxy;
    access->keyring = keyring_open(settings->garden.data, &wanted, err);
    if (!access->keyring || session_secret(settings->garden.data, access->secret, err) < 0 ||
        make_limits(access, err) < 0) {
        access_free(access);
        return NULL;
    }
    list_callers(access);
    return access;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    keyring_free(access->keyring);
    rate_free(access->per_key);
    rate_free(access->per_address);
    rate_free(access->wrong_keys);
    free(access);
}

size_t access_caller_count(const struct access *access)
{
    return access->caller_count;
}

const struct caller *access_caller(const struct access *access, size_t i)
{
    return &access->callers[i];
}

static const struct caller *caller_of(const struct access *access, int key, bool by_cookie)
{
    return &access->callers[1 + 2 * (size_t)key + (by_cookie ? 1 : 0)];
}

static void refuse_rate(struct http_request *request, double wait_s, struct reply *reply)
{
    char seconds[32];

    (void)snprintf(seconds, sizeof seconds, "%.0f", ceil(wait_s));
    reply_problem(reply, request, 429, "too many requests: try again in %s s", seconds);
    reply_header(reply, "Retry-After", seconds);
    reply_header(reply, "RateLimit-Remaining", "0");
    reply_header(reply, "RateLimit-Reset", seconds);
}

/* Looks the key up, unless too many wrong ones came from there. Returns its index, -1, or -2
 * with the time to wait. */
static int check_key(struct access *access, const struct http_request *request, const char *key,
                     double *ret_wait_s)
{
    char address[SITE_ADDRESS];
    int64_t now_ns = clock_mono_ns();
    int found;

    site_address(access->settings, request, address);
    if (!rate_peek(access->wrong_keys, address, now_ns, ret_wait_s))
        return -2;
    found = keyring_find(access->keyring, key);
    if (found < 0)
        (void)rate_take(access->wrong_keys, address, now_ns, ret_wait_s);
    return found;
}

static const struct caller *identify_bearer(struct access *access, struct http_request *request,
                                            const char *key, struct reply *reply)
{
    double wait_s = 0;
    int found = check_key(access, request, key, &wait_s);

    if (found >= 0)
        return caller_of(access, found, false);
    if (found == -2) {
        refuse_rate(request, wait_s, reply);
        return NULL;
    }
    reply_problem(reply, request, 401,
                  "this key is not known here: check it for typing errors");
    reply_header(reply, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return NULL;
}

const struct caller *access_identify(struct access *access, struct http_request *request,
                                     struct reply *reply)
{
    const char *authorization = http_header(request, "Authorization");
    const char *cookies = authorization ? NULL : http_header(request, "Cookie");
    char session[SESSION_TEXT];
    int found;

    if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
        return identify_bearer(access, request, authorization + 7, reply);
    if (!cookies || session_find(cookies, session) < 0)
        return &access->callers[0];
    found = session_open(access->secret, access->keyring, session, clock_wall_ms() / 1000);
    return found < 0 ? &access->callers[0] : caller_of(access, found, true);
}

bool access_is_same_site(struct access *access, const struct http_request *request)
{
    const char *site = http_header(request, "Sec-Fetch-Site");
    const char *origin = http_header(request, "Origin");
    OWNED_VALUE(buf) base = {0};
    struct err err = {0};

    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return origin && site_base(access->settings, request, &base, &err) == 0 &&
           cors_is_same_origin(origin, buf_text(&base));
}

static bool method_is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

static const char *roles_text(unsigned roles)
{
    if (roles & ROLE_KIOSK)
        return "a kiosk, display or operator key";
    return roles & ROLE_DISPLAY ? "a display or operator key" : "the operator key";
}

bool access_permit(struct access *access, struct http_request *request,
                   const struct caller *caller, unsigned roles, struct reply *reply)
{
    if (roles != 0 && !(caller->roles & roles)) {
        if (*caller->id) {
            reply_problem(reply, request, 403, "key '%s' may not do this: it takes %s",
                          caller->id, roles_text(roles));
            return false;
        }
        reply_problem(reply, request, 401,
                      "this takes %s: send it as 'Authorization: Bearer <key>', or log in at "
                      "/login",
                      roles_text(roles));
        reply_header(reply, "WWW-Authenticate", "Bearer");
        return false;
    }
    if (caller->by_cookie && !method_is_safe(http_method(request)) &&
        !access_is_same_site(access, request)) {
        reply_problem(reply, request, 403,
                      "a logged-in browser may change things from the garden's own pages only");
        return false;
    }
    return true;
}

bool access_within_rate(struct access *access, struct http_request *request,
                        const struct caller *caller, struct reply *reply)
{
    struct rate *rate = *caller->id ? access->per_key : access->per_address;
    char address[SITE_ADDRESS];
    const char *who = caller->id;
    double wait_s = 0;

    if (!rate)
        return true;
    if (!*who) {
        site_address(access->settings, request, address);
        who = address;
    }
    if (rate_take(rate, who, clock_mono_ns(), &wait_s))
        return true;
    refuse_rate(request, wait_s, reply);
    return false;
}

static void write_cookie(struct access *access, const struct http_request *request,
                         const char *value, int max_age_s, char ret_cookie[ACCESS_COOKIE])
{
    (void)snprintf(ret_cookie, ACCESS_COOKIE,
                   SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", value,
                   max_age_s, site_is_https(access->settings, request) ? "; Secure" : "");
}

int access_login(struct access *access, struct http_request *request, const char *key,
                 char ret_cookie[ACCESS_COOKIE], int *ret_wait_s)
{
    char session[SESSION_TEXT];
    double wait_s = 0;
    int found = check_key(access, request, key, &wait_s);

    if (found == -2) {
        *ret_wait_s = (int)ceil(wait_s);
        return ERR_UNAVAILABLE;
    }
    if (found < 0)
        return ERR_DENIED;
    session_seal(access->secret, keyring_get(access->keyring, (size_t)found),
                 clock_wall_ms() / 1000 + SESSION_SECONDS, session);
    write_cookie(access, request, session, SESSION_SECONDS, ret_cookie);
    return 0;
}

void access_logout(struct access *access, struct http_request *request,
                   char ret_cookie[ACCESS_COOKIE])
{
    write_cookie(access, request, "", 0, ret_cookie);
}
