/* loop_event.h - what a loop's epoll set can report. The data pointer of an entry points at
 * one of these. */
#ifndef LIB_HTTP_LOOP_EVENT_H
#define LIB_HTTP_LOOP_EVENT_H

enum http_event {
    HTTP_EVENT_DAEMON, /* libmicrohttpd has something to do */
    HTTP_EVENT_LISTEN, /* somebody connects */
    HTTP_EVENT_WAKE,   /* another thread put something into the mailbox */
    HTTP_EVENT_CLIENT, /* the loop's http_client has something to do */
    HTTP_EVENT_LINGER, /* first member of a struct http_linger */
};

#endif
