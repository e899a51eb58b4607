/* version.h - of the whole garden. */
#ifndef PROTO_VERSION_H
#define PROTO_VERSION_H

#define GARDEN_VERSION "0.1.0"

#endif
