/* session.h - the cookie that the login page gives.
 *
 * "<key id>.<expiry, seconds since the epoch>.<HMAC-SHA-256, base64url>" under a secret that
 * only the gateway has. The hash of the key is part of what is signed, so that a key that was
 * changed ends its sessions. Nothing is kept on the server. */
#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

#include <stdint.h>

#include "gateway/keyring.h"

#define SESSION_COOKIE "garden_session"

enum { SESSION_SECRET = 32, SESSION_SECONDS = 12 * 3600, SESSION_TEXT = 160 };

/* Reads the secret in dir/session.secret, or makes it. */
int session_secret(const char *dir, uint8_t ret_secret[SESSION_SECRET], struct err *err);

void session_seal(const uint8_t secret[SESSION_SECRET], const struct keyring_entry *entry,
                  int64_t expires_s, char ret_text[SESSION_TEXT]);

/* The index of the key whose session this is, or -1 where it is forged, expired at now_s, or
 * of a key that is gone. */
int session_open(const uint8_t secret[SESSION_SECRET], const struct keyring *keyring,
                 const char *text, int64_t now_s);

/* Copies the value of the session cookie out of a Cookie header. Returns 0, or -1 where it has
 * none. */
int session_find(const char *cookie_header, char ret_text[SESSION_TEXT]);

#endif
