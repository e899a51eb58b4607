/* login.h - the login page: a key becomes a cookie. */
#ifndef GATEWAY_LOGIN_H
#define GATEWAY_LOGIN_H

#include "gateway/routes.h"

/* GET /login: the page. GET /login?key=...: the ready link that `make run` prints; sets the
 * cookie and goes on to /, so that the key leaves the address bar. */
route_handler login_get;
route_handler login_post;  /* POST /login, a form with key */
route_handler logout_post; /* POST /logout */

#endif
